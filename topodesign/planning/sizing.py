"""The sizing problem: sites fixed, place pods and size fiber and lightpaths at least cost.

The value comes from the relaxation with all partition rows; a design comes from the integer programme, solved again
with the rows that its solution violates until none is left. Every solve's bound is valid for the truth, since missing
rows only lower it.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from topodesign.planning.cutting_planes import CutLoop
from topodesign.planning.design import Design
from topodesign.planning.instance import Floats, Instance
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.master import MILLION, Master, build_master, lightpath_values
from topodesign.planning.partition_rows import EXACT, Separator
from topodesign.planning.programme import Row

MOST_RESTARTS = 40
"""Integer solves for one set of sites. A restart loop needs no callbacks and measured 5 times faster than lazy rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """Result for one set of sites: the best design (or ``None``) and a proven lower bound in US dollars.

    ``is_proven`` says that nothing better than the wanted gap is left for these sites.
    """

    design: Design | None
    bound_usd: float
    is_proven: bool


class Sizer:
    """Sizes sets of sites of one instance, remembering what it learned about each."""

    def __init__(self, instance: Instance, separator: Separator, *, seed: int) -> None:
        self.instance = instance
        self.separator = separator
        self.seed = seed
        self._relaxed: dict[tuple[int, ...], float] = {}

    def relaxed_usd(self, sites: Sequence[int]) -> float:
        """Value of the relaxation in US dollars: a lower bound for these sites; infinite when infeasible."""
        key = tuple(sorted(sites))
        if key not in self._relaxed:
            loop = self._loop(key, integer_lightpaths=False)
            solved = loop.run()
            self._relaxed[key] = np.inf if solved is None else solved.bound * MILLION
        return self._relaxed[key]

    def design(
        self,
        sites: Sequence[int],
        *,
        gap: float,
        deadline: float,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Sized:
        """A design for these sites within a relative ``gap``, until ``deadline`` (``time.monotonic`` seconds)."""
        key = tuple(sorted(sites))
        loop = self._loop(key, integer_lightpaths=True)
        solved = loop.run()
        if solved is None:
            return Sized(design=None, bound_usd=np.inf, is_proven=True)
        programme = IntegerProgramme(loop.master.programme)
        for row in loop.rows:
            programme.add(row)
        bound = solved.bound * MILLION
        best: Design | None = None
        for _ in range(MOST_RESTARTS):
            left = deadline - time.monotonic()
            if left <= 0 or should_stop():
                break
            result = programme.solve(time_limit_s=left, gap=gap, seed=self.seed)
            bound = max(bound, result.bound * MILLION) if np.isfinite(result.bound) else bound
            if result.outcome == "infeasible":
                return Sized(design=best, bound_usd=np.inf, is_proven=True)
            if result.values is None:
                break
            whole = np.rint(result.values)
            missing = self._missing_rows(loop.master, key, whole)
            if not missing:
                best = self._read(loop.master, whole)
                return Sized(design=best, bound_usd=bound, is_proven=result.outcome == "optimal")
            for row in missing:
                programme.add(row)
        return Sized(design=best, bound_usd=bound, is_proven=False)

    def _loop(self, sites: tuple[int, ...], *, integer_lightpaths: bool) -> CutLoop:
        master = build_master(self.instance, fixed_sites=sites, integer_lightpaths=integer_lightpaths)
        return CutLoop(master=master, separator=self.separator, sites_are_fixed=True)

    def _missing_rows(self, master: Master, sites: Sequence[int], whole: Floats) -> list[Row]:
        """Rows that a design in whole numbers breaks: partitions, and limits that it passed by the solver's
        tolerance."""
        capacity = lightpath_values(master, whole)
        partitions = self.separator.separate_used(capacity, sites, least=EXACT)
        rows = [self.separator.to_row(master, partition, None, None) for partition in partitions]
        for row in master.programme.rows:
            activity = math.fsum(value * float(whole[column]) for column, value in row.coefficients.items())
            size = max(1.0, abs(activity))
            if activity > row.upper + EXACT * size:
                rows.append(replace(row, upper=row.upper - 2 * (activity - row.upper)))
            elif activity < row.lower - EXACT * size:
                rows.append(replace(row, lower=row.lower + 2 * (row.lower - activity)))
        return rows

    def _read(self, master: Master, whole: Floats) -> Design:
        pods = {site: int(whole[column]) for site, column in enumerate(master.pods) if whole[column] > 0}
        counts = {path: int(whole[column]) for path, column in enumerate(master.x) if column >= 0 and whole[column] > 0}
        return Design.of(self.instance, pods=pods, counts=counts)
