"""The dollars of a plan year by year: purchases in year 0, then charges, energy and replacements of what failed.

Year 0 holds what is paid once. Charges for fiber, energy and carbon are the same amount in every year 1 to
horizon_years, worth (1 + rate)^-y of it today; an item's years sum to it, to the cent. Replacements are beside the
plan's cost: n x 8760 / MTBF failures a year, each at a price that declines every year from that of year 0.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.equipment import Catalog, Origin, Reliability
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Economics, Scenario
from topodesign.outputs.amplifier_sites import amplifier_sites_of
from topodesign.outputs.bill_energy import annuity_years
from topodesign.outputs.bill_lines import BESIDE, BillLine, apportioned_cents, origin_of, table_csv
from topodesign.outputs.bill_of_materials import bill_of_materials
from topodesign.outputs.cost_chart import ITEM_NAMES
from topodesign.outputs.spares import InstalledPart, installed_parts, mtbf_h

YEARLY_ITEMS = frozenset({"fiber_route_charges", "energy", "carbon", "network_energy", "network_carbon"})
"""Cost items that are paid every year; the others are paid in year 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YearLine:
    """What one item costs in one year.

    ``paid_usd`` is paid in that year, not discounted. ``cost_usd`` is its part of the plan's cost, discounted to
    today: the column sums to ``plan.cost_usd``, and by ``cost_item`` to that key of ``plan.cost_items``, to the cent.
    What is beside the plan's cost has 0 there, its discounted dollars in ``beside_cost_usd``.
    """

    year: int
    item: str
    catalog_id: str
    cost_item: str
    quantity: float | None
    unit: str
    paid_usd: float
    discount_factor: float
    cost_usd: float
    beside_cost_usd: float
    source: str
    source_date: str
    confidence: str


def bill_by_year(scenario: Scenario, plan: Plan, catalog: Catalog) -> tuple[YearLine, ...]:
    """All lines by year, those of the plan's cost first.

    Raises
    ------
    NotFound
        When the scenario or the plan names equipment that the catalogue lacks (``EQUIPMENT_UNKNOWN``).
    """
    bill = bill_of_materials(scenario, plan, catalog)
    groups: dict[tuple[str, str, str], list[BillLine]] = {}
    for line in bill:
        if line.cost_usd or line.beside_cost_usd:
            groups.setdefault(_group(line), []).append(line)
    parts = installed_parts(scenario, plan, catalog, amplifier_sites_of(scenario, plan, catalog))
    lines: list[YearLine] = []
    for (cost_item, _, name), members in groups.items():
        if cost_item in YEARLY_ITEMS:
            lines += _yearly(name, members, scenario.economics)
        else:
            lines.append(_once(name, members))
    lines += _replacements(parts, catalog.reliability(), scenario.economics)
    return tuple(sorted(lines, key=lambda line: (line.year, line.cost_item == BESIDE)))


def bill_by_year_csv(lines: Sequence[YearLine]) -> bytes:
    """The lines as CSV (UTF-8, header row). Text that a spreadsheet would run gets a leading apostrophe."""
    return table_csv(lines, YearLine)


def _group(line: BillLine) -> tuple[str, str, str]:
    """Cost item, catalogue id and name; terminals and amplifiers are told apart, as is what stands beside the cost."""
    if line.cost_item == BESIDE:
        return line.cost_item, line.catalog_id, line.item.partition(",")[0]
    if line.cost_item == "line_systems":
        return line.cost_item, line.catalog_id, line.item
    return line.cost_item, line.catalog_id, ITEM_NAMES.get(line.cost_item, line.cost_item)


def _once(name: str, lines: Sequence[BillLine]) -> YearLine:
    cost, beside = _sum(line.cost_usd for line in lines), _sum(line.beside_cost_usd for line in lines)
    units = {line.unit for line in lines}
    return YearLine(
        year=0,
        item=name,
        catalog_id=lines[0].catalog_id,
        cost_item=lines[0].cost_item,
        quantity=math.fsum(line.quantity for line in lines) if len(units) == 1 else None,
        unit=lines[0].unit if len(units) == 1 else "",
        paid_usd=cost + beside,
        discount_factor=1.0,
        cost_usd=cost,
        beside_cost_usd=beside,
        source=lines[0].source,
        source_date=lines[0].source_date,
        confidence=lines[0].confidence,
    )


def _yearly(name: str, lines: Sequence[BillLine], economics: Economics) -> Iterator[YearLine]:
    """The same amount every year; the discounted cents of the years are those of the lines."""
    annuity = annuity_years(economics)
    paid_usd = math.fsum(line.quantity * line.unit_cost_usd for line in lines) / annuity
    factors = [_factor(economics, year) for year in range(1, economics.horizon_years + 1)]
    cents = apportioned_cents(
        [paid_usd * factor for factor in factors], round(100 * _sum(line.cost_usd for line in lines))
    )
    for year, (factor, own) in enumerate(zip(factors, cents, strict=True), start=1):
        yield YearLine(
            year=year,
            item=name,
            catalog_id=lines[0].catalog_id,
            cost_item=lines[0].cost_item,
            quantity=math.fsum(line.quantity for line in lines),
            unit=lines[0].unit.removesuffix("/year"),
            paid_usd=round(paid_usd, 2),
            discount_factor=factor,
            cost_usd=own / 100,
            beside_cost_usd=0.0,
            source=lines[0].source,
            source_date=lines[0].source_date,
            confidence=lines[0].confidence,
        )


def _replacements(parts: Sequence[InstalledPart], figures: Reliability, economics: Economics) -> Iterator[YearLine]:
    groups: dict[tuple[str, str], list[InstalledPart]] = {}
    for part in parts:
        groups.setdefault((part.kind, part.catalog_id), []).append(part)
    for members in groups.values():
        first = members[0]
        failures = sum(part.installed for part in members) * HOURS_PER_YEAR / mtbf_h(first.kind, figures)
        is_module = first.kind == "transceiver"
        decline = figures.price_decline_per_year if is_module else figures.line_price_decline_per_year
        origin = _origin(first, figures, "price_decline_per_year" if is_module else "line_price_decline_per_year")
        for year in range(1, economics.horizon_years + 1):
            paid_usd = failures * first.unit_cost_usd * (1 - decline) ** year
            factor = _factor(economics, year)
            yield YearLine(
                year=year,
                item=f"Replacement of a failed {first.name}, {decline:.0%} cheaper every year",
                catalog_id=first.catalog_id,
                cost_item=BESIDE,
                quantity=failures,
                unit="piece",
                paid_usd=round(paid_usd, 2),
                discount_factor=factor,
                cost_usd=0.0,
                beside_cost_usd=round(paid_usd * factor, 2),
                source=origin.source,
                source_date=origin.date,
                confidence=origin.confidence,
            )


def _origin(part: InstalledPart, figures: Reliability, decline: str) -> Origin:
    """Of a replacement's dollars, which rest on three figures: the least confidence of them, and the oldest date."""
    mtbf, fall = (origin_of(figures.origins, figure) for figure in (f"{part.kind}_mtbf_h", decline))
    origins = {"failures": mtbf, "price": part.price_origin, "decline": fall}
    return Origin(
        source="; ".join(f"{what}: {origin.source}" for what, origin in origins.items()),
        date=min(origin.date for origin in origins.values()),
        confidence=min((origin.confidence for origin in origins.values()), key=("low", "medium", "high").index),
    )


def _factor(economics: Economics, year: int) -> float:
    return float((1 + economics.discount_rate) ** -year)


def _sum(amounts: Iterable[float]) -> float:
    """Of whole cents."""
    return round(math.fsum(amounts), 2)
