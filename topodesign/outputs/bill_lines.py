"""Lines of a bill: what one says, how its dollars are rounded so that sums hold to the cent, and the CSV of them."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from topodesign.domain.equipment import Origin
from topodesign.domain.equipment import origin_of as origin_of

SCENARIO_PRICE = Origin(source="scenario", date="", confidence="medium")
SUNK = Origin(source="lit already, sunk cost", date="", confidence="medium")

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BESIDE = "beside the plan's cost"
CLOSE_USD = 0.02
"""A stated cost item this far from the sum of its lines is the same figure, rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line of the bill.

    ``cost_usd`` is the line's part of the plan's cost: the column sums to ``plan.cost_usd``, and the lines of one
    ``cost_item`` to that key of ``plan.cost_items``, to the cent. What is reported apart from the plan's cost has 0
    there, its price in ``beside_cost_usd``, and :data:`BESIDE` as its ``cost_item``. ``power_w`` is the rated draw of
    the line's equipment without PUE; ``None``: counted elsewhere.
    """

    item: str
    catalog_id: str
    where_kind: str
    where: str
    quantity: float
    unit: str
    unit_cost_usd: float
    cost_usd: float
    beside_cost_usd: float
    power_w: float | None
    cost_item: str
    price_basis: str
    source: str
    source_date: str
    confidence: str


def bill_line(
    item: str,
    place: tuple[str, str],
    amount: tuple[float, str],
    unit_cost_usd: float,
    *,
    origin: Origin,
    cost_item: str,
    catalog_id: str = "",
    unit_power_w: float | None = 0.0,
) -> BillLine:
    """A line, its dollars not rounded yet; ``place`` is the kind and id of where, ``amount`` quantity and unit."""
    quantity, unit = amount
    usd = quantity * unit_cost_usd
    is_beside = cost_item == BESIDE
    basis = "scenario" if origin in (SCENARIO_PRICE, SUNK) else "indicative"
    if is_beside and unit_cost_usd == 0:
        basis = "not priced"
    return BillLine(
        item=item,
        catalog_id=catalog_id,
        where_kind=place[0],
        where=place[1],
        quantity=quantity,
        unit=unit,
        unit_cost_usd=unit_cost_usd,
        cost_usd=0.0 if is_beside else usd,
        beside_cost_usd=round(usd, 2) if is_beside else 0.0,
        power_w=None if unit_power_w is None else quantity * unit_power_w,
        cost_item=cost_item,
        price_basis="scenario override" if origin.source == "scenario override" else basis,
        source=origin.source,
        source_date=origin.date,
        confidence=origin.confidence,
    )


def rounded_to_items(lines: Sequence[BillLine], cost_items: Mapping[str, float]) -> tuple[BillLine, ...]:
    """Lines in whole cents that sum, for each cost item, to its stated figure (the method of the largest remainder).

    An item that the plan does not state, or states otherwise than by rounding, is not forced: its lines then sum to
    their own total, so that a wrong plan is not hidden.
    """
    cents: dict[int, int] = {}
    for item in {line.cost_item: None for line in lines if line.cost_item != BESIDE}:
        positions = [position for position, line in enumerate(lines) if line.cost_item == item]
        exact = [lines[position].cost_usd for position in positions]
        total, stated = math.fsum(exact), cost_items.get(item)
        if stated is not None and abs(stated - total) <= CLOSE_USD + 1e-12 * abs(total):
            total = stated
        cents.update(zip(positions, apportioned_cents(exact, round(100 * total)), strict=True))
    return tuple(
        replace(line, cost_usd=cents[position] / 100) if position in cents else line
        for position, line in enumerate(lines)
    )


def apportioned_cents(exact_usd: Sequence[float], total_cents: int) -> list[int]:
    """Whole cents near the exact amounts that sum to the total: cents left over go to the largest remainders."""
    floors = [math.floor(100 * usd) for usd in exact_usd]
    remainders = [100 * usd - floor for usd, floor in zip(exact_usd, floors, strict=True)]
    left = total_cents - sum(floors)
    whole, extra = divmod(left, len(floors))  # whole is 0 but for totals that were rounded by others
    order = sorted(range(len(floors)), key=lambda position: -remainders[position])
    cents = [floor + whole for floor in floors]
    for position in order[:extra]:
        cents[position] += 1
    return cents


def bill_csv(lines: Sequence[BillLine]) -> bytes:
    """The lines as CSV (UTF-8, header row). Text that a spreadsheet would run gets a leading apostrophe."""
    return table_csv(lines, BillLine)


def table_csv(lines: Sequence[object], kind: type) -> bytes:
    """Dataclass instances of one kind as CSV, a column for each field."""
    names = [field.name for field in fields(kind)]
    return csv_of(names, [[getattr(line, name) for name in names] for line in lines])


def csv_of(names: Sequence[str], rows: Sequence[Sequence[str | float | None]]) -> bytes:
    """A table as CSV (UTF-8, header row), numbers without exponents, no text that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: str | float | None) -> str:
    """A number without an exponent, which some readers of CSV take for text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return str(int(value)) if value == math.floor(value) else format(Decimal(repr(round(value, 6))), "f")
