"""The chart of a front: two goals as steps with what is still possible between them, three as colored dots."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from topodesign.domain.pareto_front import GoalName, ParetoFront, Staircases, Step
from topodesign.fronts.tables import limited_goals
from topodesign.fronts.telling import amount, axis_words
from topodesign.outputs.chart_style import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    SKY,
    VERMILION,
    chart_style,
    dollars,
    new_figure,
    quiet_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

WIDTH_IN, HEIGHT_IN = 7.6, 4.6
MARGIN = 0.06
"""Of the range that is shown, beyond what is drawn."""


def chart_of_front(front: ParetoFront) -> "Figure | None":
    """``None`` where there is no point."""
    if not front.points:
        return None
    with chart_style():
        figure = new_figure(WIDTH_IN, HEIGHT_IN)
        axes = figure.subplots()
        across = limited_goals(front)[0]
        if front.staircases is not None:
            _draw_steps(axes, front, front.staircases)
        else:
            _draw_dots(axes, front)
        _name_axis(axes, "x", across)
        _name_axis(axes, "y", front.minimized)
        quiet_axes(axes, grid_along="y")
        axes.tick_params(axis="both", labelsize=7.5, colors=FAINT)
    return figure


def _draw_steps(axes: "Axes", front: ParetoFront, stairs: Staircases) -> None:
    place = front.goals.index(limited_goals(front)[0])
    own = front.goals.index(front.minimized)
    dots = [(point.values[place], point.values[own]) for point in front.points]
    is_logarithmic = limited_goals(front)[0] == "sync-time" and all(x > 0 for x, _ in dots)
    proven = [step for step in stairs.bounds if step.value is not None and (step.limit > 0 or not is_logarithmic)]
    begin, end = _shown([x for x, _ in dots] + [step.limit for step in proven], is_logarithmic=is_logarithmic)
    limits = sorted({begin, end, *(step.limit for step in (*stairs.plans, *stairs.bounds) if begin < step.limit < end)})
    reached = [_at(stairs.plans, limit) for limit in limits]
    bounds = [_at(stairs.bounds, limit) for limit in limits]
    top = max(y for _, y in dots)
    low = min(bound for bound in bounds if bound is not None)
    ceiling = top + MARGIN * (top - low or top or 1.0)
    axes.fill_between(
        limits,
        [math.nan if bound is None else bound for bound in bounds],
        [ceiling if value is None else value for value in reached],
        step="post",
        color=SKY,
        alpha=0.35,
        linewidth=0,
        label="better plans could lie here",
    )
    axes.step(limits, _or_nan(reached), where="post", color=BLUE, linewidth=1.4, label="plans reach")
    axes.step(limits, _or_nan(bounds), where="post", color=ORANGE, linewidth=1.2, label="proven bound")
    axes.scatter([x for x, _ in dots], [y for _, y in dots], s=16, color=BLUE, zorder=3)
    if bounds[0] is None:
        none = next(limit for limit, bound in zip(limits, bounds, strict=True) if bound is not None)
        axes.axvspan(begin, none, color=FAINT, alpha=0.15, linewidth=0, label="no plan, proven")
    _mark_knee(axes, front, dots)
    if is_logarithmic:
        axes.set_xscale("log")
    axes.set_xlim(begin, end)
    axes.set_ylim(low - MARGIN * (top - low or top or 1.0), ceiling)
    axes.legend(fontsize=7.5, loc="upper right")


def _draw_dots(axes: "Axes", front: ParetoFront) -> None:
    across, colored = limited_goals(front)
    column = {goal: [point.values[front.goals.index(goal)] for point in front.points] for goal in front.goals}
    drawn = axes.scatter(
        column[across], column[front.minimized], c=column[colored], cmap="cividis", s=26, linewidths=0, zorder=3
    )
    figure = axes.get_figure()
    assert figure is not None  # made with it
    bar = figure.colorbar(drawn, ax=axes)
    bar.set_label(axis_words(colored), fontsize=8)
    bar.ax.tick_params(labelsize=7.5)
    bar.ax.yaxis.set_major_formatter(_figures_of(colored))
    if across == "sync-time" and min(column[across]) > 0:
        axes.set_xscale("log")
    _mark_knee(axes, front, list(zip(column[across], column[front.minimized], strict=True)))


def _mark_knee(axes: "Axes", front: ParetoFront, dots: Sequence[tuple[float, float]]) -> None:
    if front.knee is None:
        return
    x, y = dots[front.knee - 1]
    axes.scatter([x], [y], s=70, facecolors="none", edgecolors=VERMILION, linewidths=1.3, zorder=4)
    axes.annotate("knee", (x, y), xytext=(7, 6), textcoords="offset points", fontsize=7.5, color=INK)


def _name_axis(axes: "Axes", name: str, goal: GoalName) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    axis = axes.xaxis if name == "x" else axes.yaxis
    axis.set_label_text(axis_words(goal), fontsize=8.5)
    if goal == "sites":
        axis.set_major_locator(MaxNLocator(integer=True))
    axis.set_major_formatter(_figures_of(goal))
    if axis.get_scale() == "log":
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_minor_formatter(NullFormatter())


def _figures_of(goal: GoalName) -> "FuncFormatter":
    from matplotlib.ticker import FuncFormatter

    words = dollars if goal == "cost" else _short
    return FuncFormatter(lambda value, _: words(value))


def _short(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:,.0f}"


def _shown(places: Sequence[float], *, is_logarithmic: bool) -> tuple[float, float]:
    low, high = min(places), max(places)
    if is_logarithmic:
        factor = (high / low) ** MARGIN if high > low else 1.5
        return low / factor, high * factor
    side = MARGIN * (high - low) if high > low else 0.5 * (high or 1.0)
    return low - side, high + side


def _at(steps: Sequence[Step], limit: float) -> float | None:
    """The value of the last step that begins no later."""
    value = None
    for step in steps:
        if step.limit <= limit:
            value = step.value
    return value


def _or_nan(values: Sequence[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def chart_words(front: ParetoFront) -> str:
    """What the chart shows, for the page and for those who cannot see it."""
    if front.staircases is None:
        return "Each dot is a plan that no other known plan betters in all goals; its color is the third goal."
    plans, bounds = front.points[0], front.points[-1]
    goal = front.minimized
    place = front.goals.index(goal)
    return (
        "Each dot is a plan. Plans reach all above the upper line, and none can be below the lower one: what is still "
        f"to be found lies between, from {amount(goal, plans.values[place])} to {amount(goal, bounds.values[place])}."
    )
