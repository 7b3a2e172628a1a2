"""Conditions of an evaluation as options: an option for every field of :class:`FabricConditions` and its parts."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar, get_type_hints

from topodesign.cli.fabric_options import Given, given_of, option
from topodesign.domain.checks import relocated
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_conditions import FabricConditions, LatencyInputs, LoadInputs

Part = TypeVar("Part", FabricConditions, LatencyInputs, LoadInputs)
DEFAULTS = FabricConditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One field of a part of the conditions, and what it means."""

    part: type
    field: str
    meaning: str

    @property
    def kind(self) -> type:
        kind = get_type_hints(self.part)[self.field]
        assert isinstance(kind, type)
        return kind

    @property
    def parameter_meaning(self) -> str:
        default = next(item.default for item in fields(self.part) if item.name == self.field)
        return self.meaning if self.kind is bool else f"{self.meaning}; default {default:g}"


CONDITIONS: Mapping[str, Condition] = {
    "adapter_ns": Condition(part=LatencyInputs, field="adapter_ns", meaning="Adapter at an end of a switched path, ns"),
    "direct_hop_ns": Condition(
        part=LatencyInputs, field="direct_hop_ns", meaning="Hop between accelerators, router and FEC included, ns"
    ),
    "cable_ns_per_m": Condition(part=LatencyInputs, field="cable_ns_per_m", meaning="Cable, ns per metre"),
    "latency_bytes": Condition(
        part=LatencyInputs, field="message_bytes", meaning="Latency is that of the last of so many bytes"
    ),
    "store_and_forward": Condition(
        part=LatencyInputs, field="store_and_forward", meaning="Every hop waits for all of these bytes"
    ),
    "utilization": Condition(
        part=LoadInputs, field="utilization", meaning="Background load, share of the fluid limit, up to 0.95 efficiency"
    ),
    "efficiency": Condition(
        part=LoadInputs, field="efficiency", meaning="Share of the fluid limit that routing and flow control reach"
    ),
    "packet_bytes": Condition(part=LoadInputs, field="packet_bytes", meaning="Bytes of a packet in a queue"),
    "flows_per_accelerator": Condition(
        part=LoadInputs, field="flows_per_accelerator", meaning="Flows of each accelerator that are hashed onto uplinks"
    ),
    "step_s": Condition(part=LoadInputs, field="step_s", meaning="Time between synchronizations, s"),
    "wanted_share": Condition(
        part=LoadInputs, field="wanted_share", meaning="Share of the time not to be lost to the slowest message"
    ),
    "in_network_reduction": Condition(
        part=FabricConditions, field="in_network_reduction", meaning="Switches add up vectors on their way"
    ),
    "in_network_efficiency": Condition(
        part=FabricConditions, field="in_network_efficiency", meaning="Share of the link rate at which they do"
    ),
}
"""By the name of the option's parameter."""


def condition_parameters() -> list[inspect.Parameter]:
    """The options, for typer."""
    return [option(name, item.kind, item.parameter_meaning) for name, item in CONDITIONS.items()]


def conditions_of(given: Given) -> FabricConditions:
    """The conditions that options ask for; raises :class:`InvalidInput` with the name of the option."""
    latency = _part(DEFAULTS.latency, given)
    load = _part(DEFAULTS.load, given)
    return replace(_part(DEFAULTS, given), latency=latency, load=load)


def _part(default: Part, given: Given) -> Part:
    name_of = {item.field: name for name, item in CONDITIONS.items() if item.part is type(default)}
    values = given_of(given, name_of.values())
    changed: dict[str, Any] = {field: values[name] for field, name in name_of.items() if name in values}
    try:
        return replace(default, **changed)
    except InvalidInput as fault:
        raise relocated(fault, name_of[fault.field_path]) from None
