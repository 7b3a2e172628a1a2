"""Traffic patterns on an explicit graph, as demands between classes of twins.

References
----------
S. Jyothi, A. Singla, P. Godfrey, A. Kolla (2016), "Measuring and Understanding Throughput of Network Topologies", SC:
the longest matching as traffic that is near the worst.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from topodesign.fabric.graph import Counts, FabricGraph, Lengths
from topodesign.fabric.link_loads import distance_matrix
from topodesign.fabric.quotient import Quotient, quotient_of

MOST_MATCHED = 2_000
"""Accelerators up to which the longest matching is computed: the assignment takes cubic time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Demands on the quotient of a graph.

    ``demand[s, t]`` is what all accelerators of class s send to those of class t, in units of what one accelerator
    sends or receives in all; on the diagonal among different accelerators of the class.
    """

    pattern: str
    quotient: Quotient
    demand: Lengths

    @property
    def is_symmetric(self) -> bool:
        return bool((self.demand == self.demand.T).all())


def uniform(graph: FabricGraph) -> Traffic:
    """Every accelerator sends equal parts to all others."""
    reduced = quotient_of(graph)
    weight = reduced.weight.astype(float)
    demand = np.multiply.outer(weight, weight)
    np.fill_diagonal(demand, weight * (weight - 1))
    return Traffic(pattern="uniform all-to-all", quotient=reduced, demand=demand / max(1, graph.hosts - 1))


def longest_matching(graph: FabricGraph) -> Traffic | None:
    """Every accelerator sends to one other and receives from one, at the largest possible sum of distances.

    ``None`` above :data:`MOST_MATCHED` accelerators. Ties are broken by the assignment algorithm, so that relabelling
    can give another matching of the same total.
    """
    if graph.hosts > MOST_MATCHED:
        return None
    hosts = np.arange(graph.hosts, dtype=np.int64)
    distance = distance_matrix(graph, hosts)[:, : graph.hosts].astype(float)
    distance[hosts, hosts] = -1.0 if graph.hosts == 1 else -graph.vertices * graph.hosts
    return _of_permutation(graph, linear_sum_assignment(distance, maximize=True)[1], "longest matching")


def random_permutation(graph: FabricGraph, *, seed: int) -> Traffic:
    """Every accelerator sends to one other and receives from one, drawn at random: one cycle through all."""
    order = np.random.default_rng(seed).permutation(graph.hosts)
    target = np.empty_like(order)
    target[order] = np.roll(order, -1)
    return _of_permutation(graph, target, f"random permutation (seed {seed})")


def _of_permutation(graph: FabricGraph, target: Counts, pattern: str) -> Traffic:
    reduced = quotient_of(graph)
    classes = len(reduced.weight)
    demand = np.zeros((classes, classes))
    np.add.at(demand, (reduced.members, reduced.members[target]), 1.0)
    return Traffic(pattern=pattern, quotient=reduced, demand=demand)
