"""What the explicit graph of a topology says, in the form of its closed forms."""

from collections import Counter

import numpy as np

from topodesign.fabric.distances import path_classes_of
from topodesign.fabric.topology import PathClasses, Topology


def pairs_by_path(paths: PathClasses) -> dict[tuple[int, int, int, float], int]:
    """Ordered pairs by hops, switches, links driven by accelerators and metres."""
    found: Counter[tuple[int, int, int, float]] = Counter()
    columns = (paths.hops, paths.switches, paths.direct_hops, np.round(paths.metres, 3))
    for pairs, *key in zip(paths.pairs.tolist(), *(column.tolist() for column in columns), strict=True):
        found[tuple(key)] += pairs
    return dict(sorted(found.items()))


def pairs_by_hops(paths: PathClasses) -> dict[int, int]:
    found: Counter[int] = Counter()
    for hops, pairs in zip(paths.hops.tolist(), paths.pairs.tolist(), strict=True):
        found[hops] += pairs
    return dict(sorted(found.items()))


def paths_from_everywhere(topology: Topology) -> PathClasses:
    """Shortest paths of the graph without its claims of symmetry: every accelerator is searched from."""
    graph = topology.graph()
    return path_classes_of(graph.with_counts(graph.count), np.array([run.length_m for run in topology.cable_runs()]))


def links_by_run(topology: Topology) -> list[int]:
    graph, runs = topology.graph(), topology.cable_runs()
    return np.bincount(graph.run, weights=graph.count, minlength=len(runs)).astype(int).tolist()
