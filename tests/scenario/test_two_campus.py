"""The sample worked out by hand in its README.md: the arithmetic holds, and the planner finds that plan."""

import json
import re
from pathlib import Path

import pytest

from topodesign.catalog import load_catalog
from topodesign.scenario import load_scenario

FOLDER = Path(__file__).parents[2] / "sample_sites" / "two-campus"


def readme_items() -> dict[str, float]:
    """Cost items in USD as the README's table gives them."""
    rows = re.findall(
        r"^\| \**`(\w+)`\** \|.*\| \**([0-9,]+\.\d\d)\** \|$", (FOLDER / "README.md").read_text(), re.MULTILINE
    )
    return {name: float(value.replace(",", "")) for name, value in rows}


def items_by_formula() -> dict[str, float]:
    """The formulas of docs/formulation.md for one pod at each site and 8 lightpaths of 400ZR on each fiber."""
    scenario = load_scenario(FOLDER)
    catalog = load_catalog(scenario.catalog_overrides)
    accelerator = catalog.accelerator(scenario.size.accelerator)
    mode, line = catalog.transceiver("zr-400"), catalog.line_system("c-band")
    zone, economics = scenario.zones[0], scenario.economics
    annuity = sum((1 + economics.discount_rate) ** -year for year in range(1, economics.horizon_years + 1))
    mwh_per_mw = economics.load_factor * 8760 * annuity
    carbon_usd_per_mwh = zone.carbon_g_per_kwh / 1000 * economics.carbon_usd_per_t
    pod_mw = [scenario.size.pod_accelerators * accelerator.all_in_w * site.pue / 1e6 for site in scenario.sites]
    lightpaths_per_fiber = 8
    transceivers_per_site = lightpaths_per_fiber * len(scenario.segments)
    network_mw = sum(site.pue * transceivers_per_site * mode.power_w for site in scenario.sites) / 1e6
    network_mw += len(scenario.segments) * 2 * line.terminal_power_w / 1e6
    length = sum(segment.length_km for segment in scenario.segments)
    exact = {
        "site_fixed": sum(site.fixed_capex_usd for site in scenario.sites),
        "site_power_capex": sum(
            site.capex_usd_per_mw * power for site, power in zip(scenario.sites, pod_mw, strict=True)
        ),
        "energy": sum(pod_mw) * mwh_per_mw * zone.energy_usd_per_mwh,
        "carbon": sum(pod_mw) * mwh_per_mw * carbon_usd_per_mwh,
        "fiber_pairs": length * scenario.segments[0].usd_per_pair_km,
        "fiber_route_charges": length * scenario.segments[0].usd_per_route_km_year * annuity,
        "fiber_build": 0.0,
        "line_systems": len(scenario.segments) * 2 * line.terminal_cost_usd,
        "transceivers": len(scenario.segments) * lightpaths_per_fiber * 2 * mode.cost_usd,
        "network_energy": network_mw * mwh_per_mw * zone.energy_usd_per_mwh,
        "network_carbon": network_mw * mwh_per_mw * carbon_usd_per_mwh,
    }
    return {name: round(value, 2) for name, value in exact.items()}


def test_the_readme_agrees_with_the_formulas_to_the_cent() -> None:
    stated = readme_items()
    total = stated.pop("cost_usd")
    assert stated == items_by_formula()
    assert round(sum(stated.values()), 2) == total


def test_eight_400zr_lightpaths_carry_the_demand_exactly() -> None:
    scenario = load_scenario(FOLDER)
    work = scenario.workload
    assert work.sync_time_s is not None
    demand_gbps = work.parameters * work.bits_per_element / (work.wan_goodput_factor * work.sync_time_s) / 1e9
    assert demand_gbps == pytest.approx(8 * load_catalog().transceiver("zr-400").rate_gbps)


def test_no_other_mode_is_cheaper_or_thriftier_per_gbps() -> None:
    modes = load_catalog().transceivers
    best = load_catalog().transceiver("zr-400")
    assert all(mode.cost_usd / mode.rate_gbps > best.cost_usd / best.rate_gbps for mode in modes if mode != best)
    assert all(mode.power_w / mode.rate_gbps >= best.power_w / best.rate_gbps for mode in modes)


def test_the_planner_finds_the_plan_of_the_readme() -> None:
    import topodesign as td

    scenario = td.load_scenario(str(FOLDER))
    plan = td.plan(scenario, time_limit_s=60, gap=0.0, seed=0)
    stated = readme_items()
    assert plan.cost_usd == stated.pop("cost_usd")
    assert {name: plan.cost_items.get(name, 0.0) for name in stated} == stated
    assert plan.status == "optimal" and plan.verified
    assert [(site.id, site.pods) for site in plan.sites] == [("campus-a", 1), ("campus-b", 1)]
    assert sorted((path.mode, path.count, path.segments) for path in plan.lightpaths) == [
        ("zr-400", 8, ("north",)),
        ("zr-400", 8, ("south",)),
    ]
    assert [(segment.segment_id, segment.pairs, segment.amplifiers) for segment in plan.segments] == [
        ("north", 1, 0),
        ("south", 1, 0),
    ]
    assert plan.sync is not None and plan.sync.demand_gbps == pytest.approx(3200)


def test_the_verifier_accepts_the_plan_of_the_readme_at_its_cost() -> None:
    # The verifier shares no code with the planner, nor with the formulas above.
    from topodesign.verify import read_plan, verify_plan

    scenario = load_scenario(FOLDER)
    catalog = load_catalog(scenario.catalog_overrides)
    ends = {"a": "campus-a", "z": "campus-b", "mode": "zr-400", "count": 8}
    by_hand = {
        "sites": [{"id": "campus-a", "pods": 1}, {"id": "campus-b", "pods": 1}],
        "lightpaths": [ends | {"segments": ["north"]}, ends | {"segments": ["south"]}],
        "segments": [{"segment_id": "north", "pairs": 1}, {"segment_id": "south", "pairs": 1}],
    }
    plan = read_plan(json.dumps(by_hand).encode(), scenario, catalog)
    verification = verify_plan(scenario, plan, catalog=catalog)
    assert verification.valid, [str(violation) for violation in verification.violations]
    assert verification.cost_usd == readme_items()["cost_usd"]
    assert verification.strength_gbps == pytest.approx(6400)
    assert min(state.strength_gbps or 0 for state in verification.failures) == pytest.approx(3200)
