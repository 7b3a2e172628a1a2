"""Where the money goes: the plan's cost items as a waterfall, and the network's part of it on its own scale."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from topodesign.outputs.chart_style import dollars
from topodesign.outputs.waterfall import Waterfall, waterfall_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SITE_ITEMS: dict[str, str] = {
    "site_fixed": "Opening sites",
    "site_power_capex": "Building for power",
    "energy": "Energy of clusters",
    "carbon": "Carbon of clusters",
}
NETWORK_ITEMS: dict[str, str] = {
    "fiber_pairs": "Fiber pairs",
    "fiber_route_charges": "Fiber route charges",
    "fiber_build": "New fiber",
    "line_systems": "Line systems",
    "transceivers": "Transceivers",
    "network_energy": "Energy of network",
    "network_carbon": "Carbon of network",
}
ITEM_NAMES: dict[str, str] = {**SITE_ITEMS, **NETWORK_ITEMS}
"""In the order of the cost table of docs/formulation.md."""


def cost_chart(items: Mapping[str, float]) -> "Figure":
    """Waterfall of ``plan.cost_items`` (net present US dollars), sites first, and the network's items enlarged.

    Items that the table of the formulation does not have (of a plan made elsewhere) come last, under their own names.
    """
    named = {ITEM_NAMES.get(name, name): items[name] for name in ordered(items) if name not in NETWORK_ITEMS}
    network = {NETWORK_ITEMS[name]: items[name] for name in NETWORK_ITEMS if name in items}
    whole = {**named, "Network, all items": math.fsum(network.values())}
    return waterfall_chart(
        Waterfall(title="Net present cost", parts=whole, total="Total"),
        Waterfall(title="Of that, the network", parts=network, total="Network"),
        written=dollars,
        note="US dollars over the horizon, discounted, without the purchase of accelerators; prices are indicative.",
    )


def ordered(items: Mapping[str, float]) -> list[str]:
    """Names of the items in the order of the formulation, unknown ones last."""
    return [name for name in ITEM_NAMES if name in items] + sorted(set(items) - set(ITEM_NAMES))
