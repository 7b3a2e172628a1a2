"""Every family at sizes that can be enumerated: the spec, and where it has one wiring only, the graph by definition."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import networkx as nx
from fabric import defined_graphs as defined
from fabric.exact_answers import add_links

from topodesign.domain.fabric import Clos, FabricSpec, HammingMesh, Hypercube, HyperX, ReconfigurableTorus, Torus
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    Edge,
    EdgeList,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
)
from topodesign.fabric import topology_of
from topodesign.fabric.topology import FabricGraph


@dataclass(frozen=True)
class Case:
    """``graph`` is None where the family may wire itself in several ways: then its own graph is taken."""

    spec: FabricSpec
    graph: "nx.Graph[Any] | None" = None
    hosts_forward: bool = True

    @property
    def name(self) -> str:
        return topology_of(self.spec).name

    def defined(self) -> "nx.Graph[Any]":
        return self.graph if self.graph is not None else as_networkx(topology_of(self.spec).graph())


def as_networkx(graph: FabricGraph) -> "nx.Graph[Any]":
    def named(vertex: int) -> tuple[str, int]:
        return (defined.HOST if vertex < graph.hosts else "switch", vertex)

    found: nx.Graph[Any] = nx.Graph()
    found.add_nodes_from(named(vertex) for vertex in range(graph.vertices))
    for a, z, capacity in zip(graph.a.tolist(), graph.z.tolist(), graph.capacity.tolist(), strict=True):
        add_links(found, named(a), named(z), capacity)
    return found


def shapes(most: int, axes: int, least: int = 2) -> Iterator[tuple[int, ...]]:
    """Sides of 2 and more in rising order, with at most ``most`` places."""
    if axes == 0:
        yield ()
        return
    for side in range(least, most + 1):
        if side**axes > most:
            break
        for rest in shapes(most // side, axes - 1, side):
            yield (side, *rest)


def grids(most: int) -> list[Case]:
    """All tori and meshes of up to four axes."""
    found = [Case(Torus(shape=(side,)), defined.torus(side)) for side in range(2, most + 1)]
    for axes in (2, 3, 4):
        found += [Case(Torus(shape=shape), defined.torus(*shape)) for shape in shapes(most, axes)]
    for axes in (1, 2, 3, 4):
        for shape in shapes(most, axes):
            found.append(Case(Torus(shape=shape, wrap=(False,) * axes), defined.mesh(*shape)))
    return found


def mixed_grids(most: int) -> list[Case]:
    """One open axis, the others wrapped; axes of side 2 with single links."""
    found = []
    for axes in (2, 3):
        for shape in shapes(most, axes):
            for open_axis in range(axes):
                wraps = tuple(axis != open_axis for axis in range(axes))
                lines = [
                    defined.ring(side) if wraps[axis] and side > 2 else defined.path(side)
                    for axis, side in enumerate(shape)
                ]
                spec = Torus(shape=shape, wrap=wraps, two_wide="single")
                found.append(Case(spec, defined.product(shape, lines)))
    return found


def direct() -> list[Case]:
    """Twisted and reconfigurable tori, hypercubes, HyperX, HammingMesh."""
    found = [
        Case(Torus(shape=(2, 2, 4), twist=True), defined.twisted(2, long_axes=1)),
        Case(Torus(shape=(2, 4, 4), twist=True), defined.twisted(2, long_axes=2)),
    ]
    for shape in [(1, 1, 2), (2, 2, 2), (4, 2, 1), (2, 4, 2), (4, 1, 4), (4, 4, 1)]:
        found.append(Case(ReconfigurableTorus(shape=shape), defined.mesh(*shape)))
    found += [Case(Hypercube(dimension=d), defined.product((2,) * d, [defined.path(2)] * d)) for d in range(1, 5)]
    for shape in [*(shape for axes in (1, 2, 3) for shape in shapes(16, axes)), (6, 3), (4, 5), (3, 3, 2)]:
        lines = [defined.clique(side) for side in shape]
        found.append(Case(HyperX(shape=shape), defined.product(shape, lines)))
    for board, shape in [
        ((1, 1), (2, 2)), ((1, 1), (3, 2)), ((1, 1), (4, 3)), ((2, 2), (2, 2)), ((2, 2), (2, 1)), ((2, 1), (3, 2)),
        ((3, 1), (2, 2)), ((2, 2), (3, 1)), ((1, 2), (5, 1)), ((3, 3), (2, 1)), ((4, 1), (1, 3)),
    ]:  # fmt: skip
        found.append(Case(HammingMesh(board=board, shape=shape), defined.hammingmesh(board, shape)))
    planes = defined.hammingmesh((1, 2), (2, 2), planes=2)
    return [*found, Case(HammingMesh(board=(1, 2), shape=(2, 2), planes=2), planes)]


def clos() -> list[Case]:
    """Full leaves and pods, with and without tapers and planes; partly filled ones as the family wires them."""
    leaf_spine, tiers = defined.leaf_spine, defined.three_tiers
    return [
        Case(Clos(accelerators=4, radix=8), leaf_spine(1, 4, 0, 0)),
        Case(Clos(accelerators=7, radix=8, oversubscription=3), leaf_spine(1, 7, 0, 0)),
        Case(Clos(accelerators=8, radix=4), leaf_spine(4, 2, 2, 2)),
        Case(Clos(accelerators=6, radix=4), leaf_spine(3, 2, 2, 2)),
        Case(Clos(accelerators=18, radix=6), leaf_spine(6, 3, 3, 3)),
        Case(Clos(accelerators=20, radix=8)),
        Case(Clos(accelerators=18, radix=8, oversubscription=3), leaf_spine(3, 6, 2, 1)),
        Case(Clos(accelerators=20, radix=6, oversubscription=5), leaf_spine(4, 5, 1, 1)),
        Case(Clos(accelerators=8, radix=6, oversubscription=0.5), leaf_spine(4, 2, 4, 4)),
        Case(Clos(accelerators=8, radix=4, planes=2), leaf_spine(4, 2, 2, 2, planes=2)),
        Case(Clos(accelerators=12, radix=4, planes=3, oversubscription=3), leaf_spine(4, 3, 1, 1, planes=3)),
        Case(Clos(accelerators=8, radix=4, rail_optimized=True), leaf_spine(4, 2, 2, 2)),
        Case(Clos(accelerators=16, radix=4), tiers(4, 2, 2, aggregations=2, uplinks=2, cores=2)),
        Case(Clos(accelerators=8, radix=4, tiers=3, pod_leaves=1, upper_oversubscription=3)),
        Case(
            Clos(accelerators=12, radix=4, tiers=3, pod_leaves=3, upper_radix=4, upper_oversubscription=3),
            tiers(2, 3, 2, aggregations=2, uplinks=1, cores=1),
        ),
        *(Case(Clos(accelerators=count, radix=4)) for count in (7, 9, 11, 13, 15)),
        *(Case(Clos(accelerators=count, radix=6, oversubscription=2)) for count in (7, 13, 17)),
    ]


def scale_up_clos() -> list[Case]:
    """Rails of one switch each by definition; otherwise as the family hangs them.

    With rails optimized and one leaf only, all rails share it.
    """
    found = []
    for domains, domain, chips, gbps in [(2, 4, 2, 400.0), (3, 4, 1, 800.0), (4, 3, 3, 200.0), (5, 2, 1, 400.0)]:
        for rails in ("only", "none"):
            spec = ScaleUpClos(
                accelerators=domains * domain,
                domain=domain,
                scale_up_switches=chips,
                scale_up_gbps=gbps,
                radix=32,
                rails=rails,
            )
            count = domain if rails == "only" else 1
            graph = defined.scale_up(domains, domain, chips, gbps / 400, rails=count)
            found.append(Case(spec, graph, hosts_forward=rails == "only"))
    for rails, share, taper in [("optimized", 2, 1.0), ("none", None, 3.0), ("only", 2, 1.0), ("optimized", 4, 3.0)]:
        spec = ScaleUpClos(
            accelerators=12, domain=4, scale_up_switches=2, radix=4, rails=rails, domain_rails=share,
            oversubscription=taper,
        )  # fmt: skip
        found.append(Case(spec, hosts_forward=rails == "only"))
    alone = ScaleUpClos(accelerators=8, domain=8, scale_up_switches=3, scale_up_gbps=100.0)
    single = defined.leaf_spine(1, 8, 0, 0, planes=3)
    nx.set_edge_attributes(single, 0.25, "capacity")
    return [*found, Case(alone, single)]


def groups() -> list[Case]:
    """Dragonfly, Dragonfly+, directly joined blocks, Slim Fly, Jellyfish."""
    plus, every = defined.leaf_spine_groups, {1, 2}
    return [
        *(Case(Dragonfly(p=p, a=a, h=h), defined.dragonfly(p, a, h)) for p, a, h in [
            (1, 1, 1), (1, 1, 4), (2, 2, 1), (3, 2, 1), (1, 2, 2), (1, 3, 1), (2, 3, 1), (4, 1, 3),
        ]),
        Case(Dragonfly(p=1, a=4, h=1, groups=3)),
        Case(Dragonfly(p=2, a=2, h=2, groups=4)),
        Case(DragonflyPlus(p=2, leaves=2, spines=2, h=1), plus(3, 2, 2, 2, 1)),
        Case(DragonflyPlus(p=1, leaves=3, spines=1, h=3), plus(4, 1, 3, 1, 3)),
        Case(DragonflyPlus(p=4, leaves=1, spines=2, h=1), plus(3, 4, 1, 2, 1)),
        Case(DragonflyPlus(p=2, leaves=2, spines=1, h=5, groups=4)),
        Case(DirectBlocks(blocks=3, p=2, leaves=2, aggregations=2, h=2), plus(3, 2, 2, 2, 2, rounds=2)),
        Case(
            DirectBlocks(blocks=2, p=3, leaves=2, aggregations=2, h=3, leaf_links=2),
            plus(2, 3, 2, 2, 3, leaf_links=2, rounds=6),
        ),
        Case(DirectBlocks(blocks=4, p=2, leaves=2, aggregations=1, h=4)),
        Case(SlimFly(q=3, p=1), defined.slim_fly(3, (every, every), 1)),
        *(Case(Jellyfish(switches=n, network_ports=d, server_ports=p, seed=seed)) for n, d, p, seed in [
            (6, 3, 2, 0), (8, 3, 1, 1), (10, 4, 1, 2), (12, 3, 1, 3), (5, 2, 3, 4), (7, 4, 2, 5), (9, 2, 2, 6),
        ]),
    ]  # fmt: skip


def edge_lists() -> list[Case]:
    """Lists of edges of several rates, their graphs from the same rows."""
    rows = {
        "a star of unequal arms": (5, [("g0", "s", 1, 400.0), ("g1", "s", 2, 400.0), ("g2", "s", 1, 800.0),
                                       ("g3", "s", 1, 100.0), ("g4", "s", 3, None)]),
        "a ring and a chord": (6, [("g0", "g3", 2, 200.0), *((f"g{i}", f"g{(i + 1) % 6}", 1, None) for i in range(6))]),
        "two leaves": (7, [(f"g{i}", f"leaf{i // 4}", 1, 400.0) for i in range(7)]
                       + [("leaf0", "spine", 1, 1600.0), ("spine", "leaf1", 2, 400.0), ("g6", "spine", 1, 50.0)]),
        "a wheel": (8, [(f"g{i}", f"g{(i + 1) % 8}", 1 + i % 2, 400.0) for i in range(8)]
                    + [(f"g{i}", "hub", 1, 800.0 if i % 3 else None) for i in range(8)]),
    }  # fmt: skip
    found = []
    for count, edges in rows.values():
        graph: nx.Graph[Any] = nx.Graph()
        for a, z, number, gbps in edges:
            ends = [(defined.HOST, end) if end.startswith("g") else ("switch", end) for end in (a, z)]
            add_links(graph, *ends, number * (gbps or 400.0) / 400.0)
        spec = EdgeList(
            accelerators=tuple(f"g{i}" for i in range(count)),
            edges=tuple(Edge(a=a, z=z, count=number, gbps=gbps) for a, z, number, gbps in edges),
        )
        found.append(Case(spec, graph))
    return found


def one_of_each() -> list[Case]:
    """A few of every family, for laws that need several evaluations of each."""
    switched = [*clos()[1:4:2], clos()[-1], *scale_up_clos()[:2], scale_up_clos()[-2]]
    grouped = [groups()[place] for place in (3, 9, 10, 14, 17, 22, 23)]
    return [
        Case(Torus(shape=(3, 4))),
        Case(Torus(shape=(3, 3), wrap=(True, False))),
        Case(Torus(shape=(2, 2, 4), twist=True)),
        Case(ReconfigurableTorus(shape=(2, 2, 4))),
        Case(Hypercube(dimension=3)),
        Case(HyperX(shape=(4, 3))),
        Case(HammingMesh(board=(2, 1), shape=(2, 2))),
        *switched,
        *grouped,
        *edge_lists()[2:],
    ]
