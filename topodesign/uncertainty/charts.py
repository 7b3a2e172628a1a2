"""The chart of two-stage siting: what each future costs with its sites, with the deterministic plan's, and if known."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topodesign.domain.uncertain_plan import CostRange, FutureOutcome, UncertainPlan
from topodesign.outputs.chart_style import BLUE, FAINT, ORANGE, chart_style, dollars, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CHART_WORDS: Mapping[str, tuple[str, str]] = {
    "cost-by-future": (
        "Cost in each future",
        "Dots: verified plans. Lines to the left of them: down to the proven bound. Futures from dear to cheap, with "
        "their probability; the dotted line is the objective.",
    ),
}
MOST_ROWS = 40
LONGEST_NAME = 44


def charts_of(plan: UncertainPlan) -> Mapping[str, "Figure"]:
    """Charts by the names of their files; none where there is no plan."""
    return {"cost-by-future": cost_by_future(plan)} if plan.futures else {}


def cost_by_future(plan: UncertainPlan) -> "Figure":
    """Dots with brackets, one row for each of the dearest futures."""
    shown = sorted(plan.futures, key=lambda item: (-_dearest(item), item.name))[:MOST_ROWS]
    with chart_style():
        figure = new_figure(8.0, 1.5 + 0.34 * max(3, len(shown)))
        axes = figure.subplots()
        _dots(axes, [item.known for item in shown], offset=-0.22, color=FAINT, label="future known beforehand")
        two_stage = [None if item.two_stage is None else item.two_stage.cost for item in shown]
        _dots(axes, two_stage, offset=0.0, color=BLUE, label="committed sites")
        plain = [None if item.deterministic is None else item.deterministic.cost for item in shown]
        _dots(axes, plain, offset=0.22, color=ORANGE, label="sites of the deterministic plan")
        if plan.objective is not None:
            axes.axvline(plan.objective.upper_usd, color=BLUE, linewidth=0.9, linestyle=":")
        axes.set_yticks(range(len(shown)), [_label(item) for item in shown])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(lambda value, _: dollars(value))
        axes.set_xlabel("Net present cost, indicative")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=7.5)
        quiet_axes(axes, grid_along="x")
    return figure


def _dots(axes: "Axes", costs: Sequence[CostRange | None], *, offset: float, color: str, label: str) -> None:
    given = [(row + offset, cost) for row, cost in enumerate(costs) if cost is not None]
    if not given:
        return
    rows = [row for row, _ in given]
    axes.hlines(
        rows, [cost.lower_usd for _, cost in given], [cost.upper_usd for _, cost in given], color=color, linewidth=1.2
    )
    axes.scatter([cost.upper_usd for _, cost in given], rows, s=20, color=color, label=label, zorder=3)


def _dearest(item: FutureOutcome) -> float:
    return item.known.upper_usd if item.two_stage is None else item.two_stage.cost.upper_usd


def _label(item: FutureOutcome) -> str:
    name = item.name if len(item.name) <= LONGEST_NAME else f"{item.name[:LONGEST_NAME]}..."
    return f"{name} ({item.probability:.3g})"
