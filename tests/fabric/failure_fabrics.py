"""What the tests of failures share: a fabric written out link by link, and figures of single outcomes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from topodesign.domain.fabric_failures import FailureKind
from topodesign.fabric.failures import DegradedFabric, FailureDomains
from topodesign.fabric.failures_bounds import Figures, WholeFabric
from topodesign.fabric.graph_topology import GraphTopology
from topodesign.fabric.topology import CableRun, FabricGraph, Topology


@dataclass(frozen=True)
class WrittenFabric(GraphTopology):
    """Any graph as a family of its own."""

    vertices: int
    hosts: int
    links: tuple[tuple[int, int, int], ...]

    @property
    def kind(self) -> str:
        return "written"

    @property
    def name(self) -> str:
        return "written out"

    @property
    def accelerators(self) -> int:
        return self.hosts

    @property
    def link_gbps(self) -> float:
        return 1.0

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return (self.vertices - self.hosts,) if self.vertices > self.hosts else ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        return ()

    def cable_runs(self) -> tuple[CableRun, ...]:
        return (CableRun(what="link", count=sum(link[2] for link in self.links), length_m=1.0),)

    def build_graph(self) -> FabricGraph:
        return FabricGraph.of(vertices=self.vertices, hosts=self.hosts, links=self.links)


def figures_of(topology: Topology, degraded: DegradedFabric, *, outcomes: int = 1) -> Figures:
    """The engine's figures, with the work that one of so many outcomes may take."""
    return WholeFabric.of(topology, outcomes=outcomes).figures(degraded)


def certificates_of(topology: Topology, degraded: DegradedFabric) -> Figures:
    """What is proven of large fabrics: no enumeration, no programme, no counting of paths."""
    whole = WholeFabric.of(topology, outcomes=1)
    return replace(whole, most_enumerated=0, is_routed=False, is_spectral=False).figures(degraded)


def without(topology: Topology, kind: FailureKind, units: Iterable[int], accelerators_per_host: int) -> DegradedFabric:
    domains = FailureDomains(topology, accelerators_per_host)
    return domains.without({kind: np.array(sorted(units), dtype=np.int64)})
