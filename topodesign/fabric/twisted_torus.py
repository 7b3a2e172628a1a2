"""Twisted tori n x n x 2n and n x 2n x 2n: all answers are closed forms.

Both are the integer lattice modulo a sublattice that every permutation and every change of sign of the coordinates maps
onto itself: the face-centered cubic one, scaled by n, and the body-centered cubic one. So accelerators look alike and
links too, which gives the all-to-all exactly.

References
----------
N. Jouppi, G. Kurian, S. Li et al. (2023), "TPU v4: An Optically Reconfigurable Supercomputer for Machine Learning with
Hardware Support for Embeddings", ISCA 2023, section 2.8: which wraps are twisted.
J. M. Camara, M. Moreto, E. Vallejo et al. (2010), "Twisted Torus Topologies for Enhanced Interconnection Networks",
IEEE TPDS 21(12).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from topodesign.domain.fabric import Torus
from topodesign.domain.fabric_kinds import require_twistable
from topodesign.fabric.collectives_shapes import GridShape, RingAxis
from topodesign.fabric.floor_plan import (
    ACCELERATORS_PER_RACK,
    FLOOR_PLAN,
    IN_RACK_CABLE_M,
    block_sides,
    twisted_cable_m,
)
from topodesign.fabric.path_products import MILLIMETRES
from topodesign.fabric.searched_cuts import narrowed
from topodesign.fabric.topology import (
    CableRun,
    Counts,
    CutLinks,
    FabricGraph,
    PairRate,
    PathClasses,
    require_graph_size,
)
from topodesign.fabric.torus import INSIDE_RACKS
from topodesign.fabric.twisted_cuts import twisted_bisection
from topodesign.fabric.twisted_paths import HOP_KEY, nearest_keys, shifted_keys, twisting_keys


@dataclass(frozen=True)
class TwistedTorusTopology:
    """A twisted torus as :class:`topodesign.fabric.topology.Topology`.

    Parameters
    ----------
    spec : Torus
        With ``twist``.
    switched_cable_m : float, optional
        Length in metres of every cable between blocks of 4x4x4 and of every wrap, where they run through optical
        circuit switches; default: cables run directly.
    """

    spec: Torus
    switched_cable_m: float | None = None

    @property
    def kind(self) -> str:
        return self.spec.kind

    @property
    def name(self) -> str:
        return "twisted torus " + "x".join(str(side) for side in self.spec.shape)

    @property
    def accelerators(self) -> int:
        return math.prod(self.spec.shape)

    @property
    def link_gbps(self) -> float:
        return self.spec.link_gbps

    @property
    def injection_links(self) -> float:
        return 6.0

    @property
    def switch_radix(self) -> int:
        return 0

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return ()

    @property
    def assumptions(self) -> tuple[str, ...]:
        block = "x".join(str(side) for side in self._block)
        return (
            FLOOR_PLAN,
            f"a rack holds a block of {block}; axes that wraps shift are folded twice: twisted wraps stay short",
            "cables run directly between accelerators, without optical circuit switches",
        )

    @cached_property
    def _unit(self) -> int:
        return require_twistable(self.spec.shape)

    @cached_property
    def _is_twisting(self) -> tuple[bool, ...]:
        """Of each axis, whether its wrap shifts the others (the short ones), or it is shifted (the long ones)."""
        return tuple(side == self._unit for side in self.spec.shape)

    @cached_property
    def _is_in_one_rack(self) -> bool:
        return self.switched_cable_m is None and self.accelerators <= ACCELERATORS_PER_RACK

    @cached_property
    def _block(self) -> tuple[int, ...]:
        """Sides of a rack; each divides n, so that shifts by n are shifts by whole racks."""
        return self.spec.shape if self._is_in_one_rack else block_sides((self._unit,) * 3)

    @cached_property
    def _cable_m(self) -> tuple[float, ...]:
        """Cable between racks along each axis."""
        if self._is_in_one_rack:
            return (IN_RACK_CABLE_M,) * 3
        if self.switched_cable_m is not None:
            return (self.switched_cable_m,) * 3
        racks = tuple(side // block for side, block in zip(self.spec.shape, self._block, strict=True))
        return twisted_cable_m(racks, self._is_twisting)

    def cable_runs(self) -> tuple[CableRun, ...]:
        count = self.accelerators
        if self._is_in_one_rack:
            return (CableRun(what=INSIDE_RACKS, count=3 * count, length_m=IN_RACK_CABLE_M),)
        crossing = [count // block for block in self._block]
        inside = 3 * count - sum(crossing)
        runs = [CableRun(what=INSIDE_RACKS, count=inside, length_m=IN_RACK_CABLE_M)] if inside else []
        for axis, (number, length_m) in enumerate(zip(crossing, self._cable_m, strict=True), start=1):
            runs.append(CableRun(what=f"axis {axis}, between racks", count=number, length_m=length_m))
        return tuple(runs)

    @cached_property
    def _paths(self) -> PathClasses:
        """Every displacement by its nearest representative: each twisting axis is wrapped or not.

        Other representatives are longer: one more turn around a twisting axis adds links there, and two turns shift
        nothing, since the shifted axes have side 2n.
        """
        axes = [
            twisting_keys(side, block, length_m, leaves=not self._is_in_one_rack)
            if twists
            else shifted_keys(side, block, length_m, leaves=not self._is_in_one_rack)
            for side, block, length_m, twists in zip(
                self.spec.shape, self._block, self._cable_m, self._is_twisting, strict=True
            )
        ]
        keys, pairs = nearest_keys(axes, self._is_twisting)
        apart = keys > 0
        keys, pairs = keys[apart], pairs[apart]
        hops = keys // HOP_KEY
        return PathClasses(
            pairs=pairs,
            hops=hops,
            switches=np.zeros_like(hops),
            direct_hops=hops,
            metres=keys % HOP_KEY / MILLIMETRES,
        )

    def path_classes(self) -> PathClasses:
        return self._paths

    def bisection(self) -> CutLinks:
        return self._bisection

    @cached_property
    def _bisection(self) -> CutLinks:
        """Exact on n x n x 2n of even n; small ones of the others are searched too."""
        known = twisted_bisection(self._unit, is_face_centered=sum(self._is_twisting) == 2)
        return narrowed(known, self.graph, vertices=self.accelerators, pair_rate=self.alltoall().rate)

    def alltoall(self) -> PairRate:
        """As many links as the flows need, 6 for each accelerator over the distances to all others.

        No routing needs less; and the mean of a shortest routing over all symmetries, which take every link in either
        direction to every other, loads all links alike.
        """
        distances = int((self._paths.pairs * self._paths.hops).sum()) // self.accelerators
        return PairRate(
            rate=6 / distances,
            method="shortest paths spread over all symmetries load all links alike, met by the count of links",
            exact=True,
        )

    def collective_shape(self) -> GridShape:
        """Three grids at once, each beginning along another axis, whose lines are rings of 2n.

        What is left then shrinks by 2n. On n x 2n x 2n another axis closes as rings of 2n; the others are used as paths
        of n, since beyond n they come back shifted along the first.
        """
        n = self._unit
        is_face_centered = sum(self._is_twisting) == 2
        axes = (
            RingAxis(side=2 * n, is_ring=True),
            RingAxis(side=n if is_face_centered else 2 * n, is_ring=not is_face_centered),
            RingAxis(side=n, is_ring=False),
        )
        return GridShape(axes=axes, rotations=3)

    def graph(self) -> FabricGraph:
        """Vertices count along the first axis first. Every link is like every other one."""
        require_graph_size(self.accelerators)
        shape = self.spec.shape
        strides = (1, shape[0], shape[0] * shape[1])
        vertices = np.arange(self.accelerators, dtype=np.int64)
        places = [vertices // stride % side for stride, side in zip(strides, shape, strict=True)]
        has_inside = self.cable_runs()[0].what == INSIDE_RACKS
        heads: list[Counts] = []
        runs: list[Counts] = []
        for axis, side in enumerate(shape):
            wraps = places[axis] == side - 1
            ends = [np.where(wraps, 0, place + 1) if at == axis else place for at, place in enumerate(places)]
            if self._is_twisting[axis]:
                ends = [
                    end if twists else np.where(wraps, (end + self._unit) % other, end)
                    for end, twists, other in zip(ends, self._is_twisting, shape, strict=True)
                ]
            heads.append(
                sum((end * stride for end, stride in zip(ends, strides, strict=True)), np.zeros_like(vertices))
            )
            leaves = ((places[axis] + 1) % self._block[axis] == 0) & (not self._is_in_one_rack)
            runs.append(np.where(leaves, axis + has_inside, 0))
        inside = np.ones(self.accelerators, dtype=bool)
        for place, block in zip(places, self._block, strict=True):
            inside &= place < block
        return FabricGraph.from_arrays(
            vertices=self.accelerators,
            hosts=self.accelerators,
            a=np.tile(vertices, 3),
            z=np.concatenate(heads),
            run=np.concatenate(runs),
            coordinates=np.column_stack(places),
            orbit=np.zeros(3 * self.accelerators, dtype=np.int64),
            sources=np.flatnonzero(inside),
        )
