"""Independent answers for small graphs: every balanced cut, shortest paths, the all-to-all as a linear programme."""

from collections import Counter
from random import Random
from typing import Any

import networkx as nx
import numpy as np
from fabric.exact_answers import alltoall_rate, least_half_cut
from hypothesis import strategies as st

from topodesign.fabric.topology import FabricGraph


def least_balanced_cut(graph: FabricGraph) -> int:
    """Bisection over every half of the hosts and every place of the switches, in links."""
    return int(least_half_cut(_as_networkx(graph), range(graph.hosts)))


def distances_by_networkx(graph: FabricGraph) -> dict[int, int]:
    """Ordered pairs of different hosts by distance; -1 without a path."""
    simple = nx.Graph()
    simple.add_nodes_from(range(graph.vertices))
    simple.add_edges_from(graph.links)
    counts: Counter[int] = Counter()
    for host in range(graph.hosts):
        found = nx.single_source_shortest_path_length(simple, host)
        counts.update(found.get(other, -1) for other in range(graph.hosts) if other != host)
    return dict(sorted(counts.items()))


def alltoall_by_linear_programme(graph: FabricGraph) -> float:
    """Largest rate of all ordered pairs of hosts at once, any splitting allowed, in links."""
    return alltoall_rate(_as_networkx(graph), range(graph.hosts)) if len(graph.a) else 0.0


def _as_networkx(graph: FabricGraph) -> "nx.Graph[int]":
    found: nx.Graph[int] = nx.Graph()
    found.add_nodes_from(range(graph.vertices))
    for (a, z), number in graph.links.items():
        found.add_edge(a, z, capacity=float(number))
    return found


@st.composite
def small_graphs(draw: st.DrawFn, *, most_hosts: int = 8, most_switches: int = 4) -> FabricGraph:
    """Any multigraph of a few hosts and switches, connected or not."""
    hosts = draw(st.integers(2, most_hosts))
    vertices = hosts + draw(st.integers(0, most_switches))
    pairs = [(a, z) for a in range(vertices) for z in range(a + 1, vertices)]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=3 * vertices, unique=True))
    links = [(a, z, draw(st.integers(1, 3))) for a, z in chosen]
    return FabricGraph.of(vertices=vertices, hosts=hosts, links=links)


def relabelled(graph: FabricGraph, random: Random) -> FabricGraph:
    """The same graph with hosts and switches renamed among themselves."""
    hosts, switches = list(range(graph.hosts)), list(range(graph.hosts, graph.vertices))
    random.shuffle(hosts)
    random.shuffle(switches)
    names = np.array([*hosts, *switches], dtype=np.int64)
    return FabricGraph.from_arrays(
        vertices=graph.vertices,
        hosts=graph.hosts,
        a=names[graph.a],
        z=names[graph.z],
        count=graph.count,
        rate=graph.rate,
        run=graph.run,
    )


def of_networkx(graph: "nx.Graph[Any]") -> FabricGraph:
    """A graph whose vertices are all hosts, with single links."""
    numbered = nx.convert_node_labels_to_integers(graph)
    count = numbered.number_of_nodes()
    return FabricGraph.of(vertices=count, hosts=count, links=[(a, z, 1) for a, z in numbered.edges()])
