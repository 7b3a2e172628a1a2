"""Blocks of accelerators joined directly through optical circuit switches, without spines between blocks.

References
----------
L. Poutievski et al. (2022), "Jupiter Evolving: Transforming Google's Datacenter Network via Optical Circuit Switches
and Software-Defined Networking", SIGCOMM, sections 3 and 4: direct-connect of aggregation blocks.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from topodesign.domain.fabric_switched import DirectBlocks
from topodesign.fabric.floor_plan import FLOOR_PLAN, group_cable_m
from topodesign.fabric.group_links import GroupLinks
from topodesign.fabric.leaf_spine_groups import BETWEEN_GROUPS, LeafSpineGroups
from topodesign.fabric.topology import CableRun, OcsUnits


@dataclass(frozen=True)
class DirectBlocksTopology(LeafSpineGroups):
    """Directly joined blocks with their uplinks spread evenly; hops and all-to-all in closed form.

    Optical circuit switches are no hops: they add their cables, and ports.

    Parameters
    ----------
    spec : DirectBlocks
        Construction raises :class:`InvalidInput` when the explicit graph would be too large.
    """

    spec: DirectBlocks

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        spec = self.spec
        block = spec.p * spec.leaves
        return f"{spec.blocks} blocks of {block}, {spec.aggregations * spec.h} uplinks each over {self.ocs_units} OCS"

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
        return self.spec.leaf_links

    @cached_property
    def global_links(self) -> GroupLinks:
        return GroupLinks(groups=self.spec.blocks, switches=self.spec.aggregations, ports=self.spec.h)

    @property
    def ocs_units(self) -> int:
        """Optical circuit switches: every block has equally many ports on each."""
        if not self.global_links.slots:
            return 0
        return -(-len(self.global_links.slots) // (self.spec.ocs_ports // self.spec.blocks))

    @property
    def ocs_ports_used(self) -> int:
        """One for each end of a link."""
        return 2 * self.global_links.count

    @property
    def _between_groups_m(self) -> float:
        """From a block to an optical circuit switch in the middle of the hall, and on to the other block."""
        return 2 * group_cable_m(self.accelerators)

    @property
    def billed_ocs(self) -> OcsUnits:
        return OcsUnits(units=self.ocs_units, ports=self.spec.ocs_ports, spare_ports=0)

    def cable_runs(self) -> tuple[CableRun, ...]:
        return tuple(replace(run, kind="ocs") if run.what == BETWEEN_GROUPS else run for run in super().cable_runs())

    @property
    def assumptions(self) -> tuple[str, ...]:
        said = [
            FLOOR_PLAN,
            f"{self.ocs_units} optical circuit switches of {self.spec.ocs_ports} ports, "
            f"{self.ocs_ports_used} ports in use, stand in the middle of the hall",
            "links between blocks are set for uniform traffic: spread evenly over all other blocks",
        ]
        if self.global_links.unused_ports:
            said.append(f"{self.global_links.unused_ports} uplinks of each block stay unused")
        return tuple(said)
