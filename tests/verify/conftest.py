"""Scenarios and plans small enough to be worked out by hand; the arithmetic stands beside the numbers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from topodesign.domain.equipment import Accelerator, Catalog, FiberKind, LineSystem, TransceiverMode
from topodesign.domain.plan import Plan
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
from topodesign.verify import read_plan

Record = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A scenario, the catalogue, and a plan that keeps every limit."""

    scenario: Scenario
    catalog: Catalog
    plan: Plan
    record: Record


def _mode(mode_id: str, **changes: float) -> TransceiverMode:
    figures: dict[str, Any] = {
        "rate_gbps": 400,
        "baud_gbd": 60,
        "width_ghz": 75,
        "required_osnr_db": 20,
        "tx_osnr_db": 37,
        "max_dispersion_ps_nm": 20000,
        "max_km": 5000,
        "max_spans": 0,
        "latency_us": 5,
        "cost_usd": 1000,
        "power_w": 20,
    }
    return TransceiverMode(id=mode_id, name=mode_id, **{**figures, **changes})


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Round figures, so that costs can be worked out by hand."""
    return Catalog(
        accelerators=(
            Accelerator(id="chip", name="Chip", all_in_w=1000, cost_usd=10_000, peak_tflops=1000, scale_out_gbps=400),
        ),
        switches=(),
        cables=(),
        transceivers=(
            _mode("m400"),
            _mode("one-span", max_spans=1),
            _mode("short", max_km=120),
            _mode("dispersive", max_dispersion_ps_nm=2400),
            _mode("fragile", required_osnr_db=33),
            _mode("polarized", max_pmd_ps=4.5),
        ),
        line_systems=(
            LineSystem(
                id="c-band",
                name="C",
                band_ghz=4800,
                terminal_cost_usd=10_000,
                terminal_power_w=100,
                amplifier_cost_usd=5_000,
                amplifier_power_w=100,
                noise_figure_db=5,
                max_total_power_dbm=23,
                connector_loss_db=1,
                terminal_loss_db=15,
                terminal_pmd_ps=3,
                amplifier_pmd_ps=2,
            ),
        ),
        fibers=(
            FiberKind(
                id="ssmf",
                name="G.652.D",
                loss_db_per_km=0.2,
                dispersion_ps_nm_km=16.7,
                effective_area_um2=83,
                nonlinear_index_m2_w=2.6e-20,
                group_index=1.468,
            ),
        ),
    )


ZONES = (
    PowerZone(zone_id="za", headroom_mw=30, energy_usd_per_mwh=50, carbon_g_per_kwh=100, utility="north"),
    PowerZone(zone_id="zb", headroom_mw=30, energy_usd_per_mwh=70, carbon_g_per_kwh=300, utility="south"),
)
# A = 1/1.25 + 1/1.25^2 = 0.8 + 0.64 = 1.44; hours at load = 0.5 x 8760 x 1.44 = 6307.2
ECONOMICS = Economics(horizon_years=2, discount_rate=0.25, load_factor=0.5, carbon_usd_per_t=10)


def _site(site_id: str, zone_id: str, **changes: Any) -> Site:
    figures: Record = {
        "lon": 0.0,
        "lat": 0.0,
        "power_mw": 20,
        "pue": 1.2,
        "fixed_capex_usd": 1e6,
        "capex_usd_per_mw": 1e5,
    }
    return Site(site_id=site_id, zone_id=zone_id, **{**figures, **changes})


def _segment(segment_id: str, a: str, b: str, length_km: float, **changes: Any) -> FiberSegment:
    figures: Record = {"pairs_available": 4, "usd_per_pair_km": 2000, "usd_per_route_km_year": 100}
    return FiberSegment(segment_id=segment_id, a=a, b=b, length_km=length_km, **{**figures, **changes})


def _case(scenario: Scenario, catalog: Catalog, record: Record) -> Case:
    """Figures that the record leaves out (GSNR and the like) are the verifier's own."""
    plan = read_plan(json.dumps(record).encode(), scenario, catalog)
    return Case(scenario=scenario, catalog=catalog, plan=plan, record=record)


@pytest.fixture
def two_sites(catalog: Catalog) -> Case:
    """Sites a and b, two fiber routes of their own conduits, B = 1.6e12 / (0.8 x 2 s) = 1000 Gbit/s through each."""
    scenario = Scenario(
        name="two",
        zones=ZONES,
        sites=(_site("a", "za"), _site("b", "zb", pue=1.5, fixed_capex_usd=2e6, capex_usd_per_mw=2e5)),
        segments=(_segment("s1", "a", "b", 80, conduits=("duct-1",)), _segment("s2", "a", "b", 160)),
        workload=Workload(parameters=1e11, bits_per_element=16, sync_time_s=2, wan_goodput_factor=0.8),
        size=Size(accelerator="chip", pod_accelerators=1000, accelerators=5000),
        policy=Policy(min_sites=2, max_sites=2, max_rtt_ms=2, survive=("conduit",), max_zone_share=0.6),
        economics=ECONOMICS,
        optics=OpticsRules(margin_db=3, span_km=80),
    )
    record: Record = {
        "status": "feasible",
        # MW: a 3000 chips x 1 kW x 1.2 = 3.6, 6 transceivers x 20 W x 1.2 = 0.000144; b 2000 x 1.5 = 3.0, 0.00018
        "sites": [
            {"id": "a", "zone_id": "za", "pods": 3, "accelerators": 3000, "power_mw": 3.600144},
            {"id": "b", "zone_id": "zb", "pods": 2, "accelerators": 2000, "power_mw": 3.00018},
        ],
        "links": [
            {"a": "a", "z": "b", "mode": "m400", "lightpaths": 6, "capacity_gbps": 2400, "length_km": 160},
        ],
        # latency: km x 1.468 / 299792.458 km/s + 5 us
        "lightpaths": [
            {
                "a": "a",
                "z": "b",
                "mode": "m400",
                "count": 3,
                "segments": ["s1"],
                "rate_gbps": 400,
                "length_km": 80,
                "latency_ms": 0.396738,
            },
            {
                "a": "b",
                "z": "a",
                "mode": "m400",
                "count": 3,
                "segments": ["s2"],
                "rate_gbps": 400,
                "length_km": 160,
                "latency_ms": 0.788475,
            },
        ],
        # 3 x 75 GHz of 4800 GHz
        "segments": [
            {"segment_id": "s1", "pairs": 1, "built": False, "spans": 1, "amplifiers": 0, "utilization": 0.046875},
            {"segment_id": "s2", "pairs": 1, "built": False, "spans": 2, "amplifiers": 1, "utilization": 0.046875},
        ],
        # two sites: strength = capacity between them; 1.6e12 / (0.8 x 2400e9) = 0.8333 s
        "sync": {
            "demand_gbps": 1000,
            "strength_gbps": 2400,
            "worst_failure": "conduit s2",
            "worst_strength_gbps": 1200,
            "time_s": 0.8333333333,
        },
        "cost_items": TWO_SITES_COST,
        "cost_usd": 7_071_163.44,
        "network_cost_usd": 571_884.72,  # from fiber_pairs on
        "accelerator_purchase_usd": 50_000_000,  # 5000 x 10,000
        "lower_bound_usd": 7_000_000,
        "gap": 0.010063838,  # 71,163.44 / 7,071,163.44
        "network_gap": 0.124436683,  # 71,163.44 / 571,884.72
    }
    return _case(scenario, catalog, record)


TWO_SITES_COST = {
    "site_fixed": 3_000_000,  # 1,000,000 + 2,000,000
    "site_power_capex": 960_000,  # 100,000 x 3.6 + 200,000 x 3.0
    "energy": 2_459_808,  # 6307.2 h x (3.6 x 50 + 3.0 x 70)
    "carbon": 79_470.72,  # 6307.2 x (3.6 x 0.1 + 3.0 x 0.3) t x 10
    "fiber_pairs": 480_000,  # (80 + 160) km x 2000
    "fiber_route_charges": 34_560,  # 240 km x 100 x 1.44
    "fiber_build": 0,
    "line_systems": 45_000,  # s1: 2 x 10,000; s2 of two spans: 2 x 10,000 + 5,000
    "transceivers": 12_000,  # 6 lightpaths x 2 x 1000
    # 6307.2 x (0.000144 x 50 + 0.00018 x 70 + lines 0.0005 x 60) = 6307.2 x 0.0498 = 314.099
    "network_energy": 314.10,
    # 6307.2 x (0.000144 x 0.1 + 0.00018 x 0.3 + 0.0005 x 0.2) x 10 = 6307.2 x 0.001684 = 10.621
    "network_carbon": 10.62,
}


@pytest.fixture
def three_sites(catalog: Catalog) -> Case:
    """A triangle a, b, c with regeneration at a junction and a hub, new build, and a pair that is lit already.

    800 Gbit/s on each side: strength 3 x 800 / 2 = 1200, after any conduit, site or hub 800 = B (1.6e12 / (0.8 x 2.5)).
    """
    scenario = Scenario(
        name="three",
        zones=ZONES,
        sites=(
            _site("a", "za"),
            _site("b", "za"),
            _site("c", "zb"),
            _site("h", "zb", role="hub", pue=2.0, power_mw=0.001),
        ),
        junctions=(Junction(node_id="j", lon=0, lat=0, regeneration=True), Junction(node_id="k", lon=0, lat=0)),
        segments=(
            _segment("ab", "a", "b", 100),
            _segment("bj", "b", "j", 200, pairs_available=0, build_usd_per_km=1000, build_pairs=4),
            _segment("jc", "j", "c", 200),
            _segment("ch", "h", "c", 50),
            _segment("ha", "h", "a", 150, pairs_available=0, lit_pairs=1),
            _segment("bk", "b", "k", 10, pairs_available=0, build_usd_per_km=1000, build_pairs=4),
        ),
        workload=Workload(parameters=1e11, bits_per_element=16, sync_time_s=2.5, wan_goodput_factor=0.8),
        size=Size(accelerator="chip", pod_accelerators=1000, power_mw=3.6),
        policy=Policy(survive=("conduit", "site")),
        economics=Economics(horizon_years=2, discount_rate=0.25, load_factor=0.5),
        optics=OpticsRules(grid_ghz=100),
    )
    record: Record = {
        "sites": [{"id": name, "pods": 1, "accelerators": 1000} for name in ("a", "b", "c")],
        "lightpaths": [
            {"a": "a", "z": "b", "mode": "m400", "count": 2, "segments": ["ab"]},
            {"a": "b", "z": "c", "mode": "m400", "count": 2, "segments": ["bj", "jc"], "regenerations": ["j"]},
            {"a": "c", "z": "a", "mode": "m400", "count": 2, "segments": ["ch", "ha"], "regenerations": ["h"]},
        ],
        "segments": [
            # 2 channels of 75 GHz on a grid of 100 GHz: 200 of 4800 GHz
            {"segment_id": "ab", "pairs": 1, "spans": 2, "amplifiers": 1, "utilization": 200 / 4800},
            {"segment_id": "bj", "pairs": 1, "built": True, "spans": 3, "amplifiers": 2},
            {"segment_id": "jc", "pairs": 1, "spans": 3, "amplifiers": 2},
            {"segment_id": "ch", "pairs": 1, "spans": 1, "amplifiers": 0},
            {"segment_id": "ha", "pairs": 1, "spans": 2, "amplifiers": 1},
        ],
        "cost_items": {
            "site_fixed": 3_000_000,
            "site_power_capex": 360_000,  # 100,000 x 3.6
            "energy": 1_286_668.80,  # 6307.2 x 1.2 x (50 + 50 + 70)
            "fiber_pairs": 1_100_000,  # (100 + 200 + 200 + 50) km x 2000; ha is lit already
            "fiber_route_charges": 100_800,  # 700 km x 100 x 1.44
            "fiber_build": 200_000,  # bj: 200 km x 1000
            "line_systems": 105_000,  # ab 25,000, bj and jc 30,000 each, ch 20,000, ha lit already
            "transceivers": 20_000,  # ab 2 x 2, bc and ca 2 x 4 modules of 1000
            # W: a, b, c 4 x 20 x 1.2 = 96 each at 50, 50, 70; h 80 x 2 at 70; j 80 at the mean 60: 0.03232 USD/h
            # lines: ab 300 at 50, bj 400 at 55, jc 400 at 65, ch 200 at 70, ha 300 at 60: 0.095 USD/h
            "network_energy": 803.03,  # 6307.2 x 0.12732 = 803.0327
        },
        "cost_usd": 6_173_271.83,
    }
    return _case(scenario, catalog, record)


@pytest.fixture
def ring_of_four(catalog: Catalog) -> Case:
    """A ring a, b, c, d of 1200 Gbit/s per link: strength 4 x 1200 / 3 = 1600, after one conduit 1200."""
    names = ("a", "b", "c", "d")
    sides = list(zip(names, names[1:] + names[:1], strict=True))
    scenario = Scenario(
        name="ring",
        zones=ZONES,
        sites=tuple(_site(name, "za") for name in names),
        segments=tuple(_segment(a + z, a, z, 100) for a, z in sides),
        workload=Workload(parameters=1e11, bits_per_element=16, sync_time_s=1.25, wan_goodput_factor=0.8),  # B = 1600
        size=Size(accelerator="chip", pod_accelerators=1000, accelerators=4000),
        policy=Policy(survive=("conduit",), survivable_fraction=0.75),
        economics=ECONOMICS,
    )
    record: Record = {
        "sites": [{"id": name, "pods": 1} for name in names],
        "lightpaths": [{"a": a, "z": z, "mode": "m400", "count": 3, "segments": [a + z]} for a, z in sides],
        "segments": [{"segment_id": a + z, "pairs": 1} for a, z in sides],
    }
    return _case(scenario, catalog, record)


@pytest.fixture
def reread() -> Callable[[Case, Record], Plan]:
    """Plan from a changed record, with absent figures derived again."""
    return lambda case, record: read_plan(json.dumps(record).encode(), case.scenario, case.catalog)
