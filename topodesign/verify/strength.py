r"""Exact strength of a graph, sigma = min over partitions P into two or more blocks of c(P) / (|P| - 1).

Two methods, tested against each other:

* up to :data:`MOST_ENUMERATED` nodes every set partition is looked at (Bell(9) = 21,147), many graphs at once;
* above, Newton's method on sigma. For a trial k = p/q the minimum over partitions of the sum over blocks S of
  f(S) = c(delta(S))/2 - k is found by the greedy algorithm of Dilworth truncation: node after node gets the largest
  value that keeps x(S) <= f(S), one minimum cut each, and tight sets that meet are merged. A minimum below -k names a
  partition with a smaller ratio, which is the next k; otherwise k is sigma.

All arithmetic is on whole numbers, so a threshold is met or not, never nearly.

References
----------
W. T. Tutte, "On the problem of decomposing a graph into n connected factors", 1961. C. Nash-Williams, "Edge-disjoint
spanning trees of finite graphs", 1961. W. H. Cunningham, "Optimal attack and reinforcement of a network", J. ACM 32,
1985. L. Lovasz, "Submodular functions and convexity", 1983 (Dilworth truncation). A. Frank, "Connections in
Combinatorial Optimization", Oxford, 2011.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pair = tuple[int, int]
"""Two node numbers, the smaller first."""

MOST_ENUMERATED = 9
EXACT_IN_DOUBLE = 2**53
"""Whole numbers up to here are exact in double precision, and so are their sums in any order."""

CELLS_AT_ONCE = 4_000_000
"""Capacity vectors x partitions held at a time: 32 MB."""


def graph_strength(nodes: int, capacity: Mapping[Pair, int]) -> Fraction | None:
    """Strength of one graph on nodes 0 .. ``nodes`` - 1; ``None`` (unbounded) for fewer than two nodes."""
    return strengths(nodes, [capacity])[0]


def strengths(nodes: int, capacities: Sequence[Mapping[Pair, int]]) -> list[Fraction | None]:
    """Strength of several graphs on the same nodes.

    Parameters
    ----------
    nodes : int
        How many nodes; they are numbered from 0.
    capacities : sequence of mapping of pair to int
        Per graph the capacity of each link, whole numbers of any one unit; pairs not listed have none.

    Returns
    -------
    list of Fraction or None
        In the same unit; ``None`` (unbounded) for fewer than two nodes.
    """
    if nodes < 2:
        return [None for _ in capacities]
    largest = max((sum(capacity.values()) for capacity in capacities), default=0)
    if nodes <= MOST_ENUMERATED and largest < EXACT_IN_DOUBLE:
        return list(by_enumeration(nodes, capacities))
    known: list[Labels] = [tuple(range(nodes))]
    found: list[Fraction | None] = []
    for capacity in capacities:
        value, partition = by_newton(nodes, capacity, starts=known)
        if partition not in known:
            known.append(partition)
        found.append(value)
    return found


# --- every partition -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def all_partitions(nodes: int) -> "NDArray[np.int8]":
    """Every set partition of ``nodes`` >= 1 nodes but the trivial one, a row of block numbers each."""
    import numpy as np

    rows = np.zeros((1, 1), dtype=np.int8)
    for _ in range(nodes - 1):
        choices = rows.max(axis=1).astype(np.int64) + 2  # an old block or a new one
        grown = np.repeat(rows, choices, axis=0)
        starts = np.repeat(np.cumsum(choices) - choices, choices)
        labels = (np.arange(len(grown)) - starts).astype(np.int8)
        rows = np.column_stack([grown, labels])
    proper: NDArray[np.int8] = rows[rows.max(axis=1) > 0]
    return proper


def by_enumeration(nodes: int, capacities: Sequence[Mapping[Pair, int]]) -> Iterable[Fraction]:
    """Strengths by looking at every partition; sums of capacities must stay below 2^53."""
    import numpy as np

    partitions = all_partitions(nodes)
    pairs = list(combinations(range(nodes), 2))
    left, right = np.array(pairs).T
    crosses = (partitions[:, left] != partitions[:, right]).T.astype(np.float64)  # pairs x partitions
    splits = partitions.max(axis=1).astype(np.int64)  # blocks - 1
    scale = lcm(*range(1, nodes))
    weights = scale // splits
    step = max(1, CELLS_AT_ONCE // len(partitions))
    for start in range(0, len(capacities), step):
        chunk = capacities[start : start + step]
        rows = np.array([[capacity.get(pair, 0) for pair in pairs] for capacity in chunk], dtype=np.float64)
        across = np.rint(rows @ crosses).astype(np.int64)
        # c(P) / (|P| - 1) over a common denominator: below 2^53 x 840, so still exact in 64 bits
        best = (across * weights).argmin(axis=1)
        for row, column in enumerate(best):
            yield Fraction(int(across[row, column]), int(splits[column]))


# --- Newton on sigma with Dilworth truncation ------------------------------------------------------------------------

Labels = tuple[int, ...]
"""Block number of each node, in order of first appearance."""


def by_newton(nodes: int, capacity: Mapping[Pair, int], *, starts: Iterable[Labels] = ()) -> tuple[Fraction, Labels]:
    """Strength and a partition that attains it; ``starts`` are partitions worth trying first (``nodes`` >= 2)."""
    trials = [tuple(range(nodes)), *starts]
    value, partition = min((_ratio(capacity, labels), labels) for labels in trials)
    while True:
        labels = least_partition(nodes, capacity, value)
        if max(labels) == 0:
            return value, partition
        better = _ratio(capacity, labels)
        if better >= value:
            return value, partition
        value, partition = better, labels


def _ratio(capacity: Mapping[Pair, int], labels: Labels) -> Fraction:
    return Fraction(sum(c for (a, b), c in capacity.items() if labels[a] != labels[b]), max(labels))


def least_partition(nodes: int, capacity: Mapping[Pair, int], k: Fraction) -> Labels:
    """Partition with the least sum over its blocks of c(delta(S)) / 2 - k.

    Everything is multiplied by 2 q (k = p / q) to stay whole: f(S) = q c(delta(S)) - 2 p.
    """
    p, q = k.numerator, k.denominator
    matrix = [[0] * nodes for _ in range(nodes)]
    for (a, b), value in capacity.items():
        matrix[a][b] += q * value
        matrix[b][a] += q * value
    level = [0] * nodes  # x of the greedy algorithm
    blocks: list[set[int]] = []
    for node in range(nodes):
        cut, members = _tightest_set(matrix, level, node)
        level[node] = cut - 2 * p
        merged = set(members)
        apart = []
        for block in blocks:
            if block & merged:
                merged |= block  # the union of two tight sets that meet is tight
            else:
                apart.append(block)
        blocks = [*apart, merged]
    block_of = {node: number for number, block in enumerate(blocks) for node in block}
    order: dict[int, int] = {}
    return tuple(order.setdefault(block_of[node], len(order)) for node in range(nodes))


def _tightest_set(matrix: list[list[int]], level: list[int], node: int) -> tuple[int, list[int]]:
    """Set S of earlier nodes with ``node`` in it that minimizes c(delta(S)) - x(S without node), and that minimum.

    A minimum cut with S on the side of ``node``: an earlier node u with x_u > 0 pays x_u for staying out of S, one
    with x_u < 0 pays -x_u for joining; links to later nodes are always cut by those in S.
    """
    flow = _Network(size=node + 2)
    sink = node + 1
    constant = sum(matrix[node][node + 1 :])
    for u in range(node):
        constant -= max(0, level[u])
        flow.add(node, u, max(0, level[u]))
        flow.add(u, sink, sum(matrix[u][node + 1 :]) + max(0, -level[u]))
        for v in range(u + 1, node + 1):
            flow.add_both(u, v, matrix[u][v])
    value = flow.maximum(node, sink)
    return value + constant, flow.reachable(node)


@dataclass(slots=True)
class _Network:
    """Maximum flow by blocking flows (Dinic 1970) on a small dense network of whole numbers of any size."""

    size: int
    left: list[list[int]]

    def __init__(self, *, size: int) -> None:
        self.size = size
        self.left = [[0] * size for _ in range(size)]

    def add(self, a: int, b: int, capacity: int) -> None:
        self.left[a][b] += capacity

    def add_both(self, a: int, b: int, capacity: int) -> None:
        self.left[a][b] += capacity
        self.left[b][a] += capacity

    def reachable(self, source: int) -> list[int]:
        """Nodes on the source side of a minimum cut, once the flow is maximum."""
        return [node for node, depth in enumerate(self._depths(source)) if depth >= 0]

    def maximum(self, source: int, sink: int) -> int:
        total = 0
        while True:
            depth = self._depths(source)
            if depth[sink] < 0:
                return total
            tried = [0] * self.size
            while pushed := self._push(source, sink, None, depth, tried):
                total += pushed

    def _depths(self, source: int) -> list[int]:
        depth = [-1] * self.size
        depth[source] = 0
        queue = deque([source])
        while queue:
            node = queue.popleft()
            for neighbor, capacity in enumerate(self.left[node]):
                if capacity > 0 and depth[neighbor] < 0:
                    depth[neighbor] = depth[node] + 1
                    queue.append(neighbor)
        return depth

    def _push(self, node: int, sink: int, most: int | None, depth: list[int], tried: list[int]) -> int:
        """Push flow along one path of growing depth; 0 where none is left."""
        if node == sink:
            assert most is not None
            return most
        row = self.left[node]
        while tried[node] < self.size:
            neighbor = tried[node]
            if row[neighbor] > 0 and depth[neighbor] == depth[node] + 1:
                room = row[neighbor] if most is None else min(most, row[neighbor])
                pushed = self._push(neighbor, sink, room, depth, tried)
                if pushed:
                    row[neighbor] -= pushed
                    self.left[neighbor][node] += pushed
                    return pushed
            tried[node] += 1
        return 0
