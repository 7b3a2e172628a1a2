"""All charts of a plan by the names of their files, made once for every file that they are in."""

from typing import TYPE_CHECKING

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.cost_chart import cost_chart
from topodesign.outputs.fabric_charts import fabric_chart
from topodesign.outputs.training_chart_of_plan import training_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def charts_of_plan(scenario: Scenario, plan: Plan, catalog: Catalog) -> dict[str, "Figure"]:
    """``cost``, ``fabrics`` and ``training``, each where the plan has what it shows; none of a plan without sites."""
    found: dict[str, Figure | None] = {}
    if plan.sites:
        found["cost"] = cost_chart(plan.cost_items) if plan.cost_items else None
        found["fabrics"] = fabric_chart(plan.fabrics) if plan.fabrics is not None and plan.fabrics.sites else None
        found["training"] = training_chart(scenario, plan, catalog)
    return {name: figure for name, figure in found.items() if figure is not None}
