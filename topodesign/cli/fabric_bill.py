"""Bills of materials of fabrics: options, the JSON document with its totals, and a table for people."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from topodesign.cli.fabric_options import Given, given_of, option, refuse_option
from topodesign.cli.output import say, say_tables, table_width
from topodesign.domain.checks import relocated
from topodesign.domain.codec import to_builtins
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_bill import BillOptions, FabricBill, FabricBillLine, Listing, SparesRule
from topodesign.domain.nearest import meant

if TYPE_CHECKING:
    from rich.table import Table

LISTINGS: dict[str, Listing] = {listing.replace("_", "-"): listing for listing in get_args(Listing)}
WHERE = ", ".join(LISTINGS)
RULE = {"spares_days": "lead_time_days", "spares_level": "service_level"}
OPTIONS: dict[str, tuple[type, str]] = {
    "adapters": (str, f"Network adapters in the bill: {WHERE}; default beside"),
    "spares": (str, f"Spares in the bill: {WHERE}; default beside"),
    "spares_days": (float, "Days until a failed part is replaced, for the count of spares; default 30"),
    "spares_level": (float, "Probability that the spares last so long; default 0.99"),
}


def bill_parameters() -> list[inspect.Parameter]:
    """The options of a bill, for typer."""
    return [option(name, kind, meaning) for name, (kind, meaning) in OPTIONS.items()]


def given_bill(given: Given) -> dict[str, str | float | bool]:
    """The options of a bill that were given."""
    return given_of(given, OPTIONS)


def bill_options_of(given: Given) -> BillOptions:
    """How to draw up a bill, by its options; raises :class:`InvalidInput` with the name of the option."""
    found = given_bill(given)
    rule = {field: float(found[name]) for name, field in RULE.items() if name in found}
    try:
        spares_rule = SparesRule(**rule)
    except InvalidInput as fault:
        name_of = {field: name for name, field in RULE.items()}
        raise relocated(fault, name_of[fault.field_path]) from None
    return BillOptions(adapters=_listing("adapters", found), spares=_listing("spares", found), spares_rule=spares_rule)


def bill_document(bill: FabricBill) -> dict[str, object]:
    """The bill as JSON: its lines, each with its cost and power, and the totals."""
    return {
        **to_builtins(bill),
        "lines": [_line_document(line) for line in bill.lines],
        "beside": [_line_document(line) for line in bill.beside],
        "cost_usd": bill.cost_usd,
        "power_kw": bill.power_kw,
        "beside_cost_usd": bill.beside_cost_usd,
        "cost_usd_per_accelerator": bill.cost_usd_per_accelerator,
        "power_w_per_accelerator": bill.power_w_per_accelerator,
    }


def show_bill(bill: FabricBill) -> None:
    """Write the lines with their indicative costs, the totals and where each price is from to stdout."""
    say_tables(_table(bill), width=table_width(120))
    for source in dict.fromkeys(_source(line) for line in (*bill.lines, *bill.beside) if line.item):
        say(f"  price: {source}")


def _listing(name: str, found: Given) -> Listing:
    text = found.get(name, "beside")
    listing = LISTINGS.get(str(text))
    if listing is None:
        raise refuse_option(name, f"is {text!r}, but it must be one of {WHERE}; {meant(str(text), LISTINGS)}")
    return listing


def _line_document(line: FabricBillLine) -> dict[str, object]:
    return {**to_builtins(line), "cost_usd": line.cost_usd, "power_w": line.power_w}


def _table(bill: FabricBill) -> "Table":
    from rich.table import Table

    table = Table("part", "for", "count", "USD each, indicative", "kUSD", "kW", title="Bill of materials")
    for column in table.columns[2:]:
        column.justify = "right"
    _add_rows(table, bill.lines)
    table.add_row("total", "", "", "", f"{bill.cost_usd / 1e3:,.1f}", f"{bill.power_kw:,.1f}", end_section=True)
    _add_rows(table, bill.beside)
    if bill.beside:
        table.add_row("listed beside, not in the total", "", "", "", f"{bill.beside_cost_usd / 1e3:,.1f}", "")
    return table


def _add_rows(table: "Table", lines: Sequence[FabricBillLine]) -> None:
    for line in lines:
        what = f"{line.what}, {line.length_m:,.1f} m" if line.length_m else line.what
        each = f"{line.unit_cost_usd:,.2f}" + ("" if line.is_indicative or not line.item else " (given)")
        table.add_row(
            line.name, what, f"{line.count:,}", each, f"{line.cost_usd / 1e3:,.1f}", f"{line.power_w / 1e3:,.1f}"
        )


def _source(line: FabricBillLine) -> str:
    return f"{line.name}: {line.source} ({line.source_date or 'undated'}, confidence {line.confidence})"
