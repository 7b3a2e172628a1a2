"""Groups of leaves and spines whose spines are joined directly: Dragonfly+ and blocks without spines between them."""

from abc import abstractmethod
from functools import cached_property

import numpy as np

from topodesign.fabric.certificates import met_or_bounded
from topodesign.fabric.floor_plan import across_cable_m, group_cable_m
from topodesign.fabric.group_links import GroupLinks
from topodesign.fabric.hosted import HostsOnSwitches
from topodesign.fabric.router_graph import RunList, host_places, hosts_on_switches, require_switch_graph
from topodesign.fabric.topology import (
    CableRun,
    FabricGraph,
    PairRate,
    PathClasses,
    no_paths,
)

BETWEEN_GROUPS = "between groups"


class LeafSpineGroups(HostsOnSwitches):
    """``leaves`` of ``hosts_per_leaf`` accelerators, each joined to every spine of its group by ``leaf_links`` links.

    Every two groups are joined, so that shortest paths are 2, 4 or 5 links long.
    """

    @property
    @abstractmethod
    def hosts_per_leaf(self) -> int: ...

    @property
    @abstractmethod
    def leaves(self) -> int: ...

    @property
    @abstractmethod
    def leaf_links(self) -> int: ...

    @property
    @abstractmethod
    def global_links(self) -> GroupLinks: ...

    def __post_init__(self) -> None:
        ends = self.groups * self.spines * (2 * self.leaves * self.leaf_links + self.global_links.ports)
        require_switch_graph(accelerators=self.accelerators, switches=sum(self.switches_by_tier), links=ends // 2)

    @property
    def groups(self) -> int:
        return self.global_links.groups

    @property
    def spines(self) -> int:
        return self.global_links.switches

    @property
    def accelerators(self) -> int:
        return self.hosts_per_leaf * self.leaves * self.groups

    @property
    def switch_radix(self) -> int:
        return max(self.switch_radix_by_tier)

    @property
    def switch_radix_by_tier(self) -> tuple[int, ...]:
        """Ports in use, of leaves and of spines."""
        leaf = self.hosts_per_leaf + self.leaf_links * self.spines
        return (leaf, self.leaf_links * self.leaves + self.global_links.ports)

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return (self.leaves * self.groups, self.spines * self.groups)

    @property
    def _between_groups_m(self) -> float:
        return across_cable_m(self.accelerators)

    @cached_property
    def _runs(self) -> RunList:
        inside = self.hosts_per_leaf * self.leaves
        local = self.groups * self.leaves * self.spines * self.leaf_links
        return RunList.of(
            host=("accelerator to leaf", self.accelerators, group_cable_m(self.hosts_per_leaf)),
            local=("leaf to spine", local, group_cable_m(inside)),
            far=(BETWEEN_GROUPS, self.global_links.count, self._between_groups_m),
        )

    def cable_runs(self) -> tuple[CableRun, ...]:
        return self._runs.runs

    def build_graph(self) -> FabricGraph:
        """Leaves of all groups, then spines of all groups."""
        runs = self._runs
        leaves = np.arange(self.leaves * self.groups, dtype=np.int64)
        spine_of_group = np.arange(self.spines, dtype=np.int64)
        first_spine = len(leaves) + leaves // self.leaves * self.spines
        ends = self.global_links.ends()
        spine_groups = np.repeat(np.arange(self.groups), self.spines)
        return hosts_on_switches(
            hosts=host_places(self.hosts_per_leaf, len(leaves)),
            switches=sum(self.switches_by_tier),
            host_run=runs.index["host"],
            links=(
                (
                    np.repeat(leaves, self.spines),
                    np.add.outer(first_spine, spine_of_group).ravel(),
                    runs.index["local"],
                    self.leaf_links,
                ),
                (ends[0] + len(leaves), ends[1] + len(leaves), runs.index["far"]),
            ),
            groups=np.concatenate([leaves // self.leaves, spine_groups]),
        )

    def path_classes(self) -> PathClasses:
        """In a leaf, in a group, between groups."""
        count, leaf = self.accelerators, self.hosts_per_leaf
        if count == 1:
            return no_paths()
        inside = leaf * self.leaves
        host_m, local_m, far_m = (
            2 * group_cable_m(leaf),
            2 * group_cable_m(inside),
            self._between_groups_m,
        )
        pairs = np.array([count * (leaf - 1), count * (inside - leaf), count * (count - inside)], dtype=np.int64)
        hops = np.array([2, 4, 5], dtype=np.int64)
        metres = np.array([host_m, host_m + local_m, host_m + local_m + far_m])
        taken = pairs > 0
        return PathClasses(
            pairs=pairs[taken],
            hops=hops[taken],
            switches=hops[taken] - 1,
            direct_hops=np.zeros_like(hops[taken]),
            metres=metres[taken],
        )

    def alltoall(self) -> PairRate:
        """Shortest paths, spread over the spines inside a group and over the links between two groups."""
        count, leaf = self.accelerators, self.hosts_per_leaf
        inside = leaf * self.leaves
        if count == 1:
            return PairRate(rate=0.0, method="no pairs", exact=True)
        cuts = [1 / (count - 1)]
        if count > leaf:
            cuts.append(self.leaf_links * self.spines / (leaf * (count - leaf)))
        if self.groups > 1:
            cuts.append(len(self.global_links.slots) / (inside * (count - inside)))
        return met_or_bounded(min(cuts), 1 / max(self._loads()), cuts="accelerators, leaves and groups")

    def _loads(self) -> list[float]:
        """Flows per link on the busiest links of each kind, with one flow for each ordered pair."""
        leaf, inside = self.hosts_per_leaf, self.hosts_per_leaf * self.leaves
        leaving = leaf * inside * float(self.global_links.shares.max(initial=0))
        staying = leaf * (inside - leaf) / self.spines
        loads = [float(self.accelerators - 1), (leaving + staying) / self.leaf_links]
        if self.global_links.fewest:
            loads.append(inside**2 / self.global_links.fewest)
        return loads
