"""Direct fabrics of a wanted size, for comparisons at equal size; where a kind has none, the nearest sizes are told."""

import math
from collections.abc import Callable, Iterable, Iterator

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Torus
from topodesign.domain.fabric_kinds import BLOCK_SIDE, MAX_PORTS, HammingMesh, Hypercube, HyperX, ReconfigurableTorus
from topodesign.domain.fabric_limits import MAX_ACCELERATORS
from topodesign.fabric.shapes import near_cubic_shape

BLOCK = BLOCK_SIDE**3
BOARD = (2, 2)
"""Accelerators of a board of the HammingMesh that is compared: Hx2Mesh."""
INSIDE_BLOCK = {1: (1, 1, 1), 2: (1, 1, 2), 4: (1, 2, 2), 8: (2, 2, 2), 16: (2, 2, 4), 32: (2, 4, 4)}
USABLE_PORTS = 128
"""Usable ports of the OCS of TPU v4; doubled until all blocks of the pod find two."""
SPARE_PORTS = 8


def twisted_torus_of_size(accelerators: int, link_gbps: float) -> Torus:
    """n x n x 2n or n x 2n x 2n: 2 n^3 or 4 n^3 accelerators, n from 2."""
    shapes = {}
    for n in range(2, 1 + round((MAX_ACCELERATORS / 2) ** (1 / 3))):
        shapes[2 * n**3] = (n, n, 2 * n)
        shapes[4 * n**3] = (n, 2 * n, 2 * n)
    if accelerators not in shapes:
        sizes = (size for size in shapes if size <= MAX_ACCELERATORS)
        raise _impossible("twisted-torus", accelerators, sizes, rule="2 n^3 or 4 n^3 with n from 2")
    return Torus(shape=shapes[accelerators], twist=True, link_gbps=link_gbps)


def reconfigurable_torus_of_size(accelerators: int, link_gbps: float) -> ReconfigurableTorus:
    """A pod of just the blocks that the slice needs, shaped as near to a cube as it can be."""
    if accelerators in INSIDE_BLOCK:
        return ReconfigurableTorus(shape=INSIDE_BLOCK[accelerators], link_gbps=link_gbps)
    most = (MAX_PORTS - SPARE_PORTS) // 2 * BLOCK
    if accelerators % BLOCK or accelerators > most:
        whole = accelerators // BLOCK * BLOCK
        sizes = (*INSIDE_BLOCK, *(size for size in (whole, whole + BLOCK, most) if BLOCK <= size <= most))
        rule = f"a multiple of {BLOCK} up to {most:,}, or a power of two below {BLOCK}"
        raise _impossible("reconfigurable-torus", accelerators, sizes, rule=rule)
    blocks = accelerators // BLOCK
    usable = USABLE_PORTS
    while usable < 2 * blocks:
        usable = min(2 * usable, MAX_PORTS - SPARE_PORTS)
    a, b, c = near_cubic_shape(blocks)
    return ReconfigurableTorus(
        shape=(a * BLOCK_SIDE, b * BLOCK_SIDE, c * BLOCK_SIDE),
        pod_blocks=blocks,
        ocs_ports=usable + SPARE_PORTS,
        spare_ports=SPARE_PORTS,
        link_gbps=link_gbps,
    )


def hypercube_of_size(accelerators: int, link_gbps: float) -> Hypercube:
    """Powers of two only."""
    if accelerators & (accelerators - 1):
        sizes = (2**dimension for dimension in range(MAX_ACCELERATORS.bit_length()))
        raise _impossible("hypercube", accelerators, sizes, rule="a power of two")
    return Hypercube(dimension=accelerators.bit_length() - 1, link_gbps=link_gbps)


def hyperx_of_size(accelerators: int, link_gbps: float) -> HyperX:
    """Three axes, the factorization nearest to a cube, within the ports of a router."""

    def has_ports(count: int) -> bool:
        return sum(near_cubic_shape(count)) - 3 <= MAX_PORTS

    if not has_ports(accelerators):
        rule = f"three factors whose sum is at most {MAX_PORTS + 3:,}"
        raise _impossible("hyperx", accelerators, _around(accelerators, has_ports), rule=rule)
    return HyperX(shape=near_cubic_shape(accelerators), link_gbps=link_gbps)


def hammingmesh_of_size(accelerators: int, link_gbps: float) -> HammingMesh:
    """Boards of 2x2, as nearly square as they can be, radix 64."""
    on_board = math.prod(BOARD)
    longest = HammingMesh(board=BOARD, shape=(1, 1)).radix ** 2 // 4

    def fits(count: int) -> bool:
        return count % on_board == 0 and _near_square(count // on_board)[1] <= longest

    if not fits(accelerators):
        rule = f"{on_board} times two factors of at most {longest:,} boards"
        raise _impossible("hammingmesh", accelerators, _around(accelerators, fits), rule=rule)
    return HammingMesh(board=BOARD, shape=_near_square(accelerators // on_board), link_gbps=link_gbps)


def _near_square(count: int) -> tuple[int, int]:
    shorter = next(side for side in range(math.isqrt(count), 0, -1) if count % side == 0)
    return shorter, count // shorter


def _around(accelerators: int, is_size: Callable[[int], bool]) -> Iterator[int]:
    """The next sizes below and above."""
    below = next((count for count in range(accelerators - 1, 0, -1) if is_size(count)), None)
    above = next((count for count in range(accelerators + 1, MAX_ACCELERATORS + 1) if is_size(count)), None)
    return (size for size in (below, above) if size is not None)


def _impossible(kind: str, accelerators: int, sizes: Iterable[int], *, rule: str) -> InvalidInput:
    """The error that names the nearest of the sizes, below and above."""
    known = sorted(sizes)
    below = [size for size in known if size < accelerators][-1:]
    above = [size for size in known if size > accelerators][:1]
    nearest = " or ".join(f"{size:,}" for size in below + above)
    return InvalidInput(
        f"accelerators is {accelerators:,}, but a fabric of kind {kind!r} has {rule}; the nearest sizes are {nearest}",
        reason="FABRIC_SIZE_IMPOSSIBLE",
        field_path="accelerators",
        metadata={
            "value": str(accelerators),
            "kind": kind,
            "nearest": ",".join(str(size) for size in below + above),
        },
    )
