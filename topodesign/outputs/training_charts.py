"""Charts of training over sites: utilization over bandwidth and distance, uptime over size, cost over sites."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from topodesign.domain.checks import require
from topodesign.domain.equipment import Catalog
from topodesign.domain.goodput import Checkpointing
from topodesign.domain.training import TrainingRequest
from topodesign.outputs.chart_style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    chart_style,
    dollars,
    new_figure,
    quiet_axes,
    with_prefix,
    without_zeros,
)
from topodesign.outputs.training_curves import (
    CostPoint,
    Curve,
    bandwidth_curves,
    distance_curves,
    recovery_name,
    uptime_at,
    uptime_curves,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = (
    (BLUE, "-"),
    (VERMILION, "--"),
    (GREEN, "-."),
    (ORANGE, (0, (5, 1, 1, 1, 1, 1))),
    (PURPLE, (0, (3, 1))),
    (SKY, "-"),
    (INK, ":"),
)
"""Of one curve after the other: told apart without color too."""
WIDTH_IN, HEIGHT_IN = 7.2, 4.0
MOST_PLACE_FOR_TEXT = 0.88
"""Share of the width beyond which there is no room to the right of a point."""
LEAST_PLACE_BELOW = 0.12
NEAR_THE_TOP = 0.9
RECOVERIES: Mapping[str, Checkpointing] = {
    recovery_name(item): item
    for item in (
        Checkpointing(write_s=30, restart_s=180),
        Checkpointing(write_s=5, restart_s=30),
        Checkpointing(write_s=120, restart_s=600),
    )
}
"""For want of a job's own (assumed): the first with which losses of 9 % for 16,384 accelerators were published, copies
in memory, and a slow store."""


def utilization_over_bandwidth(
    jobs: Mapping[str, TrainingRequest],
    *,
    least_gbps: float = 1.0,
    most_gbps: float = 1e5,
    point: tuple[float, float] | None = None,
) -> "Figure":
    """One curve of utilization over bandwidth for each job; a point is marked, such as a plan's own.

    Parameters
    ----------
    jobs : mapping of str to TrainingRequest
        By the name in the legend; see :func:`~topodesign.outputs.training_curves.methods_beside`.
    least_gbps, most_gbps : float
        Ends of the logarithmic axis, Gbit/s of each site in each direction.
    point : tuple of float, optional
        Gbit/s and utilization.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown and not saved; see :func:`~topodesign.outputs.chart_style.svg_bytes` and ``png_bytes``.

    Raises
    ------
    InvalidInput
        Without jobs, for more than seven, or for a range that is none.
    """
    curves = bandwidth_curves(jobs, least_gbps=least_gbps, most_gbps=most_gbps)
    return _alone(lambda axes: draw_bandwidth(axes, curves, point=point))


def utilization_over_distance(
    jobs: Mapping[str, TrainingRequest],
    *,
    most_km: float = 5000.0,
    gbps: float | None = None,
    point: tuple[float, float] | None = None,
) -> "Figure":
    """One curve of utilization over km of fiber between neighboring sites for each job; a point may be marked.

    ``gbps`` is that of each site in each direction, by default each job's own. Otherwise as
    :func:`utilization_over_bandwidth`.
    """
    curves = distance_curves(jobs, most_km=most_km, gbps=gbps)
    return _alone(lambda axes: draw_distance(axes, curves, point=point))


def goodput_over_size(
    catalog: Catalog,
    *,
    accelerator: str = "h100-sxm",
    recoveries: Mapping[str, Checkpointing] = RECOVERIES,
    sites: int = 1,
    least: float = 1e3,
    most: float = 1e6,
    point: float | None = None,
) -> "Figure":
    """Share of time that failures leave, over the number of accelerators, a curve for each way to recover.

    Parameters
    ----------
    catalog : Catalog
        Its rates of failures, ``"reliability.default"``.
    accelerator : str
        Id in the catalogue.
    recoveries : mapping of str to Checkpointing
    sites : int
        That all restart together.
    least, most : float
        Ends of the logarithmic axis.
    point : float, optional
        Number of accelerators to mark, on the first curve.
    """
    curves = uptime_curves(recoveries, catalog=catalog, accelerator=accelerator, sites=sites, least=least, most=most)
    first = next(iter(recoveries.values()))
    marked = None if point is None else (point, uptime_at(point, first, catalog, accelerator, sites))
    return _alone(lambda axes: draw_uptime(axes, curves, points=() if marked is None else (marked,)))


def cost_over_sites(points: Sequence[CostPoint]) -> "Figure":
    """Cost of plans over their number of sites, each with its proven lower bound; the cheapest is marked.

    Parameters
    ----------
    points : sequence of CostPoint
        See :func:`~topodesign.outputs.training_curves.cost_points` for plans. Of several with as many sites all are
        drawn, and the line joins the cheapest.

    Raises
    ------
    InvalidInput
        Without points.
    """
    require(bool(points), field="points", value=0, limit="at least one", remedy="give plans that have sites and a cost")
    return _alone(lambda axes: _draw_cost(axes, points))


def draw_bandwidth(axes: "Axes", curves: Sequence[Curve], *, point: tuple[float, float] | None) -> None:
    """The first chart, on axes that are part of a figure."""
    axes.set_xscale("log")
    _draw(axes, curves, point)
    axes.set_title("Utilization over bandwidth")
    axes.set_xlabel("bandwidth of each site in each direction")
    _powers_of_ten(axes, lambda gbps: without_zeros(with_prefix(gbps * 1e9, "bit/s")))


def draw_distance(axes: "Axes", curves: Sequence[Curve], *, point: tuple[float, float] | None) -> None:
    """The second chart, on axes that are part of a figure."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    _draw(axes, curves, point)
    axes.set_title("Utilization over distance")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_xlabel("fiber between neighboring sites, km")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda km, _: f"{km:,.0f}"))
    axes.set_xlim(0, max(float(curve.x[-1]) for curve in curves))


def draw_uptime(
    axes: "Axes", curves: Sequence[Curve], *, points: Sequence[tuple[float, float]], names: Sequence[str] = ()
) -> None:
    """The third chart, on axes that are part of a figure; points, the lowest first, may have names for the legend."""
    axes.set_xscale("log")
    _draw(axes, curves, None)
    if any(height > NEAR_THE_TOP for _, height in points):
        axes.set_ylim(top=1.12)  # so that the value above the point is not in the title
    for number, point in enumerate(points):
        is_last = number == len(points) - 1
        _mark(axes, point, f"{point[1]:.1%}", above=is_last, beyond=is_last, marker="oD"[number % 2])
        if number < len(names):
            axes.lines[-1].set_label(names[number])
    axes.set_title("Time that failures leave; curves: if all restart")
    axes.set_xlabel("accelerators")
    _powers_of_ten(axes, _count)


def _count(value: float) -> str:
    """``100,000``, and ``10 million``, which would run into its neighbors as digits."""
    return f"{value:,.0f}" if value < 1e6 else f"{value / 1e6:,g} million"


def _alone(draw: Callable[["Axes"], None]) -> "Figure":
    with chart_style():
        figure = new_figure(WIDTH_IN, HEIGHT_IN)
        axes = figure.subplots()
        draw(axes)
        if axes.get_legend_handles_labels()[1]:
            figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure


def _draw(axes: "Axes", curves: Sequence[Curve], point: tuple[float, float] | None) -> None:
    from matplotlib.ticker import PercentFormatter

    for number, curve in enumerate(curves):
        color, dashes = LOOKS[number % len(LOOKS)]
        axes.plot(curve.x, curve.y, color=color, linestyle=dashes, linewidth=1.8, label=curve.name)
    bottom = _bottom(min(float(curve.y.min()) for curve in curves))
    axes.set_ylim(bottom, 1 + 0.03 * (1 - bottom))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.grid(axis="both")
    axes.tick_params(which="both", length=0, pad=5)
    if point is not None:
        falls = all(curve.y[-1] < curve.y[0] for curve in curves)
        _mark(axes, point, f"{point[1]:.1%}", above=falls)


def _bottom(lowest: float) -> float:
    """Where the axis of shares begins: at 0, or at a twentieth below curves that are all in the upper half."""
    return 0.0 if lowest < 0.5 else math.floor((lowest - 0.02) * 20) / 20


def _mark(
    axes: "Axes", point: tuple[float, float], text: str, *, above: bool, beyond: bool = True, marker: str = "o"
) -> None:
    """A point with its value beyond it, or before it where there is no room or another value is beyond."""
    from matplotlib.patheffects import withStroke

    axes.plot(*point, marker=marker, markersize=8, color=INK, markeredgecolor="white", linestyle="none", zorder=5)
    across, up = axes.transAxes.inverted().transform(axes.transData.transform(point))
    is_before = not beyond or across > MOST_PLACE_FOR_TEXT
    axes.annotate(
        text,
        point,
        (-8 if is_before else 8, 6 if above or up < LEAST_PLACE_BELOW else -14),
        textcoords="offset points",
        ha="right" if is_before else "left",
        fontsize=8.5,
        fontweight="bold",
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )


def _powers_of_ten(axes: "Axes", written: Callable[[float], str]) -> None:
    """Powers of ten along the axis, and no marks between them."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(x=0)


def _draw_cost(axes: "Axes", points: Sequence[CostPoint]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    cheapest: dict[int, CostPoint] = {}
    for item in sorted(points, key=lambda item: (item.sites, item.cost_usd)):
        cheapest.setdefault(item.sites, item)
    axes.plot(
        list(cheapest), [item.cost_usd for item in cheapest.values()], color=FAINT, linewidth=1.2, zorder=1, alpha=0.7
    )
    for item in points:
        if item.lower_bound_usd is not None and item.lower_bound_usd < item.cost_usd:
            axes.plot(
                [item.sites] * 2,
                [item.lower_bound_usd, item.cost_usd],
                color=BLUE,
                alpha=0.35,
                linewidth=7,
                solid_capstyle="butt",
            )
        axes.plot([item.sites], [item.cost_usd], color=BLUE, marker="o", markersize=7)
    best = min(points, key=lambda item: (item.cost_usd, item.sites))
    axes.plot([best.sites], [best.cost_usd], color=GREEN, marker="o", markersize=10, zorder=5)
    axes.annotate(
        dollars(best.cost_usd),
        (best.sites, min(best.cost_usd, best.lower_bound_usd or best.cost_usd)),
        (0, -10),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=8.5,
        fontweight="bold",
    )
    axes.set_title("Net present cost over the number of sites (pale: down to the proven lower bound)")
    axes.set_xlabel("sites")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: without_zeros(dollars(value))))
    axes.margins(x=0.08, y=0.16)
    quiet_axes(axes, grid_along="y")
