"""The chart of a stress: how often things go wrong, and the parts behind it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from topodesign.domain.stress import ShareEstimate, StressReport
from topodesign.outputs.chart_style import BLUE, ORANGE, VERMILION, chart_style, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "How often, and what hurts"
NOTE = (
    "Left: share of drawn states in which something is not so, with its interval; an arrow: not once in all samples, "
    "so that only the upper end is known. Right: of all accelerators lost, the share lost while the part was out "
    "(blue), and of states with it out, the share that misses the target (orange)."
)
MOST_PARTS = 15
LEAST_SHARE = 1e-7


def stress_chart(report: StressReport) -> "Figure":
    """Two panels: shares with intervals on a logarithmic scale, and the parts that hurt most."""
    hurtful = [part for part in report.parts if part.drawn_out][:MOST_PARTS]
    with chart_style():
        figure = new_figure(9.0, 1.6 + 0.26 * max(6, len(hurtful)))
        left, right = figure.subplots(1, 2)
        _failures(left, report)
        right.set_title("Parts that hurt most")
        rows = range(len(hurtful))
        lost = [part.lost_share_of_all or 0.0 for part in hurtful]
        missed = [part.missed_when_out or 0.0 for part in hurtful]
        right.barh([row - 0.19 for row in rows], lost, height=0.36, color=BLUE, label="of lost accelerators")
        right.barh([row + 0.19 for row in rows], missed, height=0.36, color=ORANGE, label="target missed when out")
        right.set_yticks(rows, [f"{part.kind} {part.id}" for part in hurtful], fontsize=7)
        right.invert_yaxis()
        right.set_xlim(0, 1)
        right.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        right.legend(loc="lower right", fontsize=7)
        quiet_axes(right, grid_along="x")
    return figure


def shares(report: StressReport) -> Mapping[str, ShareEstimate]:
    """The shares of a report in words."""
    return {
        "nothing is out": report.nothing_out,
        "all accelerators in one job": report.whole_job,
        "what runs keeps the target": report.keeps_target,
        "all in one job at the target": report.whole_job_at_target,
    }


def _failures(axes: "Axes", report: StressReport) -> None:
    for row, estimate in enumerate(shares(report).values()):
        least, most, middle = 1 - estimate.upper, 1 - estimate.lower, 1 - estimate.share
        axes.hlines(row, max(LEAST_SHARE, least), max(LEAST_SHARE, most), color=VERMILION, linewidth=1.4)
        is_seen = middle > 0
        at = middle if is_seen else max(LEAST_SHARE, most)
        axes.scatter([at], [row], s=22, marker="o" if is_seen else "<", color=VERMILION, zorder=3)
    axes.set_xscale("log")
    axes.set_yticks(range(len(shares(report))), [f"not: {words}" for words in shares(report)], fontsize=7.5)
    axes.invert_yaxis()
    axes.set_title(f"Share of {report.samples:,} states")
    quiet_axes(axes, grid_along="x")
