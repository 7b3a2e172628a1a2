"""A fingerprint of a scenario's content."""

import dataclasses
import hashlib
import json
from typing import Any

import msgspec

from topodesign.domain.scenario import Scenario, TrainingRules, Workload

_EXACT_INTEGERS = 2**53
_LATER_WORKLOAD = ("model", "layers", "fragment_layers", "overlap_steps", "backward_overlap", "flops_utilization")
_DEFAULTS = {item.name: item.default for item in dataclasses.fields(Workload)}
_TRAINING_DEFAULTS = {item.name: item.default for item in dataclasses.fields(TrainingRules)}


def scenario_digest(scenario: Scenario) -> str:
    """SHA-256 (hexadecimal) of the scenario's canonical JSON.

    Equal content gives an equal digest, whatever the order of rows in the files and whether a number was written as
    ``5`` or ``5.0``.
    """
    content = msgspec.to_builtins(scenario, str_keys=True)
    _drop_unused(content)
    canonical = _canonical(content)
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _drop_unused(content: dict[str, Any]) -> None:
    """Inputs that came later count only where they are used, so that a scenario without them keeps its fingerprint."""
    for key in ("traffic", "lit_lightpaths", "measured_reaches"):
        if not content[key]:
            del content[key]
    for site in content["sites"]:
        if not site["hose_gbps"]:
            del site["hose_gbps"]
    for segment in content["segments"]:
        if segment["in_service_year"] is None:
            del segment["in_service_year"]
    for zone in content["zones"]:
        for key in ("curtailed_hours_per_year", "firm_share"):
            if not zone[key]:
                del zone[key]
    if content["optics"]["catalog"] == "standard":
        del content["optics"]["catalog"]
    if content["policy"]["budget_usd"] is None:
        del content["policy"]["budget_usd"]
    for key in _LATER_WORKLOAD:
        if content["workload"][key] == _DEFAULTS[key]:
            del content["workload"][key]
    training = {key: value for key, value in content.pop("training").items() if value != _TRAINING_DEFAULTS[key]}
    if training:
        content["training"] = training


def _canonical(value: Any) -> Any:
    """Whole numbers as such. Types are compared as they are: a large scenario has tens of thousands of numbers, and
    ``msgspec`` makes builtins only.
    """
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() and abs(value) < _EXACT_INTEGERS else value
    if kind is dict:
        return {key: _canonical(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_canonical(item) for item in value]
    return value
