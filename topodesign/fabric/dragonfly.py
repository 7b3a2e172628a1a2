"""Dragonfly: groups of fully joined routers, groups joined by single links in the relative arrangement.

References
----------
J. Kim, W. Dally, S. Scott, D. Abts (2008), "Technology-Driven, Highly-Scalable Dragonfly Topology", ISCA, section 3.
C. Camarero, E. Vallejo, R. Beivide (2014), "Topological Characterization of Hamming and Dragonfly Networks and Its
Implications on Routing", ACM TACO 11(4): arrangements of the global links.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.fabric_switched import Dragonfly
from topodesign.fabric.certificates import met_or_bounded
from topodesign.fabric.floor_plan import FLOOR_PLAN, across_cable_m, group_cable_m
from topodesign.fabric.group_links import GroupLinks
from topodesign.fabric.hosted import HostsOnSwitches
from topodesign.fabric.router_graph import RunList, host_places, hosts_on_switches, require_switch_graph
from topodesign.fabric.topology import CableRun, FabricGraph, PairRate


@dataclass(frozen=True)
class DragonflyTopology(HostsOnSwitches):
    """A Dragonfly; hops and cuts by the graph, the all-to-all in closed form.

    Parameters
    ----------
    spec : Dragonfly
        Construction raises :class:`InvalidInput` when the explicit graph would be too large.
    """

    spec: Dragonfly

    def __post_init__(self) -> None:
        spec = self.spec
        ports = spec.a - 1 + spec.h
        switches = spec.a * spec.group_count
        require_switch_graph(accelerators=self.accelerators, switches=switches, links=switches * ports // 2)

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        spec = self.spec
        return f"Dragonfly p={spec.p} a={spec.a} h={spec.h}, {spec.group_count} groups"

    @property
    def accelerators(self) -> int:
        return self.spec.p * self.spec.a * self.spec.group_count

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def switch_radix(self) -> int:
        return self.spec.p + self.spec.a - 1 + self.spec.h

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return (self.spec.a * self.spec.group_count,)

    @property
    def assumptions(self) -> tuple[str, ...]:
        said = [FLOOR_PLAN, "global links in the relative (palm tree) arrangement; a group stands together"]
        if self.global_links.unused_ports:
            said.append(f"{self.global_links.unused_ports} global ports of each group stay unused")
        return tuple(said)

    @cached_property
    def global_links(self) -> GroupLinks:
        return GroupLinks(groups=self.spec.group_count, switches=self.spec.a, ports=self.spec.h)

    @cached_property
    def _runs(self) -> RunList:
        spec = self.spec
        local = spec.group_count * spec.a * (spec.a - 1) // 2
        return RunList.of(
            accelerator_to_router=("accelerator to router", self.accelerators, group_cable_m(spec.p)),
            local=("inside groups", local, across_cable_m(spec.p * spec.a)),
            far=("between groups", self.global_links.count, across_cable_m(self.accelerators)),
        )

    def cable_runs(self) -> tuple[CableRun, ...]:
        return self._runs.runs

    def build_graph(self) -> FabricGraph:
        spec, runs = self.spec, self._runs
        routers = np.arange(spec.a * spec.group_count, dtype=np.int64).reshape(spec.group_count, spec.a)
        low, high = np.triu_indices(spec.a, k=1)
        first, second = self.global_links.ends()
        return hosts_on_switches(
            hosts=host_places(spec.p, routers.size),
            switches=routers.size,
            host_run=runs.index["accelerator_to_router"],
            links=(
                (routers[:, low].ravel(), routers[:, high].ravel(), runs.index["local"]),
                (first, second, runs.index["far"]),
            ),
            groups=np.arange(routers.size) // spec.a,
            # one accelerator of each router of the first group: turning the groups reaches all others
            sources=np.arange(spec.a, dtype=np.int64) * spec.p,
        )

    def alltoall(self) -> PairRate:
        """Minimal routing, local - global - local, spread over the links between two groups; see :meth:`_loads`."""
        count, inside = self.accelerators, self.spec.p * self.spec.a
        if count == 1:
            return PairRate(rate=0.0, method="no pairs", exact=True)
        cuts = [1 / (count - 1)]
        if self.spec.group_count > 1:
            cuts.append(len(self.global_links.slots) / (inside * (count - inside)))
        return met_or_bounded(min(cuts), 1 / max(self._loads()), cuts="accelerators and groups")

    def _loads(self) -> list[float]:
        """Flows on the busiest accelerator, local and global links with one flow for each ordered pair.

        The local link from router r to w carries the flows of r's accelerators that leave the group at w, those that
        enter it at r for w's accelerators, and those between the two.
        """
        p, inside = self.spec.p, self.spec.p * self.spec.a
        loads = [float(self.accelerators - 1)]
        if self.spec.a > 1:
            busiest = np.sort(self.global_links.shares)[-2:].sum()
            loads.append(float(p * inside * busiest + p * p))
        if self.global_links.fewest:
            loads.append(inside**2 / self.global_links.fewest)
        return loads
