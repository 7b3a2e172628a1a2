"""Slices of a reconfigurable torus: a torus, twisted or not, whose links between blocks run through an OCS plant."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from topodesign.domain.fabric import Torus
from topodesign.domain.fabric_kinds import BLOCK_SIDE, ReconfigurableTorus, twist_unit
from topodesign.fabric.collectives_shapes import GridShape
from topodesign.fabric.floor_plan import FLOOR_PLAN
from topodesign.fabric.ocs_plant import OcsPlant, ocs_number
from topodesign.fabric.topology import (
    CableRun,
    Counts,
    CutLinks,
    FabricGraph,
    OcsUnits,
    PairRate,
    PathClasses,
)
from topodesign.fabric.torus import INSIDE_RACKS, TorusTopology
from topodesign.fabric.twisted_torus import TwistedTorusTopology

ELECTRICAL = -1
"""In place of an OCS number: a link inside a block."""


@dataclass(frozen=True)
class ReconfigurableTorusTopology:
    """A slice as :class:`topodesign.fabric.topology.Topology`, and the plant that it is switched by.

    An OCS is a mirror: it adds fiber, but neither a hop nor packet latency, and is no packet switch.
    """

    spec: ReconfigurableTorus

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        return f"{self.slice_topology.name} over OCS" if self.plant.slice_blocks else self.slice_topology.name

    @property
    def accelerators(self) -> int:
        return self.slice_topology.accelerators

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def injection_links(self) -> float:
        return self.slice_topology.injection_links

    @property
    def switch_radix(self) -> int:
        return 0

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return ()

    @cached_property
    def plant(self) -> OcsPlant:
        """The optical circuit switches of the pod."""
        return OcsPlant.of(self.spec)

    @cached_property
    def slice_topology(self) -> TorusTopology | TwistedTorusTopology:
        """The torus or mesh that the slice is."""
        spec = self.spec
        if spec.is_inside_block:
            return TorusTopology(Torus(shape=spec.shape, wrap=(False,) * 3, link_gbps=spec.link_gbps))
        torus = Torus(shape=spec.shape, twist=spec.twist, link_gbps=spec.link_gbps)
        if spec.twist:
            return TwistedTorusTopology(torus, switched_cable_m=self.plant.cable_m)
        return TorusTopology(torus, switched_cable_m=self.plant.cable_m)

    @property
    def is_twistable(self) -> bool:
        """Whether the wraps of this slice can be twisted."""
        return not self.spec.is_inside_block and twist_unit(self.spec.shape) is not None

    @property
    def assumptions(self) -> tuple[str, ...]:
        plant = self.plant
        said = [FLOOR_PLAN, f"a rack holds a block of {BLOCK_SIDE}x{BLOCK_SIDE}x{BLOCK_SIDE}"]
        if not plant.slice_blocks:
            return (*said, "less than a block: a mesh of electrical links, without wraps")
        return (
            *said,
            f"the pod has {plant.switches} optical circuit switches of {plant.ports} ports ({plant.spare_ports} spare, "
            f"{plant.idle_ports} idle), {plant.strands:,} strands from {plant.blocks} blocks; the slice uses "
            f"{plant.slice_strands:,} strands for {plant.slice_links:,} links",
            f"optical circuit switches stand in the middle of the pod, every link through one takes {plant.cable_m:g} "
            "m of fiber; they add no packet latency",
        )

    def cable_runs(self) -> tuple[CableRun, ...]:
        return tuple(
            run
            if run.what == INSIDE_RACKS
            else replace(run, what=run.what.replace("between racks", "through OCS"), kind="ocs")
            for run in self.slice_topology.cable_runs()
        )

    @property
    def billed_ocs(self) -> OcsUnits:
        """All of the pod's, of which the slice bears the share of its blocks."""
        plant = self.plant
        share = plant.slice_blocks / plant.blocks
        return OcsUnits(units=plant.switches, ports=plant.ports, spare_ports=plant.spare_ports, share=share)

    def path_classes(self) -> PathClasses:
        return self.slice_topology.path_classes()

    def bisection(self) -> CutLinks:
        return self.slice_topology.bisection()

    def alltoall(self) -> PairRate:
        return self.slice_topology.alltoall()

    def collective_shape(self) -> GridShape:
        return self.slice_topology.collective_shape()

    def graph(self) -> FabricGraph:
        return self.slice_topology.graph()

    def ocs_of_edges(self) -> Counts:
        """Number of the OCS that each edge of :meth:`graph` runs through; :data:`ELECTRICAL` for links inside blocks.

        Edges of one number are a group that fails together: 64 links on 16x16x16. Numbers are those of
        :func:`topodesign.fabric.ocs_plant.ocs_number`, below ``plant.switches``.
        """
        graph = self.graph()
        if not self.plant.slice_blocks or graph.coordinates is None:
            return np.full(len(graph.a), ELECTRICAL, dtype=np.int64)
        places = graph.coordinates[graph.a] % BLOCK_SIDE
        # the runs are the links inside blocks, then those through OCS axis by axis; wraps keep the place of the face
        by_axis = np.column_stack(
            [ocs_number(axis, *np.delete(places, axis, axis=1).T) for axis in range(places.shape[1])]
        )
        numbers = np.take_along_axis(by_axis, np.maximum(graph.run - 1, 0)[:, None], axis=1)[:, 0]
        return np.where(graph.run > 0, numbers, ELECTRICAL)

    def edges_of_ocs(self, number: int) -> Counts:
        """Indices of the edges of :meth:`graph` that run through one OCS."""
        return np.flatnonzero(self.ocs_of_edges() == number)

    def blocks_of_hosts(self) -> Counts:
        """Number of the block of each accelerator, blocks counting along the first axis first."""
        sides = np.array(self.spec.shape, dtype=np.int64)
        vertices = np.arange(self.accelerators, dtype=np.int64)
        blocks = np.zeros_like(vertices)
        stride, block_stride = 1, 1
        for side in sides.tolist():
            blocks += vertices // stride % side // BLOCK_SIDE * block_stride
            stride *= side
            block_stride *= -(-side // BLOCK_SIDE)
        return blocks
