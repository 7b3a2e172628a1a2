"""Where better plans may hide: boxes of limits, closed by proof or split, the most promising first.

A cell has a tight and a loose corner, of the limited goals. Every plan of it has at least the bound proven at its loose
corner, and the best plan known at its tight corner is within all its limits; where the two are within the gap, nothing
better can hide there (docs/pareto.md).
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from topodesign.domain.pareto_front import OpenCell
from topodesign.fronts.axes import Corner, GoalAxis, with_limit
from topodesign.fronts.book import Book
from topodesign.fronts.searches import Minimized, relative_gap, run_searches

SPLITS_AT_ONCE = 4
"""Cells that are split in one round: the same whatever the number of processes, so that the front is too."""
COARSE_SIDE = 1 / 16
"""Of the whole range of two goals: up to there cells are split in the middle, which finds what the front is like. Then
they are first cut just below the plan at their loose corner: where the front is a stair, that closes the whole cell."""
LEAST_SIDE = 1e-3
"""Of the whole box: a cell is not split along a shorter side."""
ROUNDING = 0.5
"""Relative: a side that was made of the least length is longer by the rounding of limits."""
NARROW_END = 0.01
"""Relative: an end that is enclosed this closely, and as closely as was asked for, is not looked into any further."""
MOST_CELLS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A box of limits, both corners included. ``is_undercut``: it was cut just below its loose corner, in vain."""

    tight: Corner
    loose: Corner
    is_undercut: bool = False


def first_cells(axes: Sequence[GoalAxis], proven: Corner, reached: Corner, loose: Corner) -> list[Cell]:
    """All limits from the proven ends on, as boxes that share no more than a side.

    One box begins at the ends that plans reach. The others are what lies between the proven and the reached end of
    each goal: plans may hide there too.
    """
    cells = [Cell(tight=reached, loose=loose)]
    for place, axis in enumerate(axes):
        low, high = proven[place], axis.below(reached[place])
        if low < reached[place]:
            tight = (*reached[:place], low, *proven[place + 1 :])
            cells.append(Cell(tight=tight, loose=with_limit(loose, place, high)))
    return cells


@dataclass(slots=True, kw_only=True)
class Cells:
    """The open cells of a front.

    Parameters
    ----------
    book : Book
    minimized : Minimized
    open : list of Cell
    reached : tuple of float
        The tightest limit of each axis that a plan keeps.
    spans : tuple of (float, float)
        From the proven end of each axis to the loosest plan that was found: 0 and 1 of its scale here.
    points : int
        Corners that may be asked.
    end_tolerance : float
        How closely ends were asked to be enclosed.
    """

    book: Book
    minimized: Minimized
    open: list[Cell]
    reached: Corner
    spans: tuple[tuple[float, float], ...]
    points: int
    end_tolerance: float
    asked: int = 0
    largest_closed_gap: float = field(default=0.0, init=False)

    @property
    def axes(self) -> tuple[GoalAxis, ...]:
        """Of the limited goals."""
        return tuple(self.book.axes[place] for place in self.minimized.places)

    def close_or_split(self) -> None:
        """Go on until every cell is closed, cannot be split, or the points are used up."""
        self.open = self._judged(self.open)
        while self.asked < self.points and len(self.open) < MOST_CELLS:
            corners = self._split_worst(self.points - self.asked)
            if corners is None:
                return
            self.asked += len(corners)
            run_searches(self.book, [self.minimized.search(corner) for corner in corners])
            self.open = self._judged(self.open)

    def told(self) -> tuple[OpenCell, ...]:
        """The open cells as a user sees them, by their loose corners."""
        cells = []
        for cell in sorted(self.open, key=lambda item: (item.loose, item.tight)):
            best, bound = self._best(cell.tight), self.minimized.bound(cell.loose)
            is_known = not math.isinf(best)
            cells.append(
                OpenCell(
                    tightest=cell.tight,
                    loosest=cell.loose,
                    bound=bound,
                    best=best if is_known else None,
                    gap=relative_gap(best, bound) if is_known else None,
                    share=math.prod(self._sides(cell)),
                    is_narrow=self._is_narrow(cell),
                )
            )
        return tuple(cells)

    def _judged(self, cells: Sequence[Cell]) -> list[Cell]:
        return [left for left in (self._left_of(cell) for cell in cells) if left is not None]

    def _left_of(self, cell: Cell) -> Cell | None:
        """What is open of a cell: cut off are the parts above a plan, and below a bound, that leave no gap there."""
        while True:
            cut = self._cut(cell)
            if cut is None or cut == cell:
                return cut
            cell = cut

    def _cut(self, cell: Cell) -> Cell | None:
        best, bound = self._best(cell.tight), self.minimized.bound(cell.loose)
        if self._closes(best, bound):
            return None
        lowered = self._without_top(cell, bound)
        return lowered if lowered != cell else self._without_foot(cell, best)

    def _without_top(self, cell: Cell, bound: float) -> Cell:
        """Of all limits above what a plan achieves the plan is good enough."""
        for plan in self.book.plans:
            corner = tuple(plan.corner[place] for place in self.minimized.places)
            place = _only_break(corner, cell.tight)
            value = self.minimized.value(plan)
            if place is None or corner[place] > cell.loose[place] or relative_gap(value, bound) > self.minimized.gap:
                continue
            limit = self.axes[place].below(corner[place])
            if limit == cell.loose[place]:
                continue  # the cell ends there already
            self._closes(value, bound)
            return replace(cell, loose=with_limit(cell.loose, place, limit))
        return cell

    def _without_foot(self, cell: Cell, best: float) -> Cell:
        """Of all limits below a corner the bound of that corner is good enough."""
        for item in self.book.tried:
            corner = tuple(item.corner[place] for place in self.minimized.places)
            place = _only_break(cell.loose, corner)
            if place is None or corner[place] < cell.tight[place]:
                continue
            bound = self.minimized.bound(corner)
            limit = self.axes[place].above(corner[place])
            if relative_gap(best, bound) > self.minimized.gap or limit == cell.tight[place]:
                continue
            self._closes(best, bound)
            return replace(cell, tight=with_limit(cell.tight, place, limit))
        return cell

    def _closes(self, best: float, bound: float) -> bool:
        gap = relative_gap(best, bound)
        if gap > self.minimized.gap:
            return False
        self.largest_closed_gap = max(self.largest_closed_gap, gap)
        return True

    def _best(self, corner: Corner) -> float:
        plan = self.minimized.best(corner)
        return math.inf if plan is None else self.minimized.value(plan)

    def _split_worst(self, most: int) -> list[Corner] | None:
        """Split the most promising cells, and say which corners that asks for; ``None``: no cell can be split."""
        wanted: list[Corner] = []
        splits = 0
        while splits < SPLITS_AT_ONCE and len(wanted) < most:
            place = self._worst(wanted)
            if place is None:
                break
            splits += 1
            parts, corners = self._split(self.open.pop(place))
            self.open.extend(parts)
            wanted.extend(corner for corner in corners if corner not in wanted and self._is_unsettled(corner))
        return wanted[:most] if splits else None

    def _is_unsettled(self, corner: Corner) -> bool:
        """Whether there is something to ask at a corner."""
        return next(self.minimized.search(corner), None) is not None

    def _worst(self, wanted: Collection[Corner]) -> int | None:
        """The cell with the greatest relative difference times share of the whole box, of those that can be split, or
        are a single corner that was never asked."""

        def urgency(number: int) -> tuple[float, Corner, Corner]:
            cell = self.open[number]
            gap = relative_gap(self._best(cell.tight), self.minimized.bound(cell.loose))
            return -gap * math.prod(self._sides(cell)), cell.tight, cell.loose

        able = [number for number, cell in enumerate(self.open) if self._can_go_on(cell, wanted)]
        return min(able, key=urgency, default=None)

    def _is_narrow(self, cell: Cell) -> bool:
        """Whether its limits are too close to be told apart. A single corner is not narrow, since it has the gap of its
        solve, and neither is what lies beyond all plans that were found, or is open at its loose corner already: there
        a solve ended too early, and no step is what keeps the cell open."""
        is_between_plans = all(
            low == high or high <= end for low, high, (_, end) in zip(cell.tight, cell.loose, self.spans, strict=True)
        )
        if cell.tight == cell.loose or self._cutting_place(cell) is not None:
            return False
        if not is_between_plans and not self._is_enclosed_end(cell):
            return False
        return relative_gap(self._best(cell.loose), self.minimized.bound(cell.loose)) <= self.minimized.gap

    def _is_enclosed_end(self, cell: Cell) -> bool:
        """Whether it is all that is left between the proven and the reached end of a goal, and little enough."""
        tolerance = min(self.end_tolerance, NARROW_END)
        return any(
            not axis.levels and low < high <= end and high - low <= tolerance * high
            for axis, low, high, end in zip(self.axes, cell.tight, cell.loose, self.reached, strict=True)
        )

    def _can_go_on(self, cell: Cell, wanted: Collection[Corner] = ()) -> bool:
        is_corner = cell.tight == cell.loose and cell.loose not in wanted
        return self._cutting_place(cell) is not None or (is_corner and self._is_unsettled(cell.loose))

    def _split(self, cell: Cell) -> tuple[list[Cell], list[Corner]]:
        """Two cells, and the corners that they need: the loose one of the lower, the tight one of the upper."""
        found = self._cutting_place(cell)
        if found is None:
            return [cell], [cell.loose]
        place, limit = found
        is_undercut = self._is_to_be_undercut(cell, self._sides(cell)[place])
        lower = Cell(tight=cell.tight, loose=with_limit(cell.loose, place, limit), is_undercut=is_undercut)
        upper = Cell(tight=with_limit(cell.tight, place, self.axes[place].above(limit)), loose=cell.loose)
        # of two goals one corner is both, or the tight one is a level above it and asked for when it matters
        return [lower, upper], [lower.loose] if len(cell.tight) == 1 else [lower.loose, upper.tight]

    def _cutting_place(self, cell: Cell) -> tuple[int, float] | None:
        """The axis and limit to split at: the middle of the longest side that has a limit inside."""
        if self._is_enclosed_end(cell):
            return None
        sides = self._sides(cell)
        for place in sorted(range(len(sides)), key=lambda number: (-sides[number], number)):
            axis, low, high = self.axes[place], cell.tight[place], cell.loose[place]
            if sides[place] < (1 + ROUNDING) * LEAST_SIDE:
                continue
            if axis.levels:  # the lower part keeps its last level
                inside = (low, *axis.between(low, high, 1))
                if low < high:
                    return place, inside[-1]
            else:
                end, is_to_be_undercut = min(high, self.spans[place][1]), self._is_to_be_undercut(cell, sides[place])
                limit = self._cut_of(place, low, end, is_to_be_undercut=is_to_be_undercut)
                if limit is not None:
                    return place, limit
        return None

    def _is_to_be_undercut(self, cell: Cell, side: float) -> bool:
        return len(self.axes) == 1 and not self.axes[0].levels and side <= COARSE_SIDE and not cell.is_undercut

    def _cut_of(self, place: int, low: float, high: float, *, is_to_be_undercut: bool) -> float | None:
        """Where to split where any number is a limit."""
        axis = self.axes[place]
        if is_to_be_undercut:
            begin, end = self.spans[place]
            limit = axis.under(high, low, LEAST_SIDE * (axis.position(end) - axis.position(begin)))
            if limit is not None:
                return limit
        return next(iter(axis.between(low, high, 1)), None)

    def _sides(self, cell: Cell) -> list[float]:
        """Lengths of a cell relative to the spans; a level counts as one."""
        sides = []
        for axis, (begin, end), low, high in zip(self.axes, self.spans, cell.tight, cell.loose, strict=True):
            own = 1.0 if axis.levels else 0.0
            whole = axis.position(end) - axis.position(begin) + own
            length = axis.position(min(high, end)) - axis.position(low) + own
            sides.append(min(1.0, max(0.0, length / whole)) if whole > 0 else 1.0)
        return sides


def _only_break(inner: Corner, outer: Corner) -> int | None:
    """The place of the one limit of ``outer`` that ``inner`` breaks, if it is one."""
    broken = [place for place, (have, limit) in enumerate(zip(inner, outer, strict=True)) if have > limit]
    return broken[0] if len(broken) == 1 else None
