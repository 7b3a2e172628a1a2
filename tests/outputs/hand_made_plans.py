"""Two small plans: one over the eastern United States, one across the antimeridian; and their fabrics."""

import json
import math
from dataclasses import dataclass, replace
from typing import Any

from topodesign.catalog import load_catalog
from topodesign.domain.explanation import BindingLimit, Explanation, UnusedSite
from topodesign.domain.fabric import AllToAll, Bisection, FabricEvaluation, LatencyUs
from topodesign.domain.plan import CrossSiteEvaluation, FabricReport, Plan, SiteFabrics
from topodesign.domain.progress import ProgressPoint
from topodesign.domain.scenario import (
    Economics,
    FiberSegment,
    Junction,
    OpticsRules,
    Policy,
    PowerZone,
    Scenario,
    Site,
    Size,
    Workload,
)
from topodesign.verify import read_plan, verify_plan
from topodesign.verify.cost import cost_items, network_cost_usd, purchase_usd
from topodesign.verify.verifier import gather

Record = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A scenario and a plan for it that the independent verifier accepts."""

    scenario: Scenario
    plan: Plan


def fabric(kind: str, accelerators: int, **changes: Any) -> FabricEvaluation:
    """A fabric evaluation with round figures that scale with the accelerators."""
    gbps = accelerators * (200.0 if kind == "clos" else 30.0)
    figures: Record = {
        "kind": kind,
        "name": f"{kind} of {accelerators}",
        "accelerators": accelerators,
        "switches": accelerators // 12 if kind == "clos" else 0,
        "switches_by_tier": (accelerators // 32, accelerators // 32, accelerators // 64) if kind == "clos" else (),
        "links": 3 * accelerators,
        "optical_links": 2 * accelerators,
        "diameter_hops": 6 if kind == "clos" else 36,
        "mean_hops": 5.9 if kind == "clos" else 18.0,
        "bisection": Bisection(
            links=gbps / 400, gbps=gbps, lower_gbps=gbps, upper_gbps=gbps, method="formula", exact=True
        ),
        "alltoall": AllToAll(rate_per_pair=0.01, gbps_per_accelerator=300, exact=True, time_s=0.1),
        "message_bytes": 1e9,
        "allreduce_s": 0.042 if kind == "clos" else 0.021,
        "allreduce_algorithm": "ring",
        "latency_us": LatencyUs(min=0.6, mean=2.1, p50=2.2, p99=2.4, max=2.5 if kind == "clos" else 9.0),
        "cost_usd": accelerators * (3200.0 if kind == "clos" else 1500.0),
        "power_kw": accelerators * (0.15 if kind == "clos" else 0.05),
    }
    return FabricEvaluation(**{**figures, **changes})


def fabric_report(plan: Plan) -> FabricReport:
    """Torus and Clos at every used site, and across sites."""
    sites = tuple(
        SiteFabrics(site_id=site.id, fabrics=tuple(fabric(kind, site.accelerators) for kind in ("torus", "clos")))
        for site in plan.sites
    )
    total = sum(site.accelerators for site in plan.sites)
    across = tuple(
        CrossSiteEvaluation(
            kind=kind,
            bisection_lower_gbps=4000,
            bisection_upper_gbps=4000 if kind == "clos" else 6000,
            bisection_exact=kind == "clos",
            bisection_method="cut",
            worst_pair_latency_us=5200 if kind == "clos" else 5214,
            worst_pair=(plan.sites[0].id, plan.sites[-1].id),
            hierarchical_allreduce_s=7.1,
            cost_usd=total * (3200.0 if kind == "clos" else 1500.0),
            power_mw=total * (0.00015 if kind == "clos" else 0.00005),
        )
        for kind in ("torus", "clos")
    )
    return FabricReport(sites=sites, across_sites=across)


ZONES = (
    PowerZone(
        zone_id="PJM",
        name="PJM Interconnection",
        headroom_mw=80,
        energy_usd_per_mwh=55,
        carbon_g_per_kwh=380,
        utility="Dominion",
        # given clockwise with a clockwise hole: the export has to turn the outer ring
        polygons=(
            (
                ((-84.8, 37.0), (-84.8, 41.7), (-75.5, 41.7), (-75.5, 37.0), (-84.8, 37.0)),
                ((-81.0, 38.0), (-81.0, 38.5), (-80.0, 38.5), (-80.0, 38.0), (-81.0, 38.0)),
            ),
        ),
    ),
    PowerZone(
        zone_id="SOCO",
        name="Southern Company",
        headroom_mw=40,
        energy_usd_per_mwh=48,
        carbon_g_per_kwh=350,
        utility="Georgia Power",
        polygons=((((-88.4, 30.5), (-81.0, 30.5), (-81.0, 35.0), (-88.4, 35.0), (-88.4, 30.5)),),),
    ),
)
SITES = (
    Site(
        site_id="iad-1", name="Ashburn", lon=-77.49, lat=39.04, zone_id="PJM", power_mw=60,
        fixed_capex_usd=2e7, capex_usd_per_mw=1.1e7, extra={"operator": "Operator, A", "used": "input column"},
    ),
    Site(site_id="cmh-1", name="Columbus", lon=-83.0, lat=39.96, zone_id="PJM", power_mw=60, capex_usd_per_mw=1e7),
    Site(site_id="atl-1", name="Atlanta", lon=-84.39, lat=33.75, zone_id="SOCO", power_mw=50, capex_usd_per_mw=1e7),
    Site(site_id="ric-1", name="Richmond", lon=-77.44, lat=37.54, zone_id="PJM", power_mw=30, capex_usd_per_mw=1e7),
)  # fmt: skip
JUNCTIONS = (
    Junction(node_id="clt", name="Charlotte", lon=-80.84, lat=35.23, regeneration=True, zone_id="SOCO"),
    Junction(node_id="pit", name="Pittsburgh", lon=-80.0, lat=40.44),
)
SEGMENTS = (
    FiberSegment(
        segment_id="ashburn-pittsburgh", a="iad-1", b="pit", length_km=360,
        geometry=((-77.49, 39.04), (-78.76, 39.65), (-80.0, 40.44)), conduits=("I-70", "B&O"),
    ),
    FiberSegment(  # drawn from b to a
        segment_id="columbus-pittsburgh", a="cmh-1", b="pit", length_km=330, lit_pairs=1, pairs_available=0,
        geometry=((-80.0, 40.44), (-81.5, 40.1), (-83.0, 39.96)),
    ),
    FiberSegment(segment_id="ashburn-charlotte", a="iad-1", b="clt", length_km=640),
    FiberSegment(segment_id="charlotte-atlanta", a="clt", b="atl-1", length_km=400),
    FiberSegment(
        segment_id="columbus-atlanta", a="cmh-1", b="atl-1", length_km=900, pairs_available=0,
        build_usd_per_km=60_000, build_pairs=24,
    ),
    FiberSegment(segment_id="ashburn-richmond", a="iad-1", b="ric-1", length_km=190),
)  # fmt: skip


def east_scenario() -> Scenario:
    """B = 1e12 x 16 / (0.8 x 10 s) = 2000 Gbit/s; pods of 4608 x 1875 W x 1.2 = 10.4 MW."""
    return Scenario(
        name="three in the east",
        attribution="Hand-made; positions of cities",
        zones=ZONES,
        sites=SITES,
        junctions=JUNCTIONS,
        segments=SEGMENTS,
        workload=Workload(parameters=1e12, bits_per_element=16, sync_time_s=10, wan_goodput_factor=0.8),
        size=Size(pod_accelerators=4608, accelerators=8 * 4608),
        policy=Policy(min_sites=3, max_sites=3, max_rtt_ms=30, survive=("conduit",)),
        economics=Economics(carbon_usd_per_t=20),
        optics=OpticsRules(),
        assumptions=("segment ashburn-charlotte: no geometry, drawn as a geodesic",),
    )


def completed(scenario: Scenario, record: Record) -> Plan:
    """The record with all derived figures filled in by the verifier's reader; the verifier must accept it."""
    catalog = load_catalog(scenario.catalog_overrides)
    plan = read_plan(json.dumps(record).encode(), scenario, catalog)
    plan = replace(plan, verification=verify_plan(scenario, plan, catalog=catalog), verified=True)
    assert plan.verification is not None
    assert plan.verification.valid, plan.verification.violations
    return replace(
        plan, fabrics=fabric_report(plan), attribution=scenario.attribution, assumptions=scenario.assumptions
    )


def priced(scenario: Scenario, plan: Plan) -> Plan:
    """The plan with the verifier's cost items, which share no code with the exports, and a bound 1 % below them."""
    evidence = gather(scenario, plan, load_catalog(scenario.catalog_overrides))
    items = dict(cost_items(evidence))
    cost = round(math.fsum(items.values()), 2)
    network = network_cost_usd(items)
    bound = round(cost * 0.99, 2)
    return replace(
        plan,
        cost_items=items,
        cost_usd=cost,
        network_cost_usd=network,
        lower_bound_usd=bound,
        gap=(cost - bound) / cost,
        network_gap=(cost - bound) / network,
        accelerator_purchase_usd=purchase_usd(evidence),
    )


def east_case() -> Case:
    """Ashburn, Columbus, Atlanta in a triangle of 2400 Gbit/s: strength 3600, after any conduit 2400."""
    scenario = east_scenario()
    record: Record = {
        "status": "feasible",
        "sites": [{"id": "iad-1", "pods": 3}, {"id": "cmh-1", "pods": 3}, {"id": "atl-1", "pods": 2}],
        "lightpaths": [
            {
                "a": "iad-1", "z": "cmh-1", "mode": "openroadm-400", "count": 6,
                "segments": ["ashburn-pittsburgh", "columbus-pittsburgh"],
            },
            {
                "a": "atl-1", "z": "iad-1", "mode": "openroadm-400", "count": 6,
                "segments": ["charlotte-atlanta", "ashburn-charlotte"], "regenerations": ["clt"],
            },
            {"a": "cmh-1", "z": "atl-1", "mode": "openroadm-400", "count": 6, "segments": ["columbus-atlanta"]},
        ],
        "segments": [
            {"segment_id": "ashburn-pittsburgh", "pairs": 1},
            {"segment_id": "columbus-pittsburgh", "pairs": 1},
            {"segment_id": "ashburn-charlotte", "pairs": 1},
            {"segment_id": "charlotte-atlanta", "pairs": 2},
            {"segment_id": "columbus-atlanta", "pairs": 1, "built": True},
        ],
    }  # fmt: skip
    # 1.6e13 bit / (0.8 x 3600 Gbit/s) = 5.556 s
    record["sync"] = {
        "demand_gbps": 2000, "strength_gbps": 3600, "worst_failure": "conduit B&O", "worst_strength_gbps": 2400,
        "time_s": 5.5555555556, "latency_s": 0.0199,
    }  # fmt: skip
    plan = priced(scenario, completed(scenario, record))
    return Case(scenario, replace(plan, progress=progress_to(plan)))


def progress_to(plan: Plan) -> tuple[ProgressPoint, ...]:
    """A search of ten seconds that ends with the plan's cost and bound."""
    cost, bound = plan.cost_usd, plan.lower_bound_usd
    assert cost is not None and bound is not None
    return (
        ProgressPoint(wall_s=0.0, phase="candidates"),
        ProgressPoint(wall_s=1.0, bound_usd=0.9 * bound, phase="relaxation"),
        ProgressPoint(wall_s=2.0, incumbent_usd=1.1 * cost, bound_usd=0.95 * bound, phase="incumbent"),
        ProgressPoint(wall_s=6.0, incumbent_usd=cost, bound_usd=bound, phase="incumbent"),
        ProgressPoint(wall_s=10.0, incumbent_usd=cost, bound_usd=bound, phase="verifying"),
    )


def explanation_of(plan: Plan) -> Explanation:
    """Limits and sites with round figures."""
    assert plan.cost_usd is not None
    return Explanation(
        cost_usd=plan.cost_usd,
        binding=(
            BindingLimit(
                limit="fiber.pairs_available", id="charlotte-atlanta", value=2.0, used=2.0, unit="pairs", step=1.0,
                saving_usd=1_250_000.0, saving_upper_usd=2_000_000.0,
            ),
            BindingLimit(
                limit="zone.headroom_mw", id="PJM", value=80.0, used=72.5, unit="MW", step=10.375,
                saving_usd=0.0, saving_upper_usd=4_400_000.0,
            ),
        ),
        unused=(
            UnusedSite(
                site_id="ric-1", extra_usd=3_300_000.0, extra_lower_usd=-1_100_000.0,
                reason="site_power_capex grows by <far>",
            ),
        ),
        basis="every figure is from a re-solve",
    )  # fmt: skip


def pacific_case() -> Case:
    """Tokyo and Seattle over Dutch Harbor: fiber, the link and a power zone cross the antimeridian."""
    scenario = Scenario(
        name="across the antimeridian",
        zones=(
            PowerZone(zone_id="JP", headroom_mw=50),
            PowerZone(zone_id="WA", headroom_mw=50),
            PowerZone(
                zone_id="BERING",
                headroom_mw=0,
                polygons=((((170.0, 50.0), (-160.0, 50.0), (-160.0, 56.0), (170.0, 56.0), (170.0, 50.0)),),),
            ),
        ),
        sites=(
            Site(site_id="tyo", name="Tokyo", lon=139.7, lat=35.7, zone_id="JP", power_mw=30),
            Site(site_id="sea", name="Seattle", lon=-122.3, lat=47.6, zone_id="WA", power_mw=30),
            Site(site_id="adak", lon=-176.6, lat=51.9, zone_id="BERING", power_mw=5),
        ),
        junctions=(Junction(node_id="dut", name="Dutch Harbor", lon=-166.5, lat=53.9, regeneration=True),),
        segments=(
            FiberSegment(
                segment_id="west", a="tyo", b="dut", length_km=4900, fiber_type="hollow_core",
                geometry=((139.7, 35.7), (145.0, 42.0), (179.0, 51.0), (-179.0, 51.0), (-166.5, 53.9)),
            ),
            FiberSegment(segment_id="east", a="dut", b="sea", length_km=3400, fiber_type="hollow_core"),
        ),
        workload=Workload(parameters=1e11, sync_time_s=10),
        size=Size(accelerators=2 * 4608),
        policy=Policy(min_sites=2, survive=("none",)),
        optics=OpticsRules(margin_db=2),
    )  # fmt: skip
    record: Record = {
        "sites": [{"id": "tyo", "pods": 1}, {"id": "sea", "pods": 1}],
        "lightpaths": [
            {"a": "tyo", "z": "sea", "mode": "zrplus-200", "count": 1, "segments": ["west", "east"],
             "regenerations": ["dut"]}
        ],
        "segments": [{"segment_id": "west", "pairs": 1}, {"segment_id": "east", "pairs": 1}],
        "sync": {
            "demand_gbps": 200, "strength_gbps": 200, "worst_failure": None, "worst_strength_gbps": None, "time_s": 10,
        },
    }  # fmt: skip
    return Case(scenario, priced(scenario, completed(scenario, record)))
