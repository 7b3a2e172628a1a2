"""A plan's folder with what other tools read of it: charts, maps and the report take longer than most plans."""

from pathlib import Path

from topodesign.domain.codec import encode_json
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.saving import PLAN_FILE
from topodesign.outputs.scenario_copy import SCENARIO_FILE, scenario_json


def keep_plan(scenario: Scenario, plan: Plan, folder: Path) -> Path:
    """Write ``plan.json`` and ``scenario.json``; the folder, which is made when it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PLAN_FILE).write_bytes(encode_json(plan))
    (folder / SCENARIO_FILE).write_bytes(scenario_json(scenario))
    return folder
