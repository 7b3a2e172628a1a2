"""A scenario at other prices: every item of its cost times a factor, one for capital and one for running cost.

The cost of docs/formulation.md is linear in these prices, so that the cost of any plan is scaled item by item.
"""

import dataclasses
from collections.abc import Collection, Mapping

from topodesign.catalog import load_catalog
from topodesign.domain.scenario import FiberSegment, Scenario, Site

CAPITAL_ITEMS = ("site_fixed", "site_power_capex", "fiber_pairs", "fiber_build", "line_systems", "transceivers")
RUNNING_ITEMS = ("energy", "carbon", "fiber_route_charges", "network_energy", "network_carbon")
"""Cost items that are spent once, and those that are paid every year; together they are all."""


def scaled_prices(
    scenario: Scenario,
    *,
    capital: float,
    running: float,
    sites_in_full: Collection[str] = (),
    segments_in_full: Collection[str] = (),
) -> Scenario:
    """The scenario with every price of capital and of running cost multiplied; itself where both factors are 1.

    The capital of sites and segments ``in_full``, by id, keeps its price; equipment on them does not.
    """
    if capital == 1.0 and running == 1.0:
        return scenario
    return dataclasses.replace(
        scenario,
        sites=tuple(_scaled_site(site, 1.0 if site.site_id in sites_in_full else capital) for site in scenario.sites),
        zones=tuple(
            dataclasses.replace(zone, energy_usd_per_mwh=zone.energy_usd_per_mwh * running) for zone in scenario.zones
        ),
        segments=tuple(
            _scaled_segment(segment, 1.0 if segment.segment_id in segments_in_full else capital, running)
            for segment in scenario.segments
        ),
        economics=dataclasses.replace(
            scenario.economics, carbon_usd_per_t=scenario.economics.carbon_usd_per_t * running
        ),
        catalog_overrides=_scaled_equipment(scenario, capital),
    )


def _scaled_site(site: Site, capital: float) -> Site:
    return dataclasses.replace(
        site, fixed_capex_usd=site.fixed_capex_usd * capital, capex_usd_per_mw=site.capex_usd_per_mw * capital
    )


def _scaled_segment(segment: FiberSegment, capital: float, running: float) -> FiberSegment:
    build = segment.build_usd_per_km
    return dataclasses.replace(
        segment,
        usd_per_pair_km=segment.usd_per_pair_km * capital,
        usd_per_route_km_year=segment.usd_per_route_km_year * running,
        build_usd_per_km=None if build is None else build * capital,
    )


def _scaled_equipment(scenario: Scenario, capital: float) -> Mapping[str, Mapping[str, float]]:
    """Overrides of all transceivers and line systems; accelerators are no part of the cost."""
    catalog = load_catalog(scenario.catalog_overrides)
    prices: dict[str, dict[str, float]] = {
        f"transceiver.{mode.id}": {"cost_usd": mode.cost_usd * capital} for mode in catalog.transceivers
    }
    for line in catalog.line_systems:
        prices[f"line_system.{line.id}"] = {
            "terminal_cost_usd": line.terminal_cost_usd * capital,
            "amplifier_cost_usd": line.amplifier_cost_usd * capital,
        }
    kept = {key: dict(figures) for key, figures in scenario.catalog_overrides.items()}
    return {key: {**kept.get(key, {}), **prices.get(key, {})} for key in sorted({*kept, *prices})}
