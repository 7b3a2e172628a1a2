"""Hop distances: summaries of path classes, and breadth-first search on explicit graphs."""

from collections import deque

import numpy as np

from topodesign.fabric.topology import FabricGraph, PathClasses


def mean_hops(paths: PathClasses) -> float:
    """Mean number of links over ordered pairs of different accelerators; 0 without pairs."""
    total = int(paths.pairs.sum())
    return float(np.dot(paths.pairs.astype(float), paths.hops)) / total if total else 0.0


def diameter_hops(paths: PathClasses) -> int:
    """Most links that a shortest path between two accelerators takes; 0 without pairs."""
    return int(paths.hops.max()) if len(paths.hops) else 0


def hop_counts(graph: FabricGraph) -> dict[int, int]:
    """Ordered pairs of different accelerators by distance in links, by breadth-first search.

    Only accelerators are sources and targets: switches carry no weight. Pairs without a path are under distance -1.
    """
    neighbors: list[list[int]] = [[] for _ in range(graph.vertices)]
    for a, z in graph.links:
        neighbors[a].append(z)
        neighbors[z].append(a)
    counts: dict[int, int] = {}
    for source in range(graph.hosts):
        distances = _distances(neighbors, source)
        for target in range(graph.hosts):
            if target != source:
                counts[distances[target]] = counts.get(distances[target], 0) + 1
    return dict(sorted(counts.items()))


def _distances(neighbors: list[list[int]], source: int) -> list[int]:
    distances = [-1] * len(neighbors)
    distances[source] = 0
    waiting = deque([source])
    while waiting:
        vertex = waiting.popleft()
        for other in neighbors[vertex]:
            if distances[other] < 0:
                distances[other] = distances[vertex] + 1
                waiting.append(other)
    return distances
