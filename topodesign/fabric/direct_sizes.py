"""Direct fabrics of a wanted size, for comparisons at equal size; where a kind has none, the nearest sizes are told."""

import math
from collections.abc import Callable

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
    for factor, shape in ((2, (1, 1, 2)), (4, (1, 2, 2))):
        n = round((accelerators / factor) ** (1 / 3))
        if n >= 2 and factor * n**3 == accelerators:
            return Torus(shape=(shape[0] * n, shape[1] * n, shape[2] * n), twist=True, link_gbps=link_gbps)

    def is_size(count: int) -> bool:
        return any(count == factor * max(2, round((count / factor) ** (1 / 3))) ** 3 for factor in (2, 4))

    raise _impossible("twisted-torus", accelerators, is_size, rule="2 n^3 or 4 n^3 with n from 2")


def reconfigurable_torus_of_size(accelerators: int, link_gbps: float) -> ReconfigurableTorus:
    """A pod of just the blocks that the slice needs, shaped as near to a cube as it can be."""
    if accelerators in INSIDE_BLOCK:
        return ReconfigurableTorus(shape=INSIDE_BLOCK[accelerators], link_gbps=link_gbps)
    most = (MAX_PORTS - SPARE_PORTS) // 2 * BLOCK
    if accelerators % BLOCK or accelerators > most:
        raise _impossible(
            "reconfigurable-torus",
            accelerators,
            lambda count: count in INSIDE_BLOCK or (count % BLOCK == 0 and count <= most),
            rule=f"a multiple of {BLOCK} up to {most:,}, or a power of two below {BLOCK}",
        )
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
        raise _impossible("hypercube", accelerators, lambda count: count & (count - 1) == 0, rule="a power of two")
    return Hypercube(dimension=accelerators.bit_length() - 1, link_gbps=link_gbps)


def hyperx_of_size(accelerators: int, link_gbps: float) -> HyperX:
    """Three axes, the factorization nearest to a cube, within the ports of a router."""

    def has_ports(count: int) -> bool:
        return sum(near_cubic_shape(count)) - 3 <= MAX_PORTS

    if not has_ports(accelerators):
        raise _impossible(
            "hyperx", accelerators, has_ports, rule=f"three factors whose sum is at most {MAX_PORTS + 3:,}"
        )
    return HyperX(shape=near_cubic_shape(accelerators), link_gbps=link_gbps)


def hammingmesh_of_size(accelerators: int, link_gbps: float) -> HammingMesh:
    """Boards of 2x2, as nearly square as they can be, radix 64."""
    on_board = math.prod(BOARD)
    longest = HammingMesh(board=BOARD, shape=(1, 1)).radix ** 2 // 4

    def fits(count: int) -> bool:
        return count % on_board == 0 and count > 0 and _near_square(count // on_board)[1] <= longest

    if not fits(accelerators):
        raise _impossible(
            "hammingmesh", accelerators, fits, rule=f"{on_board} times two factors of at most {longest:,} boards"
        )
    return HammingMesh(board=BOARD, shape=_near_square(accelerators // on_board), link_gbps=link_gbps)


def _near_square(count: int) -> tuple[int, int]:
    shorter = next(side for side in range(math.isqrt(count), 0, -1) if count % side == 0)
    return shorter, count // shorter


def _impossible(kind: str, accelerators: int, is_size: Callable[[int], bool], *, rule: str) -> InvalidInput:
    below = next((count for count in range(accelerators - 1, 0, -1) if is_size(count)), None)
    above = next((count for count in range(accelerators + 1, MAX_ACCELERATORS + 1) if is_size(count)), None)
    nearest = " or ".join(f"{count:,}" for count in (below, above) if count is not None)
    return InvalidInput(
        f"accelerators is {accelerators:,}, but a {kind} has {rule}; the nearest sizes are {nearest}",
        reason="FABRIC_SIZE_IMPOSSIBLE",
        field_path="accelerators",
        metadata={"value": str(accelerators), "kind": kind, "nearest": nearest},
    )
