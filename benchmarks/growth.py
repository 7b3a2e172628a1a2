"""How the cost of solving grows from 12 to 500 sites: a chart from a run of the planner's table.

    python -m benchmarks.planner_table --growth          measures: nested subsets of stress-500, to a gap of 5 %
    python -m benchmarks.growth [--json FILE] [--out FILE]    draws

The chart shows, over the number of candidate sites (logarithmic): seconds to the first plan and to the wanted
gap (of several runs the slowest), and peak memory. A run that missed the gap is drawn hollow at its whole time.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measured_plan import measured_from
from benchmarks.planner_table import GROWTH_ROWS, Result
from benchmarks.tables import RESULTS, ROOT, markdown_table, seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIRST_COLOR, GAP_COLOR, MEMORY_COLOR = "#0072b2", "#d55e00", "#009e73"  # Okabe-Ito: told apart by everyone


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One number of sites: seconds to the first plan and the wanted gap (``None``: missed), whole seconds, MB."""

    sites: int
    segments: int
    first_plan_s: float | None
    wanted_gap_s: float | None
    wall_s: float
    peak_mb: float


def read_points(path: Path) -> list[Point]:
    """Points of a JSON file of the planner's table, by number of sites; of several runs the slowest.

    Raises
    ------
    SystemExit
        When the file is missing or has no rows of the growth series.
    """
    if not path.is_file():
        raise SystemExit(f"{path} does not exist; make it with python -m benchmarks.planner_table --growth")
    rows = {row.scenario: row for row in GROWTH_ROWS}
    document = json.loads(path.read_text(encoding="utf-8"))
    found: dict[int, list[Point]] = {}
    for run in document["runs"]:
        for item in run:
            scenario = item["row"]["scenario"]
            if scenario in rows:
                point = point_of(Result(row=rows[scenario], run=measured_from(item["run"])))
                found.setdefault(point.sites, []).append(point)
    if not found:
        raise SystemExit(f"{path} has no rows stress-N; make it with python -m benchmarks.planner_table --growth")
    return [slowest(points) for _, points in sorted(found.items())]


def point_of(result: Result) -> Point:
    """What the chart shows of one result."""
    return Point(
        sites=result.run.site_count,
        segments=result.run.segment_count,
        first_plan_s=result.run.first_plan_s,
        wanted_gap_s=result.wanted_gap_s,
        wall_s=result.run.wall_s,
        peak_mb=result.run.peak_mb,
    )


def slowest(points: Sequence[Point]) -> Point:
    """Of each figure the worst; a time that any run missed counts as missed."""

    def worst(of: Callable[[Point], float | None]) -> float | None:
        values = [of(point) for point in points]
        known = [value for value in values if value is not None]
        return max(known) if len(known) == len(values) else None

    return Point(
        sites=points[0].sites,
        segments=points[0].segments,
        first_plan_s=worst(lambda point: point.first_plan_s),
        wanted_gap_s=worst(lambda point: point.wanted_gap_s),
        wall_s=max(point.wall_s for point in points),
        peak_mb=max(point.peak_mb for point in points),
    )


def draw(points: Sequence[Point], path: Path, *, gap: float) -> None:
    """The chart as an image; the format follows the suffix of ``path``."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    times, memory = figure.subplots(1, 2)
    _draw_times(times, points, gap)
    memory.plot(
        [point.sites for point in points], [point.peak_mb for point in points], "s-", color=MEMORY_COLOR, clip_on=False
    )
    memory.set(ylabel="peak memory, MB", title="Memory")
    memory.set_ylim(bottom=0)
    for axes in (times, memory):
        axes.set(xscale="log", xlabel="candidate sites")
        axes.set_xticks([point.sites for point in points], labels=[str(point.sites) for point in points], minor=False)
        axes.set_xticks([], minor=True)
        axes.grid(visible=True, which="major", alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    # without a date and with fixed ids the file is the same for the same numbers
    metadata: Mapping[str, None] | None = {"Date": None} if path.suffix == ".svg" else None
    with rc_context({"svg.hashsalt": "growth"}):
        figure.savefig(path, dpi=150, metadata=metadata)


def _draw_times(axes: "Axes", points: Sequence[Point], gap: float) -> None:
    first = [(point.sites, point.first_plan_s) for point in points if point.first_plan_s is not None]
    reached = [(point.sites, point.wanted_gap_s) for point in points if point.wanted_gap_s is not None]
    missed = [(point.sites, point.wall_s) for point in points if point.wanted_gap_s is None]
    axes.plot(*zip(*first, strict=True), "o-", color=FIRST_COLOR, label="first plan")
    if reached:
        axes.plot(*zip(*reached, strict=True), "D-", color=GAP_COLOR, label=f"proven within {100 * gap:g} %")
    if missed:
        axes.plot(
            *zip(*missed, strict=True), "D", color=GAP_COLOR, fillstyle="none", label=f"stopped above {100 * gap:g} %"
        )
    axes.set(ylabel="seconds", title="Time", yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend(frameon=False)


def table(points: Sequence[Point]) -> str:
    """The numbers of the chart as a Markdown table."""
    header = ("sites", "segments", "first plan, s", "wanted gap, s", "wall, s", "peak, MB")
    rows = [
        (
            f"{point.sites:,}",
            f"{point.segments:,}",
            seconds(point.first_plan_s),
            seconds(point.wanted_gap_s),
            seconds(point.wall_s),
            f"{point.peak_mb:,.0f}",
        )
        for point in points
    ]
    return markdown_table(header, rows, left=0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read a run, print its numbers, draw the chart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="Chart of how solving grows.")
    parser.add_argument("--json", type=Path, default=RESULTS / "growth.json", metavar="FILE")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "growth.svg", metavar="FILE")
    given = parser.parse_args(arguments)
    points = read_points(given.json)
    sys.stdout.write(table(points))
    gaps = {row.gap for row in GROWTH_ROWS if row.gap is not None}
    draw(points, given.out, gap=max(gaps))


if __name__ == "__main__":
    main()
