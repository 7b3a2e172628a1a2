"""What can fail: links, switches, NICs, hosts, optical circuit switches, blocks, each as the links that go with it.

Links are single members of parallel links (a bundle of four links is four units), numbered edge by edge. A unit is a
set of them. A host is a group of accelerators that stand in one server, whose links all fail with it; a block is a
group of accelerators and the switches that serve only them.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_failures import FailureKind
from topodesign.fabric.clos import ACCELERATORS_PER_NODE, ClosTopology
from topodesign.fabric.floor_plan import block_sides
from topodesign.fabric.topology import Counts, FabricGraph, Topology
from topodesign.fabric.torus import TorusTopology

ACCELERATORS_PER_DIRECT_HOST = 4
"""Accelerators of a host without switches: TPU v4 has 16 hosts to a block of 64 chips (ISCA 2023, section 2)."""
NONE = -1
"""In place of a unit's number: belongs to none."""
SCALE_UP = "scale-up"
"""In the names of cable runs inside scale-up domains."""


@runtime_checkable
class HasOpticalSwitches(Protocol):
    """A family whose links run through optical circuit switches."""

    def ocs_of_edges(self) -> Counts:
        """Number of the optical switch of each edge of the graph, -1 for links that run through none."""


@runtime_checkable
class HasBlocks(Protocol):
    """A family made of blocks."""

    def blocks_of_hosts(self) -> Counts:
        """Number of the block of each accelerator."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """Single links of a graph: link ``i`` is one of ``edge[i]``."""

    edge: Counts

    @classmethod
    def of(cls, graph: FabricGraph) -> "Members":
        return cls(edge=np.repeat(np.arange(len(graph.a), dtype=np.int64), graph.count))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """All units of one kind: the links of unit ``u`` are ``link[start[u]:start[u + 1]]``.

    ``number`` of a unit in its family (an OCS in its plant) is ``label[u]``; units without a link are left out.
    """

    kind: FailureKind
    start: Counts
    link: Counts
    label: Counts
    note: str

    @property
    def count(self) -> int:
        return len(self.start) - 1

    def links_of(self, units: Counts) -> Counts:
        """Links of some of the units, a link of two of them twice."""
        sizes = self.start[units + 1] - self.start[units]
        offsets = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        links: Counts = self.link[np.repeat(self.start[units], sizes) + offsets]
        return links


def units_of(topology: Topology, kind: FailureKind, servers: Counts) -> Units:
    """The units of a kind.

    Parameters
    ----------
    servers : array of int, shape (accelerators,)
        See :func:`servers_of`.

    Raises
    ------
    InvalidInput
        With reason ``FAILURES_NO_UNITS`` when the fabric has none.
    """
    graph = topology.graph()
    members = Members.of(graph)
    if kind == "link":
        every = np.arange(len(members.edge), dtype=np.int64)
        found = _units(kind, every, every, "every cable is a unit, those to accelerators and parallel ones too")
    elif kind == "switch":
        found = _at_vertices(kind, graph, members, _switch_numbers(graph), "a switch fails with all of its links")
    elif kind == "host":
        found = _at_vertices(kind, graph, members, _padded(graph, servers), "a host fails with its accelerators")
    elif kind == "nic":
        found = _adapters(topology, graph, members)
    elif kind == "ocs":
        found = _optical_switches(topology, graph, members)
    else:
        found = _blocks(topology, graph, members)
    if found.count == 0:
        raise InvalidInput(
            f"failures asks for {kind}, but {topology.name} has none; leave {kind} out",
            reason="FAILURES_NO_UNITS",
            field_path="failures",
            metadata={"kind": kind, "fabric": topology.name},
        )
    return found


def servers_of(topology: Topology, accelerators_per_host: int | None) -> tuple[Counts, str]:
    """Number of the server of each accelerator, and the assumption in words."""
    if not topology.switches_by_tier:
        size = accelerators_per_host or ACCELERATORS_PER_DIRECT_HOST
        return _direct_servers(topology, size)
    size = accelerators_per_host or ACCELERATORS_PER_NODE
    numbers = np.arange(topology.accelerators, dtype=np.int64)
    if isinstance(topology, ClosTopology) and topology.spec.rail_optimized:
        return _rail_servers(topology, numbers, size), f"hosts of {size} accelerators, one on each of {size} rails"
    return numbers // size, f"hosts of {size} accelerators with following numbers"


def _units(kind: FailureKind, unit: Counts, link: Counts, note: str) -> Units:
    order = np.argsort(unit, kind="stable")
    label, sizes = np.unique(unit, return_counts=True)
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Units(kind=kind, start=start, link=link[order], label=label, note=note)


def _at_vertices(kind: FailureKind, graph: FabricGraph, members: Members, group: Counts, note: str) -> Units:
    """Units that take all links of their vertices; a link inside one unit once."""
    a, z = group[graph.a[members.edge]], group[graph.z[members.edge]]
    link = np.arange(len(members.edge), dtype=np.int64)
    at_a, at_z = a != NONE, (z != NONE) & (z != a)
    return _units(kind, np.concatenate([a[at_a], z[at_z]]), np.concatenate([link[at_a], link[at_z]]), note)


def _switch_numbers(graph: FabricGraph) -> Counts:
    numbers = np.arange(graph.vertices, dtype=np.int64) - graph.hosts
    return np.maximum(numbers, NONE)


def _padded(graph: FabricGraph, of_hosts: Counts) -> Counts:
    return np.concatenate([of_hosts, np.full(graph.switches, NONE, dtype=np.int64)])


def _adapters(topology: Topology, graph: FabricGraph, members: Members) -> Units:
    """Links between accelerators and switches, but for those inside a scale-up domain, which need no adapter."""
    is_scale_up = np.array([SCALE_UP in run.what for run in topology.cable_runs()], dtype=bool)
    is_port = (graph.a < graph.hosts) & (graph.z >= graph.hosts) & ~is_scale_up[graph.run]
    link = np.flatnonzero(is_port[members.edge])
    return _units("nic", link, link, "every link from an accelerator to a packet switch has an adapter of its own")


def _optical_switches(topology: Topology, graph: FabricGraph, members: Members) -> Units:
    note = "an optical circuit switch fails with all links through it"
    if isinstance(topology, HasOpticalSwitches):
        number = topology.ocs_of_edges()
    elif isinstance(topology, TorusTopology):
        number = _ocs_of_torus(topology, graph)
        note += "; the torus is taken as blocks of 4x4x4 joined by one for each axis and place of a face (TPU v4)"
    else:
        number = np.full(len(graph.a), NONE, dtype=np.int64)
    link = np.flatnonzero(number[members.edge] != NONE)
    return _units("ocs", number[members.edge[link]], link, note)


def _ocs_of_torus(topology: TorusTopology, graph: FabricGraph) -> Counts:
    """Optical switch of every edge between blocks and of every wrap; none where the sides are not made of blocks."""
    number = np.full(len(graph.a), NONE, dtype=np.int64)
    shape = topology.spec.shape
    if graph.coordinates is None or len(shape) != 3 or any(side % 4 for side in shape):
        return number
    near, far = graph.coordinates[graph.a], graph.coordinates[graph.z]
    for axis, side in enumerate(shape):
        first, second = (other for other in range(3) if other != axis)
        place = near[:, first] % 4 * 4 + near[:, second] % 4
        step = np.abs(far[:, axis] - near[:, axis])
        is_optical = (step > 0) & ((near[:, axis] // 4 != far[:, axis] // 4) | (step == side - 1))
        number = np.where(is_optical, axis * 16 + place, number)
    return number


def _blocks(topology: Topology, graph: FabricGraph, members: Members) -> Units:
    of_hosts, note = _block_numbers(topology, graph)
    return _at_vertices("block", graph, members, _with_own_switches(graph, of_hosts), note)


def _block_numbers(topology: Topology, graph: FabricGraph) -> tuple[Counts, str]:
    if isinstance(topology, HasBlocks):
        return topology.blocks_of_hosts(), "a block fails with its accelerators and the switches that serve only them"
    if isinstance(topology, TorusTopology) and graph.coordinates is not None:
        sides = [side for side in block_sides(topology.spec.shape) if side >= 1]
        long = [(side, block) for side, block in zip(topology.spec.shape, sides, strict=True) if side > 1]
        number = np.zeros(graph.hosts, dtype=np.int64)
        for axis, (side, block) in enumerate(long):
            number = number * (side // block) + graph.coordinates[:, axis] // block
        return number, f"a block is a rack of {'x'.join(str(side) for side in sides)} accelerators"
    if isinstance(topology, ClosTopology) and len(topology.switches_by_tier) == 3 and graph.coordinates is not None:
        return graph.coordinates[:, -1], "a block is a pod: its accelerators, leaves and second-tier switches"
    return np.full(graph.hosts, NONE, dtype=np.int64), ""


def _with_own_switches(graph: FabricGraph, of_hosts: Counts) -> Counts:
    """Blocks of all vertices: a switch belongs to the one block that all of its neighbors nearer to hosts belong to."""
    number = _padded(graph, of_hosts)
    tier = np.where(np.arange(graph.vertices) < graph.hosts, 0, graph.vertices)
    for level in range(graph.vertices):
        below = np.concatenate([graph.a[tier[graph.a] == level], graph.z[tier[graph.z] == level]])
        above = np.concatenate([graph.z[tier[graph.a] == level], graph.a[tier[graph.z] == level]])
        is_new = tier[above] > level
        below, above = below[is_new], above[is_new]
        if len(above) == 0:
            break
        tier[above] = level + 1
        least, most = np.full(graph.vertices, graph.vertices), np.full(graph.vertices, NONE - 1)
        np.minimum.at(least, above, number[below])
        np.maximum.at(most, above, number[below])
        found = np.unique(above)
        number[found] = np.where(least[found] == most[found], least[found], NONE)
    return number


def _rail_servers(topology: ClosTopology, numbers: Counts, size: int) -> Counts:
    """Accelerators of one rank fill a leaf, so a server has one at the same place of each of ``size`` leaves."""
    group = topology.layout.leaf_down * size
    inside = np.minimum(group, topology.accelerators - numbers // group * group)
    servers = -(-inside // size)
    number: Counts = numbers // group * topology.layout.leaf_down + (numbers % group) % servers
    return number


def _direct_servers(topology: Topology, size: int) -> tuple[Counts, str]:
    graph = topology.graph()
    places = graph.coordinates
    if places is None or places.shape[1] == 0:
        return np.arange(graph.hosts, dtype=np.int64) // size, f"hosts of {size} accelerators with following numbers"
    shape = places.max(axis=0) + 1
    sides = _host_sides(shape.tolist(), size)
    number = np.zeros(graph.hosts, dtype=np.int64)
    for axis, side in enumerate(sides):
        number = number * int(shape[axis] // side) + places[:, axis] // side
    note = f"hosts of {'x'.join(str(side) for side in sides)} accelerators"
    if int(np.prod(sides)) < size:
        note += f", since {size} do not divide the sides {'x'.join(str(side) for side in shape.tolist())}"
    return number, note


def _host_sides(shape: list[int], size: int) -> list[int]:
    """Sides of a host: prime factors of its size are given to the shortest side so far that they fit."""
    sides = [1] * len(shape)
    rest, prime = size, 2
    while rest > 1:
        while rest % prime:
            prime += 1
        rest //= prime
        fitting = [axis for axis, side in enumerate(shape) if side % (sides[axis] * prime) == 0]
        if fitting:
            sides[min(fitting, key=lambda axis: sides[axis])] *= prime
    return sides
