"""Evaluated fabrics as a table for people: a column for each, intervals as intervals."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from topodesign.cli.output import say, say_tables, table_width
from topodesign.domain.fabric import AllToAll, FabricEvaluation

if TYPE_CHECKING:
    from rich.table import Table

Rows = dict[tuple[str, str], str]
"""Values by measure and unit, in order."""
ABSENT = "-"
LABELS_WIDTH, COLUMN_WIDTH = 50, 22
"""Characters that labels and units, and one fabric, take at least."""


def show_fabrics(evaluations: Sequence[FabricEvaluation]) -> None:
    """Write the table and what was assumed to stdout."""
    width = table_width(100)
    beside = max(2, (width - LABELS_WIDTH) // COLUMN_WIDTH)  # more fabrics than fit side by side go below
    starts = range(0, len(evaluations), beside)
    say_tables(*(_table(evaluations[start : start + beside]) for start in starts), width=width)
    for evaluation in evaluations:
        say(f"{evaluation.name}:")
        for assumption in evaluation.assumptions:
            say(f"  assumed: {assumption}")


def _table(evaluations: Sequence[FabricEvaluation]) -> "Table":
    from rich.table import Table

    table = Table("measure", "unit")
    for evaluation in evaluations:
        table.add_column(evaluation.name, justify="right")
    columns = [_rows(evaluation) for evaluation in evaluations]
    # fabrics have other patterns and parts; a row that only some have comes after the row that it follows there
    for row in _in_order([list(column) for column in columns]):
        table.add_row(*row, *(column.get(row, ABSENT) for column in columns))
    return table


def _in_order(columns: Sequence[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    order: list[tuple[str, str]] = []
    for column in columns:
        place = 0
        for row in column:
            if row in order:
                place = order.index(row) + 1
            else:
                order.insert(place, row)
                place += 1
    return order


def _rows(evaluation: FabricEvaluation) -> Rows:
    bisection = evaluation.bisection
    tiers = " + ".join(f"{count:,}" for count in evaluation.switches_by_tier)
    rows: Rows = {
        ("accelerators", ""): f"{evaluation.accelerators:,}",
        ("switches by tier", ""): tiers or "none",
        ("links (optical)", ""): f"{evaluation.links:,} ({evaluation.optical_links:,})",
        ("diameter, mean", "hops"): f"{evaluation.diameter_hops}, {evaluation.mean_hops:.3f}",
        ("disconnected pairs", ""): f"{evaluation.disconnected_pairs:,}" if evaluation.disconnected_pairs else "none",
        ("bisection, one direction", "Tbit/s"): _interval(
            bisection.lower_gbps / 1000, bisection.upper_gbps / 1000, is_exact=bisection.exact
        ),
    }
    return rows | _throughput(evaluation) | _collectives(evaluation) | _latency(evaluation) | _money(evaluation)


def _interval(lower: float, upper: float, *, is_exact: bool, digits: int = 1) -> str:
    top = f"{upper:,.{digits}f}"
    low = f"{lower:,.{digits}f}"
    return top if is_exact or low == top else f"{low} to {top}"


def _throughput(evaluation: FabricEvaluation) -> Rows:
    alltoall = evaluation.alltoall
    rows: Rows = {("all-to-all per accelerator", "Gbit/s"): _alltoall(alltoall)}
    for share in evaluation.throughput:
        interval = _interval(share.lower * 100, share.upper * 100, is_exact=share.exact)
        rows[share.pattern, "% of injection"] = interval
    return rows


def _alltoall(alltoall: AllToAll) -> str:
    lower, upper = alltoall.lower_gbps_per_accelerator, alltoall.gbps_per_accelerator
    if not alltoall.exact and lower <= 0:
        return f"up to {upper:,.1f}"
    return _interval(lower, upper, is_exact=alltoall.exact)


def _collectives(evaluation: FabricEvaluation) -> Rows:
    """The best algorithm of every operation, and how many times its lower bound it takes."""
    rows: Rows = {}
    for timed in evaluation.collectives:
        label = timed.operation.replace("_", "-")
        if (label, "ms") not in rows:
            over = f" ({timed.ratio:.2f} x bound)" if math.isfinite(timed.seconds) else ""
            rows[label, "ms"] = f"{_milliseconds(timed.seconds)}{over}"
            rows[f"{label} by", ""] = timed.algorithm
    return rows


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f}" if math.isfinite(seconds) else "never"


def _latency(evaluation: FabricEvaluation) -> Rows:
    latency, loaded, jitter = evaluation.latency_us, evaluation.loaded, evaluation.jitter
    rows: Rows = {("latency mean, 99 %", "us"): f"{latency.mean:,.2f}, {latency.p99:,.2f}"}
    if loaded is not None:
        rows["under load mean, 99 %", "us"] = f"{loaded.mean_us:,.2f}, {loaded.p99_us:,.2f}"
        rows["under load, slowest of all", "us"] = f"{loaded.slowest_us:,.2f}"
    if jitter is not None:
        beyond = " or more" if jitter.usable_participants >= jitter.counted_up_to else ""
        rows["jitter: 99 % - 50 %, straggle", "us"] = f"{jitter.spread_us:,.2f}, {jitter.straggle_us:,.2f}"
        kept = f"participants that keep {jitter.wanted_share:.2%} of a {jitter.step_s:g} s step"
        rows[kept, ""] = f"{jitter.usable_participants:,}{beyond}"
    if evaluation.collisions is not None:
        rows["hash collisions, worst uplink", "x even"] = f"{evaluation.collisions.slowdown:,.2f}"
    return rows


def _money(evaluation: FabricEvaluation) -> Rows:
    each = evaluation.cost_usd / evaluation.accelerators
    return {
        ("cost, indicative", "MUSD"): f"{evaluation.cost_usd / 1e6:,.2f}",
        ("cost per accelerator, indicative", "USD"): f"{each:,.0f}",
        ("power", "kW"): f"{evaluation.power_kw:,.1f}",
    }
