"""The families of fabrics: which class answers for which spec, and fabrics of a wanted size."""

import math
from collections.abc import Callable
from typing import assert_never

from topodesign.domain.checks import require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import MAX_ACCELERATORS, Clos, FabricSpec, Torus
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.topology import Topology
from topodesign.fabric.torus import TorusTopology
from topodesign.fabric.twisted_torus import TwistedTorusTopology

SMALLEST_RADIX = 64
"""Ports of current switches at full speed; doubled until three tiers hold the fabric."""


def topology_of(spec: FabricSpec) -> Topology:
    """The topology that a spec describes."""
    match spec:
        case Torus(twist=True):
            return TwistedTorusTopology(spec)
        case Torus():
            return TorusTopology(spec)
        case Clos():
            return ClosTopology(spec)
        case _:
            assert_never(spec)


def fabric_of_size(kind: str, accelerators: int, *, link_gbps: float = 400.0) -> FabricSpec:
    """A fabric of a kind with exactly so many accelerators, for comparisons at equal size.

    Parameters
    ----------
    kind : str
        ``"torus"``: three dimensions, the factorization nearest to a cube, all axes wrapped. A number without such
        factors gives a flat or even one-dimensional torus. ``"clos"``: non-blocking, one plane, radix 64 or the least
        doubling of it of which three tiers hold the accelerators.
    accelerators : int
        1 to 10 million.
    link_gbps : float
        Rate of one link, one direction.

    Raises
    ------
    InvalidInput
        For an unknown kind (``FABRIC_KIND_UNKNOWN``) or a number out of range.
    """
    maker = _MAKERS.get(kind)
    if maker is None:
        raise InvalidInput(
            f"fabric kind is {kind!r}, but it must be one of {', '.join(fabric_kinds())}; choose one of these",
            reason="FABRIC_KIND_UNKNOWN",
            field_path="kind",
            metadata={"value": kind, "limit": ", ".join(fabric_kinds())},
        )
    require_number(accelerators, field="accelerators", at_least=1, at_most=MAX_ACCELERATORS)
    if accelerators != int(accelerators):
        raise InvalidInput(
            f"accelerators is {accelerators!r}, but it must be a whole number; round it", field_path="accelerators"
        )
    return maker(int(accelerators), link_gbps)


def fabric_kinds() -> tuple[str, ...]:
    """Kinds that :func:`fabric_of_size` makes, sorted."""
    return tuple(sorted(_MAKERS))


def near_cubic_shape(accelerators: int) -> tuple[int, int, int]:
    """Three sides in rising order with this product, the largest and smallest as near as they can be."""
    best = (1, 1, accelerators)
    for shortest in range(1, math.floor(accelerators ** (1 / 3) + 1e-9) + 1):
        if accelerators % shortest:
            continue
        rest = accelerators // shortest
        middle = next(side for side in range(math.isqrt(rest), 0, -1) if rest % side == 0)
        if middle >= shortest:
            shape = (shortest, middle, rest // middle)
            best = min(best, shape, key=lambda sides: (sides[2] / sides[0], sides))
    return best


def _torus(accelerators: int, link_gbps: float) -> FabricSpec:
    return Torus(shape=near_cubic_shape(accelerators), link_gbps=link_gbps)


def _clos(accelerators: int, link_gbps: float) -> FabricSpec:
    radix = SMALLEST_RADIX
    while radix**3 // 4 < accelerators:
        radix *= 2
    return Clos(accelerators=accelerators, radix=radix, link_gbps=link_gbps)


_MAKERS: dict[str, Callable[[int, float], FabricSpec]] = {"torus": _torus, "clos": _clos}
