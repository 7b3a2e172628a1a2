"""Direct fabrics beside tori and meshes: what is asked of a reconfigurable torus, hypercube, HyperX and HammingMesh."""

import math
from dataclasses import dataclass

from topodesign.domain.checks import require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_limits import MAX_ACCELERATORS, require_count, require_link_rate, require_sides

MAX_PORTS = 4096
"""Most ports of one switch, or of the router of one accelerator."""
BLOCK_SIDE = 4
"""Accelerators along each side of a block of a reconfigurable torus (Jouppi et al., ISCA 2023, section 2)."""
MOST_BOARD_SIDE = 64
"""Accelerators of a board; a board stands in one rack."""


def twist_unit(shape: tuple[int, ...]) -> int | None:
    """The n of a shape n x n x 2n or n x 2n x 2n in any order, n at least 2, that can be twisted; else ``None``."""
    if len(shape) != 3:
        return None
    short, middle, long = sorted(shape)
    return short if short >= 2 and long == 2 * short and middle in (short, long) else None


def require_twistable(shape: tuple[int, ...]) -> int:
    """The n of a shape that can be twisted; any other is refused."""
    unit = twist_unit(shape)
    if unit is None:
        raise InvalidInput(
            f"twist is set on sides {shape!r}, but only n x n x 2n and n x 2n x 2n with n from 2 can be twisted; "
            "give sides such as 4x4x8 or 4x8x8, or leave twist out",
            reason="FABRIC_NOT_TWISTABLE",
            field_path="twist",
            metadata={"value": repr(shape)},
        )
    return unit


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconfigurableTorus:
    """A slice of a pod whose blocks of 4x4x4 accelerators are joined by optical circuit switches (OCS).

    Attributes
    ----------
    shape : tuple of int
        Three sides of the slice, accelerators. All multiples of 4: a torus of whole blocks. All 1, 2 or 4 and less than
        a block: a mesh inside a block, without optical links.
    twist : bool
        Whether wraps are twisted: on n x n x 2n and n x 2n x 2n only.
    pod_blocks : int
        Blocks of the pod, all of which are wired to every OCS. 64: a TPU v4 pod.
    ocs_ports, spare_ports : int
        Ports of an OCS, and those of them that are kept for repair: 136 and 8 in TPU v4. A block takes two.
    link_gbps : float
        Rate of one link, one direction, Gbit/s.
    """

    shape: tuple[int, ...]
    twist: bool = False
    pod_blocks: int = 64
    ocs_ports: int = 136
    spare_ports: int = 8
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        require_sides(self.shape, field="shape", axes=3, at_most=MAX_ACCELERATORS)
        is_whole = all(side % BLOCK_SIDE == 0 for side in self.shape)
        require(
            is_whole or all(side in (1, 2, 4) for side in self.shape),
            field="shape",
            value=self.shape,
            limit="multiples of 4, or sides of 1, 2 and 4 inside one block",
            remedy="round every side up to a multiple of 4",
        )
        if self.twist:
            require_twistable(self.shape)
            require(
                is_whole,
                field="twist",
                value=self.shape,
                limit="set only on whole blocks, since wraps run through optical circuit switches",
                remedy="give multiples of 4, or leave twist out",
            )
        self._check_plant()
        require_link_rate(self.link_gbps)

    def _check_plant(self) -> None:
        require_count(self.ocs_ports, field="ocs_ports", at_least=2, at_most=MAX_PORTS)
        require_count(self.spare_ports, field="spare_ports", at_least=0, at_most=self.ocs_ports - 2)
        most = (self.ocs_ports - self.spare_ports) // 2
        require_count(
            self.pod_blocks,
            field="pod_blocks",
            at_least=1,
            at_most=most,
            remedy=f"two of the {self.ocs_ports - self.spare_ports} usable ports go to each block: "
            "give fewer blocks, or ocs_ports of larger switches",
        )
        require_number(
            self.blocks,
            field="shape (blocks of 4x4x4)",
            at_most=self.pod_blocks,
            remedy="give a smaller slice, or pod_blocks of a larger pod",
        )

    @property
    def kind(self) -> str:
        return "reconfigurable-torus"

    @property
    def is_inside_block(self) -> bool:
        """Whether the slice is less than a block: a mesh."""
        return math.prod(self.shape) < BLOCK_SIDE**3

    @property
    def blocks(self) -> int:
        """Blocks that the slice takes up, the last one perhaps not whole."""
        return -(-math.prod(self.shape) // BLOCK_SIDE**3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypercube:
    """2^dimension accelerators; two are joined when their numbers differ in one bit."""

    dimension: int
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        most = MAX_ACCELERATORS.bit_length() - 1
        require_count(
            self.dimension,
            field="dimension",
            at_least=0,
            at_most=most,
            remedy=f"2^{most} is the largest hypercube of at most {MAX_ACCELERATORS:,} accelerators",
        )
        require_link_rate(self.link_gbps)

    @property
    def kind(self) -> str:
        return "hypercube"


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperX:
    """Accelerators on a grid of any sides; all that share a line along an axis are joined with each other.

    One link for each pair, driven by the accelerators' own routers of sum(side - 1) ports.
    """

    shape: tuple[int, ...]
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        require_sides(self.shape, field="shape", at_most=MAX_ACCELERATORS)
        require_number(
            self.ports,
            field="shape (ports of an accelerator, sides less 1 added up)",
            at_most=MAX_PORTS,
            remedy="give more and shorter sides",
        )
        require_link_rate(self.link_gbps)

    @property
    def kind(self) -> str:
        return "hyperx"

    @property
    def ports(self) -> int:
        """Links of each accelerator."""
        return sum(side - 1 for side in self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class HammingMesh:
    """Boards of accelerators in a mesh, joined along rows and columns of boards by packet switches.

    Attributes
    ----------
    board : tuple of int
        Accelerators along and across a board; those next to each other are joined by traces. At most 64, one rack.
    shape : tuple of int
        Boards along and across. Every line of accelerators has a network of its own, to which each board of the line
        leads two ports, one from each edge: one switch, or a 2-level tree of them.
    radix : int
        Ports of a switch, a multiple of 4.
    planes : int
        Parallel copies of all links and switches.
    link_gbps : float
        Rate of one link, one direction, Gbit/s.

    References
    ----------
    T. Hoefler, T. Bonato, D. De Sensi et al. (2022), "HammingMesh: A Network Topology for Large-Scale Deep Learning",
    SC'22.
    """

    board: tuple[int, ...]
    shape: tuple[int, ...]
    radix: int = 64
    planes: int = 1
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        require_sides(self.board, field="board", axes=2, at_most=MOST_BOARD_SIDE)
        require_sides(self.shape, field="shape", axes=2, at_most=MAX_ACCELERATORS)
        require_number(
            math.prod(self.board) * math.prod(self.shape),
            field="board x shape (accelerators)",
            at_most=MAX_ACCELERATORS,
        )
        require_count(self.radix, field="radix", at_least=4, at_most=MAX_PORTS)
        require(
            self.radix % 4 == 0,
            field="radix",
            value=self.radix,
            limit="a multiple of 4 (half of a leaf's ports face down, two to a board)",
            remedy="use the next multiple of 4",
        )
        for side in self.shape:
            require_number(
                side,
                field="shape",
                at_most=self.radix**2 // 4,
                remedy=f"a 2-level tree of radix {self.radix} joins no more boards: "
                "give shorter sides, larger boards or a larger radix",
            )
        require_count(self.planes, field="planes", at_least=1, at_most=64)
        require_link_rate(self.link_gbps)

    @property
    def kind(self) -> str:
        return "hammingmesh"
