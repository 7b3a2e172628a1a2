"""What the explicit graph of a topology says, in the form of its closed forms."""

from collections import Counter

import numpy as np
from ortools.sat.python import cp_model

from topodesign.fabric.distances import path_classes_of
from topodesign.fabric.topology import FabricGraph, PathClasses, Topology


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


def has_half_of_fewer_links(graph: FabricGraph, links: int) -> bool:
    """Whether some half of the accelerators cuts fewer links, by a constraint solver; graphs without switches."""
    model = cp_model.CpModel()
    inside = [model.new_bool_var("") for _ in range(graph.hosts)]
    model.add(sum(inside) == graph.hosts // 2)
    if graph.hosts % 2 == 0:
        model.add(inside[0] == 1)
    cut = []
    for (a, z), number in graph.links.items():
        crosses = model.new_bool_var("")
        model.add(crosses >= inside[a] - inside[z])
        model.add(crosses >= inside[z] - inside[a])
        cut.append(number * crosses)
    model.add(sum(cut) <= links - 1)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 60
    status = solver.solve(model)
    assert status in (cp_model.FEASIBLE, cp_model.OPTIMAL, cp_model.INFEASIBLE), "neither found nor ruled out"
    return status != cp_model.INFEASIBLE
