"""Scale-up domains (racks of fully switched accelerators) that a folded Clos joins; rail-optimized, rail-only or plain.

The switches of the domains and those of the Clos share accelerators only, so that the least cut of any two sets of
accelerators is the sum of the two networks' cuts.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos
from topodesign.domain.fabric_switched import ScaleUpClos
from topodesign.fabric.clos import plane_links
from topodesign.fabric.clos_layout import ClosLayout, clos_layout
from topodesign.fabric.collectives_shapes import ScaleUpShape
from topodesign.fabric.floor_plan import FLOOR_PLAN, IN_RACK_CABLE_M, group_cable_m
from topodesign.fabric.router_graph import require_switch_graph
from topodesign.fabric.scale_up_bounds import scale_up_alltoall, scale_up_bisection
from topodesign.fabric.scale_up_paths import scale_up_paths
from topodesign.fabric.scale_up_places import Places
from topodesign.fabric.scale_up_shape import scale_up_shape
from topodesign.fabric.searched_cuts import enumerated
from topodesign.fabric.topology import (
    CableRun,
    CutLinks,
    FabricGraph,
    PairRate,
    PathClasses,
)

RAILS = {"none": "", "optimized": ", rail-optimized", "only": ", rail-only"}


@dataclass(frozen=True)
class ScaleUpClosTopology:
    """Domains joined by a Clos, as :class:`topodesign.fabric.topology.Topology`.

    Accelerators are numbered domain by domain; the rail of one is its rank in the domain modulo the rails.

    Parameters
    ----------
    spec : ScaleUpClos
        Construction raises :class:`InvalidInput` (``FABRIC_TOO_LARGE``) when the accelerators do not fit the Clos, or
        when a rail of a rail-only fabric would need three tiers.
    """

    spec: ScaleUpClos

    def __post_init__(self) -> None:
        layout = self.places.layout
        if self.spec.rails == "only" and layout is not None and layout.tiers > 2:
            most = self.spec.radix * layout.leaf_down * self.spec.rails_per_domain
            raise InvalidInput(
                f"accelerators is {self.spec.accelerators}, but rails of two tiers of radix {self.spec.radix} hold at "
                f'most {most}; use a larger radix or rails "optimized"',
                reason="FABRIC_TOO_LARGE",
                field_path="accelerators",
                metadata={"value": str(self.spec.accelerators), "limit": str(most)},
            )

    @cached_property
    def places(self) -> Places:
        """Where the accelerators hang."""
        spec = self.spec
        return Places(
            domains=spec.domains,
            domain=min(spec.domain, spec.accelerators),
            rails=spec.rails_per_domain,
            mode=spec.rails,
            layout=_layout(spec),
            planes=spec.planes,
            scale_up=spec.scale_up_switches * spec.scale_up_gbps / spec.link_gbps,
        )

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        spec, layout = self.spec, self.places.layout
        if layout is None:
            return f"scale-up domain of {self.accelerators}"
        tiers = f"{layout.tiers} tier{'s' if layout.tiers > 1 else ''}"
        planes = f", {spec.planes} planes" if spec.planes > 1 else ""
        return f"domains of {spec.domain}, Clos of {tiers}, radix {spec.radix}{RAILS[spec.rails]}{planes}"

    @property
    def accelerators(self) -> int:
        return self.spec.accelerators

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def injection_links(self) -> float:
        return self.places.scale_up + (0 if self.places.layout is None else self.spec.planes)

    @property
    def switch_radix(self) -> int:
        return self.places.domain if self.places.layout is None else self.spec.radix

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        """Scale-up switches first, then the tiers of the Clos."""
        places = self.places
        inside = places.domains * self.spec.scale_up_switches
        if places.layout is None:
            return (inside,)
        return (inside, *(count * places.copies for count in places.layout.switches_by_tier))

    @property
    def switch_radix_by_tier(self) -> tuple[int, ...]:
        """A scale-up switch has a port for every accelerator of its domain."""
        return (self.places.domain, *(self.spec.radix for _ in self.switches_by_tier[1:]))

    @property
    def is_built_in_by_tier(self) -> tuple[bool, ...]:
        """Scale-up switches are part of the racks."""
        return tuple(tier == 0 for tier in range(len(self.switches_by_tier)))

    @property
    def assumptions(self) -> tuple[str, ...]:
        said = [
            FLOOR_PLAN,
            f"a domain stands in one rack; its links are {self.spec.scale_up_switches} x {self.spec.scale_up_gbps:g} "
            "Gbit/s per accelerator; its switches have the latency of packet switches, and are priced with the rack",
        ]
        if self.spec.rails == "only":
            said.append("traffic between rails is forwarded by an accelerator of the sender's domain")
        elif self.places.layout is not None:
            said.append("traffic inside a domain stays on its scale-up links; accelerators do not forward")
        return tuple(said)

    def cable_runs(self) -> tuple[CableRun, ...]:
        places, spec = self.places, self.spec
        inside = CableRun(
            what="accelerator to scale-up switch",
            count=spec.accelerators * spec.scale_up_switches,
            length_m=IN_RACK_CABLE_M,
            kind="backplane",
            rate=spec.scale_up_gbps / spec.link_gbps,
        )
        if places.layout is None:
            return (inside,)
        layout, copies = places.layout, places.copies
        hosts_m, leaves_m, cores_m = self._lengths_m
        runs = (
            inside,
            CableRun(what="accelerator to leaf", count=layout.accelerators * copies, length_m=hosts_m),
            CableRun(what="leaf to second tier", count=layout.uplinks * copies, length_m=leaves_m),
            CableRun(what="second tier to core", count=layout.core_links * copies, length_m=cores_m),
        )
        return tuple(run for run in runs if run.count)

    @property
    def _lengths_m(self) -> tuple[float, float, float]:
        """Cables from accelerator to leaf, leaf to second tier, second tier to core, metres."""
        layout, spec = self.places.layout, self.spec
        if layout is None:
            return 0.0, 0.0, 0.0
        rails = 1 if spec.rails == "none" else spec.rails_per_domain
        pod = spec.accelerators if spec.rails == "only" else min(spec.accelerators, layout.pod_hosts)
        return (
            group_cable_m(min(pod, layout.leaf_down * rails)),
            max(IN_RACK_CABLE_M, group_cable_m(pod)),
            group_cable_m(spec.accelerators),
        )

    def path_classes(self) -> PathClasses:
        return scale_up_paths(self.places, lengths_m=(IN_RACK_CABLE_M, *self._lengths_m))

    def bisection(self) -> CutLinks:
        return self._bisection

    @cached_property
    def _bisection(self) -> CutLinks:
        return enumerated(scale_up_bisection(self.places), self.graph, vertices=self._vertices)

    @property
    def _vertices(self) -> int:
        """Of the explicit graph."""
        return self.accelerators + sum(self.switches_by_tier)

    def alltoall(self) -> PairRate:
        return scale_up_alltoall(self.places)

    def collective_shape(self) -> ScaleUpShape:
        return scale_up_shape(self.places)

    def graph(self) -> FabricGraph:
        """Accelerators, then the switches of every domain, then every plane (and rail) of the Clos."""
        spec, places, layout = self.spec, self.places, self.places.layout
        count, chips = spec.accelerators, spec.scale_up_switches
        per_copy = sum(layout.switches_by_tier) if layout else 0
        vertices = count + places.domains * chips + per_copy * (places.copies if layout else 0)
        require_switch_graph(accelerators=count, switches=vertices - count, links=count * chips)
        hosts = np.arange(count, dtype=np.int64)
        first_chip = count + hosts // places.domain * chips
        rate = spec.scale_up_gbps / spec.link_gbps
        links: list[tuple[int, int, int, float, int]] = [
            (host, chip + offset, 1, rate, 0)
            for host, chip in enumerate(first_chip.tolist())
            for offset in range(chips)
        ]
        if layout is not None:
            first = count + places.domains * chips
            for members in places.members_of_copies():
                for _ in range(spec.planes):
                    links += _copy_links(layout, first, members.tolist())
                    first += per_copy
        return FabricGraph.of(vertices=vertices, hosts=count, links=links, coordinates=places.coordinates())


def _layout(spec: ScaleUpClos) -> ClosLayout | None:
    if spec.accelerators <= spec.domain:
        return None
    rails = spec.rails_per_domain if spec.rails == "only" else 1
    return clos_layout(
        Clos(
            accelerators=spec.accelerators // rails,
            radix=spec.radix,
            tiers=spec.tiers,
            oversubscription=spec.oversubscription,
        )
    )


def _copy_links(layout: ClosLayout, first: int, members: list[int]) -> list[tuple[int, int, int, float, int]]:
    """Links of one copy of the Clos; ``members`` are the accelerators in the order of their places."""
    links = []
    for (a, z), number in plane_links(layout, first).items():
        is_host = a < first
        run = 1 if is_host else 2 if a < first + layout.leaves else 3
        links.append((members[a] if is_host else a, z, number, 1.0, run))
    return links
