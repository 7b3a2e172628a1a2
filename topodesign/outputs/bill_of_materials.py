"""What has to be bought, built and rented: one line per item and place, priced as the plan's cost items are.

Quantities follow the cost table of docs/formulation.md, so that the lines of a cost item sum to it within rounding.
Running energy and its carbon are no materials and are left out. Prices are indicative: each line says where its price
comes from and how far to trust it.
"""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from topodesign.domain.equipment import Catalog, LineSystem, Origin
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import FiberSegment, Scenario
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND
from topodesign.outputs.network_load import transceivers_by_node

SCENARIO_PRICE = Origin(source="scenario", date="", confidence="medium")
SUNK = Origin(source="lit already, sunk cost", date="", confidence="medium")

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line of the bill.

    ``cost_item`` is the key of ``plan.cost_items`` that the line belongs to, or :data:`BESIDE` for what is reported
    apart from it. ``power_w`` is the rated draw of the line's equipment without PUE; ``None``: counted elsewhere.
    """

    item: str
    catalog_id: str
    where_kind: str
    where: str
    quantity: float
    unit: str
    unit_cost_usd: float
    cost_usd: float
    power_w: float | None
    cost_item: str
    price_basis: str
    source: str
    source_date: str
    confidence: str


BESIDE = "beside the plan's cost"


def bill_of_materials(scenario: Scenario, plan: Plan, catalog: Catalog) -> tuple[BillLine, ...]:
    """All lines, by place: sites, fiber segments, then transceivers.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
        Only what the plan uses is listed.
    catalog : Catalog
        The equipment after the scenario's overrides.

    Raises
    ------
    NotFound
        When the scenario or the plan names equipment that the catalogue lacks (``EQUIPMENT_UNKNOWN``).
    """
    return (
        *_site_lines(scenario, plan, catalog),
        *_fabric_lines(scenario, plan),
        *_fiber_lines(scenario, plan),
        *_line_system_lines(scenario, plan, catalog),
        *_transceiver_lines(scenario, plan, catalog),
    )


def bill_csv(lines: tuple[BillLine, ...]) -> bytes:
    """The lines as CSV (UTF-8, header row). Text that a spreadsheet would run gets a leading apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(BillLine)]
    writer.writerow(names)
    writer.writerows([_cell(getattr(line, name)) for name in names] for line in lines)
    return text.getvalue().encode()


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return str(int(value)) if value == math.floor(value) else repr(round(value, 6))


def _line(
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
    quantity, unit = amount
    basis = "scenario" if origin in (SCENARIO_PRICE, SUNK) else "indicative"
    return BillLine(
        item=item,
        catalog_id=catalog_id,
        where_kind=place[0],
        where=place[1],
        quantity=quantity,
        unit=unit,
        unit_cost_usd=unit_cost_usd,
        cost_usd=round(quantity * unit_cost_usd, 2),
        power_w=None if unit_power_w is None else quantity * unit_power_w,
        cost_item=cost_item,
        price_basis="scenario override" if origin.source == "scenario override" else basis,
        source=origin.source,
        source_date=origin.date,
        confidence=origin.confidence,
    )


def _origin(origins: Mapping[str, Origin], figure: str) -> Origin:
    """Where a figure comes from; ``*`` stands for all figures without an entry of their own."""
    known = origins.get(figure) or origins.get("*")
    return known or Origin(source="not stated", date="", confidence="low")


def _site_lines(scenario: Scenario, plan: Plan, catalog: Catalog) -> Iterator[BillLine]:
    accelerator = catalog.accelerator(scenario.size.accelerator)
    for cluster in plan.sites:
        site = scenario.site_by_id[cluster.id]
        place = ("site", cluster.id)
        yield _line(
            accelerator.name,
            place,
            (cluster.accelerators, "accelerator"),
            accelerator.cost_usd,
            origin=_origin(accelerator.origins, "cost_usd"),
            cost_item=BESIDE,
            catalog_id=accelerator.id,
            unit_power_w=accelerator.all_in_w,
        )
        pods_mw = cluster.accelerators * accelerator.all_in_w * site.pue / 1e6
        if site.fixed_capex_usd:
            yield _line(
                "Opening the site",
                place,
                (1, "site"),
                site.fixed_capex_usd,
                origin=SCENARIO_PRICE,
                cost_item="site_fixed",
            )
        if site.capex_usd_per_mw:
            yield _line(
                "Building for power",
                place,
                (pods_mw, "MW"),
                site.capex_usd_per_mw,
                origin=SCENARIO_PRICE,
                cost_item="site_power_capex",
            )


def _fabric_lines(scenario: Scenario, plan: Plan) -> Iterator[BillLine]:
    """The fabric that was asked for, as a lot; with ``auto`` the choice is open and none is listed."""
    if plan.fabrics is None:
        return
    for site in plan.fabrics.sites:
        for fabric in site.fabrics:
            if fabric.kind != scenario.size.fabric:
                continue
            yield _line(
                f"Fabric inside the site, {fabric.name}: switches, cables, optics",
                ("site", site.site_id),
                (1, "lot"),
                fabric.cost_usd,
                origin=Origin(source="evaluation of the fabric at catalogue prices", date="", confidence="low"),
                cost_item=BESIDE,
                unit_power_w=None,  # within the all-in watts of the accelerators
            )


def _fiber_lines(scenario: Scenario, plan: Plan) -> Iterator[BillLine]:
    economics = scenario.economics
    annuity = math.fsum((1 + economics.discount_rate) ** -year for year in range(1, economics.horizon_years + 1))
    for lit in plan.segments:
        segment = scenario.segment_by_id[lit.segment_id]
        place = ("segment", lit.segment_id)
        if lit.built:
            yield _line(
                f"New fiber build, {segment.build_pairs} pairs",
                place,
                (segment.length_km, "route-km"),
                segment.build_usd_per_km or 0.0,
                origin=SCENARIO_PRICE,
                cost_item="fiber_build",
            )
        new_pairs = _new_pairs(segment, lit.pairs)
        if new_pairs:
            yield _line(
                "Fiber pairs",
                place,
                (new_pairs * segment.length_km, "pair-km"),
                segment.usd_per_pair_km,
                origin=SCENARIO_PRICE,
                cost_item="fiber_pairs",
                catalog_id=segment.fiber_type,
            )
        if lit.pairs:
            yield _line(
                f"Route charges, present value of {economics.horizon_years} years",
                place,
                (segment.length_km, "route-km"),
                segment.usd_per_route_km_year * annuity,
                origin=SCENARIO_PRICE,
                cost_item="fiber_route_charges",
            )


def _line_system_lines(scenario: Scenario, plan: Plan, catalog: Catalog) -> Iterator[BillLine]:
    system = catalog.line_system(LINE_SYSTEM_OF_BAND[scenario.optics.band])
    for lit in plan.segments:
        segment = scenario.segment_by_id[lit.segment_id]
        new_pairs = _new_pairs(segment, lit.pairs)
        for figure, name, per_pair in (("terminal", "terminal", 2), ("amplifier", "in-line amplifier", lit.spans - 1)):
            yield from _part_lines(system, segment, figure, name, per_pair, new_pairs, lit.pairs - new_pairs)


def _part_lines(
    system: LineSystem, segment: FiberSegment, figure: str, name: str, per_pair: int, new_pairs: int, old_pairs: int
) -> Iterator[BillLine]:
    cost_usd, power_w = getattr(system, f"{figure}_cost_usd"), getattr(system, f"{figure}_power_w")
    bought = (new_pairs, cost_usd, _origin(system.origins, f"{figure}_cost_usd"), "")
    sunk = (old_pairs, 0.0, SUNK, ", lit already")
    for pairs, unit_cost_usd, origin, remark in (bought, sunk):
        if pairs * per_pair > 0:
            yield _line(
                f"{system.name}: {name}{remark}",
                ("segment", segment.segment_id),
                (pairs * per_pair, "piece"),
                unit_cost_usd,
                origin=origin,
                cost_item="line_systems",
                catalog_id=system.id,
                unit_power_w=power_w,
            )


def _transceiver_lines(scenario: Scenario, plan: Plan, catalog: Catalog) -> Iterator[BillLine]:
    modules = transceivers_by_node(plan)
    kinds: tuple[tuple[str, Counter[tuple[str, str]]], ...] = (
        ("transceiver", modules.ends),
        ("transceiver for regeneration", modules.regenerations),
    )
    for name, counts in kinds:
        for (node_id, mode_id), count in sorted(counts.items()):
            mode = catalog.transceiver(mode_id)
            yield _line(
                f"{mode.name}: {name}",
                ("site" if node_id in scenario.site_by_id else "junction", node_id),
                (count, "piece"),
                mode.cost_usd,
                origin=_origin(mode.origins, "cost_usd"),
                cost_item="transceivers",
                catalog_id=mode.id,
                unit_power_w=mode.power_w,
            )


def _new_pairs(segment: FiberSegment, pairs: int) -> int:
    """Pairs that were not lit before: those are bought, the others are sunk."""
    return max(0, pairs - segment.lit_pairs)
