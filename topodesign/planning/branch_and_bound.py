"""Branch and bound over which sites are used.

A node fixes some sites as used and some as closed. Its bound is the relaxation with every violated partition row
found so far (rows hold everywhere, so they are shared by all nodes). Where the relaxation's sites are integral, the
sizing problem of those sites is solved as an integer programme; its bound replaces the node's. The proven bound of
the whole is the least over the open nodes and the sized leaves, so it can be reported at any moment.

Everything is deterministic: best bound first, ties by order of creation; limits other than the clock count work.
"""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from topodesign.planning.cutting_planes import CutLoop
from topodesign.planning.halting import Halt
from topodesign.planning.instance import Floats
from topodesign.planning.master import MILLION, Master
from topodesign.planning.relaxation import LinearRelaxation, Relaxed

INTEGRALITY = 1e-6
ROUNDS_PER_NODE = 12
MOST_ROWS = 2500
"""The relaxation is rebuilt with the rows that were binding lately when it has more than this."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Node:
    """Sites decided so far; ordered by bound (US dollars), then by creation."""

    bound_usd: float
    serial: int
    used: frozenset[int] = field(compare=False)
    closed: frozenset[int] = field(compare=False)


class SiteTree:
    """The open nodes and the bound that they prove."""

    def __init__(self, loop: CutLoop) -> None:
        self.loop = loop
        self.master: Master = loop.master
        self._open: list[Node] = []
        self._serial = 0
        self._finished_bound = math.inf
        self.nodes = 0
        self._floor = tuple(self.master.programme.lower[column] for column in self.master.used)
        self._ceiling = tuple(self.master.programme.upper[column] for column in self.master.used)

    @property
    def bound_usd(self) -> float:
        """Proven lower bound on every plan: the least over open nodes and finished leaves."""
        return min(self._open[0].bound_usd if self._open else math.inf, self._finished_bound)

    def push(self, bound_usd: float, used: frozenset[int], closed: frozenset[int]) -> None:
        """Add an open node."""
        heapq.heappush(self._open, Node(bound_usd=bound_usd, serial=self._serial, used=used, closed=closed))
        self._serial += 1

    def finish(self, bound_usd: float) -> None:
        """Record that all plans of a node cost at least this."""
        self._finished_bound = min(self._finished_bound, bound_usd)

    def pop(self) -> Node | None:
        """The open node with the least bound."""
        return heapq.heappop(self._open) if self._open else None

    def relax(self, node: Node, halt: Halt, *, is_closed: Callable[[float], bool]) -> Relaxed | None:
        """Bound a node: rounds of separation under its decisions; ``None`` when it holds no plan.

        ``is_closed`` tells bounds (US dollars) at which the node is done with.
        """
        self.nodes += 1
        relaxation = self._relaxation()
        for site, column in enumerate(self.master.used):
            lower = 1.0 if site in node.used else self._floor[site]
            upper = 0.0 if site in node.closed else self._ceiling[site]
            relaxation.set_bounds(column, lower, upper)
        return self.loop.run(most_rounds=ROUNDS_PER_NODE, is_enough=lambda bound: is_closed(bound * MILLION), halt=halt)

    def branching_site(self, solved: Relaxed, node: Node) -> int | None:
        """The undecided site that is most fractional, weighted by what it can hold; ``None`` when all are integral."""
        openness = solved.values[list(self.master.used)]
        distance = np.minimum(openness, 1 - openness)
        if float(distance.max()) <= INTEGRALITY:
            return None
        weight = np.sqrt([float(site.most_pods) for site in self.master.instance.sites])
        score = np.where(distance > INTEGRALITY, distance * weight, -1.0)
        score[list(node.used | node.closed)] = -1.0
        return int(np.argmax(score))

    def _relaxation(self) -> LinearRelaxation:
        loop = self.loop
        if loop.relaxation is None or len(loop.rows) > MOST_ROWS:
            if loop.relaxation is not None:
                loop.keep_recently_binding()
            loop.relaxation = LinearRelaxation(self.master.programme)
            loop.relaxation.add(loop.rows)
        return loop.relaxation


def used_sites(master: Master, values: Floats) -> tuple[int, ...]:
    """Sites that are used in a solution whose sites are integral."""
    return tuple(site for site, column in enumerate(master.used) if values[column] > 0.5)
