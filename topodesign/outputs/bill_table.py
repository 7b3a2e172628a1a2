"""The report's bill of materials: what is bought where, at which price and on whose word; and it paid year by year."""

import math
from collections.abc import Sequence
from html import escape

from topodesign.outputs.bill_by_year import YearLine
from topodesign.outputs.bill_lines import BESIDE, BillLine
from topodesign.outputs.report_tables import NOTHING, Figure, table

HEADER = ("Item", "Where", "Quantity", "Unit", "USD per unit", "USD in the plan's cost", "USD beside it", "Price from")
MOST_LINES = 3000
"""More lines make a page that browsers open slowly; the file beside it has them all."""
NOTE = (
    "Dollars of the plan's cost are net present and sum to it to the cent; what is beside it (accelerators, fabrics "
    "inside sites, spares, huts) has a column of its own. Prices are indicative unless the scenario gives them. "
    "bill-of-materials.csv has every column."
)


def bill_section(lines: Sequence[BillLine], by_year: Sequence[YearLine]) -> str:
    """Every line, up to :data:`MOST_LINES`, and the sums of each year, as HTML."""
    left_out = f" Here are the first {MOST_LINES:,} of {len(lines):,} lines." if len(lines) > MOST_LINES else ""
    note = f'<p class="note">{escape(NOTE + left_out)}</p>'
    return f"{note}{_line_table(lines)}<h3>Year by year</h3>{_year_table(by_year)}"


def _line_table(lines: Sequence[BillLine]) -> str:
    rows = [
        (
            line.item,
            line.where,
            Figure(_quantity(line.quantity), line.quantity),
            line.unit,
            f"{line.unit_cost_usd:,.2f}",
            NOTHING if line.cost_item == BESIDE else f"{line.cost_usd:,.2f}",
            f"{line.beside_cost_usd:,.2f}" if line.cost_item == BESIDE else NOTHING,
            _origin(line),
        )
        for line in lines[:MOST_LINES]
    ]
    return table(HEADER, rows, numbers=(2, 4, 5, 6), whole=(1, 3), sortable=True)


def _quantity(value: float) -> str:
    return f"{value:,.0f}" if value == math.floor(value) else f"{value:,.2f}"


def _origin(line: BillLine) -> str:
    """``vendor list, 2025-03 (indicative, medium confidence)``."""
    if line.price_basis == "not priced" or line.source == line.price_basis:
        return line.price_basis
    dated = f"{line.source}, {line.source_date}" if line.source_date else line.source
    return f"{dated} ({line.price_basis}, {line.confidence} confidence)"


def _year_table(lines: Sequence[YearLine]) -> str:
    rows = []
    for year in sorted({line.year for line in lines}):
        of_year = [line for line in lines if line.year == year]
        inside = [line for line in of_year if line.cost_item != BESIDE]
        rows.append(
            (
                f"{year}",
                f"{math.fsum(line.paid_usd for line in inside):,.2f}",
                f"{math.fsum(line.cost_usd for line in inside):,.2f}",
                f"{math.fsum(line.paid_usd for line in of_year if line.cost_item == BESIDE):,.2f}",
            )
        )
    total = math.fsum(line.cost_usd for line in lines)
    rows.append(("All years", "", f"{total:,.2f}", ""))
    header = ("Year", "USD paid", "USD in the plan's cost (discounted)", "USD paid beside it")
    return table(header, rows, numbers=(1, 2, 3), has_total=True)
