"""Any graph, given as a list of edges between named accelerators and switches."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from topodesign.domain.checks import require
from topodesign.domain.fabric_switched import EdgeList
from topodesign.fabric.floor_plan import FLOOR_PLAN, across_cable_m, group_cable_m
from topodesign.fabric.graph_topology import GraphTopology
from topodesign.fabric.topology import CableRun, Counts, FabricGraph, require_graph_size

MAX_RATES = 1000
"""Most different link rates of one list."""
KINDS = ("between accelerators", "accelerator to switch", "between switches")


@dataclass(frozen=True)
class EdgeListTopology(GraphTopology):
    """An edge list; everything is computed from the graph.

    Parameters
    ----------
    spec : EdgeList
        Construction raises :class:`InvalidInput` when the graph is too large or has too many different rates.
    """

    spec: EdgeList

    def __post_init__(self) -> None:
        require_graph_size(len(self._number))
        rates = len({edge.gbps for edge in self.spec.edges})
        require(
            rates <= MAX_RATES,
            field="edges (different rates)",
            value=rates,
            limit=f"at most {MAX_RATES}",
            remedy="round the rates",
        )

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        return f"edge list, {self.accelerators} accelerators, {len(self._number) - self.accelerators} switches"

    @property
    def accelerators(self) -> int:
        return len(self.spec.accelerators)

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def switch_radix(self) -> int:
        """Links of the largest switch."""
        ports = self._ports[self.accelerators :]
        return int(ports.max(initial=0))

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        switches = len(self._number) - self.accelerators
        return (switches,) if switches else ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        said = [FLOOR_PLAN, "an edge list has no floor plan: switches stand in the middle, other cables cross the hall"]
        if self.parts > 1:
            said.append(f"disconnected: the accelerators are in {self.parts} parts without a path between them")
        return tuple(said)

    @cached_property
    def parts(self) -> int:
        """Parts with accelerators that no path joins; 1: connected."""
        count = len(self._number)
        a, z = self._ends
        matrix = coo_array((np.ones(len(a), dtype=np.int8), (a, z)), shape=(count, count))
        found = connected_components(matrix, directed=False)[1]
        return len(np.unique(found[: self.accelerators]))

    @cached_property
    def _number(self) -> dict[str, int]:
        """Vertex of every name: accelerators in their order, then switches as they first appear."""
        number = {name: place for place, name in enumerate(self.spec.accelerators)}
        for edge in self.spec.edges:
            for name in (edge.a, edge.z):
                number.setdefault(name, len(number))
        return number

    @cached_property
    def _ends(self) -> tuple[Counts, Counts]:
        number = self._number
        a = np.array([number[edge.a] for edge in self.spec.edges], dtype=np.int64)
        z = np.array([number[edge.z] for edge in self.spec.edges], dtype=np.int64)
        return a, z

    @property
    def _ports(self) -> Counts:
        a, z = self._ends
        count = np.array([edge.count for edge in self.spec.edges], dtype=np.int64)
        ports = np.zeros(len(self._number), dtype=np.int64)
        np.add.at(ports, a, count)
        np.add.at(ports, z, count)
        return ports

    @cached_property
    def _keys(self) -> list[tuple[int, float]]:
        """Number of ends that are switches, and rate, of every edge."""
        hosts, ends = self.accelerators, self._ends
        switches = (ends[0] >= hosts).astype(int) + (ends[1] >= hosts)
        rates = (1.0 if edge.gbps is None else edge.gbps / self.link_gbps for edge in self.spec.edges)
        return list(zip(switches.tolist(), rates, strict=True))

    @cached_property
    def _runs(self) -> tuple[dict[tuple[int, float], int], tuple[CableRun, ...]]:
        """Index by kind and rate, and the runs."""
        counts: dict[tuple[int, float], int] = {}
        for key, edge in zip(self._keys, self.spec.edges, strict=True):
            counts[key] = counts.get(key, 0) + edge.count
        lengths = (
            across_cable_m(self.accelerators),
            group_cable_m(self.accelerators),
            across_cable_m(self.accelerators),
        )
        keys = sorted(counts)
        runs = tuple(
            CableRun(what=KINDS[kind], count=counts[kind, rate], length_m=lengths[kind], rate=rate)
            for kind, rate in keys
        )
        return {key: place for place, key in enumerate(keys)}, runs

    def cable_runs(self) -> tuple[CableRun, ...]:
        return self._runs[1]

    def build_graph(self) -> FabricGraph:
        index, _ = self._runs
        a, z = self._ends
        return FabricGraph.from_arrays(
            vertices=len(self._number),
            hosts=self.accelerators,
            a=a,
            z=z,
            count=np.array([edge.count for edge in self.spec.edges], dtype=np.int64),
            rate=np.array([rate for _, rate in self._keys], dtype=float),
            run=np.array([index[key] for key in self._keys], dtype=np.int64),
        )
