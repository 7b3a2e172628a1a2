"""Charts of a sweep: the cost over each axis, and the least cost over two of them as a heat map."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topodesign.domain.scenario_sweep import AxisValue, PointResult, SweepAxis, SweepDefinition
from topodesign.outputs.chart_style import (
    BLUE,
    FAINT,
    INK,
    SKY,
    VERMILION,
    chart_style,
    dollars,
    new_figure,
    quiet_axes,
)
from topodesign.sweeps.told import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 9
MOST_CELLS = 40
"""Values of an axis up to which a heat map can be read."""
LABELED_CELLS = 12
LABELED_VALUES = 8
MARGIN_IN = 0.08
ON_DARK_CELL, ON_LIGHT_CELL = "#fefefe", "#1a1a1a"
"""None of the style's colors, which follow the page's light or dark ground: the cells do not."""


def charts_of_sweep(definition: SweepDefinition, results: Sequence[PointResult]) -> Mapping[str, "Figure"]:
    """Charts by the names of their files; none where no point has a plan."""
    planned = [result for result in results if result.figures is not None]
    if not planned:
        return {}
    charts = {"cost": cost_over_axes(definition, results)}
    pair = heat_map_axes(definition)
    if pair is not None:
        charts["heat-map"] = heat_map(definition, results, pair)
    return charts


def cost_over_axes(definition: SweepDefinition, results: Sequence[PointResult]) -> "Figure":
    """One panel for each axis: every plan's cost over the axis, and the least at each value; no plan: a cross below."""
    places = [place for place, axis in enumerate(definition.axes) if len(axis.values) != 1][:MOST_PANELS] or [0]
    columns = min(3, len(places))
    rows = -(-len(places) // columns)
    with chart_style():
        figure = new_figure(3.3 * columns + 0.6, 2.9 * rows)
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
        for number, axes in enumerate(panels):
            if number < len(places):
                _panel(axes, definition.axes[places[number]], places[number], results)
            else:
                axes.set_visible(False)
        figure.supylabel("Net present cost, indicative", fontsize=8.5)
        _leave_margins(figure)
    return figure


def heat_map_axes(definition: SweepDefinition) -> tuple[int, int] | None:
    """The two axes of a grid that have most values and can still be read; the first in order among equals."""
    if definition.design != "grid":
        return None
    able = [place for place, axis in enumerate(definition.axes) if 2 <= len(axis.values) <= MOST_CELLS]
    most = sorted(able, key=lambda place: (-len(definition.axes[place].values), place))[:2]
    return (min(most), max(most)) if len(most) == 2 else None


def heat_map(definition: SweepDefinition, results: Sequence[PointResult], pair: tuple[int, int]) -> "Figure":
    """Least cost at each pair of values, over all values of the other axes; blank where there is no plan."""
    import numpy as np

    across, up = (definition.axes[place] for place in pair)
    cost = np.full((len(up.values), len(across.values)), np.nan)
    for result in results:
        if result.figures is not None:
            place = up.values.index(result.values[pair[1]]), across.values.index(result.values[pair[0]])
            cost[place] = np.nanmin([cost[place], result.figures.cost_usd])
    with chart_style():
        figure = new_figure(max(8.0, 2.4 + 0.62 * len(across.values)), 1.6 + 0.36 * max(4, len(up.values)))
        axes = figure.subplots()
        drawn = axes.imshow(np.ma.masked_invalid(cost), cmap="cividis_r", aspect="auto", origin="lower")
        axes.set_xticks(range(len(across.values)), [shown(value) for value in across.values], rotation=30, ha="right")
        axes.set_yticks(range(len(up.values)), [shown(value) for value in up.values])
        axes.set_xlabel(across.name)
        axes.set_ylabel(up.name)
        rest = len(definition.axes) - 2
        axes.set_title("Least net present cost" + (f" over the {rest} other axes" if rest else ""))
        axes.tick_params(length=0)
        if len(across.values) <= LABELED_CELLS:
            _label_cells(axes, cost.tolist())
        bar = figure.colorbar(drawn, ax=axes)
        bar.ax.yaxis.set_major_formatter(lambda value, _: dollars(value))
        _leave_margins(figure)
    return figure


def _leave_margins(figure: "Figure") -> None:
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)  # as new_figure makes it
    engine.set(w_pad=MARGIN_IN, h_pad=MARGIN_IN)


def _label_cells(axes: "Axes", cost: Sequence[Sequence[float]]) -> None:
    given = [value for row in cost for value in row if value == value]
    middle = (min(given) + max(given)) / 2
    for up, row in enumerate(cost):
        for across, value in enumerate(row):
            text = dollars(value) if value == value else "no plan"
            color = INK if value != value else ON_DARK_CELL if value > middle else ON_LIGHT_CELL
            axes.text(across, up, text, ha="center", va="center", fontsize=6.5, color=color)


def _panel(axes: "Axes", axis: SweepAxis, place: int, results: Sequence[PointResult]) -> None:
    from matplotlib.ticker import FuncFormatter

    at = _places(axis, [result.values[place] for result in results])
    planned = [(x, result.figures.cost_usd) for x, result in zip(at, results, strict=True) if result.figures]
    without = [x for x, result in zip(at, results, strict=True) if result.figures is None]
    axes.scatter([x for x, _ in planned], [y for _, y in planned], s=10, color=SKY, alpha=0.6, linewidths=0)
    if axis.values:
        least: dict[float, float] = {}
        for x, y in planned:
            least[x] = min(y, least.get(x, y))
        axes.plot(sorted(least), [least[x] for x in sorted(least)], color=BLUE, linewidth=1.4, marker="o", markersize=3)
    foot = axes.get_xaxis_transform()
    axes.scatter(without, [0.02] * len(without), marker="x", s=14, color=VERMILION, transform=foot)
    if axis.values and (len(axis.values) <= LABELED_VALUES or not _is_numeric(axis)):
        labels = [shown(value) for value in axis.values]
        axes.set_xticks(_places(axis, axis.values), labels, rotation=30, ha="right")
    if axis.is_logarithmic:
        axes.set_xscale("log")
    axes.set_title(axis.name)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: dollars(value)))
    axes.tick_params(axis="both", labelsize=7.5, colors=FAINT)
    quiet_axes(axes, grid_along="y")


def _places(axis: SweepAxis, values: Sequence[AxisValue]) -> list[float]:
    """Numbers stand where they are; words, and numbers with ``inf`` among them, one after the other."""
    if not _is_numeric(axis):
        return [float(axis.values.index(value)) for value in values]
    return [float(value) for value in values if isinstance(value, int | float)]


def _is_numeric(axis: SweepAxis) -> bool:
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) for value in axis.values
    )
