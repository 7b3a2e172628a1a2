"""The scenario beside its plan: one JSON file, so that a plan's folder can be drawn and explained again on its own."""

import math
from pathlib import Path
from typing import Any

import msgspec

from topodesign.domain.codec import decode_json
from topodesign.domain.errors import Conflict, NotFound
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.scenario.digest import scenario_digest

SCENARIO_FILE = "scenario.json"


def scenario_json(scenario: Scenario) -> bytes:
    """The scenario as it was planned, defaults and all. Limits that are infinite are left out: JSON has no infinity."""
    return msgspec.json.format(msgspec.json.encode(_finite(msgspec.to_builtins(scenario, str_keys=True)))) + b"\n"


def scenario_beside(folder: Path, plan: Plan) -> Scenario:
    """The scenario that a plan's folder holds.

    Raises
    ------
    NotFound
        When the folder has none, as those written by an older version (``SCENARIO_NOT_FOUND``).
    Conflict
        When it is not the one that the plan answers (``SCENARIO_OF_ANOTHER_PLAN``).
    InvalidInput
        When it is not a scenario.
    """
    file = folder / SCENARIO_FILE
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"{file} does not exist: the plan was written by an older version; give the scenario's folder as well",
            reason="SCENARIO_NOT_FOUND",
            metadata={"path": str(file)},
        ) from None
    scenario = decode_json(data, Scenario, what=str(file))
    require_answered(scenario, plan, what=str(file))
    return scenario


def require_answered(scenario: Scenario, plan: Plan, *, what: str) -> None:
    """Raise :class:`Conflict` unless the plan was made for that scenario; plans made elsewhere may name none."""
    stated, found = plan.provenance.scenario_sha256, scenario_digest(scenario)
    if stated and stated != found:
        raise Conflict(
            f"{what} has the fingerprint {found}, but the plan was made for a scenario with {stated}; "
            "give the scenario that the plan was made for",
            reason="SCENARIO_OF_ANOTHER_PLAN",
        )


def _finite(value: Any) -> Any:  # JSON is untyped by nature
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items() if not _is_infinite(item)}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def _is_infinite(value: object) -> bool:
    return isinstance(value, float) and math.isinf(value)
