"""Dragonfly+: groups of leaves and spines, spines joined across groups.

References
----------
A. Shpiner, Z. Haramaty, S. Eliad, V. Zdornov, B. Gafni, E. Zahavi (2017), "Dragonfly+: Low Cost Topology for Scaling
Datacenters", HiPINEB, section III.
"""

from dataclasses import dataclass
from functools import cached_property

from topodesign.domain.fabric_switched import DragonflyPlus
from topodesign.fabric.floor_plan import FLOOR_PLAN
from topodesign.fabric.group_links import GroupLinks
from topodesign.fabric.leaf_spine_groups import LeafSpineGroups


@dataclass(frozen=True)
class DragonflyPlusTopology(LeafSpineGroups):
    """A Dragonfly+; hops and all-to-all in closed form, the bisection by the graph.

    Parameters
    ----------
    spec : DragonflyPlus
        Construction raises :class:`InvalidInput` when the explicit graph would be too large.
    """

    spec: DragonflyPlus

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        spec = self.spec
        return f"Dragonfly+ p={spec.p}, {spec.leaves} leaves, {spec.spines} spines, h={spec.h}, {self.groups} groups"

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def hosts_per_leaf(self) -> int:
        return self.spec.p

    @property
    def leaves(self) -> int:
        return self.spec.leaves

    @property
    def leaf_links(self) -> int:
        return 1

    @cached_property
    def global_links(self) -> GroupLinks:
        return GroupLinks(groups=self.spec.group_count, switches=self.spec.spines, ports=self.spec.h)

    @property
    def assumptions(self) -> tuple[str, ...]:
        said = [FLOOR_PLAN, "global links in the relative (palm tree) arrangement; a group stands together"]
        if self.global_links.unused_ports:
            said.append(f"{self.global_links.unused_ports} global ports of each group stay unused")
        return tuple(said)
