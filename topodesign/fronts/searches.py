"""What is looked for within limits, as generators that say what to solve next: many are gone on with side by side.

Each looks in the :class:`~topodesign.fronts.book.Book` for what is known already, yields what it wants solved, and ends
when there is nothing left to ask.
"""

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from topodesign.domain.pareto_front import Enclosed, GoalName
from topodesign.fronts.axes import Corner, achieved, with_limit
from topodesign.fronts.book import Book, KnownPlan, Wanted

Search = Generator[tuple[Wanted, ...], None, None]
LEVELS_AT_ONCE = 2
"""Limits that a search for a least value tries at a time, which divides what is left by three: with two processes that
takes less time than halving, and the same whatever the number of processes."""


def run_searches(book: Book, searches: Iterable[Search]) -> None:
    """Go on with all searches at once until none wants anything: each round is one batch of questions."""
    left = list(searches)
    while left:
        batch: list[Wanted] = []
        going = []
        for search in left:
            wanted = next(search, None)
            if wanted is not None:
                batch.extend(wanted)
                going.append(search)
        book.ask(batch)
        left = going


def relative_gap(value: float, bound: float) -> float:
    """(value - bound) / value; 0 where both are the same, 1 where no value is known, or all of it is open."""
    if math.isinf(bound) or value <= bound:
        return 0.0
    return 1.0 if math.isinf(value) else (value - bound) / value


def search_least_level(book: Book, place: int, corner: Corner, tolerance: float) -> Search:
    """The least value of one goal within a corner, to a relative tolerance where any number is a limit.

    Each plan that is found counts with what it achieves; where a solve ends without plan or proof, the search goes on
    above it and leaves the gap to what is proven.
    """
    axis = book.axes[place]
    first = Wanted(corner=corner, any_plan=True)
    if book.tightest(place, corner) is None and not math.isinf(book.proven_least(place, corner)):
        if book.was_asked(first):
            return
        yield (first,)
    while (best := book.tightest(place, corner)) is not None:
        low, high = book.given_up(place, corner), best.corner[place]
        is_close = not axis.levels and high - (axis.floor if low is None else low) <= tolerance * high
        limits = () if is_close else axis.between(low, high, LEVELS_AT_ONCE)
        if not limits:
            return
        yield tuple(Wanted(corner=with_limit(corner, place, limit), any_plan=True) for limit in limits)


class Minimized(Protocol):
    """The goal that is minimized within limits on the others. Corners here have a limit for each of ``places`` only."""

    @property
    def book(self) -> Book:
        """What is known."""

    @property
    def goal(self) -> GoalName:
        """Which one it is."""

    @property
    def places(self) -> tuple[int, ...]:
        """Of the limited goals among the axes of the book."""

    @property
    def gap(self) -> float:
        """Relative, up to which its values count as the same."""

    def search(self, corner: Corner) -> Search:
        """Ask until its least value within a corner is known as closely as it will be."""

    def best(self, corner: Corner) -> KnownPlan | None:
        """The known plan within a corner that has the least of it."""

    def value(self, plan: KnownPlan) -> float:
        """What a plan comes to."""

    def bound(self, corner: Corner) -> float:
        """What no plan within a corner is below; infinite: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastCost:
    """The cost is minimized: one solve for each corner."""

    book: Book
    gap: float
    goal: GoalName = "cost"

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(range(len(self.book.axes)))

    def search(self, corner: Corner) -> Search:
        wanted = Wanted(corner=corner)
        best = self.best(corner)
        is_known = best is not None and relative_gap(best.cost_usd, self.bound(corner)) <= self.gap
        if not is_known and not math.isinf(self.bound(corner)) and not self.book.was_asked(wanted):
            yield (wanted,)

    def best(self, corner: Corner) -> KnownPlan | None:
        return self.book.best(corner)

    def value(self, plan: KnownPlan) -> float:
        return plan.cost_usd

    def bound(self, corner: Corner) -> float:
        return self.book.bound_usd(corner)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastLevel:
    """Another goal is minimized, the one at ``place`` of the axes: by a search over its levels for each corner."""

    book: Book
    place: int
    gap: float
    tolerance: float

    @property
    def goal(self) -> GoalName:
        return self.book.axes[self.place].goal

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(place for place in range(len(self.book.axes)) if place != self.place)

    def search(self, corner: Corner) -> Search:
        return search_least_level(self.book, self.place, self._whole(corner), self.tolerance)

    def best(self, corner: Corner) -> KnownPlan | None:
        return self.book.tightest(self.place, self._whole(corner))

    def value(self, plan: KnownPlan) -> float:
        return achieved(self.goal, plan.measures, plan.cost_usd)

    def bound(self, corner: Corner) -> float:
        proven = self.book.proven_least(self.place, self._whole(corner))
        best = self.best(corner)
        return proven if best is None else min(proven, self.value(best))

    def _whole(self, corner: Corner) -> Corner:
        return (*corner[: self.place], self.book.axes[self.place].top, *corner[self.place :])


def minimized_of(book: Book, goal: GoalName, *, gap: float, tolerance: float) -> Minimized:
    """The goal that is minimized: the cost, or that of one of the axes; a least level is known to its tolerance."""
    if goal == "cost":
        return LeastCost(book=book, gap=gap)
    place = next(number for number, axis in enumerate(book.axes) if axis.goal == goal)
    return LeastLevel(book=book, place=place, gap=max(gap, tolerance), tolerance=tolerance)


def enclosed_level(book: Book, place: int) -> Enclosed:
    """The least value of one goal within the scenario's own limits."""
    best = book.tightest(place, book.top)
    proven = book.proven_least(place, book.top)
    if best is None:
        return Enclosed(lower=proven, upper=None)
    upper = achieved(book.axes[place].goal, best.measures, best.cost_usd)
    return Enclosed(lower=min(proven, upper), upper=upper)
