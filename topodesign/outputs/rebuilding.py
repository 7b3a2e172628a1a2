"""A plan's folder made anew from what it holds: after an explanation was added, or by a newer version."""

from pathlib import Path

from topodesign.domain.errors import InvalidInput
from topodesign.domain.explanation import Explanation
from topodesign.domain.scenario import Scenario
from topodesign.outputs.saved_explanation import explanation_beside
from topodesign.outputs.saving import load_plan, save_plan
from topodesign.outputs.scenario_copy import require_answered, scenario_beside


def rebuild(
    folder: str | Path, *, scenario: Scenario | None = None, explanation: Explanation | None = None
) -> tuple[Path, ...]:
    """Make every file of a plan's folder again: report, charts, map layers, bills.

    Parameters
    ----------
    folder : str or Path
        As :func:`~topodesign.outputs.saving.save_plan` wrote it.
    scenario : Scenario, optional
        The one that the plan was made for; by default the ``scenario.json`` in the folder.
    explanation : Explanation, optional
        Of the plan; by default the ``explanation.json`` in the folder, where there is one.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    NotFound
        When the folder has no plan (``PLAN_NOT_FOUND``), or no scenario and none is given (``SCENARIO_NOT_FOUND``).
    InvalidInput
        When a file in it cannot be read, or the plan has no sites to draw (``PLAN_EMPTY``).
    Conflict
        When scenario or explanation are of another plan; and as :func:`~topodesign.outputs.saving.save_plan`.
    """
    place = Path(folder)
    plan = load_plan(place)
    if not plan.sites:
        raise InvalidInput(f"{place}: a plan with status {plan.status!r} has no sites to draw", reason="PLAN_EMPTY")
    if scenario is None:
        scenario = scenario_beside(place, plan)
    else:
        require_answered(scenario, plan, what=f"the scenario {scenario.name!r}")
    return save_plan(scenario, plan, place, explanation=explanation or explanation_beside(place, plan))
