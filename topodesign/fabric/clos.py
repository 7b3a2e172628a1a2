"""Folded Clos fabrics (fat trees) of two or three tiers, tapered at the leaves, in one or more planes."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from topodesign.domain.fabric import Clos
from topodesign.fabric.clos_cuts import are_shares_even, clos_alltoall, clos_bisection, has_completable_pod
from topodesign.fabric.clos_layout import ClosLayout, clos_layout, spread
from topodesign.fabric.clos_pods import core_profile
from topodesign.fabric.clos_shaped import shaped_links
from topodesign.fabric.collectives_shapes import GroupLevel, SwitchedShape
from topodesign.fabric.floor_plan import FLOOR_PLAN, IN_RACK_CABLE_M, group_cable_m
from topodesign.fabric.searched_cuts import enumerated
from topodesign.fabric.topology import (
    CableRun,
    CutLinks,
    FabricGraph,
    PairRate,
    PathClasses,
    no_paths,
    require_graph_size,
)

ACCELERATORS_PER_NODE = 8
"""Accelerators of one server, hence rails (NVIDIA DGX H100 and B200)."""


@dataclass(frozen=True)
class ClosTopology:
    """A folded Clos as :class:`topodesign.fabric.topology.Topology`.

    Parameters
    ----------
    spec : Clos
        Construction raises :class:`InvalidInput` (``FABRIC_TOO_LARGE``) when the accelerators do not fit.
    """

    spec: Clos

    def __post_init__(self) -> None:
        clos_layout(self.spec)

    @cached_property
    def layout(self) -> ClosLayout:
        """One plane."""
        return clos_layout(self.spec)

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        tiers = self.layout.tiers
        parts = [f"Clos, {tiers} tier{'s' if tiers > 1 else ''}, radix {self.spec.radix}"]
        if tiers > 1 and self.layout.leaf_down != self.layout.leaf_up:
            parts.append(f"{self.layout.leaf_down}:{self.layout.leaf_up} at the leaves")
        shape = self.layout.shape
        if shape is not None and shape.down != shape.up:
            parts.append(f"{shape.down}:{shape.up} at the second tier")
        if self.spec.planes > 1:
            parts.append(f"{self.spec.planes} planes")
        if self.spec.rail_optimized:
            parts.append("rail-optimized")
        return ", ".join(parts)

    @property
    def accelerators(self) -> int:
        return self.spec.accelerators

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def injection_links(self) -> float:
        return float(self.spec.planes)

    @property
    def switch_radix(self) -> int:
        return self.spec.radix

    @property
    def switch_radix_by_tier(self) -> tuple[int, ...]:
        """Ports of the switches of each tier."""
        return (self.spec.radix, *(self.layout.upper_radix for _ in range(self.layout.tiers - 1)))

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return tuple(count * self.spec.planes for count in self.layout.switches_by_tier)

    @property
    def assumptions(self) -> tuple[str, ...]:
        layout = self.layout
        said = [FLOOR_PLAN, "spines stand in the middle of their pod or hall; adapters belong to the accelerators"]
        if layout.tiers == 1:
            said.append(
                "one switch per plane holds all accelerators, so that no tier is built above it and nothing tapers"
            )
        elif abs(layout.taper - self.spec.oversubscription) > 1e-9:
            said.append(
                f"a leaf of radix {layout.radix} has {layout.leaf_down} ports down and {layout.leaf_up} up: "
                f"oversubscription {layout.taper:.4g} instead of {self.spec.oversubscription:g}"
            )
        shape = layout.shape
        if shape is not None and shape.uplinks * shape.down != shape.leaves * shape.leaf_links * shape.up:
            said.append(
                f"a pod of {shape.leaves} leaves has {shape.aggregations} switches of "
                f"{shape.leaves * shape.leaf_links} links down and {shape.uplinks} up: whole ports instead of the "
                "exact taper"
            )
        if layout.tiers == 2 and self.spec.upper_oversubscription > 1:
            said.append("two tiers hold the accelerators: nothing above the leaves that could taper")
        if self.spec.rail_optimized:
            said.append(
                "rails: accelerators of one rank share a leaf, whose cables run to the middle of its nodes' racks"
            )
        return tuple(said)

    def cable_runs(self) -> tuple[CableRun, ...]:
        layout, planes = self.layout, self.spec.planes
        hosts_m, leaves_m, cores_m = self._lengths_m
        runs = (
            CableRun(what="accelerator to leaf", count=layout.accelerators * planes, length_m=hosts_m, adapters=1),
            CableRun(what="leaf to second tier", count=layout.uplinks * planes, length_m=leaves_m),
            CableRun(what="second tier to core", count=layout.core_links * planes, length_m=cores_m),
        )
        return tuple(run for run in runs if run.count)

    @property
    def _lengths_m(self) -> tuple[float, float, float]:
        """Cables from accelerator to leaf, leaf to second tier, second tier to core, metres."""
        layout = self.layout
        pod = min(layout.accelerators, layout.pod_hosts)
        leaf_area = min(layout.accelerators, layout.leaf_down)
        if self.spec.rail_optimized:
            # a leaf of one rank serves as many nodes as it has ports down, each with one accelerator on it
            leaf_area = min(pod, layout.leaf_down * ACCELERATORS_PER_NODE)
        return group_cable_m(leaf_area), max(IN_RACK_CABLE_M, group_cable_m(pod)), group_cable_m(layout.accelerators)

    def path_classes(self) -> PathClasses:
        layout = self.layout
        count = layout.accelerators
        if count == 1:
            return no_paths()
        in_leaf = layout.full_leaves * layout.leaf_down**2 + layout.last_hosts**2
        in_pod = layout.full_pods * layout.pod_hosts**2 + layout.last_pod_hosts**2
        if layout.tiers < 3:
            in_pod = count**2
        hosts_m, leaves_m, cores_m = self._lengths_m
        hosts_m, leaves_m, cores_m = 2 * hosts_m, 2 * leaves_m, 2 * cores_m
        pairs = np.array([in_leaf - count, in_pod - in_leaf, count**2 - in_pod], dtype=np.int64)
        hops = np.array([2, 4, 6], dtype=np.int64)
        metres = np.array([hosts_m, hosts_m + leaves_m, hosts_m + leaves_m + cores_m])
        taken = pairs > 0
        by_run = 2 * np.tri(3, dtype=np.int64)  # each tier above adds a link up and a link down
        return PathClasses(
            pairs=pairs[taken],
            hops=hops[taken],
            switches=hops[taken] - 1,
            direct_hops=np.zeros_like(hops[taken]),
            metres=metres[taken],
            hops_by_run=by_run[taken][:, : len(self.cable_runs())],
        )

    def bisection(self) -> CutLinks:
        """Planes are alike, so that each cuts as much for any half."""
        plane, planes = self._plane_bisection, self.spec.planes
        return CutLinks(lower=plane.lower * planes, upper=plane.upper * planes, method=plane.method)

    @cached_property
    def _plane_bisection(self) -> CutLinks:
        one = replace(self.spec, planes=1)
        vertices = self.accelerators + sum(self.layout.switches_by_tier)
        return enumerated(clos_bisection(self.layout), lambda: ClosTopology(one).graph(), vertices=vertices)

    def alltoall(self) -> PairRate:
        plane, planes = clos_alltoall(self.layout), self.spec.planes
        return PairRate(rate=plane.rate * planes, method=plane.method, exact=plane.exact, lower=plane.lower * planes)

    def collective_shape(self) -> SwitchedShape:
        layout, planes = self.layout, self.spec.planes
        levels = []
        if layout.tiers > 1:
            levels.append(GroupLevel(ranks=layout.leaf_down, uplinks=layout.leaf_up * planes))
        if layout.tiers > 2:
            shape = layout.shape
            plane_uplinks = layout.pod_leaves * layout.leaf_up if shape is None else shape.aggregations * shape.uplinks
            levels.append(GroupLevel(ranks=layout.pod_hosts, uplinks=plane_uplinks * planes))
        return SwitchedShape(ranks=layout.accelerators, rank_links=planes, levels=tuple(levels))

    def graph(self) -> FabricGraph:
        """The explicit graph: uplinks dealt out one by one, from the same spine for all where that fits its ports."""
        layout = self.layout
        count = layout.accelerators
        per_plane = sum(layout.switches_by_tier)
        vertices = count + per_plane * self.spec.planes
        require_graph_size(vertices)
        links: list[tuple[int, int, int, float, int]] = []
        for plane in range(self.spec.planes):
            first = count + plane * per_plane
            for (a, z), number in plane_links(layout, first).items():
                # the runs are hosts' cables, leaves' uplinks, cables to the cores, in this order
                run = 0 if a < count else 1 if a < first + layout.leaves else 2
                links.append((a, z, number, 1.0, run))
        places = np.arange(count, dtype=np.int64)[:, None] // np.array([layout.leaf_down, layout.pod_hosts])
        return FabricGraph.of(vertices=vertices, hosts=count, links=links, coordinates=places)


def plane_links(layout: ClosLayout, first_switch: int) -> dict[tuple[int, int], int]:
    """Links of one plane, whose leaves, second tier and cores are numbered from ``first_switch`` on."""
    links = {(host, first_switch + host // layout.leaf_down): 1 for host in range(layout.accelerators)}
    if layout.tiers == 2:
        members = [layout.leaf_up] * layout.full_leaves + [layout.last_uplinks] * bool(layout.last_hosts)
        _wire(links, first_switch, members, first_switch + layout.leaves, layout.aggregations, layout.upper_radix)
    elif layout.shape is not None:
        links |= shaped_links(layout, layout.shape, first_switch)
    elif layout.tiers == 3:
        _wire_pods(links, layout, first_switch)
    return links


def _wire(
    links: dict[tuple[int, int], int], first: int, members: list[int], first_above: int, above: int, ports: int
) -> None:
    """Deal the uplinks of consecutive switches out to the switches above them."""
    even = are_shares_even(max(members), len(members), above, ports)
    start = 0
    for offset, uplinks in enumerate(members):
        for place, number in enumerate(spread(uplinks, above, start=0 if even else start)):
            if number:
                links[first + offset, first_above + place] = number
        start = (start + uplinks) % above


def _wire_pods(links: dict[tuple[int, int], int], layout: ClosLayout, first_leaf: int) -> None:
    half, up = layout.radix // 2, layout.leaf_up
    first_core = first_leaf + layout.leaves + layout.aggregations
    keep_places = core_profile(layout) is None and has_completable_pod(layout)
    dealt = 0
    for pod in range(layout.pods):
        leaves = range(pod * half, min((pod + 1) * half, layout.leaves))
        members = [up if leaf < layout.full_leaves else layout.last_uplinks for leaf in leaves]
        aggregations = -(-sum(members) // half)
        first_aggregation = first_leaf + layout.leaves + pod * up
        _wire(links, first_leaf + leaves[0], members, first_aggregation, aggregations, half)
        cores = _core_slots(layout, pod, start=dealt)
        slot = 0
        for place in range(aggregations):
            aggregation = first_aggregation + place
            below = sum(links.get((first_leaf + leaf, aggregation), 0) for leaf in leaves)
            if keep_places:
                slot = place * half
            for core in cores[slot : slot + below]:
                ends = (aggregation, first_core + core)
                links[ends] = links.get(ends, 0) + 1
            slot += below
        dealt += sum(members)


def _core_slots(layout: ClosLayout, pod: int, *, start: int) -> list[int]:
    """Core of each uplink of a pod, in order; of a full pod also for a partly filled one without a profile."""
    pod_up = layout.radix // 2 * layout.leaf_up
    profile = core_profile(layout)
    if profile is not None:
        counts = profile.full if pod < layout.full_pods else profile.last
        return [core for turn in range(int(counts.max())) for core in range(layout.cores) if counts[core] > turn]
    first = 0 if are_shares_even(pod_up, layout.pods, layout.cores, layout.radix) else start
    return [(first + slot) % layout.cores for slot in range(pod_up)]
