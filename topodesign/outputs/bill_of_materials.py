"""What has to be bought, built and rented: one line per item and place, priced as the plan's cost items are.

Quantities follow the cost table of docs/formulation.md. The lines of a cost item sum to it, and the column
``cost_usd`` to the plan's cost, to the cent. What is beside the plan's cost (accelerators, the fabrics inside sites,
spares, new huts) has a column of its own. Prices are indicative: each line says where its price comes from and how far
to trust it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from topodesign.domain.equipment import Catalog, LineSystem, Origin
from topodesign.domain.plan import Lightpath, Plan
from topodesign.domain.scenario import FiberSegment, Scenario
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND
from topodesign.outputs.amplifier_sites import amplifier_sites_of
from topodesign.outputs.bill_energy import annuity_years, energy_lines
from topodesign.outputs.bill_line_plant import hut_lines, span_lines, spare_lines
from topodesign.outputs.bill_lines import (
    BESIDE,
    SCENARIO_PRICE,
    SUNK,
    BillLine,
    bill_line,
    origin_of,
    rounded_to_items,
)
from topodesign.outputs.network_load import transceivers_by_node


def bill_of_materials(scenario: Scenario, plan: Plan, catalog: Catalog) -> tuple[BillLine, ...]:
    """All lines: sites, fiber, transceivers, energy and its carbon; then spans, huts and spares beside the cost.

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
    huts = amplifier_sites_of(scenario, plan, catalog)
    lines = (
        *_site_lines(scenario, plan, catalog),
        *_fabric_lines(scenario, plan),
        *_fiber_lines(scenario, plan),
        *_line_system_lines(scenario, plan, catalog),
        *_transceiver_lines(scenario, plan, catalog),
        *energy_lines(scenario, plan, catalog),
        *span_lines(scenario, plan),
        *hut_lines(catalog, huts),
        *spare_lines(scenario, plan, catalog, huts),
    )
    return rounded_to_items(lines, plan.cost_items)


def _site_lines(scenario: Scenario, plan: Plan, catalog: Catalog) -> Iterator[BillLine]:
    accelerator = catalog.accelerator(scenario.size.accelerator)
    for cluster in plan.sites:
        site = scenario.site_by_id[cluster.id]
        place = ("site", cluster.id)
        yield bill_line(
            accelerator.name,
            place,
            (cluster.accelerators, "accelerator"),
            accelerator.cost_usd,
            origin=origin_of(accelerator.origins, "cost_usd"),
            cost_item=BESIDE,
            catalog_id=accelerator.id,
            unit_power_w=accelerator.all_in_w,
        )
        pods_mw = cluster.accelerators * accelerator.all_in_w * site.pue / 1e6
        if site.fixed_capex_usd:
            yield bill_line(
                "Opening the site",
                place,
                (1, "site"),
                site.fixed_capex_usd,
                origin=SCENARIO_PRICE,
                cost_item="site_fixed",
            )
        if site.capex_usd_per_mw:
            yield bill_line(
                "Building for power",
                place,
                (pods_mw, "MW"),
                site.capex_usd_per_mw,
                origin=SCENARIO_PRICE,
                cost_item="site_power_capex",
            )


def _fabric_lines(scenario: Scenario, plan: Plan) -> Iterator[BillLine]:
    """The fabric that each site gets, as a lot."""
    if plan.fabrics is None:
        return
    for site in plan.fabrics.sites:
        for fabric in site.fabrics:
            # plans of before there was a choice have the kind that was asked for
            is_chosen = fabric.kind == scenario.size.fabric if site.chosen is None else fabric.name == site.chosen
            if not is_chosen:
                continue
            yield bill_line(
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
    annuity = annuity_years(economics)
    for lit in plan.segments:
        segment = scenario.segment_by_id[lit.segment_id]
        place = ("segment", lit.segment_id)
        if lit.built:
            yield bill_line(
                f"New fiber build, {segment.build_pairs} pairs",
                place,
                (segment.length_km, "route-km"),
                segment.build_usd_per_km or 0.0,
                origin=SCENARIO_PRICE,
                cost_item="fiber_build",
            )
        new_pairs = _new_pairs(segment, lit.pairs)
        if new_pairs:
            yield bill_line(
                "Fiber pairs",
                place,
                (new_pairs * segment.length_km, "pair-km"),
                segment.usd_per_pair_km,
                origin=SCENARIO_PRICE,
                cost_item="fiber_pairs",
                catalog_id=segment.fiber_type,
            )
        if lit.pairs:
            yield bill_line(
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
    bought = (new_pairs, cost_usd, origin_of(system.origins, f"{figure}_cost_usd"), "")
    sunk = (old_pairs, 0.0, SUNK, ", lit already")
    for pairs, unit_cost_usd, origin, remark in (bought, sunk):
        if pairs * per_pair > 0:
            yield bill_line(
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
    in_service = _in_service(scenario, plan)
    bought = [replace(path, count=path.count - free) for path, free in zip(plan.lightpaths, in_service, strict=True)]
    sunk = [replace(path, count=free) for path, free in zip(plan.lightpaths, in_service, strict=True)]
    for paths, is_sunk in ((bought, False), (sunk, True)):
        modules = transceivers_by_node(paths)
        kinds: tuple[tuple[str, Counter[tuple[str, str]]], ...] = (
            ("transceiver", modules.ends),
            ("transceiver for regeneration", modules.regenerations),
        )
        for name, counts in kinds:
            for (node_id, mode_id), count in sorted(counts.items()):
                mode = catalog.transceiver(mode_id)
                yield bill_line(
                    f"{mode.name}: {name}{', in service already' if is_sunk else ''}",
                    ("site" if node_id in scenario.site_by_id else "junction", node_id),
                    (count, "piece"),
                    0.0 if is_sunk else mode.cost_usd,
                    origin=SUNK if is_sunk else origin_of(mode.origins, "cost_usd"),
                    cost_item="transceivers",
                    catalog_id=mode.id,
                    unit_power_w=mode.power_w,
                )


def _in_service(scenario: Scenario, plan: Plan) -> list[int]:
    """How many of each of the plan's lightpaths are in service today, by ends, route and mode.

    Where the plan regenerates some of those and others not, the ones with most transceivers count as in service.
    """
    left = {path.key: path.count for path in scenario.lit_lightpaths}
    free = [0] * len(plan.lightpaths)
    for position in sorted(range(len(free)), key=lambda place: -len(plan.lightpaths[place].regenerations)):
        path = plan.lightpaths[position]
        key = _key(path)
        free[position] = min(path.count, left.get(key, 0))
        if key in left:
            left[key] -= free[position]
    return free


def _key(path: Lightpath) -> tuple[str, str, str, tuple[str, ...]]:
    """As ``LitLightpath.key``: whichever end the route is told from."""
    return min((path.a, path.z, path.mode, path.segments), (path.z, path.a, path.mode, path.segments[::-1]))


def _new_pairs(segment: FiberSegment, pairs: int) -> int:
    """Pairs that were not lit before: those are bought, the others are sunk."""
    return max(0, pairs - segment.lit_pairs)
