"""Where the money goes: the plan's cost items as a waterfall, and the network's part of it on its own scale."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from topodesign.outputs.chart_style import BLUE, FAINT, GREEN, INK, ORANGE, chart_style, dollars, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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
    with chart_style():
        figure = new_figure(9.6, 4.2)
        left, right = figure.subplots(1, 2, width_ratios=[1.1, 1])
        named = {ITEM_NAMES.get(name, name): items[name] for name in ordered(items) if name not in NETWORK_ITEMS}
        network = {NETWORK_ITEMS[name]: items[name] for name in NETWORK_ITEMS if name in items}
        whole = {**named, "Network, all items": math.fsum(network.values())}
        _waterfall(left, "Net present cost", whole, "Total", ORANGE)
        _waterfall(right, "Of that, the network", network, "Network", BLUE)
    return figure


def ordered(items: Mapping[str, float]) -> list[str]:
    """Names of the items in the order of the formulation, unknown ones last."""
    return [name for name in ITEM_NAMES if name in items] + sorted(set(items) - set(ITEM_NAMES))


def _waterfall(axes: "Axes", title: str, steps: Mapping[str, float], total: str, color: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    start = 0.0
    values = [*steps.values(), math.fsum(steps.values())]
    for row, value in enumerate(values):
        is_total = row == len(steps)
        left = 0.0 if is_total else start
        axes.barh(row, value, left=left, color=GREEN if is_total else color, height=0.62)
        axes.annotate(
            dollars(value), (left + value, row), (4, 0), textcoords="offset points", va="center", fontsize=8, color=INK
        )
        start += 0.0 if is_total else value
        if row < len(steps):
            axes.plot([start, start], [row + 0.31, row + 0.69], color=FAINT, linewidth=0.6)
    axes.set_yticks(range(len(values)), [*steps, total])
    axes.invert_yaxis()
    axes.set_title(title, loc="left")
    axes.set_xlim(0, max(values[-1] * 1.22, 1.0))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: dollars(value)))
    axes.tick_params(axis="x", labelsize=7.5)
    quiet_axes(axes, grid_along="x")
