"""The smallest set of clashing limits: none of them can be left out of it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def smallest_conflict(limits: Sequence[T], is_infeasible: Callable[[Sequence[T]], bool]) -> list[T]:
    """An irreducible part of the limits that is infeasible: without any one of its limits the rest is feasible.

    A deletion filter that deletes halves first: for k clashing limits out of n about 2 k log2(n / k) + 2 k questions
    instead of n. Of several such sets the one is found that keeps the limits that come first.

    Parameters
    ----------
    limits : sequence
        Limits that are infeasible together, those that shall rather be blamed first.
    is_infeasible : callable
        Whether these limits alone are proven to be infeasible. Where it says no although they are, the result is still
        infeasible, but perhaps not irreducible.

    References
    ----------
    Junker, "QuickXplain: preferred explanations and relaxations for over-constrained problems", AAAI 2004.
    """

    def shrunk(kept: list[T], has_grown: bool, rest: list[T]) -> list[T]:
        """The part of ``rest`` that is needed beside ``kept``, which is infeasible together with all of it."""
        if has_grown and is_infeasible(kept):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        of_second = shrunk(kept + first, True, second)
        of_first = shrunk(kept + of_second, bool(of_second), first)
        return of_first + of_second

    return shrunk([], True, list(limits)) if limits else []
