"""The chart of a stress: how often things go wrong, and the parts behind it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topodesign.domain.stress import PartImpact, ShareEstimate, StressReport
from topodesign.outputs.chart_style import BLUE, ORANGE, VERMILION, chart_style, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "How often, and what hurts"
NOTE = (
    "Above: share of drawn states in which something is so, with its interval; a triangle: not once in all samples, so "
    "that only the upper end is known. Below: by how much the mean loss of accelerators would fall if "
    "the part never were out (blue), and of states with it out, the share that misses the target (orange). Parts with "
    "neither are left out."
)
MOST_PARTS = 15
LEAST_SHOWN = 0.001
"""Of the mean loss: less cannot be seen."""
LEAST_SHARE = 1e-7
ROW_IN = 0.3
"""Height of a row."""


def stress_chart(report: StressReport) -> "Figure":
    """Two panels: shares with intervals on a logarithmic scale, and the parts that hurt most."""
    hurtful = [part for part in report.parts if (part.avoidable_share or 0) > LEAST_SHOWN or part.missed_when_out][
        :MOST_PARTS
    ]
    heights = [len(shares(report)) + 2, max(3, len(hurtful)) + 2]
    with chart_style():
        figure = new_figure(8.0, ROW_IN * sum(heights) + 0.8)
        above, below = figure.subplots(2, 1, height_ratios=heights)
        _failures(above, report)
        _parts(below, hurtful)
    return figure


def shares(report: StressReport) -> Mapping[str, ShareEstimate]:
    """The shares of a report in words."""
    return {
        "nothing is out": report.nothing_out,
        "all accelerators in one job": report.whole_job,
        "what runs keeps the target": report.keeps_target,
        "all in one job at the target": report.whole_job_at_target,
    }


OPPOSITES = ("some part is out", "not all in one job", "target missed by what runs", "less than all at the target")
"""Of :func:`shares`, in order."""


def _failures(axes: "Axes", report: StressReport) -> None:
    for row, estimate in enumerate(shares(report).values()):
        least, most, middle = 1 - estimate.upper, 1 - estimate.lower, 1 - estimate.share
        axes.hlines(row, max(LEAST_SHARE, least), max(LEAST_SHARE, most), color=VERMILION, linewidth=1.4)
        is_seen = middle > 0
        at = middle if is_seen else max(LEAST_SHARE, most)
        axes.scatter([at], [row], s=22, marker="o" if is_seen else "<", color=VERMILION, zorder=3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda _value, _place: "")
    axes.set_yticks(range(len(OPPOSITES)), OPPOSITES, fontsize=7.5)
    axes.set_ylim(len(OPPOSITES) - 0.5, -0.5)
    axes.set_title(f"Share of {report.samples:,} states")
    quiet_axes(axes, grid_along="x")


def _parts(axes: "Axes", parts: Sequence[PartImpact]) -> None:
    rows = range(len(parts))
    lost = [max(0.0, part.avoidable_share or 0.0) for part in parts]
    missed = [part.missed_when_out or 0.0 for part in parts]
    axes.barh([row - 0.19 for row in rows], lost, height=0.36, color=BLUE, label="of the mean loss, due to it")
    axes.barh([row + 0.19 for row in rows], missed, height=0.36, color=ORANGE, label="target missed when out")
    axes.set_yticks(rows, [f"{part.kind} {part.id}" for part in parts], fontsize=7.5)
    axes.set_ylim(max(3, len(parts)) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_title("Parts that hurt most")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, fontsize=7)
    quiet_axes(axes, grid_along="x")
