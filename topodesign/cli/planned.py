"""A plan on disk together with the scenario that it was made for."""

from pathlib import Path
from typing import TYPE_CHECKING

from topodesign.domain.errors import NotFound

if TYPE_CHECKING:
    from topodesign.domain.plan import Plan
    from topodesign.domain.scenario import Scenario


def plan_folder(place: Path) -> Path:
    """The folder of a plan that is given by its folder or by its ``plan.json``."""
    return place if place.is_dir() else place.parent


def load_given_plan(place: Path) -> "Plan":
    """The plan in a folder or file.

    Raises
    ------
    NotFound
        When there is none (``PLAN_NOT_FOUND``); says so where a scenario's folder was given instead.
    """
    from topodesign.outputs import load_plan

    try:
        return load_plan(place)
    except NotFound as error:
        if not (place / "scenario.toml").is_file():
            raise
        raise NotFound(
            f"{place} is a scenario, not a plan of one; give the folder that 'topodesign plan {place} --out' wrote",
            reason=error.reason,
            metadata=error.metadata,
        ) from None


def load_planned(place: Path, scenario_dir: Path | None) -> "tuple[Scenario, Plan]":
    """The scenario in that folder, else the one in the plan's own folder, and the plan.

    Raises
    ------
    NotFound
        When there is no plan (``PLAN_NOT_FOUND``), or no scenario beside it and none is given (``SCENARIO_NOT_FOUND``).
    Conflict
        When the plan was made for another scenario.
    """
    from topodesign.outputs import scenario_beside
    from topodesign.outputs.scenario_copy import require_answered
    from topodesign.scenario import load_scenario

    plan = load_given_plan(place)
    if scenario_dir is None:
        return scenario_beside(plan_folder(place), plan), plan
    scenario = load_scenario(scenario_dir)
    require_answered(scenario, plan, what=str(scenario_dir))
    return scenario, plan
