"""Definitions of sweeps as requests may give them."""

from dataclasses import dataclass

from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario_sweep import SweepDefinition
from topodesign.sweeps.messages import definition_from_proto
from topodesign.v1 import sweep_pb2
from topodesign_server.limits import require_limits


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLimits:
    """The most that a service lets a sweep have: points, and seconds of each point's time limit."""

    points: int
    point_s: float


def read_definition(message: sweep_pb2.SweepDefinition, limits: SweepLimits) -> SweepDefinition:
    """The definition in a request, within what a server allows; raises :class:`InvalidInput` with the field's path."""
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
    return definition
