"""The bill of materials of one fabric as a table: one row per line, dollars that add up to the cent."""

from topodesign.domain.fabric_bill import FabricBill, FabricBillLine
from topodesign.outputs.bill_lines import apportioned_cents, csv_of

FABRIC_BILL_COLUMNS = (
    "item",
    "catalog_id",
    "what",
    "quantity",
    "length_m",
    "unit_cost_usd",
    "cost_usd",
    "beside_cost_usd",
    "power_w",
    "price_basis",
    "source",
    "source_date",
    "confidence",
)


def fabric_bill_csv(bill: FabricBill) -> bytes:
    """The lines of the total, then those beside it, as CSV (UTF-8, header row).

    The column ``cost_usd`` adds up to the bill's cost rounded to cents, ``beside_cost_usd`` to what is listed beside
    it; ``power_w`` is that of the total.
    """
    rows = [
        *_rows(bill.lines, bill.cost_usd, is_beside=False),
        *_rows(bill.beside, bill.beside_cost_usd, is_beside=True),
    ]
    return csv_of(FABRIC_BILL_COLUMNS, rows)


def _rows(lines: tuple[FabricBillLine, ...], total_usd: float, *, is_beside: bool) -> list[list[str | float | None]]:
    if not lines:
        return []
    cents = apportioned_cents([line.cost_usd for line in lines], round(100 * total_usd))
    return [
        [
            line.name,
            f"{line.table}.{line.item}" if line.item else "",
            line.what,
            line.count,
            line.length_m,
            line.unit_cost_usd,
            0.0 if is_beside else cent / 100,
            cent / 100 if is_beside else 0.0,
            None if is_beside else line.power_w,
            _price_basis(line),
            line.source,
            line.source_date,
            line.confidence,
        ]
        for line, cent in zip(lines, cents, strict=True)
    ]


def _price_basis(line: FabricBillLine) -> str:
    if not line.item:
        return "built in"
    return "indicative" if line.is_indicative else "scenario override"
