"""The families of fabrics: which class answers for which spec, and fabrics of a wanted size."""

from collections.abc import Callable
from typing import assert_never

from topodesign.domain.checks import require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import MAX_ACCELERATORS, Clos, FabricSpec, Torus
from topodesign.domain.fabric_kinds import HammingMesh, Hypercube, HyperX, ReconfigurableTorus
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    EdgeList,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
)
from topodesign.domain.nearest import meant
from topodesign.fabric.clos import ClosTopology
from topodesign.fabric.direct_blocks import DirectBlocksTopology
from topodesign.fabric.direct_sizes import (
    hammingmesh_of_size,
    hypercube_of_size,
    hyperx_of_size,
    reconfigurable_torus_of_size,
    twisted_torus_of_size,
)
from topodesign.fabric.dragonfly import DragonflyTopology
from topodesign.fabric.dragonfly_plus import DragonflyPlusTopology
from topodesign.fabric.edge_list import EdgeListTopology
from topodesign.fabric.hammingmesh import HammingMeshTopology
from topodesign.fabric.hypercube import HypercubeTopology
from topodesign.fabric.hyperx import HyperXTopology
from topodesign.fabric.jellyfish import JellyfishTopology
from topodesign.fabric.reconfigurable_torus import ReconfigurableTorusTopology
from topodesign.fabric.scale_up import ScaleUpClosTopology
from topodesign.fabric.shapes import near_cubic_shape
from topodesign.fabric.slim_fly import SlimFlyTopology
from topodesign.fabric.switched_sizes import SWITCHED_MAKERS
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
        case ReconfigurableTorus():
            return ReconfigurableTorusTopology(spec)
        case Hypercube():
            return HypercubeTopology(spec)
        case HyperX():
            return HyperXTopology(spec)
        case HammingMesh():
            return HammingMeshTopology(spec)
        case ScaleUpClos():
            return ScaleUpClosTopology(spec)
        case Dragonfly():
            return DragonflyTopology(spec)
        case DragonflyPlus():
            return DragonflyPlusTopology(spec)
        case DirectBlocks():
            return DirectBlocksTopology(spec)
        case SlimFly():
            return SlimFlyTopology(spec)
        case Jellyfish():
            return JellyfishTopology(spec)
        case EdgeList():
            return EdgeListTopology(spec)
        case _:
            assert_never(spec)


def fabric_of_size(kind: str, accelerators: int, *, link_gbps: float = 400.0) -> FabricSpec:
    """A fabric of a kind with exactly so many accelerators, for comparisons at equal size.

    Parameters
    ----------
    kind : str
        ``"torus"``: three dimensions, the factorization nearest to a cube, all axes wrapped. A number without such
        factors gives a flat or even one-dimensional torus. ``"clos"``: non-blocking, one plane, radix 64 or the least
        doubling of it of which three tiers hold the accelerators. The other kinds have some sizes only: see
        :mod:`topodesign.fabric.direct_sizes` and :mod:`topodesign.fabric.switched_sizes`.
    accelerators : int
        1 to 10 million.
    link_gbps : float
        Rate of one link, one direction.

    Raises
    ------
    InvalidInput
        For an unknown kind (``FABRIC_KIND_UNKNOWN``), a number out of range, or one that the kind cannot have
        (``FABRIC_SIZE_IMPOSSIBLE``, with the nearest that it can).
    """
    maker = _MAKERS.get(kind)
    if maker is None:
        raise InvalidInput(
            f"fabric kind is {kind!r}, but it must be one of {', '.join(fabric_kinds())}; "
            + meant(str(kind)[:60], fabric_kinds()),
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


def _torus(accelerators: int, link_gbps: float) -> FabricSpec:
    return Torus(shape=near_cubic_shape(accelerators), link_gbps=link_gbps)


def _clos(accelerators: int, link_gbps: float) -> FabricSpec:
    radix = SMALLEST_RADIX
    while radix**3 // 4 < accelerators:
        radix *= 2
    return Clos(accelerators=accelerators, radix=radix, link_gbps=link_gbps)


_MAKERS: dict[str, Callable[[int, float], FabricSpec]] = {
    "torus": _torus,
    "clos": _clos,
    "twisted-torus": twisted_torus_of_size,
    "reconfigurable-torus": reconfigurable_torus_of_size,
    "hypercube": hypercube_of_size,
    "hyperx": hyperx_of_size,
    "hammingmesh": hammingmesh_of_size,
    **SWITCHED_MAKERS,
}
