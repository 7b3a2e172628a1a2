"""Hypercubes: all answers are closed forms, those of a torus of sides 2 with single links."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.fabric_kinds import Hypercube
from topodesign.fabric.collectives_shapes import GridShape, RingAxis
from topodesign.fabric.floor_plan import ACCELERATORS_PER_RACK, FLOOR_PLAN, IN_RACK_CABLE_M, straight_cable_m
from topodesign.fabric.path_products import AxisPaths, direct_path_classes
from topodesign.fabric.topology import (
    CableRun,
    CutLinks,
    FabricGraph,
    PairRate,
    PathClasses,
    require_graph_size,
)
from topodesign.fabric.torus_cuts import GridAxis, grid_alltoall

RACK_DIMENSIONS = ACCELERATORS_PER_RACK.bit_length() - 1


@dataclass(frozen=True)
class HypercubeTopology:
    """A hypercube as :class:`topodesign.fabric.topology.Topology`. The lowest bits count within a rack."""

    spec: Hypercube

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        return f"hypercube of dimension {self.spec.dimension}"

    @property
    def accelerators(self) -> int:
        return int(2**self.spec.dimension)

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def injection_links(self) -> float:
        return float(self.spec.dimension)

    @property
    def switch_radix(self) -> int:
        return 0

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (
            FLOOR_PLAN,
            f"a rack holds a hypercube of dimension {self._inside}; each accelerator has {self.spec.dimension} ports",
        )

    @property
    def _inside(self) -> int:
        return min(self.spec.dimension, RACK_DIMENSIONS)

    @cached_property
    def _cable_m(self) -> tuple[float, ...]:
        """Cable along each dimension: racks stand on the corners of a grid of sides 2, dimension by dimension."""
        return (IN_RACK_CABLE_M,) * self._inside + straight_cable_m((2,) * (self.spec.dimension - self._inside))

    def cable_runs(self) -> tuple[CableRun, ...]:
        half = self.accelerators // 2
        runs = []
        if self._inside:
            runs.append(CableRun(what="inside racks", count=half * self._inside, length_m=IN_RACK_CABLE_M))
        for dimension in range(self._inside, self.spec.dimension):
            what = f"dimension {dimension + 1}, between racks"
            runs.append(CableRun(what=what, count=half, length_m=self._cable_m[dimension]))
        return tuple(runs)

    def path_classes(self) -> PathClasses:
        pairs, hops = np.array([2, 2], dtype=np.int64), np.array([0, 1], dtype=np.int64)
        return direct_path_classes(
            [AxisPaths(pairs=pairs, hops=hops, metres=np.array([0.0, length_m])) for length_m in self._cable_m]
        )

    def bisection(self) -> CutLinks:
        links = float(self.accelerators // 2)
        return CutLinks(lower=links, upper=links, method="closed form of the hypercube, N/2 (Harper 1964)")

    def alltoall(self) -> PairRate:
        return grid_alltoall((GridAxis(side=2, weight=1),) * self.spec.dimension)

    def collective_shape(self) -> GridShape:
        """Halving and doubling along all dimensions at once, each chunk beginning with another, or one by one."""
        return GridShape(axes=(RingAxis(side=2, is_ring=False),) * self.spec.dimension)

    def graph(self) -> FabricGraph:
        """Every link is like every other one."""
        require_graph_size(self.accelerators)
        vertices = np.arange(self.accelerators, dtype=np.int64)
        dimensions = np.arange(self.spec.dimension, dtype=np.int64)
        ends = vertices[:, None] ^ (1 << dimensions)[None, :]
        runs = np.maximum(0, dimensions - self._inside + 1) if self._inside else dimensions
        taken = ends > vertices[:, None]
        a = np.broadcast_to(vertices[:, None], ends.shape)[taken]
        return FabricGraph.from_arrays(
            vertices=self.accelerators,
            hosts=self.accelerators,
            a=a,
            z=ends[taken],
            run=np.broadcast_to(runs[None, :], ends.shape)[taken],
            coordinates=vertices[:, None] >> dimensions[None, :] & 1,
            orbit=np.zeros(len(a), dtype=np.int64),
            sources=vertices[: 2**self._inside],
        )
