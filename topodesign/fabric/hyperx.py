"""HyperX: grids whose lines are complete graphs, one link for each pair on a line. All answers are closed forms.

References
----------
J. H. Ahn, N. Binkert, A. Davis et al. (2009), "HyperX: Topology, Routing, and Packaging of Efficient Large-Scale
Networks", SC'09.
J. H. Lindsey (1964), "Assignment of Numbers to Vertices", American Mathematical Monthly 71(5): among all sets of m
vertices of a product of complete graphs, the first m in lexicographic order, the largest side counting fastest, have
the most links inside.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.checks import require
from topodesign.domain.fabric_kinds import HyperX
from topodesign.fabric.collectives_shapes import LinesShape
from topodesign.fabric.floor_plan import ACCELERATORS_PER_RACK, FLOOR_PLAN, IN_RACK_CABLE_M, straight_cable_m
from topodesign.fabric.path_products import AxisPaths, direct_path_classes
from topodesign.fabric.topology import (
    CableRun,
    Counts,
    CutLinks,
    FabricGraph,
    PairRate,
    PathClasses,
    require_graph_size,
)

MAX_GRAPH_LINKS = 10_000_000
"""Explicit graphs of more links are refused: each takes 40 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """An axis of side 2 or more: ``block`` of its places stand in one rack, in the last one perhaps fewer."""

    side: int
    block: int
    cable_m: float

    @property
    def pairs_in_rack(self) -> int:
        """Ordered pairs of different places of a line that share a rack."""
        full, rest = divmod(self.side, self.block)
        return full * self.block**2 + rest**2 - self.side

    @property
    def pairs_between_racks(self) -> int:
        return self.side * (self.side - 1) - self.pairs_in_rack


@dataclass(frozen=True)
class HyperXTopology:
    """A HyperX of accelerators as :class:`topodesign.fabric.topology.Topology`. Axes of side 1 have no links."""

    spec: HyperX

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        return "HyperX " + "x".join(str(side) for side in self.spec.shape)

    @property
    def accelerators(self) -> int:
        return math.prod(self.spec.shape)

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def injection_links(self) -> float:
        return float(self.spec.ports)

    @property
    def switch_radix(self) -> int:
        return 0

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        block = "x".join(str(side) for side in _rack_sides(self.spec.shape))
        return (FLOOR_PLAN, f"a rack holds a block of up to {block}; each accelerator has {self.spec.ports} ports")

    @cached_property
    def _axes(self) -> tuple[_Axis, ...]:
        sides = self.spec.shape
        blocks = _rack_sides(sides)
        lengths = straight_cable_m(tuple(-(-side // block) for side, block in zip(sides, blocks, strict=True)))
        return tuple(
            _Axis(side=side, block=block, cable_m=length_m)
            for side, block, length_m in zip(sides, blocks, lengths, strict=True)
            if side > 1
        )

    def cable_runs(self) -> tuple[CableRun, ...]:
        count = self.accelerators
        inside = sum(count // axis.side * axis.pairs_in_rack // 2 for axis in self._axes)
        runs = [CableRun(what="inside racks", count=inside, length_m=IN_RACK_CABLE_M)] if inside else []
        for number, axis in enumerate(self._axes, start=1):
            if axis.side > axis.block:
                between = count // axis.side * axis.pairs_between_racks // 2
                runs.append(CableRun(what=f"axis {number}, between racks", count=between, length_m=axis.cable_m))
        return tuple(runs)

    def path_classes(self) -> PathClasses:
        return direct_path_classes([_axis_paths(axis) for axis in self._axes])

    def bisection(self) -> CutLinks:
        """Exact for any sides, by Lindsey's theorem: all accelerators have equally many links."""
        falling = tuple(sorted((axis.side for axis in self._axes), reverse=True))
        half = self.accelerators // 2
        links = float(half * self.spec.ports - 2 * _links_inside(half, falling))
        return CutLinks(lower=links, upper=links, method="closed form: lexicographic halves (Lindsey 1964)")

    def alltoall(self) -> PairRate:
        """One link for each axis on which a pair differs: N / side flows on every link of an axis.

        The cut around one layer of the shortest axis carries no more.
        """
        method = "axis-by-axis routing, met by the cut around a layer of the shortest axis"
        if not self._axes:
            return PairRate(rate=0.0, method="no pairs", exact=True)
        return PairRate(rate=min(axis.side for axis in self._axes) / self.accelerators, method=method, exact=True)

    def collective_shape(self) -> LinesShape:
        return LinesShape(sides=tuple(axis.side for axis in self._axes))

    def graph(self) -> FabricGraph:
        """Vertices count along the first axis first; all links along one axis are alike."""
        count = self.accelerators
        require_graph_size(count)
        links = count * self.spec.ports // 2
        require(
            links <= MAX_GRAPH_LINKS,
            field="links",
            value=links,
            limit=f"at most {MAX_GRAPH_LINKS} for an explicit graph",
            remedy="use the closed forms, or a smaller fabric of the same family",
        )
        vertices = np.arange(count, dtype=np.int64)
        places: list[Counts] = []
        parts: list[tuple[Counts, Counts, Counts, Counts]] = []
        stride, between = 1, int(any(axis.block > 1 for axis in self._axes))
        for number, axis in enumerate(self._axes):
            place = vertices // stride % axis.side
            places.append(place)
            for apart in range(1, axis.side):
                a = vertices[place + apart < axis.side]
                leaves = place[a] // axis.block != (place[a] + apart) // axis.block
                parts.append((a, a + apart * stride, np.where(leaves, between, 0), np.full_like(a, number)))
            between += axis.side > axis.block
            stride *= axis.side
        a, z, run, orbit = (
            (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else [vertices[:0]] * 4
        )
        inside = np.ones(count, dtype=bool)
        for axis, place in zip(self._axes, places, strict=True):
            inside &= place < axis.block
        return FabricGraph.from_arrays(
            vertices=count,
            hosts=count,
            a=a,
            z=z,
            run=run,
            orbit=orbit,
            coordinates=np.column_stack(places) if places else None,
            sources=np.flatnonzero(inside) if all(axis.side % axis.block == 0 for axis in self._axes) else None,
        )


def _rack_sides(sides: tuple[int, ...]) -> tuple[int, ...]:
    """Sides of the block in one rack, the largest cube that fits; unlike rings, lines need no equal racks."""
    dimensions = sum(side > 1 for side in sides)
    longest = 1
    while dimensions and (longest + 1) ** dimensions <= ACCELERATORS_PER_RACK:
        longest += 1
    return tuple(min(side, longest) for side in sides)


def _axis_paths(axis: _Axis) -> AxisPaths:
    """The same place, another in the rack, one in another rack."""
    pairs = np.array([axis.side, axis.pairs_in_rack, axis.pairs_between_racks], dtype=np.int64)
    taken = pairs > 0
    return AxisPaths(
        pairs=pairs[taken],
        hops=np.array([0, 1, 1], dtype=np.int64)[taken],
        metres=np.array([0.0, IN_RACK_CABLE_M, axis.cable_m])[taken],
    )


def _links_inside(size: int, falling: tuple[int, ...]) -> int:
    """Links between the first ``size`` vertices, the first (largest) side counting fastest."""
    if not falling:
        return 0
    layer = math.prod(falling[:-1])
    layers, rest = divmod(size, layer)
    inside_layers = layers * _all_links(falling[:-1]) + _links_inside(rest, falling[:-1])
    return inside_layers + layers * (layers - 1) // 2 * layer + layers * rest


def _all_links(sides: tuple[int, ...]) -> int:
    return math.prod(sides) * sum(side - 1 for side in sides) // 2
