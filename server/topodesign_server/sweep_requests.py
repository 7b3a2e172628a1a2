"""Definitions of sweeps as requests may give them."""

from dataclasses import dataclass

from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario_sweep import SweepDefinition
from topodesign.sweeps.messages import definition_from_proto, definition_to_proto
from topodesign.v1 import sweep_pb2
from topodesign_server.limits import require_limits

MOST_TEXT_BYTES = 60_000
"""Of all axes together: ten thousand whole numbers, or a few thousand with twelve digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLimits:
    """The most that a service lets a sweep have: points, and seconds of each point's time limit."""

    points: int
    point_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSweep:
    """A definition, and its serialized message in the one form that is kept, however long it was written."""

    definition: SweepDefinition
    content: bytes


def read_definition(message: sweep_pb2.SweepDefinition, limits: SweepLimits) -> AskedSweep:
    """The definition in a request, within what a server allows; raises :class:`InvalidInput` with the field's path."""
    _require_short(message)
    definition = definition_from_proto(message)
    require_limits(definition.limits, path="definition.limits", longest_s=limits.point_s)
    if definition.count > limits.points:
        raise InvalidInput(
            f"definition has {definition.count} points, but this service runs at most {limits.points} in one sweep; "
            "vary fewer values, ask for several sweeps, or have the operator raise sweep_points",
            reason="SWEEP_TOO_MANY_POINTS",
            field_path="definition",
            metadata={"points": str(definition.count), "limit": str(limits.points)},
        )
    kept = definition_to_proto(definition)
    _require_short(kept)
    return AskedSweep(definition=definition, content=kept.SerializeToString(deterministic=True))


def _require_short(message: sweep_pb2.SweepDefinition) -> None:
    size = sum(len(axis.encode()) for axis in message.axes)
    if size > MOST_TEXT_BYTES:
        raise InvalidInput(
            f"definition.axes have {size} bytes, as they came or with every value written out, more than "
            f"{MOST_TEXT_BYTES}; vary fewer values, or write them with fewer digits",
            reason="FIELD_INVALID",
            field_path="definition.axes",
            metadata={"bytes": str(size), "limit": str(MOST_TEXT_BYTES)},
        )
