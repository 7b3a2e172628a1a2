"""The planner against the two ways such plans are made today, on the same scenarios, by the same verifier, in one run.

    python -m benchmarks.baselines [--scenarios regional-nova,europe] [--methods planner,facility,median,monolith]
                                   [--monolith-time-limit 600] [--json FILE]

(a) ``planner``            ours, to the gap and within the time of benchmarks/planner_table.py
(b) ``facility, median``   place, then size: sites by a model that knows no network, then our sizing of them
(c) ``monolith``           the textbook multicommodity-flow programme, solved by the same solver (SCIP) to a gap of 1 %;
    ``monolith-reduced``   without failure states that others imply; ``monolith-detours`` that, with more lightpath
                           candidates; ``monolith-cuts`` the reduced one with cuts only

Every run has its own process. ``to 1 %`` is the time until cost and bound were within 1 % of each other; for (b) the
bound is that of the sites chosen. The saving is what the planner's plan costs less: in all, and in fiber and optics
(``network_cost_usd``). Negative within the gap says that the siting model happened upon sites as good. Beside the rows
of the planner's table there is us-12, small enough for the textbook programme to be built.
"""

import argparse
import dataclasses
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from benchmarks.measured_plan import MOST_COLUMNS, MeasuredPlan, Method, Request, measure_plan
from benchmarks.monolith import NOT_BUILT
from benchmarks.planner_table import ROWS, Row
from benchmarks.tables import RESULTS, environment, markdown_table, millions, percent, seconds, write_json

METHODS: tuple[Method, ...] = ("planner", "facility", "median", "monolith", "monolith-reduced")
COMPARED_GAP = 0.01
MONOLITH_S = 600.0
MONOLITH_MB = 12_000.0
BOUND_REFUTED = "never: its bound is above our plan"
"""Its bound holds among its own candidate routes only: a verified plan below that bound shows its gap to be none of the
scenario's."""
COMPARED_ROWS = (*ROWS, Row(scenario="us-12", gap=0.005, within_s=60, memory_mb=2000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Seed, threads, seconds, columns and MB for the textbook programme, and a factor on all other times."""

    seed: int = 0
    threads: int = 2
    monolith_s: float = MONOLITH_S
    most_columns: int = MOST_COLUMNS
    monolith_mb: float = MONOLITH_MB
    time_factor: float = 1.0


def request_of(row: Row, method: Method, settings: Settings) -> Request:
    """What one method is asked on one scenario."""
    is_monolith = method.startswith("monolith")
    return Request(
        scenario=row.scenario,
        method=method,
        time_limit_s=settings.monolith_s if is_monolith else row.within_s * settings.time_factor,
        gap=COMPARED_GAP if is_monolith else row.stop_gap,
        seed=settings.seed,
        threads=settings.threads,
        most_columns=settings.most_columns,
        memory_mb=settings.monolith_mb if is_monolith else 0.0,
    )


def compared_gap_s(run: MeasuredPlan) -> float | None:
    """Seconds to a gap of 1 %; ``None``: never reached, or the plan is not verified."""
    if run.cost_usd is None or not run.verified:
        return None
    return run.gap_reached_s(COMPARED_GAP * run.cost_usd * (1 + 1e-9))


def saving(run: MeasuredPlan, ours: MeasuredPlan | None) -> tuple[str, str]:
    """What our plan costs less than that of ``run``: in all, and in fiber and optics, in millions and per cent."""
    if ours is None or run is ours or not (run.verified and ours.verified):
        return ("-", "-")
    shown = []
    for theirs, own in ((run.cost_usd, ours.cost_usd), (run.network_cost_usd, ours.network_cost_usd)):
        if theirs is None or own is None or theirs <= 0:
            shown.append("-")
        else:
            shown.append(f"{millions(theirs - own)} ({percent((theirs - own) / theirs)})")
    return (shown[0], shown[1])


def times_sooner(run: MeasuredPlan, ours: MeasuredPlan | None) -> str:
    """How many times sooner ours reaches a gap of 1 % than a textbook programme does, or that it never did."""
    if ours is None or not run.request.method.startswith("monolith"):
        return "-"
    own = compared_gap_s(ours)
    theirs = compared_gap_s(run)
    if own is None:
        return "ours never"
    if run.note.startswith(NOT_BUILT):
        return NOT_BUILT
    if (run.lower_bound_usd or 0.0) > (ours.cost_usd or math.inf) * (1 + 1e-9):
        return BOUND_REFUTED
    return "never" if theirs is None else f"{theirs / own:,.1f} x"


def table(runs: Sequence[MeasuredPlan]) -> str:
    """The results as a Markdown table, grouped by scenario."""
    header = (
        "scenario",
        "method",
        "cost, M USD",
        "network, M USD",
        "gap",
        "wall, s",
        "to 1 %, s",
        "peak, MB",
        "verified",
        "saving in all, M USD",
        "saving in fiber and optics, M USD",
        "ours reaches 1 % sooner by",
        "note",
    )
    ours = {run.request.scenario: run for run in runs if run.request.method == "planner"}
    rows = [
        (
            run.request.scenario,
            run.request.method,
            millions(run.cost_usd),
            millions(run.network_cost_usd),
            percent(run.gap, 3),
            seconds(run.wall_s),
            seconds(compared_gap_s(run)),
            f"{run.peak_mb:,.0f}",
            "yes" if run.verified else "no",
            *saving(run, ours.get(run.request.scenario)),
            times_sooner(run, ours.get(run.request.scenario)),
            run.note.replace("|", "/"),
        )
        for run in runs
    ]
    return markdown_table(header, rows, left=2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every method on every scenario, print the table, write everything as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.baselines", description="The planner against others.")
    parser.add_argument("--scenarios", default="", help="joined by commas; else all")
    parser.add_argument("--methods", default=",".join(METHODS), help=f"of {', '.join(get_args(Method))}")
    parser.add_argument("--monolith-time-limit", type=float, default=MONOLITH_S, metavar="S")
    parser.add_argument("--most-columns", type=int, default=MOST_COLUMNS, help="of a textbook programme")
    parser.add_argument("--monolith-memory", type=float, default=MONOLITH_MB, metavar="MB")
    parser.add_argument("--time-factor", type=float, default=1.0, help="scales all other time limits, for a quick look")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=RESULTS / "baselines.json", metavar="FILE")
    given = parser.parse_args(arguments)
    rows = {row.scenario: row for row in COMPARED_ROWS}
    names = [name for name in given.scenarios.split(",") if name] or list(rows)
    methods = [method for method in get_args(Method) if method in given.methods.split(",")]
    unknown = sorted(set(names) - set(rows) | set(given.methods.split(",")) - set(get_args(Method)))
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; scenarios: {', '.join(rows)}; methods: {', '.join(METHODS)}")
    settings = Settings(
        seed=given.seed,
        threads=given.threads,
        monolith_s=given.monolith_time_limit,
        most_columns=given.most_columns,
        monolith_mb=given.monolith_memory,
        time_factor=given.time_factor,
    )
    runs = []
    for name in names:
        for method in methods:
            run = measure_plan(request_of(rows[name], method, settings))
            sys.stderr.write(f"{name}, {method}: {run.status} after {run.wall_s:.1f} s\n")
            runs.append(run)
    sys.stdout.write(table(runs))
    document = {
        "environment": environment(),
        "settings": dataclasses.asdict(settings),
        "runs": [dataclasses.asdict(run) for run in runs],
    }
    write_json(given.json, document)


if __name__ == "__main__":
    main()
