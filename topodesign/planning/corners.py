"""The best product of two figures over a region that is only known by asking: pods and utilization.

A region of pairs (n, u) that holds with a pair every pair below it. Asked about a pair, somebody says that it lies in
the region, that it does not, or neither. A pair outside leaves no pair outside that is greater in both, so what may lie
in the region has corners, and the best product is at most the greatest of theirs: the outer approximation of monotonic
optimization (Tuy 2000, "Monotonic optimization: problems and solution approaches", SIAM J. Optim. 11), in two
dimensions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

MOST_UNDECIDED = 3
"""Questions about a corner that may be asked in vain."""
NEAREST, FARTHEST = 0.3, 0.95
"""Where between a question asked in vain and the corner, on a logarithmic scale, the next one aims at."""
MOST_BLIND = 5
"""Questions without a pair inside before the least pair of all is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """No pair at or below it is known to be outside.

    ``undecided`` questions were asked in vain; the next one is to have the product ``aim``, if there is one.
    """

    pods: int
    utilization: float
    undecided: int = 0
    aim: float = 0.0

    @property
    def amount(self) -> float:
        return self.pods * self.utilization


@dataclass(slots=True)
class Corners:
    """Outer corners of the region. No pair has fewer than ``least_pods``; ``least_utilization`` says what any pair with
    so many pods has at least."""

    corners: list[Corner]
    least_utilization: Callable[[int], float]
    least_pods: int = 1

    def most(self) -> float:
        """The bound: no pair of the region has a greater product. 0 when the region is empty."""
        return max((corner.amount for corner in self.corners), default=0.0)

    def best(self, *, above: float) -> Corner | None:
        """The corner with the greatest product, if above that and not given up; of equal ones that with most pods."""
        open_corners = [item for item in self.corners if item.undecided < MOST_UNDECIDED and item.amount > above]
        return max(open_corners, key=lambda item: (item.amount, item.pods), default=None)

    def cut(self, pods: int, utilization: float) -> None:
        """No pair with at least so many pods and so high a utilization is in the region."""
        kept: list[Corner] = []
        for corner in self.corners:
            if corner.pods < pods or corner.utilization <= utilization:
                kept.append(corner)
                continue
            kept.append(Corner(pods=pods - 1, utilization=corner.utilization))
            kept.append(Corner(pods=corner.pods, utilization=utilization))
        self.corners = [item for item in _undominated(kept) if self._holds_a_pair(item)]

    def set_aside(self, corner: Corner, *, asked: float, stretch: float) -> None:
        """A question with a product was asked in vain; with one so many times as large it may be decided."""
        aim = 0.0
        if 0 < asked < corner.amount:
            way = math.log(max(stretch, 1.0)) / math.log(corner.amount / asked)
            aim = asked * (corner.amount / asked) ** min(max(way, NEAREST), FARTHEST)
        self.corners[self.corners.index(corner)] = replace(corner, undecided=corner.undecided + 1, aim=aim)

    def _holds_a_pair(self, corner: Corner) -> bool:
        return corner.pods >= self.least_pods and corner.utilization > self.least_utilization(corner.pods)


def question(corner: Corner, *, best: float, least_pods: int = 1) -> tuple[int, float]:
    """A pair below a corner whose product is between the best one, above 0, and the corner's: in the middle at first.

    Outside, it takes about as much off the corner in pods as in utilization.
    """
    aim = corner.aim if corner.aim > best else math.sqrt(best * corner.amount)
    pods = min(corner.pods, max(least_pods, math.ceil(corner.pods * math.sqrt(aim / corner.amount))))
    return pods, aim / pods


def _undominated(corners: list[Corner]) -> list[Corner]:
    """Without those that lie below another one, by falling utilization."""
    kept: list[Corner] = []
    for corner in sorted(corners, key=lambda item: (-item.utilization, -item.pods, item.undecided)):
        if not kept or corner.pods > kept[-1].pods:
            kept.append(corner)
    return kept
