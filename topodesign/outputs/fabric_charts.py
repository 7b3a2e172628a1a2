"""Fabrics compared: inside each site, and end to end across sites."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from topodesign.domain.fabric import FabricEvaluation
from topodesign.domain.plan import CrossSiteEvaluation, FabricReport
from topodesign.outputs.chart_style import (
    FAINT,
    chart_style,
    color_of,
    dollars,
    new_figure,
    quiet_axes,
    with_prefix,
    without_zeros,
)
from topodesign.outputs.kind_words import kind_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SITES = 10
"""More sites than this do not fit side by side; the largest are drawn and the title says so."""

BAR_ROOM = 0.8
WIDE_RANGE = 30.0
"""Values further apart than this factor are drawn as points on a logarithmic axis: as bars the small would vanish."""

LABEL_BARS = 8
"""More bars than this leave no room for their values; the report's table has them."""


@dataclass(frozen=True)
class Measure:
    """One row of the chart: what is compared, inside a site and across sites, and how a value is written.

    ``inside_lowest`` and ``across_lowest`` are the lower ends where a value is only known to lie in an interval.
    """

    title: str
    better: str
    inside: Callable[[FabricEvaluation], float]
    inside_lowest: Callable[[FabricEvaluation], float]
    across: Callable[[CrossSiteEvaluation], float | None]
    across_lowest: Callable[[CrossSiteEvaluation], float | None]
    written: Callable[[float], str]


def _measure(
    title: str,
    better: str,
    inside: Callable[[FabricEvaluation], float],
    across: Callable[[CrossSiteEvaluation], float | None],
    written: Callable[[float], str],
) -> Measure:
    return Measure(title, better, inside, inside, across, across, written)


MEASURES: tuple[Measure, ...] = (
    Measure(
        title="Bisection bandwidth",
        better="more is better",
        inside=lambda fabric: fabric.bisection.upper_gbps * 1e9,
        inside_lowest=lambda fabric: fabric.bisection.lower_gbps * 1e9,
        across=lambda fabric: fabric.bisection_upper_gbps * 1e9,
        across_lowest=lambda fabric: fabric.bisection_lower_gbps * 1e9,
        written=lambda value: with_prefix(value, "bit/s"),
    ),
    _measure(
        "Worst latency, one way",
        "less is better",
        lambda fabric: fabric.latency_us.max / 1e6,
        lambda fabric: fabric.worst_pair_latency_us / 1e6,
        lambda value: with_prefix(value, "s"),
    ),
    _measure(
        "All-reduce",
        "less is better",
        lambda fabric: fabric.allreduce_s,
        lambda fabric: fabric.hierarchical_allreduce_s,
        lambda value: with_prefix(value, "s"),
    ),
    _measure(
        "Fabric cost (indicative)",
        "less is better",
        lambda fabric: fabric.cost_usd,
        lambda fabric: fabric.cost_usd,
        dollars,
    ),
    _measure(
        "Fabric power",
        "less is better",
        lambda fabric: fabric.power_kw * 1e3,
        lambda fabric: fabric.power_mw * 1e6,
        lambda value: with_prefix(value, "W"),
    ),
)


def fabric_chart(report: FabricReport) -> "Figure":
    """Torus, Clos and the other candidates side by side: bisection, worst latency, all-reduce, cost and power.

    The left column has one group of bars per site (at most :data:`MOST_SITES`, the largest first by accelerators), the
    right column one bar per kind for all sites joined by the plan's links. Where a bisection is known only as an
    interval, the bar is pale between its ends. Values that lie far apart are points on a logarithmic axis instead.

    Parameters
    ----------
    report : FabricReport
        ``plan.fabrics``.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown and not saved; see :func:`topodesign.outputs.chart_style.svg_bytes`.
    """
    with chart_style():
        sites = sorted(report.sites, key=lambda site: (-_accelerators(site.fabrics), site.site_id))[:MOST_SITES]
        sites = sorted(sites, key=lambda site: site.site_id)
        kinds = _kinds(report)
        figure = new_figure(9.6, 10.4)
        grid = figure.subplots(len(MEASURES), 2, width_ratios=[3, 1.5])
        names = [site.site_id for site in sites]
        for row, measure in enumerate(MEASURES):
            inside = {kind: [_of_kind(site.fabrics, kind) for site in sites] for kind in kinds}
            _draw_inside(grid[row][0], measure, names, inside)
            _draw_across(grid[row][1], measure, {kind: _joined(report, kind) for kind in kinds})
            grid[row][0].set_title(f"{measure.title} – {measure.better}{_scale_words(grid[row][0])}", loc="left")
            grid[row][1].set_title(f"{measure.title}{_scale_words(grid[row][1])}", loc="left")
        shown = "" if len(sites) == len(report.sites) else f" (the {len(sites)} largest of {len(report.sites)})"
        grid[0][0].set_title(f"INSIDE EACH SITE{shown}\n\n{grid[0][0].get_title('left')}", loc="left")
        grid[0][1].set_title(f"ACROSS ALL SITES\n\n{grid[0][1].get_title('left')}", loc="left")
        _add_legend(figure, kinds)
    return figure


def _scale_words(axes: "Axes") -> str:
    return ", log scale" if axes.get_yscale() == "log" else ""


def _add_legend(figure: "Figure", kinds: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(color=color_of(kind, number), label=kind_words(kind)) for number, kind in enumerate(kinds)]
    figure.legend(handles=patches, loc="outside upper right", ncols=min(len(kinds), 6), fontsize=10)


def _draw_inside(
    axes: "Axes", measure: Measure, names: Sequence[str], inside: dict[str, list[FabricEvaluation | None]]
) -> None:
    width = BAR_ROOM / max(1, len(inside))
    marks = [
        Mark(
            place - BAR_ROOM / 2 + width * (number + 0.5),
            measure.inside_lowest(fabric),
            measure.inside(fabric),
            color_of(kind, number),
        )
        for number, (kind, fabrics) in enumerate(inside.items())
        for place, fabric in enumerate(fabrics)
        if fabric is not None
    ]
    _draw(axes, measure, marks, width)
    if len(marks) <= LABEL_BARS:
        for mark in marks:
            least = "" if mark.lowest >= mark.value else "≤ "
            _label(axes, mark.x, mark.value, f"{least}{measure.written(mark.value)}")
    turned = len(names) > 6 or max((len(name) for name in names), default=0) > 18
    axes.set_xticks(range(len(names)), [_short(name) for name in names], rotation=20 if turned else 0)
    axes.set_xlim(-0.5, max(len(names), 1) - 0.5)


def _draw_across(axes: "Axes", measure: Measure, across: dict[str, CrossSiteEvaluation | None]) -> None:
    marks = []
    for number, (kind, fabric) in enumerate(across.items()):
        value = None if fabric is None else measure.across(fabric)
        if fabric is None or value is None:
            axes.annotate(
                "not\napplicable", (number, 0), xycoords=("data", "axes fraction"), ha="center", color=FAINT, fontsize=8
            )
            continue
        lowest = measure.across_lowest(fabric)
        marks.append(Mark(number, value if lowest is None else lowest, value, color_of(kind, number)))
    _draw(axes, measure, marks, 0.64)
    for mark in marks:
        _label(axes, mark.x, mark.value, _written(measure, mark))
    axes.set_xticks(range(len(across)), [kind_words(kind) for kind in across])
    axes.set_xlim(-0.7, len(across) - 0.3)


@dataclass(frozen=True)
class Mark:
    """One bar or point: where, from what lowest to what highest value, in which color."""

    x: float
    lowest: float
    value: float
    color: str


def _draw(axes: "Axes", measure: Measure, marks: Sequence[Mark], width: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    ends = [end for mark in marks for end in (mark.lowest, mark.value)]
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: without_zeros(measure.written(value))))
    axes.tick_params(axis="y", labelsize=7.5)
    if ends and min(ends) > 0 and max(ends) / min(ends) > WIDE_RANGE:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=6))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: without_zeros(measure.written(value))))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(min(ends) / 2.5, max(ends) * 4.5)
        for mark in marks:
            axes.plot(
                [mark.x, mark.x],
                [mark.lowest, mark.value],
                color=mark.color,
                alpha=0.45,
                linewidth=6,
                solid_capstyle="butt",
            )
            axes.plot([mark.x], [mark.value], color=mark.color, marker="o", markersize=7)
    else:
        axes.set_ylim(0, max(ends) * 1.25 if ends and max(ends) > 0 else 1)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
        for mark in marks:
            _bar(axes, mark, width)
    quiet_axes(axes, grid_along="y")
    axes.tick_params(which="minor", length=0)


def _bar(axes: "Axes", mark: Mark, width: float) -> None:
    axes.bar(mark.x, mark.lowest, width=width * 0.94, color=mark.color)
    if mark.lowest < mark.value:
        axes.bar(mark.x, mark.value - mark.lowest, bottom=mark.lowest, width=width * 0.94, color=mark.color, alpha=0.35)


def _label(axes: "Axes", x: float, value: float, text: str) -> None:
    axes.annotate(text, (x, value), (0, 4), textcoords="offset points", ha="center", va="bottom", fontsize=7.5)


def _written(measure: Measure, mark: Mark) -> str:
    value = measure.written(mark.value)
    return value if mark.lowest >= mark.value else f"{measure.written(mark.lowest)}\nto {value}"


def _kinds(report: FabricReport) -> list[str]:
    """Every kind once: Clos and torus first, then the others by name."""
    found = {fabric.kind for site in report.sites for fabric in site.fabrics}
    found |= {fabric.kind for fabric in report.across_sites}
    first = [kind for kind in ("torus", "clos") if kind in found]
    return first + sorted(found - set(first))


def _of_kind(fabrics: Sequence[FabricEvaluation], kind: str) -> FabricEvaluation | None:
    """The fabric of a kind at a site; where there are several, the one with the most bisection."""
    candidates = [fabric for fabric in fabrics if fabric.kind == kind]
    return max(candidates, key=lambda fabric: fabric.bisection.gbps, default=None)


def _joined(report: FabricReport, kind: str) -> CrossSiteEvaluation | None:
    return next((fabric for fabric in report.across_sites if fabric.kind == kind), None)


def _accelerators(fabrics: Sequence[FabricEvaluation]) -> int:
    return max((fabric.accelerators for fabric in fabrics), default=0)


def _short(name: str) -> str:
    return name if len(name) <= 22 else f"{name[:20]}…"
