"""Certified intervals of a degraded fabric, fast enough for hundreds of samples.

Small fabrics get the engine's own answers: enumeration, linear programme, equally split shortest paths. Larger ones:

- all-to-all above: hops, links of the accelerators, and every cut that the search finds (cuts along the coordinates
  always among them); below: the whole fabric's rate with what failed led around (failures_detours).
- bisection above: the best half that the search finds; below: what the all-to-all certifies, and the whole fabric's
  width less what failed can have cut.

A claim of symmetry that the whole fabric makes is never used for a degraded one.
"""

import math
from dataclasses import dataclass

import numpy as np

from topodesign.fabric.bisecting import ENUMERATED
from topodesign.fabric.cut_enumeration import least_cut
from topodesign.fabric.cut_search import HostCut, search_cuts
from topodesign.fabric.failures import DegradedFabric
from topodesign.fabric.failures_detours import detour_share
from topodesign.fabric.failures_hops import KnownHops, hops_after
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.quotient import quotient_of
from topodesign.fabric.spectral import spectrum_of
from topodesign.fabric.throughput import FlowRate, flow_rate
from topodesign.fabric.topology import CutLinks, PairRate, Topology
from topodesign.fabric.traffic import uniform

PROGRAMME_WORK = 400_000
"""Columns of the linear programmes of all outcomes together: about ten seconds."""
ROUTED_WORK = 120_000_000
"""Sources times arcs of all outcomes together for which equally split paths are counted: about ten seconds."""
ENUMERATED_WORK = 150_000_000
"""Entries of the tables of all outcomes together by which halves are enumerated: half a second."""
MOST_ENUMERATED = 200
"""Vertices (twins as one) up to which that is tried, some milliseconds for each outcome."""
FEWEST_COMPARED = 6
"""Outcomes from which their distances are told from those of the whole fabric."""
MOST_SPECTRAL = 1_500
"""Vertices (twins as one) up to which the spectrum is worked out: 0.1 s."""
ROUNDING = 2e-6
"""Share by which a certificate may be off before it is rounded up to a whole link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Intervals in links of rate 1, ``rate`` per accelerator."""

    bisection: CutLinks
    rate: FlowRate
    diameter: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholeFabric:
    """The fabric without failures, and how much work each of its outcomes may take."""

    graph: FabricGraph
    bisection: CutLinks
    rate: PairRate
    outcomes: int
    known_hops: KnownHops | None
    most_columns: int
    is_routed: bool
    most_enumerated: int
    is_spectral: bool

    @classmethod
    def of(cls, topology: Topology, *, outcomes: int) -> "WholeFabric":
        """Prepared for so many outcomes."""
        graph = topology.graph()
        reduced = quotient_of(graph).graph
        columns = reduced.hosts * 2 * len(reduced.a)
        return cls(
            graph=graph,
            bisection=topology.bisection(),
            rate=topology.alltoall(),
            outcomes=outcomes,
            known_hops=KnownHops.of(graph) if outcomes >= FEWEST_COMPARED else None,
            most_columns=PROGRAMME_WORK // outcomes,
            is_routed=columns * outcomes <= ROUTED_WORK,
            most_enumerated=ENUMERATED_WORK // outcomes if reduced.vertices <= MOST_ENUMERATED else 0,
            is_spectral=reduced.vertices <= MOST_SPECTRAL,
        )

    def figures(self, degraded: DegradedFabric) -> Figures:
        """Intervals of a degraded fabric."""
        graph = degraded.graph
        if graph.hosts < 2:
            return Figures(
                bisection=CutLinks(lower=0.0, upper=0.0, method="fewer than two accelerators"),
                rate=FlowRate(lower=0.0, upper=0.0, method="no pairs"),
                diameter=0,
            )
        spectrum = spectrum_of(graph, quotient_of(graph)) if self.is_spectral else None
        cuts = search_cuts(graph, None if spectrum is None else spectrum.vector, searches=self.outcomes)
        hops = hops_after(self.known_hops, degraded)
        total_hops = int((hops.pairs * np.arange(len(hops.pairs))).sum())
        rate = self._rate(degraded, cuts, total_hops)
        mu = 0.0 if spectrum is None else spectrum.mu
        return Figures(bisection=self._bisection(degraded, cuts, rate, mu), rate=rate, diameter=hops.diameter)

    def _rate(self, degraded: DegradedFabric, cuts: tuple[HostCut, ...], total_hops: int) -> FlowRate:
        graph = degraded.graph
        others = graph.hosts - 1
        limits = [cut.capacity * others / (cut.inside * (graph.hosts - cut.inside)) for cut in cuts]
        limits.append(2 * float(graph.capacity.sum()) * others / total_hops)
        if graph.hosts == self.graph.hosts:
            limits.append(self.rate.rate * others)
        if self.is_routed:
            found = flow_rate(uniform(graph), limits, most_columns=self.most_columns)
            if found.exact:
                return found
        else:
            upper = min(*limits, _least_host_capacity(graph))
            found = FlowRate(lower=0.0, upper=upper, method="least of hops, links of the accelerators and known cuts")
        if self.rate.proven == 0:
            return found
        lower = self.rate.proven * detour_share(self.graph, self.rate.proven, degraded) * others
        if lower <= found.lower:
            return found
        return FlowRate(
            lower=min(lower, found.upper),
            upper=found.upper,
            method=f"{found.method}; lower bound by detours around what failed",
        )

    def _bisection(self, degraded: DegradedFabric, cuts: tuple[HostCut, ...], rate: FlowRate, mu: float) -> CutLinks:
        graph = degraded.graph
        exact = least_cut(graph, most_work=self.most_enumerated)
        if exact is not None:
            return CutLinks(lower=exact, upper=exact, method=ENUMERATED)
        half = graph.hosts // 2
        pairs = half * (graph.hosts - half)
        best = min((cut for cut in cuts if cut.inside in (half, graph.hosts - half)), key=lambda cut: cut.capacity)
        upper, found_by = best.capacity, best.found_by
        if graph.hosts == self.graph.hosts and self.bisection.upper < upper:
            upper, found_by = self.bisection.upper, "width of the whole fabric"
        certificates = {
            "all-to-all": rate.lower / (graph.hosts - 1) * pairs,
            "spectrum": mu * pairs / graph.hosts,
            "whole fabric less what failed": self.bisection.lower - most_cut(self.graph, degraded),
        }
        name, lower = max(certificates.items(), key=lambda item: item[1])
        if (graph.rate == np.rint(graph.rate)).all():
            lower = float(math.ceil(lower * (1 - ROUNDING)))
        return CutLinks(lower=max(0.0, min(lower, upper)), upper=upper, method=f"{found_by}; lower bound by the {name}")


def most_cut(graph: FabricGraph, degraded: DegradedFabric) -> float:
    """How much less a half of the degraded fabric can cut than the best half of the whole one that extends it.

    Put the accelerators out of service on the two sides at random, so that the halves stay even, and the switches that
    are not reached by a fair coin: a link between two of these accelerators is cut with the chance that two random ones
    of them part, one between them and others with 1/2 (or a little more when only one side has room for the odd one),
    a failed link between others always. Some placement cuts no more than the mean.
    """
    is_out = np.ones(graph.hosts, dtype=bool)
    is_out[degraded.in_service] = False
    is_free = np.concatenate([is_out, ~degraded.is_reached[graph.hosts :]])
    out = int(is_out.sum())
    parted = (out + 1) / (2 * out) if out % 2 else out / (2 * max(1, out - 1))
    has_odd_room = out % 2 == 1 and len(degraded.in_service) % 2 == 1
    beside = (out + 1) / (2 * out) if has_odd_room else 0.5
    a_out, z_out = is_free[graph.a] & (graph.a < graph.hosts), is_free[graph.z] & (graph.z < graph.hosts)
    by_coin = (is_free[graph.a] & ~a_out) | (is_free[graph.z] & ~z_out)
    chance = np.where(a_out & z_out, parted, np.where(a_out | z_out, beside, 1.0))
    chance = np.where(by_coin, 0.5, chance)
    is_free_link = a_out | z_out | by_coin
    lost = np.where(is_free_link, graph.count, graph.count - degraded.links_left)
    return float((chance * lost * graph.rate).sum())


def _least_host_capacity(graph: FabricGraph) -> float:
    ends = np.concatenate([graph.a, graph.z])
    capacity = np.concatenate([graph.capacity, graph.capacity])
    return float(np.bincount(ends, weights=capacity, minlength=graph.vertices)[: graph.hosts].min())
