"""Exact answers for graphs of up to about 30 vertices, by networkx, scipy and enumeration alone.

A graph is a networkx graph whose edges have a ``capacity`` (parallel links added up, in links of rate 1); ``hosts`` are
its accelerators, all other vertices are switches. Nothing here is shared with topodesign.
"""

from collections.abc import Collection, Hashable
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array

Graph = nx.Graph
Table = npt.NDArray[np.float64]

MOST_OPEN = 19
"""Vertices that wait for neighbors at once; 2^19 sides of them times 15 sizes are 60 MB."""


def add_links(graph: "nx.Graph[Any]", a: Hashable, z: Hashable, capacity: float = 1.0) -> None:
    """One more link, or several, between two vertices."""
    before = graph.edges[a, z]["capacity"] if graph.has_edge(a, z) else 0.0
    graph.add_edge(a, z, capacity=before + capacity)


def least_half_cut(graph: "nx.Graph[Any]", hosts: Collection[Hashable]) -> float:
    """Least capacity between halves of the hosts, over every half and every place of the switches.

    All assignments of vertices to two sides are enumerated, vertex by vertex: of those that agree on the sides of the
    vertices that still wait for neighbors, and on the number of hosts inside, only the cheapest is kept.
    """
    half, chosen = len(hosts) // 2, set(hosts)
    table: Table = np.full((1, half + 1), np.inf)
    table[0, 0] = 0.0
    waiting: list[Hashable] = []
    left = {vertex: graph.degree(vertex) for vertex in graph}
    for vertex in _short_order(graph):
        outside, inside = table.copy(), table.copy()
        if vertex in chosen:
            inside[:, 1:] = inside[:, :-1]
            inside[:, 0] = np.inf
        sides = np.arange(len(table))
        for place, other in enumerate(waiting):
            if graph.has_edge(vertex, other):
                is_inside = (sides >> place) & 1 == 1
                capacity = graph.edges[vertex, other]["capacity"]
                outside[is_inside] += capacity
                inside[~is_inside] += capacity
                left[vertex] -= 1
                left[other] -= 1
        table = np.concatenate([outside, inside])
        waiting.append(vertex)
        assert len(waiting) <= MOST_OPEN + 1, "the graph is too wide to be enumerated so"
        for place in reversed([place for place, other in enumerate(waiting) if left[other] == 0]):
            table = table.reshape(-1, 2, 1 << place, half + 1).min(axis=1).reshape(-1, half + 1)
            del waiting[place]
    return float(table[0, half])


def _short_order(graph: "nx.Graph[Any]") -> list[Hashable]:
    """An order in which few vertices wait for neighbors: the next one is that which adds fewest."""
    best: list[Hashable] = []
    best_width = len(graph) + 1
    for start in list(graph)[:: max(1, len(graph) // 6)]:
        order, width, left = [], 0, {vertex: graph.degree(vertex) for vertex in graph}
        waiting: set[Hashable] = set()
        todo = set(graph)
        following = start
        while todo:
            order.append(following)
            todo.discard(following)
            waiting.add(following)
            for other in graph[following]:
                left[other] -= 1
            waiting = {vertex for vertex in waiting if left[vertex] > 0}
            width = max(width, len(waiting))
            near = sorted((v for v in todo if any(u in waiting for u in graph[v])), key=str) or sorted(todo, key=str)
            if near:
                following = min(near, key=lambda v: (-sum(left[u] == 1 for u in graph[v] if u in waiting), left[v]))
        if width < best_width:
            best, best_width = order, width
    return best


def alltoall_rate(graph: "nx.Graph[Any]", hosts: Collection[Hashable]) -> float:
    """Largest rate of all ordered pairs of hosts at once, any splitting allowed: flows by source, by scipy's HiGHS."""
    number = {vertex: place for place, vertex in enumerate(graph)}
    arcs = [(number[a], number[z], data["capacity"]) for a, z, data in graph.edges(data=True)]
    arcs += [(z, a, capacity) for a, z, capacity in arcs]
    tails, heads, capacity = (np.array(column) for column in zip(*arcs, strict=True))
    sources = np.array([number[host] for host in hosts])
    size, count = len(number), len(arcs)
    # at every vertex but the source what comes in less what goes out is the rate for hosts, 0 for switches
    block, arc = np.divmod(np.arange(len(sources) * count), count)
    rows = np.concatenate([block * size + heads[arc], block * size + tails[arc]])
    columns = np.tile(np.arange(len(sources) * count), 2)
    signs = np.repeat([1.0, -1.0], len(sources) * count)
    targets = (np.arange(len(sources))[:, None] * size + sources[None, :]).ravel()
    rows = np.concatenate([rows, targets])
    columns = np.concatenate([columns, np.full(len(targets), len(sources) * count)])
    signs = np.concatenate([signs, np.full(len(targets), -1.0)])
    balance = coo_array((signs, (rows, columns)), shape=(len(sources) * size, len(sources) * count + 1)).tocsr()
    kept = np.ones(len(sources) * size, dtype=bool)
    kept[np.arange(len(sources)) * size + sources] = False
    shared = coo_array((np.ones(len(arc)), (arc, np.arange(len(arc)))), shape=(count, len(arc) + 1)).tocsr()
    goal = np.zeros(len(arc) + 1)
    goal[-1] = -1.0
    solved = linprog(
        goal, A_ub=shared, b_ub=capacity, A_eq=balance[kept], b_eq=np.zeros(int(kept.sum())), method="highs"
    )
    assert solved.status == 0
    return float(-solved.fun)


def distances(graph: "nx.Graph[Any]", hosts: Collection[Hashable], *, hosts_forward: bool = True) -> dict[int, int]:
    """Ordered pairs of different hosts by distance in links; -1 without a path."""
    counts: dict[int, int] = {}
    chosen = set(hosts)
    for host in hosts:
        within = graph if hosts_forward else nx.DiGraph(graph)
        if not hosts_forward:
            within.remove_edges_from([(other, near) for other in chosen - {host} for near in graph[other]])
        found = nx.single_source_shortest_path_length(within, host)
        for other in chosen - {host}:
            counts[found.get(other, -1)] = counts.get(found.get(other, -1), 0) + 1
    return dict(sorted(counts.items()))


def cerf_bound(vertices: int, degree: int) -> float:
    """Least mean distance of any graph with this degree: layers of d, d (d-1), d (d-1)^2, ... until all are placed.

    V. G. Cerf, D. D. Cowan, R. C. Mullin, R. G. Stanton (1974), "A lower bound on the average shortest path length in
    regular graphs", Networks 4(4).
    """
    left, layer, distance, total = vertices - 1, degree, 1, 0
    while left:
        placed = min(layer, left)
        total += placed * distance
        left, layer, distance = left - placed, layer * (degree - 1), distance + 1
    return total / (vertices - 1)
