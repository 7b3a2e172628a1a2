"""The sizing problem: sites fixed, place pods and size fiber and lightpaths at least cost.

The value comes from the relaxation with all rows of the demand. A first design comes from rounding that up; the best
one from the integer programme, solved again with the rows that its solution violates until none is left. Every solve's
bound is valid for the truth, since missing rows only lower it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from topodesign.planning.cutting_planes import CutLoop
from topodesign.planning.design import Design
from topodesign.planning.halting import NEVER, Halt
from topodesign.planning.instance import Floats, Instance
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.master import MILLION, Master, build_master, lightpath_values
from topodesign.planning.programme import Programme, Row
from topodesign.planning.requirement import Separator, exactness

MOST_RESTARTS = 40
"""Integer solves for one set of sites. A restart loop needs no callbacks and measured 5 times faster than lazy rows."""
ROUNDING_SPARE = 3e-4
"""Share added before rounding up: more than the violation of rows that the relaxation may leave."""
ROUNDING_S = 5.0
"""Most seconds for pods and pairs once the lightpaths are rounded; measured 0.05 s on 36 sites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """Result for one set of sites: the best design (or ``None``) and a proven lower bound in US dollars."""

    design: Design | None
    bound_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxedSizing:
    """Value of a set's relaxation in US dollars (infinite: infeasible) and its lightpaths, in Gbit/s by candidate."""

    usd: float
    capacity_gbps: Floats | None


def _ignore(_: Design) -> None:
    """Default for ``on_design``."""


class Sizer:
    """Sizes sets of sites of one instance, remembering what it learned about each."""

    def __init__(self, instance: Instance, separator: Separator, *, seed: int) -> None:
        self.instance = instance
        self.separator = separator
        self.seed = seed
        self._values: dict[tuple[int, ...], float] = {}
        self._last: tuple[tuple[int, ...], RelaxedSizing] | None = None

    def relaxed_usd(self, sites: Sequence[int], halt: Halt = NEVER) -> float:
        """Value of the relaxation in US dollars: a lower bound for these sites; infinite when infeasible."""
        key = tuple(sorted(sites))
        if key not in self._values:
            usd = self._relax(key, halt).usd
            if halt.is_over():
                return usd  # a bound, but perhaps not with all rows: not worth remembering
            self._values[key] = usd
        return self._values[key]

    def rounded(self, sites: Sequence[int], halt: Halt = NEVER) -> Design | None:
        """A design for these sites by rounding lightpaths up; ``None`` where the limits leave no room for that."""
        key = tuple(sorted(sites))
        relaxed = self._last[1] if self._last is not None and self._last[0] == key else self._relax(key, halt)
        if relaxed.capacity_gbps is None or halt.is_over():
            return None
        counts = np.ceil(relaxed.capacity_gbps * (1 + ROUNDING_SPARE) / self.instance.rate_gbps - 1e-9)
        return self.with_lightpaths(key, counts)

    def with_lightpaths(self, sites: Sequence[int], counts: Floats) -> Design | None:
        """The cheapest pods and pairs for given sites and lightpaths; ``None`` when a limit or the demand is broken."""
        key = tuple(sorted(sites))
        master = build_master(self.instance, fixed_sites=key, integer_lightpaths=True)
        programme = _with_fixed(master, counts)
        if programme is None:
            return None
        solved = IntegerProgramme(programme).solve(time_limit_s=ROUNDING_S, gap=0.0, seed=self.seed)
        if solved.values is None:
            return None
        whole = np.rint(solved.values)
        return None if self._missing_rows(master, key, whole) else self._read(master, whole)

    def design(
        self,
        sites: Sequence[int],
        *,
        gap: float,
        halt: Halt,
        start: Design | None = None,
        on_design: Callable[[Design], None] = _ignore,
    ) -> Sized:
        """A design for these sites within a relative ``gap``. ``on_design`` gets every better one as it is found.

        ``start`` is a design of these sites to better.
        """
        key = tuple(sorted(sites))
        loop = self._loop(key, integer_lightpaths=True)
        solved = loop.run(halt=halt)
        if solved is None:
            return Sized(design=None, bound_usd=np.inf)
        bound = solved.bound * MILLION
        best = start if start is not None else self.rounded(key, halt)
        if best is not None:
            on_design(best)
        programme = IntegerProgramme(loop.master.programme)
        for row in loop.rows:
            programme.add(row)
        for _ in range(MOST_RESTARTS):
            if halt.is_over() or (best is not None and bound >= best.objective_usd * (1 - gap)):
                break
            result = programme.solve(
                time_limit_s=halt.left_s(),
                gap=gap,
                seed=self.seed,
                hint=None if best is None else columns_of(loop.master, best),
                should_stop=halt.should_stop,
            )
            if np.isfinite(result.bound):
                bound = max(bound, result.bound * MILLION)
            if result.outcome == "infeasible":
                return Sized(design=best, bound_usd=np.inf if best is None else best.objective_usd)
            if result.values is None:
                break
            whole = np.rint(result.values)
            missing = self._missing_rows(loop.master, key, whole)
            if not missing:
                found = self._read(loop.master, whole)
                if best is None or found.key() < best.key():
                    best = found
                    on_design(best)
                break
            for row in missing:
                programme.add(row)
        return Sized(design=best, bound_usd=bound)

    def keeps_limits(self, design: Design) -> bool:
        """Whether a design, fiber pairs as they are, keeps every limit of the programme."""
        master = build_master(self.instance, fixed_sites=tuple(design.pods), integer_lightpaths=True)
        values = columns_of(master, design)
        return not any(_violation(row, values) for row in master.programme.rows)

    def _relax(self, key: tuple[int, ...], halt: Halt) -> RelaxedSizing:
        loop = self._loop(key, integer_lightpaths=False)
        solved = loop.run(halt=halt)
        if solved is None:
            relaxed = RelaxedSizing(usd=np.inf, capacity_gbps=None)
        else:
            capacity = lightpath_values(loop.master, solved.values)
            relaxed = RelaxedSizing(usd=solved.bound * MILLION, capacity_gbps=capacity)
        self._last = (key, relaxed)
        return relaxed

    def _loop(self, sites: tuple[int, ...], *, integer_lightpaths: bool) -> CutLoop:
        master = build_master(self.instance, fixed_sites=sites, integer_lightpaths=integer_lightpaths)
        return CutLoop(master=master, separator=self.separator, sites_are_fixed=True)

    def _missing_rows(self, master: Master, sites: Sequence[int], whole: Floats) -> list[Row]:
        """Rows that a design in whole numbers breaks: of the demand, and limits that it passed by the solver's
        tolerance."""
        exact = exactness(self.instance)
        rows = self.separator.rows_for_used(master, lightpath_values(master, whole), sites, least=exact)
        values = dict(enumerate(whole.tolist()))
        for row in master.programme.rows:
            excess = _violation(row, values)
            if excess > 0:
                rows.append(replace(row, upper=row.upper - 2 * excess))
            elif excess < 0:
                rows.append(replace(row, lower=row.lower - 2 * excess))
        return rows

    def _read(self, master: Master, whole: Floats) -> Design:
        pods = {site: int(whole[column]) for site, column in enumerate(master.pods) if whole[column] > 0}
        counts = {path: int(whole[column]) for path, column in enumerate(master.x) if column >= 0 and whole[column] > 0}
        return Design.of(self.instance, pods=pods, counts=counts)


def _violation(row: Row, values: Mapping[int, float]) -> float:
    """How far values are above a row's upper limit, or (negative) below its lower one; 0 within both."""
    activity = math.fsum(value * values[column] for column, value in row.coefficients.items())
    slack = 1e-9 * max(1.0, abs(activity))
    if activity > row.upper + slack:
        return activity - row.upper
    return activity - row.lower if activity < row.lower - slack else 0.0


def columns_of(master: Master, design: Design) -> dict[int, float]:
    """A design as values of the columns of a programme with whole lightpaths: a start for the solver."""
    values = dict.fromkeys(range(len(master.programme.names)), 0.0)
    for site, count in design.pods.items():
        values[master.used[site]] = 1.0
        values[master.pods[site]] = float(count)
    for path, count in design.counts.items():
        values[master.x[path]] = float(count)
    for segment, pairs in design.pairs.items():
        lit = min(pairs, master.instance.graph.segments[segment].lit_pairs)
        values[master.lit_pairs[segment]] = float(lit)
        values[master.new_pairs[segment]] = float(pairs - lit)
        values[master.in_use[segment]] = 1.0
        values[master.build[segment]] = float(segment in design.built)
    return values


def _with_fixed(master: Master, counts: Floats) -> Programme | None:
    """The programme with its lightpaths fixed; ``None`` when a count is out of bounds."""
    source = master.programme
    lower, upper = list(source.lower), list(source.upper)
    for path, column in enumerate(master.x):
        if column < 0:
            if counts[path] > 0:
                return None
            continue
        value = min(float(counts[path]), source.upper[column])
        lower[column] = upper[column] = value
    return replace(source, lower=lower, upper=upper)
