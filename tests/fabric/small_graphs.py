"""Independent answers for small graphs: every balanced cut, shortest paths, the all-to-all as a linear programme."""

import itertools
from collections import Counter
from random import Random
from typing import Any

import networkx as nx
import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_flow

from topodesign.fabric.topology import FabricGraph


def least_balanced_cut(graph: FabricGraph) -> int:
    """Bisection by all halves of the hosts; switches on whichever side cuts less (a minimum cut for each half)."""
    hosts = graph.hosts
    best = sum(graph.links.values())
    for half in itertools.combinations(range(hosts), hosts // 2):
        if hosts % 2 == 0 and 0 not in half:
            continue
        best = min(best, _cut(graph, set(half)))
    return best


def _cut(graph: FabricGraph, inside: set[int]) -> int:
    if graph.vertices == graph.hosts:
        return sum(number for (a, z), number in graph.links.items() if (a in inside) != (z in inside))
    source, sink = graph.vertices, graph.vertices + 1
    endless = 10**6
    rows, columns, numbers = [], [], []
    for (a, z), number in graph.links.items():
        rows += [a, z]
        columns += [z, a]
        numbers += [number, number]
    for host in range(graph.hosts):
        rows.append(source if host in inside else host)
        columns.append(host if host in inside else sink)
        numbers.append(endless)
    size = graph.vertices + 2
    matrix = csr_array((np.array(numbers, dtype=np.int32), (rows, columns)), shape=(size, size))
    return int(maximum_flow(matrix, source, sink).flow_value)


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
    """Largest rate of all ordered pairs of hosts at once, any splitting allowed: flows by source."""
    arcs = [(a, z, number) for (a, z), number in graph.links.items()]
    arcs += [(z, a, number) for a, z, number in arcs]
    count, hosts = len(arcs), graph.hosts
    rate = hosts * count
    rows, columns, values = [], [], []
    for source in range(hosts):
        for arc, (a, z, _) in enumerate(arcs):
            for vertex, sign in ((a, -1.0), (z, 1.0)):
                if vertex != source:
                    rows.append(source * graph.vertices + vertex)
                    columns.append(source * count + arc)
                    values.append(sign)
        for target in range(hosts):
            if target != source:
                rows.append(source * graph.vertices + target)
                columns.append(rate)
                values.append(-1.0)
    balance = coo_array((values, (rows, columns)), shape=(hosts * graph.vertices, rate + 1)).tocsr()
    capacity = coo_array(
        (np.ones(rate), (np.tile(np.arange(count), hosts), np.arange(rate))), shape=(count, rate + 1)
    ).tocsr()
    objective = np.zeros(rate + 1)
    objective[rate] = -1.0
    solved = linprog(
        objective,
        A_ub=capacity,
        b_ub=np.array([number for _, _, number in arcs], dtype=float),
        A_eq=balance,
        b_eq=np.zeros(balance.shape[0]),
        method="highs",
    )
    assert solved.status == 0
    return float(-solved.fun)


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
