"""Exact bisection of small graphs: every half of the accelerators, every placement of the switches."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from topodesign.fabric.graph import FabricGraph, Lengths

MOST_PLACED = 21
"""Vertices (or switches, when no link joins two accelerators) whose sides are enumerated."""
MOST_WORK = 150_000_000
"""Placements times links and accelerators."""
ROWS_AT_ONCE = 1 << 14

Sides = npt.NDArray[np.bool_]


def least_cut(graph: FabricGraph) -> float | None:
    """Bisection width by enumeration; ``None`` when there are too many cases.

    The sides of all vertices are enumerated, or only those of the switches where accelerators have links to switches
    alone: each accelerator then has a cost on either side, and the cheapest half goes to one of them.
    """
    if graph.hosts < 2:
        return 0.0
    joined = bool((graph.z < graph.hosts).any())
    placed = graph.vertices if joined else graph.switches
    if placed > MOST_PLACED or 2 ** max(0, placed - 1) * (len(graph.a) + graph.hosts) > MOST_WORK:
        return None
    cuts = [_joint(graph, sides) if joined else _by_switches(graph, sides) for sides in _all_sides(placed)]
    return float(min(cuts))


def _all_sides(placed: int) -> Iterator[Sides]:
    """All sides of ``placed`` vertices in batches of rows; the last vertex stays on one side, by symmetry."""
    total = 2 ** max(0, placed - 1)
    for begin in range(0, total, ROWS_AT_ONCE):
        numbers = np.arange(begin, min(begin + ROWS_AT_ONCE, total))
        yield (numbers[:, None] >> np.arange(placed)) % 2 == 1


def _joint(graph: FabricGraph, sides: Sides) -> float:
    half = graph.hosts // 2
    inside = sides[:, : graph.hosts].sum(axis=1)
    sides = sides[(inside == half) | (inside == graph.hosts - half)]
    if len(sides) == 0:
        return np.inf
    return float(((sides[:, graph.a] != sides[:, graph.z]) @ graph.capacity).min())


def _by_switches(graph: FabricGraph, sides: Sides) -> float:
    """Hosts with the least extra cost of being inside are; both parities of an odd number are tried."""
    up = graph.a < graph.hosts
    between = ~up
    left, right = graph.a[between] - graph.hosts, graph.z[between] - graph.hosts
    fixed = (sides[:, left] != sides[:, right]) @ graph.capacity[between]
    to_switch: Lengths = np.zeros((graph.switches, graph.hosts))
    np.add.at(to_switch, (graph.z[up] - graph.hosts, graph.a[up]), graph.capacity[up])
    inside_links = sides.astype(float) @ to_switch
    all_links = to_switch.sum(axis=0)
    extra = np.sort(all_links - 2 * inside_links, axis=1)  # cost inside less cost outside
    base = fixed + inside_links.sum(axis=1)
    half = graph.hosts // 2
    return float(min((base + extra[:, :size].sum(axis=1)).min() for size in (half, graph.hosts - half)))
