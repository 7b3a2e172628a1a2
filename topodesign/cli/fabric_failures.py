"""A fabric under failures, for people: a row for every set of failures, intervals as intervals."""

from typing import TYPE_CHECKING

from topodesign.cli.output import say, say_tables, table_width
from topodesign.domain.fabric_failures import FailureReport, FailureSetReport, IntervalSpread, Spread

if TYPE_CHECKING:
    from rich.table import Table

DEFAULT_SAMPLES = 20
HEADINGS = (
    "failures",
    "outcomes",
    "accelerators in service",
    "pairs connected",
    "bisection, Tbit/s",
    "all-to-all each, Gbit/s",
    "diameter",
)


def show_failures(report: FailureReport) -> None:
    """Write the table, least to most over the outcomes, and what was assumed to stdout."""
    say_tables(_table(report), width=table_width(100))
    for assumption in report.assumptions:
        say(f"  assumed: {assumption}")


def _table(report: FailureReport) -> "Table":
    from rich.table import Table

    table = Table(*HEADINGS)
    whole = report.whole
    table.add_row(
        "none",
        "1",
        f"{whole.in_service:,}",
        f"{whole.connected_share:.2%}",
        _between(whole.bisection_lower_gbps / 1e3, whole.bisection_upper_gbps / 1e3),
        _between(whole.alltoall_lower_gbps, whole.alltoall_upper_gbps),
        f"{whole.diameter_hops}",
    )
    for one in report.sets:
        table.add_row(*_cells(one))
    return table


def _cells(one: FailureSetReport) -> tuple[str, ...]:
    failed = ", ".join(f"{item.failed:,} of {item.units:,}" for item in one.failed)
    return (
        f"{one.failures} ({failed})",
        f"{'all ' if one.enumerated else ''}{one.outcomes:,}",
        _range(one.in_service, ",.0f"),
        _range(one.connected_share, ".2%"),
        _least_to_most(one.bisection_gbps, 1e-3),
        _least_to_most(one.alltoall_gbps, 1.0),
        _range(one.diameter_hops, ".0f"),
    )


def _least_to_most(spread: IntervalSpread, scale: float) -> str:
    """From the least lower end to the greatest upper end: every outcome lies in between."""
    return _between(spread.lower.min * scale, spread.upper.max * scale)


def _between(lower: float, upper: float) -> str:
    first, last = f"{lower:,.1f}", f"{upper:,.1f}"
    return first if first == last else f"{first} to {last}"


def _range(spread: Spread, form: str) -> str:
    first, last = format(spread.min, form), format(spread.max, form)
    return first if first == last else f"{first} to {last}"
