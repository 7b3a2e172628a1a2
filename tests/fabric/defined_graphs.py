"""Fabrics of every family, up to about 30 vertices, written down from their definitions in networkx.

Accelerators are tuples that begin with ``"host"``; all other vertices are switches. Nothing here is shared with
topodesign: the graphs that it builds itself are no part of the definitions.
"""

import itertools
from collections.abc import Iterable
from typing import Any

import networkx as nx
from fabric.exact_answers import add_links

Graph = nx.Graph
HOST = "host"


def hosts_of(graph: "nx.Graph[Any]") -> list[Any]:
    return [vertex for vertex in graph if vertex[0] == HOST]


def product(shape: tuple[int, ...], lines: Iterable["nx.Graph[Any]"]) -> "nx.Graph[Any]":
    """Places of a grid; two are joined that differ along one axis only, as its line joins them."""
    graph: nx.Graph[Any] = nx.Graph()
    for place in itertools.product(*(range(side) for side in shape)):
        graph.add_node((HOST, *place))
    for axis, line in enumerate(lines):
        for a, z, data in line.edges(data=True):
            for vertex in list(graph):
                if vertex[axis + 1] == a:
                    other = (*vertex[: axis + 1], z, *vertex[axis + 2 :])
                    add_links(graph, vertex, other, data["capacity"])
    return graph


def path(side: int) -> "nx.Graph[Any]":
    line: nx.Graph[Any] = nx.Graph()
    for place in range(side - 1):
        add_links(line, place, place + 1)
    return line


def ring(side: int) -> "nx.Graph[Any]":
    """Of side 2: two parallel links."""
    line = path(side)
    if side > 1:
        add_links(line, side - 1, 0)
    return line


def clique(side: int) -> "nx.Graph[Any]":
    line: nx.Graph[Any] = nx.Graph()
    for a, z in itertools.combinations(range(side), 2):
        add_links(line, a, z)
    return line


def torus(*shape: int) -> "nx.Graph[Any]":
    return product(shape, [ring(side) for side in shape])


def mesh(*shape: int) -> "nx.Graph[Any]":
    return product(shape, [path(side) for side in shape])


def twisted(n: int, *, long_axes: int) -> "nx.Graph[Any]":
    """Jouppi et al. (ISCA 2023, section 2.8): the short axes come first; their wraps shift the long ones by n."""
    shape = (n,) * (3 - long_axes) + (2 * n,) * long_axes
    graph: nx.Graph[Any] = nx.Graph()
    for place in itertools.product(*(range(side) for side in shape)):
        for axis, side in enumerate(shape):
            following = list(place)
            following[axis] = (place[axis] + 1) % side
            if following[axis] == 0 and side == n:
                following = [
                    (at + n) % long if long == 2 * n else at for at, long in zip(following, shape, strict=True)
                ]
            add_links(graph, (HOST, *place), (HOST, *following))
    return graph


def hammingmesh(board: tuple[int, int], shape: tuple[int, int], *, planes: int = 1) -> "nx.Graph[Any]":
    """Hoefler et al. (SC 2022): boards are meshes; every line has a switch, with a port to each edge of each board."""
    sides = (board[0] * shape[0], board[1] * shape[1])
    graph: nx.Graph[Any] = nx.Graph()
    for place in itertools.product(range(sides[0]), range(sides[1])):
        graph.add_node((HOST, *place))
        for axis in (0, 1):
            at, size = place[axis], board[axis]
            line = (axis, place[1 - axis])
            if (at + 1) % size:
                following = (place[0] + (axis == 0), place[1] + (axis == 1))
                add_links(graph, (HOST, *place), (HOST, *following), planes)
            if shape[axis] > 1:
                for edge in (0, size - 1):
                    if at % size == edge:
                        for plane in range(planes):
                            add_links(graph, (HOST, *place), ("line", plane, *line))
    return graph


def leaf_spine(leaves: int, hosts: int, uplinks: int, spines: int, *, planes: int = 1) -> "nx.Graph[Any]":
    """``uplinks`` of every leaf spread evenly over the spines."""
    graph: nx.Graph[Any] = nx.Graph()
    for plane, leaf in itertools.product(range(planes), range(leaves)):
        for host in range(hosts):
            add_links(graph, (HOST, leaf, host), ("leaf", plane, leaf))
        for spine in range(spines):
            add_links(graph, ("leaf", plane, leaf), ("spine", plane, spine), uplinks / spines)
    return graph


def three_tiers(
    pods: int, leaves: int, hosts: int, *, aggregations: int, uplinks: int, cores: int, leaf_links: int = 1
) -> "nx.Graph[Any]":
    """Every leaf joined to every switch above it in its pod, each of these with ``uplinks`` over ``cores`` of its own.

    A fat tree of radix k (Al-Fares et al. 2008): k pods of k/2 leaves and k/2 aggregations, k/2 cores of each place.
    """
    graph: nx.Graph[Any] = nx.Graph()
    for pod, leaf in itertools.product(range(pods), range(leaves)):
        for host in range(hosts):
            add_links(graph, (HOST, pod, leaf, host), ("leaf", pod, leaf))
        for above in range(aggregations):
            add_links(graph, ("leaf", pod, leaf), ("second", pod, above), leaf_links)
    for pod, above, core in itertools.product(range(pods), range(aggregations), range(cores)):
        add_links(graph, ("second", pod, above), ("core", above, core), uplinks / cores)
    return graph


def scale_up(domains: int, domain: int, chips: int, rate: float, *, rails: int, planes: int = 1) -> "nx.Graph[Any]":
    """Domains of switched accelerators, and for every rail and plane one switch that joins all of that rail."""
    graph: nx.Graph[Any] = nx.Graph()
    for place, rank in itertools.product(range(domains), range(domain)):
        for chip in range(chips):
            add_links(graph, (HOST, place, rank), ("chip", place, chip), rate)
        for plane in range(planes):
            add_links(graph, (HOST, place, rank), ("rail", plane, rank % rails))
    return graph


def join_groups(graph: "nx.Graph[Any]", name: str, *, groups: int, ports: int, rounds: int = 1) -> None:
    """One link between any two groups in each round: slot s of a group leads s + 1 groups on (palm tree)."""
    slots = [(turn, offset) for turn in range(rounds) for offset in range(1, groups)]
    for group in range(groups):
        for slot, (turn, offset) in enumerate(slots):
            other = (group + offset) % groups
            back = slots.index((turn, groups - offset))
            if group < other:
                add_links(graph, (name, group, slot // ports), (name, other, back // ports))


def dragonfly(p: int, a: int, h: int) -> "nx.Graph[Any]":
    """Kim et al. (ISCA 2008): a h + 1 groups of a routers, all joined, with p accelerators and h global links each."""
    graph: nx.Graph[Any] = nx.Graph()
    for group, router in itertools.product(range(a * h + 1), range(a)):
        for host in range(p):
            add_links(graph, (HOST, group, router, host), ("router", group, router))
        for other in range(router):
            add_links(graph, ("router", group, other), ("router", group, router))
    join_groups(graph, "router", groups=a * h + 1, ports=h)
    return graph


def leaf_spine_groups(
    groups: int, p: int, leaves: int, spines: int, h: int, *, leaf_links: int = 1, rounds: int = 1
) -> "nx.Graph[Any]":
    """Dragonfly+ (Shpiner et al. 2017), and blocks that are joined directly (Poutievski et al. 2022)."""
    graph: nx.Graph[Any] = nx.Graph()
    for group, leaf in itertools.product(range(groups), range(leaves)):
        for host in range(p):
            add_links(graph, (HOST, group, leaf, host), ("leaf", group, leaf))
        for spine in range(spines):
            add_links(graph, ("leaf", group, leaf), ("spine", group, spine), leaf_links)
    join_groups(graph, "spine", groups=groups, ports=h, rounds=rounds)
    return graph


def slim_fly(q: int, generators: tuple[set[int], set[int]], p: int) -> "nx.Graph[Any]":
    """McKay, Miller, Siran (1998), for a prime q: (0, x, y) ~ (1, m, c) if y = m x + c; generators join in columns."""
    graph: nx.Graph[Any] = nx.Graph()
    for half, x, y in itertools.product(range(2), range(q), range(q)):
        for host in range(p):
            add_links(graph, (HOST, half, x, y, host), ("router", half, x, y))
        for other in range(y):
            if (y - other) % q in generators[half]:
                add_links(graph, ("router", half, x, y), ("router", half, x, other))
    for x, m, c in itertools.product(range(q), repeat=3):
        add_links(graph, ("router", 0, x, (m * x + c) % q), ("router", 1, m, c))
    return graph
