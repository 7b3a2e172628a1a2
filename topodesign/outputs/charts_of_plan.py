"""All charts of a plan by the names of their files, made once for every file that they are in."""

from typing import TYPE_CHECKING

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.cost_chart import cost_chart
from topodesign.outputs.fabric_charts import fabric_chart
from topodesign.outputs.network_chart import network_chart
from topodesign.outputs.power_chart import power_chart
from topodesign.outputs.progress_chart import progress_chart
from topodesign.outputs.training_chart_of_plan import training_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def charts_of_plan(scenario: Scenario, plan: Plan, catalog: Catalog) -> dict[str, "Figure"]:
    """Each of :data:`~topodesign.outputs.chart_words.CHART_WORDS` that the plan has data for; none without sites."""
    found: dict[str, Figure | None] = {}
    if plan.sites:
        found["network"] = network_chart(scenario, plan)
        found["cost"] = cost_chart(plan.cost_items) if plan.cost_items else None
        found["power"] = power_chart(scenario, plan, catalog)
        found["fabrics"] = fabric_chart(plan.fabrics) if plan.fabrics is not None and plan.fabrics.sites else None
        found["training"] = training_chart(scenario, plan, catalog)
        found["progress"] = progress_chart(plan)
    return {name: figure for name, figure in found.items() if figure is not None}
