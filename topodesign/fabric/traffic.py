"""Traffic patterns on an explicit graph, as demands between classes of twins.

References
----------
S. Jyothi, A. Singla, P. Godfrey, A. Kolla (2016), "Measuring and Understanding Throughput of Network Topologies", SC:
the longest matching as traffic that is near the worst.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from topodesign.domain.checks import require
from topodesign.fabric.graph import Counts, FabricGraph, Lengths
from topodesign.fabric.link_loads import distance_matrix
from topodesign.fabric.quotient import Quotient, quotient_of

LONGEST_MATCHING = "longest matching"
MOST_MATCHED = 2_000
"""Accelerators (or classes of twins) up to which the longest matching is computed: the assignment takes cubic time."""
MOST_CLASSES = 6_000
"""Classes of twins whose demands are written down: 300 MB."""


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

    Where all classes of twins are of one size, whole classes are matched (a doubly stochastic matrix of classes is a
    mean of permutations, so that none does better). ``None`` above :data:`MOST_MATCHED` classes or accelerators. Ties
    are broken by the assignment algorithm: relabelling can give another matching of the same sum.
    """
    reduced = quotient_of(graph)
    size = int(reduced.weight.max(initial=1))
    if size > 1 and (reduced.weight == size).all():
        target = _farthest_assignment(reduced.graph, twins_apart=2.0)
        if target is None:
            return None
        demand = np.zeros((len(target), len(target)))
        demand[np.arange(len(target)), target] = size
        return Traffic(pattern=LONGEST_MATCHING, quotient=reduced, demand=demand)
    target = _farthest_assignment(graph, twins_apart=-float(graph.vertices * graph.hosts))
    return None if target is None else _of_permutation(graph, target, LONGEST_MATCHING)


def _farthest_assignment(graph: FabricGraph, *, twins_apart: float) -> Counts | None:
    """Permutation of the hosts with the largest sum of distances; ``twins_apart`` from a host to itself."""
    if graph.hosts > MOST_MATCHED:
        return None
    hosts = np.arange(graph.hosts, dtype=np.int64)
    distance = distance_matrix(graph, hosts)[:, : graph.hosts].astype(float)
    distance[hosts, hosts] = twins_apart
    target: Counts = linear_sum_assignment(distance, maximize=True)[1].astype(np.int64)
    return target


def random_permutation(graph: FabricGraph, *, seed: int) -> Traffic:
    """Every accelerator sends to one other and receives from one, drawn at random: one cycle through all."""
    order = np.random.default_rng(seed).permutation(graph.hosts)
    target = np.empty_like(order)
    target[order] = np.roll(order, -1)
    return _of_permutation(graph, target, f"random permutation (seed {seed})")


def _of_permutation(graph: FabricGraph, target: Counts, pattern: str) -> Traffic:
    reduced = quotient_of(graph)
    classes = len(reduced.weight)
    require(
        classes <= MOST_CLASSES,
        field="accelerators with links of their own",
        value=classes,
        limit=f"at most {MOST_CLASSES} for the throughput of a permutation",
        remedy="use a smaller fabric of the same family",
    )
    demand = np.zeros((classes, classes))
    np.add.at(demand, (reduced.members, reduced.members[target]), 1.0)
    return Traffic(pattern=pattern, quotient=reduced, demand=demand)
