"""Degraded fabrics: which links and accelerators are left when parts fail, and which of them still form one fabric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from topodesign.domain.checks import require
from topodesign.domain.fabric_failures import FailureKind
from topodesign.fabric.failures_units import Members, Units, servers_of, units_of
from topodesign.fabric.graph import Counts, FabricGraph, Marks
from topodesign.fabric.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DegradedFabric:
    """What is left of a fabric.

    Attributes
    ----------
    graph : FabricGraph
        The largest part that is still connected: its vertices ``0 .. hosts-1`` are the accelerators in service, in
        their old order. Vertices that are not in service have no links, or (accelerators of a host that is out of
        service while their routers work) no weight.
    in_service : array of int, shape (hosts,)
        Their numbers in the whole fabric.
    links_left : array of int, shape (edges of the whole fabric,)
        Links that work, of every edge of the whole graph.
    is_reached : array of bool, shape (vertices,)
        Which vertices of the whole graph are in that part.
    links_lost : int
    connected_pairs, pairs : int
        Ordered pairs of accelerators with a path (both in service, in whichever part), and all of the whole fabric.
    """

    graph: FabricGraph
    in_service: Counts
    links_left: Counts
    is_reached: Marks
    links_lost: int
    connected_pairs: int
    pairs: int

    @property
    def connected_share(self) -> float:
        return self.connected_pairs / self.pairs if self.pairs else 1.0

    @property
    def disconnected_pairs(self) -> int:
        return self.pairs - self.connected_pairs


@dataclass(frozen=True)
class FailureDomains:
    """The parts of a topology that fail together, worked out once."""

    topology: Topology
    accelerators_per_host: int | None = None

    @cached_property
    def graph(self) -> FabricGraph:
        return self.topology.graph()

    @cached_property
    def members(self) -> Members:
        return Members.of(self.graph)

    @cached_property
    def _servers(self) -> tuple[Counts, str]:
        return servers_of(self.topology, self.accelerators_per_host)

    @property
    def servers(self) -> Counts:
        """Number of the server of each accelerator."""
        return self._servers[0]

    @property
    def servers_note(self) -> str:
        return self._servers[1]

    @cached_property
    def _known(self) -> dict[FailureKind, Units]:
        return {}

    def units(self, kind: FailureKind) -> Units:
        """All units of a kind; raises ``FAILURES_NO_UNITS`` when there are none."""
        if kind not in self._known:
            self._known[kind] = units_of(self.topology, kind, self.servers)
        return self._known[kind]

    def without(self, failed: Mapping[FailureKind, Counts]) -> DegradedFabric:
        """The fabric without some units (places among :meth:`units`) of some kinds."""
        graph = self.graph
        works = np.ones(len(self.members.edge), dtype=bool)
        is_dead = np.zeros(graph.hosts, dtype=bool)
        for kind, chosen in failed.items():
            units = self.units(kind)
            works[units.links_of(np.asarray(chosen, dtype=np.int64))] = False
        left = np.bincount(self.members.edge[works], minlength=len(graph.a)).astype(np.int64)
        is_dead = _ends(graph, graph.count > 0)[: graph.hosts] & ~_ends(graph, left > 0)[: graph.hosts]
        return _degraded(graph, left, self._out_of_service(is_dead))

    def _out_of_service(self, is_dead: Marks) -> Marks:
        """Servers run whole: an accelerator that has lost its last link takes the others of its server along."""
        dead_servers = np.zeros(int(self.servers.max(initial=-1)) + 1, dtype=bool)
        dead_servers[self.servers[is_dead]] = True
        return dead_servers[self.servers]


def fail(
    topology: Topology,
    what: Mapping[FailureKind, Sequence[int]],
    *,
    accelerators_per_host: int | None = None,
) -> DegradedFabric:
    """A fabric without the given parts.

    Parameters
    ----------
    topology : Topology
        With an explicit graph: at most 300,000 vertices.
    what : mapping of kind to numbers
        Failed units, each from 0: ``link`` counts single links edge by edge, ``switch`` the switches of the graph,
        ``nic`` the links from accelerators to switches in order, ``host``, ``ocs`` and ``block`` those that have links,
        in the order of the family's numbers.
    accelerators_per_host : int, optional
        Default: 4 in fabrics without switches, 8 with switches.

    Raises
    ------
    InvalidInput
        ``FAILURES_NO_UNITS`` for a kind that the fabric does not have, ``FIELD_INVALID`` for a number out of range.
    """
    domains = FailureDomains(topology, accelerators_per_host)
    failed: dict[FailureKind, Counts] = {}
    for kind, numbers in what.items():
        units = domains.units(kind)
        for number in numbers:
            require(
                0 <= number < units.count and number == int(number),
                field=kind,
                value=number,
                limit=f"0 to {units.count - 1} ({topology.name} has {units.count})",
                remedy="choose one of these",
            )
        failed[kind] = np.array(sorted(set(numbers)), dtype=np.int64)
    return domains.without(failed)


def _ends(graph: FabricGraph, taken: Marks) -> Marks:
    """Which vertices one of the edges ends at."""
    found = np.zeros(graph.vertices, dtype=bool)
    found[graph.a[taken]] = True
    found[graph.z[taken]] = True
    return found


def _degraded(graph: FabricGraph, left: Counts, is_out: Marks) -> DegradedFabric:
    works = left > 0
    links = csr_array(
        (np.ones(int(works.sum()), dtype=np.int8), (graph.a[works], graph.z[works])),
        shape=(graph.vertices, graph.vertices),
    )
    part = connected_components(links, directed=False)[1]
    weights = np.bincount(part[: graph.hosts][~is_out], minlength=int(part.max(initial=-1)) + 1)
    connected = int((weights * (weights - 1)).sum())
    largest = int(np.argmax(weights)) if len(weights) else 0
    if graph.hosts:
        # of equally large parts the one with the accelerator of the lowest number
        ties = np.flatnonzero((weights[part[: graph.hosts]] == weights[largest]) & ~is_out)
        largest = int(part[ties[0]]) if len(ties) else largest
    is_reached = part == largest
    serves = is_reached[: graph.hosts] & ~is_out
    kept = works & is_reached[graph.a]
    in_service = np.flatnonzero(serves)
    return DegradedFabric(
        graph=_renumbered(graph, np.where(kept, left, 0), in_service),
        in_service=in_service,
        links_left=left,
        is_reached=is_reached,
        links_lost=int(graph.count.sum() - left.sum()),
        connected_pairs=connected,
        pairs=graph.hosts * (graph.hosts - 1),
    )


def _renumbered(graph: FabricGraph, left: Counts, in_service: Counts) -> FabricGraph:
    """Accelerators in service first, then all other vertices, both in their old order."""
    if len(in_service) == graph.hosts:
        return graph.with_counts(left)
    is_first = np.zeros(graph.vertices, dtype=bool)
    is_first[in_service] = True
    order = np.concatenate([in_service, np.flatnonzero(~is_first)])
    place = np.empty(graph.vertices, dtype=np.int64)
    place[order] = np.arange(graph.vertices)
    kept = left > 0
    return FabricGraph.from_arrays(
        vertices=graph.vertices,
        hosts=len(in_service),
        a=place[graph.a[kept]],
        z=place[graph.z[kept]],
        count=left[kept],
        rate=graph.rate[kept],
        run=graph.run[kept],
        coordinates=None if graph.coordinates is None else graph.coordinates[in_service],
    )
