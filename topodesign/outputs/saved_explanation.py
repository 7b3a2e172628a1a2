"""The explanation beside its plan: ``explanation.json`` in the plan's folder, as ``topodesign explain`` gives it."""

from pathlib import Path

from topodesign.domain.codec import decode_json
from topodesign.domain.errors import Conflict
from topodesign.domain.explanation import Explanation
from topodesign.domain.plan import Plan

EXPLANATION_FILE = "explanation.json"


def explanation_beside(folder: Path, plan: Plan) -> Explanation | None:
    """The explanation that a plan's folder holds, or ``None``.

    Raises
    ------
    Conflict
        When it explains another plan (``EXPLANATION_OF_ANOTHER_PLAN``).
    InvalidInput
        When it is no explanation.
    """
    file = folder / EXPLANATION_FILE
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    found = decode_json(data, Explanation, what=str(file))
    require_explained(found, plan)
    return found


def require_explained(explanation: Explanation, plan: Plan) -> None:
    """Raise :class:`Conflict` unless the explanation is of a plan that costs what this one costs."""
    if explanation.cost_usd != plan.cost_usd:
        cost = "no cost" if plan.cost_usd is None else f"{plan.cost_usd:,.2f} USD"
        raise Conflict(
            f"{EXPLANATION_FILE} is of a plan for {explanation.cost_usd:,.2f} USD, but this plan has {cost}; "
            "explain this plan, or remove that file",
            reason="EXPLANATION_OF_ANOTHER_PLAN",
        )
