"""Fabrics of any kinds side by side: bandwidth, latency, all-reduce, cost and power, intervals drawn as intervals."""

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from topodesign.domain.checks import require
from topodesign.domain.fabric import FabricEvaluation
from topodesign.fabric.traffic_rates import UNIFORM
from topodesign.outputs.chart_style import (
    FAINT,
    INK,
    chart_style,
    color_of,
    dollars,
    new_figure,
    quiet_axes,
    with_prefix,
    without_zeros,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE_RANGE = 30.0
"""Values further apart than this factor stand on a logarithmic axis: on a linear one the small would vanish."""
MOST_FABRICS = 24
"""More rows than this do not fit on a page."""
NAME_WIDTH = 30
"""Characters of a row's name before it breaks."""
ROOM_FOR_TEXT = 1.42
"""Axis end over the largest value: the values are written behind the marks."""


@dataclass(frozen=True, slots=True)
class Span:
    """A value known to lie in ``[lower, upper]``."""

    lower: float
    upper: float

    @property
    def is_exact(self) -> bool:
        return self.lower == self.upper


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure. ``is_distribution``: both ends of its span are figures, no bounds; ``most``: the last tick."""

    title: str
    better: str
    of: Callable[[FabricEvaluation], Span | None]
    written: Callable[[float], str]
    is_distribution: bool = False
    most: float = math.inf


def _bisection(fabric: FabricEvaluation) -> Span:
    scale = 1e9 / fabric.accelerators
    return Span(fabric.bisection.lower_gbps * scale, fabric.bisection.upper_gbps * scale)


def _alltoall(fabric: FabricEvaluation) -> Span | None:
    found = next((share for share in fabric.throughput if share.pattern == UNIFORM), None)
    return None if found is None else Span(100 * found.lower, 100 * found.upper)


PANELS: tuple[Panel, ...] = (
    Panel("Bisection per accelerator", "more is better", _bisection, lambda value: with_prefix(value, "bit/s")),
    Panel("All-to-all, share of injection", "more is better", _alltoall, lambda value: f"{value:.3g} %", most=100.5),
    Panel(
        "Latency without load, p50 to p99",
        "less is better",
        lambda fabric: Span(fabric.latency_us.p50 / 1e6, fabric.latency_us.p99 / 1e6),
        lambda value: with_prefix(value, "s"),
        is_distribution=True,
    ),
    Panel(
        "All-reduce",
        "less is better",
        lambda fabric: Span(fabric.allreduce_s, fabric.allreduce_s),
        lambda value: with_prefix(value, "s"),
    ),
    Panel(
        "Cost per accelerator, indicative",
        "less is better",
        lambda fabric: Span(*[fabric.cost_usd / fabric.accelerators] * 2),
        dollars,
    ),
    Panel(
        "Power per accelerator",
        "less is better",
        lambda fabric: Span(*[1000 * fabric.power_kw / fabric.accelerators] * 2),
        lambda value: with_prefix(value, "W"),
    ),
)


def fabric_comparison_chart(fabrics: Sequence[FabricEvaluation], *, title: str | None = None) -> "Figure":
    """Fabrics in rows, measures in panels.

    A figure that is proven is a bar to its value. One that is only known to lie in an interval is no bar, but a bracket
    from the lower to the upper end. Latency is a line from p50 to p99.

    Parameters
    ----------
    fabrics : sequence of FabricEvaluation
        1 to :data:`MOST_FABRICS`, in the order of the rows from the top.
    title : str, optional
        Default: how many accelerators the fabrics have.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown and not saved; see :func:`topodesign.outputs.chart_style.svg_bytes`.

    Raises
    ------
    InvalidInput
        For no fabrics or too many.
    """
    require(
        1 <= len(fabrics) <= MOST_FABRICS,
        field="fabrics",
        value=len(fabrics),
        limit=f"1 to {MOST_FABRICS}",
        remedy="draw several charts",
    )
    names = [textwrap.fill(fabric.name, NAME_WIDTH, max_lines=3, placeholder=" …") for fabric in fabrics]
    with chart_style():
        lines = sum(max(2, 1 + name.count("\n")) for name in names)
        figure = new_figure(11.5, 3 * (0.62 + 0.15 * lines) + 1.0)
        figure.set_layout_engine("constrained", h_pad=0.09)
        grid = figure.subplots(3, 2, sharey=True)
        for panel, axes in zip(PANELS, grid.flat, strict=True):
            _draw(axes, panel, fabrics)
        for row in grid:
            row[0].set_yticks(range(len(fabrics)), names)
            row[0].set_ylim(len(fabrics) - 0.4, -0.6)
        figure.suptitle(title or _size_of(fabrics), x=0.01, ha="left", fontsize=12, fontweight="bold")
        _add_key(figure, fabrics)
    return figure


def _draw(axes: "Axes", panel: Panel, fabrics: Sequence[FabricEvaluation]) -> None:
    spans = [panel.of(fabric) for fabric in fabrics]
    ends = [end for span in spans if span is not None for end in (span.lower, span.upper) if 0 < end < math.inf]
    is_log = bool(ends) and max(ends) / min(ends) > WIDE_RANGE
    start = _set_scale(axes, panel, ends, is_log=is_log)
    for row, (fabric, span) in enumerate(zip(fabrics, spans, strict=True)):
        if span is None or not start <= span.upper < math.inf:
            _say(axes, row, "not known" if span is None else "infinite" if span.upper > start else panel.written(0))
            continue
        _mark(axes, panel, row, span, color_of(fabric.kind, row), start=start, is_log=is_log)
        axes.annotate(
            _text(panel, span),
            (span.upper, row),
            (8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=INK,
        )
    axes.set_title(f"{panel.title} – {panel.better}" + (", log scale" if is_log else ""), loc="left")


def _say(axes: "Axes", row: int, text: str) -> None:
    """Words where there is nothing to draw."""
    axes.annotate(
        text,
        (0, row),
        (4, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=FAINT,
        fontsize=8,
    )


def _mark(axes: "Axes", panel: Panel, row: int, span: Span, color: str, *, start: float, is_log: bool) -> None:
    if panel.is_distribution:
        _line(axes, row, span, color)
    elif not span.is_exact:
        _bracket(axes, row, Span(max(span.lower, start), span.upper), color, is_open=span.lower < start)
    elif is_log:
        axes.plot([span.upper], [row], color=color, marker="o", markersize=7)
    else:
        axes.barh(row, span.upper, height=0.62, color=color)


def _set_scale(axes: "Axes", panel: Panel, ends: Sequence[float], *, is_log: bool) -> float:
    """Scale and ticks of the values; returns where the axis starts."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    quiet_axes(axes, grid_along="x")
    axes.tick_params(axis="x", labelsize=7.5)
    start = 0.0
    if is_log:
        start = min(ends) / 2
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlim(start, max(ends) * (max(ends) / start) ** (ROOM_FOR_TEXT - 1))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.set_xlim(0, max(ends, default=1.0) * ROOM_FOR_TEXT)
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: without_zeros(panel.written(value)) if value <= panel.most else "")
    )
    axes.tick_params(which="minor", length=0)
    return start


def _line(axes: "Axes", row: int, span: Span, color: str) -> None:
    """From p50 (filled) to p99 (ring); where they are equal the one shows inside the other."""
    axes.plot([span.lower, span.upper], [row, row], color=color, linewidth=2.5, solid_capstyle="butt")
    axes.plot([span.upper], [row], color=color, marker="o", markersize=8, markerfacecolor="white", markeredgewidth=1.5)
    axes.plot([span.lower], [row], color=color, marker="o", markersize=4.5)


def _bracket(axes: "Axes", row: int, span: Span, color: str, *, is_open: bool) -> None:
    """An interval with its ends marked; the lower one is left open where it lies beyond the axis."""
    axes.barh(row, span.upper - span.lower, left=span.lower, height=0.3, color=color, alpha=0.25, linewidth=0)
    axes.plot([span.lower, span.upper], [row, row], color=color, linewidth=1.4, solid_capstyle="butt")
    for end in (span.upper,) if is_open else (span.lower, span.upper):
        axes.plot([end, end], [row - 0.28, row + 0.28], color=color, linewidth=2.2, solid_capstyle="butt")


def _text(panel: Panel, span: Span) -> str:
    upper = panel.written(span.upper)
    if span.is_exact:
        return upper
    return f"≤ {upper}" if span.lower == 0 else f"{panel.written(span.lower)} to {upper}"


def _size_of(fabrics: Sequence[FabricEvaluation]) -> str:
    sizes = sorted({fabric.accelerators for fabric in fabrics})
    if len(sizes) == 1:
        return f"Fabrics of {sizes[0]:,} accelerators"
    return f"Fabrics of {sizes[0]:,} to {sizes[-1]:,} accelerators"


def _add_key(figure: "Figure", fabrics: Sequence[FabricEvaluation]) -> None:
    messages = sorted({fabric.message_bytes for fabric in fabrics})
    sizes = " and ".join(with_prefix(message, "B") for message in messages)
    figure.supxlabel(
        "Bar or dot: proven value. Bracket: the value lies somewhere between its ends. Latency: filled dot p50, "
        "ring p99, no load.\nBandwidths are fluid, one direction; injection: all links of an accelerator. "
        f"All-reduce of {sizes} per accelerator. Cost and power: switches, cables and optics at catalogue figures.",
        x=0.01,
        ha="left",
        fontsize=8,
        color=FAINT,
    )
