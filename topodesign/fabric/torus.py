"""Tori and meshes of accelerators: any sides, each axis wrapped or not. All answers are closed forms."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.fabric import Torus
from topodesign.fabric.collectives_shapes import GridShape, RingAxis
from topodesign.fabric.floor_plan import FLOOR_PLAN, IN_RACK_CABLE_M, block_sides, torus_cable_m
from topodesign.fabric.path_products import AxisPaths, direct_path_classes
from topodesign.fabric.searched_cuts import enumerated
from topodesign.fabric.topology import (
    CableRun,
    Counts,
    CutLinks,
    FabricGraph,
    Lengths,
    PairRate,
    PathClasses,
    PathFactor,
    require_graph_size,
)
from topodesign.fabric.torus_cuts import GridAxis, grid_alltoall, grid_bisection

INSIDE_RACKS = "inside racks"


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of side 2 or more with its share of a rack."""

    side: int
    is_ring: bool
    block: int
    cable_m: float
    wrap_leaves_rack: bool

    @property
    def links_per_line(self) -> int:
        return self.side if self.is_ring else self.side - 1

    @property
    def rack_crossings_per_line(self) -> int:
        return self.side // self.block - 1 + (self.is_ring and self.wrap_leaves_rack)


@dataclass(frozen=True)
class TorusTopology:
    """A torus or mesh as :class:`topodesign.fabric.topology.Topology`.

    A wrapped axis of side 3 or more is a ring. One of side 2 is a ring of two links (``two_wide="double"``) or, like an
    axis without wrap, a path (``"single"``). Axes of side 1 have no links.

    Parameters
    ----------
    spec : Torus
        Not twisted; :mod:`topodesign.fabric.twisted_torus` has those.
    switched_cable_m : float, optional
        Length in metres of every cable between racks, and of every wrap, where they all run through optical circuit
        switches; default: cables run directly.
    """

    spec: Torus
    switched_cable_m: float | None = None

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        shape = "x".join(str(side) for side in self.spec.shape)
        rings = [axis.is_ring for axis in self._axes]
        if all(rings):
            return f"torus {shape}"
        if not any(rings):
            return f"mesh {shape}"
        wrapped = ",".join("1" if wraps else "0" for wraps in self.spec.wraps)
        return f"torus {shape} (wrap {wrapped}, two-wide {self.spec.two_wide})"

    @property
    def accelerators(self) -> int:
        return math.prod(self.spec.shape)

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def injection_links(self) -> float:
        return 2 * sum(axis.links_per_line / axis.side for axis in self._axes)

    @property
    def switch_radix(self) -> int:
        return 0

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        block = "x".join(str(side) for side in block_sides(self.spec.shape))
        return (
            FLOOR_PLAN,
            f"a rack holds a block of {block}; wrapped axes are folded, so that cables span two racks at most",
            "cables run directly between accelerators, without optical circuit switches",
        )

    @cached_property
    def _axes(self) -> tuple[_Axis, ...]:
        sides = self.spec.shape
        rings = tuple(
            wraps and (side > 2 or (side == 2 and self.spec.two_wide == "double"))
            for side, wraps in zip(sides, self.spec.wraps, strict=True)
        )
        blocks = block_sides(sides)
        racks = tuple(side // block for side, block in zip(sides, blocks, strict=True))
        lengths = torus_cable_m(racks, rings)
        if self.switched_cable_m is not None:
            lengths = tuple(self.switched_cable_m for _ in sides)
        return tuple(
            _Axis(side, ring, block, length, side > block or self.switched_cable_m is not None)
            for side, ring, block, length in zip(sides, rings, blocks, lengths, strict=True)
            if side > 1
        )

    @cached_property
    def _grid(self) -> tuple[GridAxis, ...]:
        return tuple(GridAxis(side=axis.side, weight=2 if axis.is_ring else 1) for axis in self._axes)

    def cable_runs(self) -> tuple[CableRun, ...]:
        inside = 0
        between = []
        for number, axis in enumerate(self._axes, start=1):
            lines = self.accelerators // axis.side
            crossing = lines * axis.rack_crossings_per_line
            inside += lines * axis.links_per_line - crossing
            if crossing:
                between.append(CableRun(what=f"axis {number}, between racks", count=crossing, length_m=axis.cable_m))
        runs = [CableRun(what=INSIDE_RACKS, count=inside, length_m=IN_RACK_CABLE_M)] if inside else []
        return (*runs, *between)

    def path_classes(self) -> PathClasses:
        classes = [_axis_paths(axis) for axis in self._axes]
        return direct_path_classes(
            [AxisPaths(pairs=pairs, hops=hops, metres=metres) for pairs, hops, metres in classes]
        )

    def bisection(self) -> CutLinks:
        return self._bisection

    @cached_property
    def _bisection(self) -> CutLinks:
        """Closed forms; small tori of which some axes are open are enumerated where that leaves an interval."""
        return enumerated(grid_bisection(self._grid), self.graph, vertices=self.accelerators)

    def alltoall(self) -> PairRate:
        return grid_alltoall(self._grid)

    def collective_shape(self) -> GridShape:
        return GridShape(axes=tuple(RingAxis(side=axis.side, is_ring=axis.is_ring) for axis in self._axes))

    def path_factors(self) -> tuple[PathFactor, ...]:
        """One factor for each axis: dimension-ordered routing takes the axes one after another.

        The busiest link of an axis of side k carries floor(k/2) ceil(k/2) / k flows times the number of accelerators,
        half of that on a ring, which has two ways through its middle.
        """
        factors = []
        for axis in self._axes:
            pairs, hops, metres = _axis_paths(axis)
            ways = 2 if axis.is_ring else 1
            load = (axis.side // 2) * (axis.side - axis.side // 2) / (ways * axis.side)
            factors.append(PathFactor(pairs=pairs, direct_hops=hops, metres=metres, load=load))
        return tuple(factors)

    def graph(self) -> FabricGraph:
        """Vertices count along the first axis first. A pristine torus without open axes is a Cayley graph."""
        require_graph_size(self.accelerators)
        vertices = np.arange(self.accelerators, dtype=np.int64)
        ends: list[tuple[Counts, Counts]] = []
        runs: list[Counts] = []
        places: list[Counts] = []
        stride, between = 1, 1 if self._has_links_inside else 0
        for axis in self._axes:
            place = vertices // stride % axis.side
            following = np.where(place + 1 < axis.side, vertices + stride, vertices - place * stride)
            taken = (place + 1 < axis.side) | axis.is_ring
            leaves = ((place + 1) % axis.block == 0) & ((place + 1 < axis.side) | axis.wrap_leaves_rack)
            crosses = leaves[taken]
            ends.append((vertices[taken], following[taken]))
            runs.append(np.where(crosses, between, 0))
            places.append(place)
            between += axis.rack_crossings_per_line > 0
            stride *= axis.side
        sizes = [len(run) for run in runs]
        is_cayley = all(axis.is_ring or axis.side == 2 for axis in self._axes)
        return FabricGraph.from_arrays(
            vertices=self.accelerators,
            hosts=self.accelerators,
            a=_joined([a for a, _ in ends]),
            z=_joined([z for _, z in ends]),
            run=_joined(runs),
            coordinates=np.column_stack(places) if places else None,
            orbit=np.repeat(np.arange(len(sizes)), sizes) if is_cayley else None,
            sources=self._rack_of_sources(places) if is_cayley else None,
        )

    @property
    def _has_links_inside(self) -> bool:
        return any(run.what == INSIDE_RACKS for run in self.cable_runs())

    def _rack_of_sources(self, places: list[Counts]) -> Counts:
        """One rack: shifting by whole racks keeps every cable length."""
        inside = np.ones(self.accelerators, dtype=bool)
        for axis, place in zip(self._axes, places, strict=True):
            inside &= place < axis.block
        return np.flatnonzero(inside)


def _joined(parts: list[Counts]) -> Counts:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _axis_paths(axis: _Axis) -> tuple[Counts, Counts, Lengths]:
    """Ordered pairs of coordinates along one axis (equal ones too), by distance and by number of cables between racks.

    From a coordinate x, d steps change floor(d / block) racks, and one more when x mod block + d mod block >= block.
    Half way around a ring both ways are as many links; the one of fewer cables between racks is taken.
    """
    side, block = axis.side, axis.block
    distance = np.arange(side // 2 + 1 if axis.is_ring else side, dtype=np.int64)
    starts = np.full_like(distance, side) if axis.is_ring else side - distance
    turns = np.where(distance == 0, 1, 2)
    opposite = np.zeros(0, dtype=np.int64)
    if axis.is_ring and side % 2 == 0:
        distance, starts, turns = distance[:-1], starts[:-1], turns[:-1]
        place = np.arange(block, dtype=np.int64)
        opposite = np.minimum(place + side // 2, block - 1 - place + side // 2) // block
    rest = distance % block
    one_more = starts // block * rest + np.maximum(0, starts % block - (block - rest))
    crossed = distance // block
    pairs = np.concatenate([(starts - one_more) * turns, one_more * turns, np.full(len(opposite), side // block)])
    hops = np.concatenate([distance, distance, np.full(len(opposite), side // 2)])
    crossings = np.concatenate([crossed, crossed + 1, opposite])
    if block == side and not axis.wrap_leaves_rack:
        crossings = np.zeros_like(hops)
    metres = crossings * axis.cable_m + (hops - crossings) * IN_RACK_CABLE_M
    taken = pairs > 0
    return pairs[taken], hops[taken], metres[taken]
