"""The planner's own table: every scenario with the gap, time and memory that it is held to.

    python -m benchmarks.planner_table [--rows us-multi-region,europe] [--growth] [--runs 2] [--json FILE]

Each row runs in its own process, one after the other. ``first plan`` is the time to the first incumbent; where a limit
is set on the first *verified* plan, a second run of the row stops at its first plan, and its whole time, verification
included, is what counts. Times are wall-clock seconds with model building, verification and the comparison of fabrics.
``wanted gap`` is the time until cost and proven bound were close enough for every gap that the row asks for.
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measured_plan import MeasuredPlan, Request, measure_plan
from benchmarks.scenarios import STRESS_SIZES
from benchmarks.tables import RESULTS, environment, markdown_table, millions, percent, seconds, write_json

NETWORK_SHARE = 0.1
"""Least share of the network in the cost of the scenarios: turns a gap in network cost into one to stop at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A scenario and what it is held to: gaps as shares, ``within_s`` seconds, ``memory_mb`` in MB.

    ``sites_of`` names the row whose plan decides the sites (where that row is run too).
    """

    scenario: str
    gap: float | None = None
    network_gap: float | None = None
    within_s: float
    memory_mb: float
    first_plan_s: float | None = None
    sites_of: str = ""

    @property
    def stop_gap(self) -> float:
        """Relative gap at which the planner may stop."""
        wanted = [gap for gap in (self.gap, self.network_gap and NETWORK_SHARE * self.network_gap) if gap is not None]
        return min(wanted)


ROWS = (
    Row(scenario="regional-nova", gap=0.0001, within_s=20, memory_mb=1000),
    Row(scenario="us-multi-region", gap=0.005, network_gap=0.05, within_s=60, memory_mb=2000),
    Row(scenario="us-conduit-pairs", gap=0.03, within_s=300, memory_mb=3000),
    Row(scenario="europe", gap=0.005, within_s=120, memory_mb=2000),
    Row(scenario="stress-500", gap=0.05, within_s=600, memory_mb=6000, first_plan_s=60),
    Row(scenario="us-sites-fixed", network_gap=0.01, within_s=60, memory_mb=2000, sites_of="us-multi-region"),
)
GROWTH_ROWS = tuple(Row(scenario=f"stress-{size}", gap=0.05, within_s=600, memory_mb=6000) for size in STRESS_SIZES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A row's run, and the run that stopped at its first plan, where there was one."""

    row: Row
    run: MeasuredPlan
    first: MeasuredPlan | None = None

    @property
    def wanted_gap_usd(self) -> float | None:
        """Largest distance of cost and bound in US dollars that keeps every gap of the row; ``None`` without a plan."""
        if self.run.cost_usd is None or self.run.network_cost_usd is None:
            return None
        parts = []
        if self.row.gap is not None:
            parts.append(self.row.gap * self.run.cost_usd)
        if self.row.network_gap is not None:
            parts.append(self.row.network_gap * self.run.network_cost_usd)
        return min(parts)

    @property
    def wanted_gap_s(self) -> float | None:
        """Seconds until the gaps were kept."""
        wanted = self.wanted_gap_usd
        return None if wanted is None else self.run.gap_reached_s(wanted * (1 + 1e-9))

    @property
    def first_plan_s(self) -> float | None:
        """Seconds to the first verified plan where that was measured, else to the first incumbent."""
        if self.first is None:
            return self.run.first_plan_s
        return self.first.wall_s if self.first.verified else None

    @property
    def faults(self) -> tuple[str, ...]:
        """Which limits are missed; empty when the row is met."""
        found = []
        if not self.run.verified:
            found.append("no verified plan")
        reached = self.wanted_gap_s
        if reached is None:
            found.append("gap")
        elif reached > self.row.within_s:
            found.append("time")
        if self.run.wall_s > 1.1 * self.row.within_s:
            found.append("time limit not kept")
        if self.run.peak_mb > self.row.memory_mb:
            found.append("memory")
        if self.row.first_plan_s is not None:
            first = self.first_plan_s
            if first is None or first > self.row.first_plan_s:
                found.append("first plan")
        return tuple(found)


def run_row(row: Row, *, sites: tuple[str, ...], seed: int, threads: int, time_factor: float) -> Result:
    """Run one row; ``time_factor`` shortens (below 1) or lengthens its time limit."""
    request = Request(
        scenario=row.scenario,
        time_limit_s=row.within_s * time_factor,
        gap=row.stop_gap,
        seed=seed,
        threads=threads,
        sites=sites,
    )
    first = None
    if row.first_plan_s is not None:
        first = measure_plan(dataclasses.replace(request, until_first_plan=True))
    return Result(row=row, run=measure_plan(request), first=first)


def run_rows(rows: Sequence[Row], *, seed: int, threads: int, time_factor: float) -> list[Result]:
    """Run rows in turn; a row that takes its sites from another row gets those of this run."""
    results: list[Result] = []
    used: dict[str, tuple[str, ...]] = {}
    for row in rows:
        result = run_row(row, sites=used.get(row.sites_of, ()), seed=seed, threads=threads, time_factor=time_factor)
        used[row.scenario] = result.run.used_sites
        sys.stderr.write(f"{row.scenario}: {result.run.status} after {result.run.wall_s:.1f} s\n")
        results.append(result)
    return results


def table(results: Sequence[Result]) -> str:
    """The results as a Markdown table."""
    header = (
        "scenario",
        "sites / segments",
        "cost, M USD",
        "network, M USD",
        "gap",
        "network gap",
        "first plan, s",
        "wanted gap, s",
        "wall, s",
        "peak, MB",
        "verified",
        "limits met",
    )
    rows = [
        (
            result.row.scenario,
            f"{result.run.site_count} / {result.run.segment_count:,}",
            millions(result.run.cost_usd),
            millions(result.run.network_cost_usd),
            percent(result.run.gap, 3),
            percent(result.run.network_gap),
            seconds(result.first_plan_s),
            seconds(result.wanted_gap_s),
            seconds(result.run.wall_s),
            f"{result.run.peak_mb:,.0f}",
            "yes" if result.run.verified else "no",
            "yes" if not result.faults else "no: " + ", ".join(result.faults),
        )
        for result in results
    ]
    return markdown_table(header, rows)


def chosen_rows(names: str, *, with_growth: bool) -> tuple[Row, ...]:
    """The rows asked for by name (all of the table by default), in the table's order."""
    rows = {row.scenario: row for row in GROWTH_ROWS} | {row.scenario: row for row in ROWS}
    if with_growth:
        return tuple(rows[row.scenario] for row in GROWTH_ROWS)
    wanted = [name for name in names.split(",") if name]
    unknown = sorted(set(wanted) - set(rows))
    if unknown:
        raise SystemExit(f"no row {', '.join(unknown)}; known: {', '.join(sorted(rows))}")
    return tuple(rows[name] for name in wanted) if wanted else ROWS


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the table, print it, and write everything that was measured as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planner_table", description="The planner's own table.")
    parser.add_argument("--rows", default="", help="scenarios joined by commas; all of the table by default")
    parser.add_argument("--growth", action="store_true", help="instead of the table, the subsets of stress-500")
    parser.add_argument("--runs", type=int, default=1, help="how often to run everything, one after the other")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--time-factor", type=float, default=1.0, help="scales every time limit, for a quick look")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="default: under benchmarks/results/")
    given = parser.parse_args(arguments)
    rows = chosen_rows(given.rows, with_growth=given.growth)
    runs = []
    for number in range(1, given.runs + 1):
        results = run_rows(rows, seed=given.seed, threads=given.threads, time_factor=given.time_factor)
        title = f"Run {number} of {given.runs}, seed {given.seed}, {given.threads} threads\n\n"
        sys.stdout.write(title + table(results) + "\n")
        sys.stdout.flush()
        runs.append([dataclasses.asdict(result) | {"faults": result.faults} for result in results])
    stem = "growth" if given.growth else "planner_table"
    document = {"environment": environment(), "time_factor": given.time_factor, "runs": runs}
    write_json(given.json or RESULTS / f"{stem}.json", document)


if __name__ == "__main__":
    main()
