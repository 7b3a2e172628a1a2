"""Graph strength and the most violated partition, in polynomial time.

For a graph with capacities c and a demand B per block, the partition that minimises c(P) - B (|P| - 1) is found by
the greedy algorithm for the Dilworth truncation of the intersecting submodular function h(S) = -c(E[S]) - B: take the
nodes one by one, and for each find, by one minimum cut among the nodes taken so far, the best block that contains it;
blocks that meet are merged. Strength sigma = min c(P) / (|P| - 1) follows by Newton's method on B.

References
----------
W. H. Cunningham, "Optimal attack and reinforcement of a network", J. ACM 32(3), 1985.
F. Barahona, "Separating from the dominant of the spanning tree polytope", Oper. Res. Lett. 12, 1992.
"""

import math

import numpy as np
import numpy.typing as npt
from ortools.graph.python import max_flow

Partition = tuple[tuple[int, ...], ...]
Capacities = npt.NDArray[np.float64]

RESOLUTION = 1 << 40
"""Capacities are scaled so that the largest sum in a cut problem is about this integer."""


def partition_capacity(capacity: Capacities, partition: Partition) -> float:
    """Capacity between different blocks."""
    label = np.empty(len(capacity), dtype=np.int64)
    for index, block in enumerate(partition):
        label[list(block)] = index
    crossing = label[:, None] != label[None, :]
    return float(capacity[crossing].sum() / 2)


def worst_partition(capacity: Capacities, demand: float) -> tuple[float, Partition]:
    """Partition P with the least c(P) - demand (|P| - 1), and that value (0 for the single block).

    Parameters
    ----------
    capacity : array of float, shape (n, n)
        Symmetric, zero diagonal.
    demand : float
        Same unit as the capacities.
    """
    size = len(capacity)
    scale = RESOLUTION / max(1e-12, float(capacity.sum()) + 2 * demand * size)
    arcs = np.rint(capacity * scale).astype(np.int64)
    block_cost = round(demand * scale)
    value = np.zeros(size, dtype=np.int64)
    blocks: list[set[int]] = []
    for node in range(size):
        chosen, gain = _best_block(arcs, value, node)
        value[node] = -gain - block_cost
        merged = {node} | chosen
        kept = []
        for block in blocks:
            if block & merged:
                merged |= block
            else:
                kept.append(block)
        blocks = [*kept, merged]
    partition = tuple(sorted(tuple(sorted(block)) for block in blocks))
    slack = partition_capacity(capacity, partition) - demand * (len(partition) - 1)
    return slack, partition


def _best_block(arcs: npt.NDArray[np.int64], value: npt.NDArray[np.int64], node: int) -> tuple[set[int], int]:
    """Set T of earlier nodes that maximises c(E[T + node]) + value(T), and that maximum.

    With deg over the earlier nodes and ``node``, c(E[S]) = (deg(S) - c(cut of S)) / 2, so twice the objective is
    sum over T of (deg + 2 value) + deg(node) - cut: a minimum cut with ``node`` on the source side.
    """
    if node == 0:
        return set(), 0
    inside = arcs[: node + 1, : node + 1]
    worth = inside.sum(axis=1) + 2 * value[: node + 1]
    source, sink = node, node + 1
    tails, heads = np.nonzero(inside)
    keep = heads != source
    earlier = np.arange(node)
    gains, losses = earlier[worth[:node] > 0], earlier[worth[:node] < 0]
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(
        np.concatenate([tails[keep], np.full(len(gains), source), losses]),
        np.concatenate([heads[keep], gains, np.full(len(losses), sink)]),
        np.concatenate([inside[tails[keep], heads[keep]], worth[gains], -worth[losses]]),
    )
    if len(losses) == 0:
        chosen = set(range(node))
    else:
        flow.solve(source, sink)
        chosen = {int(member) for member in flow.get_source_side_min_cut()} - {source}
    members = [*sorted(chosen), node]
    gain = int(inside[np.ix_(members, members)].sum() // 2 + sum(int(value[member]) for member in chosen))
    return chosen, gain


def strength(capacity: Capacities) -> tuple[float, Partition]:
    """Strength of the graph and a partition that attains it; infinite for fewer than two nodes.

    Newton's method: the partition that is worst for the present value gives a smaller one, until none is violated.
    """
    size = len(capacity)
    if size < 2:
        return math.inf, (tuple(range(size)),)
    partition: Partition = tuple((node,) for node in range(size))
    sigma = partition_capacity(capacity, partition) / (size - 1)
    while sigma > 0:
        slack, worse = worst_partition(capacity, sigma)
        if len(worse) < 2 or slack >= -1e-9 * max(1.0, sigma):
            break
        partition = worse
        better = partition_capacity(capacity, partition) / (len(partition) - 1)
        if better >= sigma:
            break
        sigma = better
    return sigma, partition
