"""Rounds of relaxation and separation until no row is violated (or progress has died down)."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from topodesign.planning.halting import NEVER, Halt
from topodesign.planning.master import Master, lightpath_values, linking_row
from topodesign.planning.programme import Row
from topodesign.planning.relaxation import LinearRelaxation, Relaxed
from topodesign.planning.requirement import Separator

TAILING_ROUNDS = 6
TAILING_SHARE = 2e-5
"""Stop when this many rounds together raise the bound by less than this share."""
MEMORY = 60
"""Solves after which a row that has not been binding may be forgotten."""


def _never_enough(_: float) -> bool:
    """Default: separate until no row is violated."""
    return False


@dataclass(slots=True)
class CutLoop:
    """Rows found so far and the last relaxation. ``last_binding[r]`` is the solve in which row r was last binding."""

    master: Master
    separator: Separator
    sites_are_fixed: bool
    rows: list[Row] = field(default_factory=list)
    relaxation: LinearRelaxation | None = None
    solves: int = 0
    last_binding: list[int] = field(default_factory=list)

    def run(
        self,
        *,
        most_rounds: int = 200,
        on_round: Callable[[Relaxed], None] | None = None,
        is_enough: Callable[[float], bool] = _never_enough,
        halt: Halt = NEVER,
    ) -> Relaxed | None:
        """Separate until done; the last relaxation is a valid bound whenever it stops. ``None``: infeasible.

        ``is_enough`` tells bounds that need not be any better.
        """
        if self.relaxation is None:
            self.relaxation = LinearRelaxation(self.master.programme)
            self.relaxation.add(self.rows)
        history: list[float] = []
        solved = self._solve(halt)
        for _ in range(most_rounds):
            if solved is None:
                return None
            if on_round is not None:
                on_round(solved)
            history.append(solved.bound)
            if is_enough(solved.bound):
                break
            new = [] if halt.is_over() else self.violated(solved, halt)
            if not new or halt.is_over() or _has_tailed_off(history):
                break
            self.rows.extend(new)
            self.relaxation.add(new)
            solved = self._solve(halt, solved)
        return solved

    def keep_recently_binding(self) -> None:
        """Forget rows that have not been binding for a while, and the relaxation with them."""
        self.last_binding.extend([self.solves] * (len(self.rows) - len(self.last_binding)))
        kept = [row for row, last in zip(self.rows, self.last_binding, strict=True) if self.solves - last <= MEMORY]
        self.rows = kept
        self.last_binding = [self.solves] * len(kept)
        self.relaxation = None

    def _solve(self, halt: Halt, before: Relaxed | None = None) -> Relaxed | None:
        """Solve once more; when halted before the end, what was ``before`` is the better answer."""
        assert self.relaxation is not None
        self.solves += 1
        solved = self.relaxation.solve(halt)
        if before is not None and solved is not None and halt.is_over() and solved.bound < before.bound:
            return before
        if solved is not None and not self.sites_are_fixed:
            self.last_binding.extend([self.solves] * (len(self.rows) - len(self.last_binding)))
            for position in np.flatnonzero(solved.row_is_binding[-len(self.rows) :]) if self.rows else ():
                self.last_binding[position] = self.solves
        return solved

    def violated(self, solved: Relaxed, halt: Halt = NEVER) -> list[Row]:
        """Violated rows at a solution of the relaxation."""
        master, separator = self.master, self.separator
        capacity = lightpath_values(master, solved.values)
        capacity[capacity < 1e-6 * master.instance.required_gbps] = 0.0
        if self.sites_are_fixed:
            used = [site for site, column in enumerate(master.used) if master.programme.upper[column] > 0]
            return separator.rows_for_used(master, capacity, used, halt=halt)
        openness = np.clip(solved.values[list(master.used)], 0.0, 1.0)
        pods = solved.values[list(master.pods)]
        rows = separator.rows_for_openness(master, capacity, openness, pods, halt=halt)
        rows.extend(violated_links(master, solved))
        return rows


def violated_links(master: Master, solved: Relaxed, *, least: float = 1e-5) -> list[Row]:
    """Linking rows x_l <= most o_i that the solution breaks."""
    rows = []
    for lightpath, column in enumerate(master.x):
        if column < 0 or solved.values[column] <= least:
            continue
        for end in (0, 1):
            coefficients, upper = linking_row(master, lightpath, end)
            activity = sum(value * solved.values[index] for index, value in coefficients.items())
            if activity > least * max(1.0, master.programme.upper[column]):
                rows.append(Row(coefficients=coefficients, upper=upper, name="link"))
    return rows


def _has_tailed_off(history: list[float]) -> bool:
    if len(history) <= TAILING_ROUNDS:
        return False
    return history[-1] - history[-1 - TAILING_ROUNDS] < TAILING_SHARE * abs(history[-1])
