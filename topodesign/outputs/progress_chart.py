"""How sure a plan became: the cost of the best plan and the proven bound over the time of the search."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from topodesign.domain.plan import Plan
from topodesign.domain.progress import ProgressPoint
from topodesign.outputs.chart_style import (
    BLUE,
    FAINT,
    GRID,
    INK,
    SCALES_USD,
    VERMILION,
    chart_style,
    dollars,
    new_figure,
    quiet_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEAR = 0.35
"""What is farther from the plan's cost than this share of it is beyond the chart, or it would flatten the end."""
ROOM_FOR_NAME = 0.08
"""Share of the width that the name of a phase takes; those that begin nearer to the last name have none."""
PHASE_WORDS: Mapping[str, str] = {"incumbent": "better plan"}
"""Phases whose name says little to whoever did not write the solver."""
ROOM_AT_THE_END = 1.16
"""Axis end over the last second: the cost and the bound are written behind their ends."""


def progress_chart(plan: Plan) -> "Figure | None":
    """Best cost and proven bound as steps over the seconds of the search, the gap between them shaded.

    ``None`` where the plan carries no history that ends in both, or was made for a goal under a budget: then each level
    of the goal has costs and bounds of its own.
    """
    points = [point for point in plan.progress if point.incumbent_usd is not None or point.bound_usd is not None]
    ends_in_both = bool(points) and None not in (points[-1].incumbent_usd, points[-1].bound_usd)
    if plan.goal is not None or not ends_in_both or len(points) < 2:
        return None
    with chart_style():
        figure = new_figure(9.6, 3.8)
        axes = figure.subplots()
        _draw(axes, points)
        _name_phases(axes, points)
        axes.set_title("Best plan and proven bound over the time of the search", pad=18)
        axes.set_xlabel("seconds since the start")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _draw(axes: "Axes", points: Sequence[ProgressPoint]) -> None:
    times = [point.wall_s for point in points]
    costs, bounds = _known([point.incumbent_usd for point in points]), _known([point.bound_usd for point in points])
    axes.fill_between(times, bounds, costs, step="post", color=GRID, linewidth=0, label="gap")
    axes.step(times, costs, where="post", color=VERMILION, linewidth=1.8, label="best plan found")
    axes.step(times, bounds, where="post", color=BLUE, linewidth=1.8, linestyle="--", label="proven lower bound")
    axes.plot(times[-1], costs[-1], marker="o", color=VERMILION, markersize=6, linestyle="none")
    axes.plot(times[-1], bounds[-1], marker="D", color=BLUE, markersize=5, linestyle="none")
    for value, up in ((costs[-1], 6), (bounds[-1], -6)):
        axes.annotate(
            dollars(value),
            (times[-1], value),
            (8, up),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=INK,
        )
    _set_scales(axes, times[-1], [*costs, *bounds], costs[-1])


def _known(values: Sequence[float | None]) -> list[float]:
    """Not a number, which is no part of a line, where there is none yet."""
    return [math.nan if value is None else value for value in values]


def _set_scales(axes: "Axes", end_s: float, values: Sequence[float], cost: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    seen = [value for value in values if abs(value - cost) <= NEAR * abs(cost)]
    room = 0.08 * (max(seen) - min(seen)) or 0.01 * abs(cost) or 1.0
    low, high = min(seen) - room, max(seen) + room
    ticks = [tick for tick in MaxNLocator(nbins=5).tick_values(low, high) if low <= tick <= high]
    axes.set_yticks(ticks, dollar_ticks(ticks))
    axes.set_ylim(low, high)
    axes.set_xlim(0, max(end_s, 1e-3) * ROOM_AT_THE_END)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    quiet_axes(axes, grid_along="y")


def dollar_ticks(ticks: Sequence[float]) -> list[str]:
    """Dollars along an axis with as many digits as tell neighbors apart: ``$6.951 M`` beside ``$6.952 M``."""
    largest = max(abs(tick) for tick in ticks)
    step = min((abs(after - before) for before, after in pairwise(ticks)), default=largest)
    scale, name = next((pair for pair in SCALES_USD if largest >= pair[0]), (1.0, ""))
    decimals = next((d for d in range(6) if all(_fits(tick / scale, d, step / scale) for tick in ticks)), 6)
    return [f"${tick / scale:,.{decimals}f} {name}".strip() for tick in ticks]


def _fits(value: float, decimals: int, step: float) -> bool:
    return abs(round(value, decimals) - value) <= 0.01 * step


def _name_phases(axes: "Axes", points: Sequence[ProgressPoint]) -> None:
    """A thin line where another phase begins, and its name above where there is room."""
    end_s = axes.get_xlim()[1]
    last_name, phase = -math.inf, ""
    for point in points:
        if point.phase == phase:
            continue
        phase = point.phase
        axes.axvline(point.wall_s, color=FAINT, linewidth=0.5, alpha=0.5, zorder=0)
        place = point.wall_s / end_s
        if place - last_name >= ROOM_FOR_NAME:
            axes.annotate(
                PHASE_WORDS.get(phase, phase),
                (place, 1),
                (2, 3),
                xycoords="axes fraction",
                textcoords="offset points",
                fontsize=7.5,
                color=FAINT,
            )
            last_name = place
