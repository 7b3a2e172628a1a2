"""Where the power goes: a plan's rated MW as a waterfall, and the network's part of it on its own scale."""

from typing import TYPE_CHECKING

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.chart_style import with_prefix
from topodesign.outputs.power_parts import power_parts
from topodesign.outputs.waterfall import Waterfall, waterfall_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def power_chart(scenario: Scenario, plan: Plan, catalog: Catalog) -> "Figure":
    """Waterfall of what a plan draws, accelerators first, and the network's parts enlarged.

    Raises
    ------
    NotFound
        When the scenario or the plan names equipment that the catalogue lacks (``EQUIPMENT_UNKNOWN``).
    """
    parts = power_parts(scenario, plan, catalog)
    network = {
        "Transceivers": parts.transceivers_mw,
        "Regeneration": parts.regeneration_mw,
        "Cooling and losses at sites": parts.network_overhead_mw,
        "Line terminals": parts.terminals_mw,
        "Line amplifiers": parts.amplifiers_mw,
    }
    whole = {
        "Accelerators, all in": parts.accelerators_mw,
        "Cooling and losses (PUE)": parts.overhead_mw,
        "Network, all parts": parts.network_mw,
    }
    return waterfall_chart(
        Waterfall(title="Rated power at the meters", parts=_in_watts(whole), total="Total"),
        Waterfall(title="Of that, the network", parts=_in_watts(network), total="Network"),
        written=lambda value: with_prefix(value, "W"),
        note=(
            "Rated draw; energy counts a load factor of "
            f"{scenario.economics.load_factor:.0%}. Accelerators with hosts and the fabric inside their site."
        ),
    )


def _in_watts(parts: dict[str, float]) -> dict[str, float]:
    return {name: mw * 1e6 for name, mw in parts.items()}
