"""Definitions of sweeps as messages: axes are written in the grammar, as people and other programs write them."""

from __future__ import annotations  # an enum's numbers have a type for type checkers only

from dataclasses import replace
from typing import get_args

from topodesign.domain.checks import relocated
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario_sweep import Design, SweepAxis, SweepDefinition
from topodesign.sweeps.grammar import axis_of, text_of
from topodesign.v1 import plan_pb2, sweep_pb2
from topodesign.wire import from_proto, to_proto
from topodesign.wire.values import enum_literal

DESIGNS: dict[Design, sweep_pb2.SweepDesign.ValueType] = {
    "grid": sweep_pb2.SWEEP_DESIGN_GRID,
    "random": sweep_pb2.SWEEP_DESIGN_RANDOM,
    "lhs": sweep_pb2.SWEEP_DESIGN_LHS,
}
THREADS = 1
"""Of a point's solver, where the limits do not say: as on the command line."""


def definition_to_proto(definition: SweepDefinition) -> sweep_pb2.SweepDefinition:
    """The message of a definition.

    Raises
    ------
    InvalidInput
        For an axis that no text says (``SWEEP_VALUES_INVALID``).
    """
    limits = to_proto(definition.limits)
    assert isinstance(limits, plan_pb2.SolveLimits)
    return sweep_pb2.SweepDefinition(
        axes=[text_of(axis) for axis in definition.axes],
        design=DESIGNS[definition.design],
        points=definition.points,
        seed=definition.seed,
        limits=limits,
        begins_cold=definition.begins_cold,
    )


def definition_from_proto(message: sweep_pb2.SweepDefinition, *, path: str = "definition") -> SweepDefinition:
    """The definition that a message describes.

    Parameters
    ----------
    path : str
        Where the message stands in the request; begins the paths of faults.

    Raises
    ------
    InvalidInput
        As :func:`~topodesign.sweeps.grammar.axis_of`, and for everything that a definition refuses.
    """
    design = _design(message, path)
    axes = tuple(_axis(text, design, f"{path}.axes[{place}]") for place, text in enumerate(message.axes))
    limits = from_proto(message.limits, SolveLimits, path=f"{path}.limits")
    if not message.limits.HasField("threads"):
        limits = replace(limits, threads=THREADS)
    try:
        return SweepDefinition(
            axes=axes,
            design=design,
            points=message.points if message.HasField("points") else None,
            seed=message.seed,
            limits=limits,
            begins_cold=message.begins_cold,
        )
    except InvalidInput as fault:
        first = fault.field_path.partition(".")[0]
        within = fault.field_path if first in message.DESCRIPTOR.fields_by_name else "axes"  # how many there are
        raise relocated(fault, f"{path}.{within}") from None


def _axis(text: str, design: Design, path: str) -> SweepAxis:
    try:
        return axis_of(text, design=design)
    except InvalidInput as fault:
        raise located(fault, path) from None


def located(fault: InvalidInput, path: str) -> InvalidInput:
    """What is wrong with an axis, told of the place in a request instead of the option of a command."""
    told = f"{path}: {fault.message.removeprefix('--vary ')}"
    return InvalidInput(told, reason=fault.reason, field_path=path, metadata=fault.metadata)


def _design(message: sweep_pb2.SweepDefinition, path: str) -> Design:
    if message.design == sweep_pb2.SWEEP_DESIGN_UNSPECIFIED:
        return "grid"
    enum = sweep_pb2.SweepDesign.DESCRIPTOR
    found: Design = enum_literal(message.design, get_args(Design), enum, f"{path}.design")
    return found
