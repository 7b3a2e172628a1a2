"""Accelerators that hang on the same switches by equal links, put together into one weighted vertex.

Swapping two such twins is an automorphism of the graph. Distances from and to them are equal, and the average of a flow
over all swaps is a flow, so that pooling their links loses nothing in throughput.
"""

from dataclasses import dataclass

import numpy as np

from topodesign.fabric.graph import Counts, FabricGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient:
    """``graph`` has one host per class of twins, with the links of all of them pooled; ``weight`` counts the twins.

    ``members[host]`` is the class of each accelerator of the original graph.
    """

    graph: FabricGraph
    weight: Counts
    members: Counts


def quotient_of(graph: FabricGraph) -> Quotient:
    """Twins put together. Accelerators with a direct link to another one stay as they are."""
    members = _twin_classes(graph)
    weight = np.bincount(members, minlength=int(members.max(initial=-1)) + 1)
    classes = len(weight)
    shift = classes - graph.hosts
    place = np.concatenate([members, np.arange(graph.hosts, graph.vertices) + shift])
    reduced = FabricGraph.from_arrays(
        vertices=graph.vertices + shift,
        hosts=classes,
        a=place[graph.a],
        z=place[graph.z],
        count=graph.count,
        rate=graph.rate,
        run=graph.run,
    )
    return Quotient(graph=reduced, weight=weight, members=members)


def _twin_classes(graph: FabricGraph) -> Counts:
    """Class of every host; classes are numbered by their first host."""
    own = np.arange(graph.hosts, dtype=np.int64)
    is_host_link = graph.a < graph.hosts
    edges = np.flatnonzero(is_host_link & (graph.z >= graph.hosts))  # sorted by host, then by switch
    links = np.bincount(graph.a[is_host_link], minlength=graph.hosts)[: graph.hosts]
    to_switches = np.bincount(graph.a[edges], minlength=graph.hosts)[: graph.hosts]
    received = np.bincount(graph.z[graph.z < graph.hosts], minlength=graph.hosts)[: graph.hosts]
    hangs = (links == to_switches) & (received == 0) & (links > 0)
    start = np.concatenate([[0], np.cumsum(to_switches)])
    kinds = np.column_stack(
        [graph.z[edges], graph.count[edges], graph.run[edges], np.unique(graph.rate[edges], return_inverse=True)[1]]
    )
    named = own.copy()
    for degree in np.unique(to_switches[hangs]):
        hosts = own[hangs & (to_switches == degree)]
        rows = kinds[start[hosts][:, None] + np.arange(degree)].reshape(len(hosts), -1)
        _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        named[hosts] = hosts[first][inverse.ravel()]
    return np.unique(named, return_inverse=True)[1].astype(np.int64)
