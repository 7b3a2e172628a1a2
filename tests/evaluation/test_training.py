"""Training on two sites of 1,000 accelerators with round figures, by hand; and what holds for any plan."""

import dataclasses
import math
from typing import Any

import pytest
from evaluation.small_networks import Fiber, Route, network, plan_of
from outputs.hand_made_plans import fabric

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import FabricReport, Plan, SiteFabrics, SitePlan, Sync
from topodesign.domain.scenario import Economics, Scenario, Size, Workload
from topodesign.domain.training_report import PlanTraining, TrainingColumn, TrainingRules
from topodesign.evaluation import evaluate_availability, evaluate_training, training_or_why_not

NEVER_H = 1e15
OVERRIDES = {
    "accelerator.gb300-nvl72": {"all_in_w": 1000.0, "cost_usd": 10_000.0},  # 2,500 dense TFLOP/s each
    "reliability.default": {
        "accelerator_mtbf_h": 1e6,
        "switch_mtbf_h": 1e5,
        "cuts_per_1000km_year": 0.0,
        **dict.fromkeys(
            ("host_mtbf_h", "adapter_mtbf_h", "software_mtbf_h", "fabric_link_mtbf_h", "site_mtbf_h"), NEVER_H
        ),
    },
}
FIBERS: tuple[Fiber, ...] = (("f1", "a", "b", 100, ("A",), 1, 2), ("f2", "a", "b", 200, ("B",), 1, 3))
ROUTES: tuple[Route, ...] = (("a", "b", ("f1",), 25), ("a", "b", ("f2",), 25))
WORKLOAD = Workload(parameters=1e12, global_batch_tokens=1e7, sync_time_s=2.0)
# a torus of 0.021 s and a Clos of 0.042 s; 50 switches in all, $3,200 and 150 W an accelerator in the Clos
KINDS = {"torus": {}, "clos": {"switches": 25}}


@pytest.fixture(scope="module", name="catalog")
def catalog_fixture() -> Catalog:
    return load_catalog(OVERRIDES)


def scenario_of(workload: Workload = WORKLOAD) -> Scenario:
    bare = network(["a", "b"], FIBERS)
    return dataclasses.replace(
        bare,
        zones=tuple(dataclasses.replace(zone, carbon_g_per_kwh=400) for zone in bare.zones),
        sites=tuple(dataclasses.replace(site, pue=1.25) for site in bare.sites),
        workload=workload,
        size=Size(accelerators=2000, pod_accelerators=1000, fabric="clos"),
        economics=Economics(horizon_years=4, discount_rate=0.0, load_factor=0.9),
    )


def planned(scenario: Scenario, catalog: Catalog, *, strength_gbps: float | None = 20_000, **changes: Any) -> Plan:
    """Two pods, one at each site, 1.25 MW of pods and 0.05 MW of transceivers; 1.6e13 bit / (0.8 x 20 Tbit/s) = 1 s."""
    plan = dataclasses.replace(
        plan_of(scenario, FIBERS, ROUTES),
        sites=tuple(SitePlan(id=name, zone_id="z", pods=1, accelerators=1000, power_mw=1.3) for name in ("a", "b")),
        sync=Sync(
            demand_gbps=10_000,
            strength_gbps=strength_gbps,
            worst_failure=None,
            worst_strength_gbps=None,
            time_s=None if strength_gbps is None else 20_000 / strength_gbps,
            latency_s=0.001,
        ),
        fabrics=FabricReport(
            sites=tuple(
                SiteFabrics(
                    site_id=name,
                    fabrics=tuple(fabric(kind, 1000, **figures) for kind, figures in KINDS.items()),
                    chosen="clos of 1000",
                )
                for name in ("a", "b")
            ),
            across_sites=(),
        ),
        cost_usd=9e6,
        network_cost_usd=1e6,
        accelerator_purchase_usd=20e6,
    )
    plan = dataclasses.replace(plan, availability=evaluate_availability(scenario, plan, catalog))
    return dataclasses.replace(plan, **changes)


def training(catalog: Catalog, workload: Workload = WORKLOAD, **changes: Any) -> PlanTraining:
    scenario = scenario_of(workload)
    return evaluate_training(scenario, planned(scenario, catalog, **changes), catalog)


@pytest.fixture(scope="module", name="found")
def found_fixture(catalog: Catalog) -> PlanTraining:
    return training(catalog)


def column(found: PlanTraining, arrangement: Any) -> TrainingColumn:
    item = found.column(arrangement)
    assert item is not None
    return item


def test_a_step_by_hand(found: PlanTraining) -> None:
    # 6 x 1e12 x 1e7 FLOP over 2,000 x 0.4 x 2.5e15 FLOP/s = 30 s; 0.042 s inside; 1 s and 2 x 1 ms between
    assert found.flop_per_step == pytest.approx(6e19)
    step = column(found, "as-planned").step
    assert step.compute_s == pytest.approx(30.0)
    assert (step.in_site_allreduce_s, step.in_site_stall_s) == (pytest.approx(0.042), pytest.approx(0.042))
    assert (step.transfer_s, step.latency_s, step.least_latency_s) == (1.0, pytest.approx(0.002), 0.001)
    assert step.between_sites_stall_s == pytest.approx(1.002)
    assert step.wall_s == pytest.approx(31.044)
    assert step.utilization == pytest.approx(30 / 31.044)
    assert step.between_sites_utilization == pytest.approx(30 / 31.002)


def test_torus_clos_and_one_site_stand_beside_the_plan(found: PlanTraining) -> None:
    assert [item.arrangement for item in found.columns] == ["as-planned", "torus", "clos", "single-site"]
    clos = column(found, "clos")
    assert dataclasses.replace(clos, arrangement="as-planned") == column(found, "as-planned")
    assert column(found, "torus").step.wall_s == pytest.approx(31.023)
    single = column(found, "single-site").step
    assert (single.transfer_s, single.latency_s, single.between_sites_stall_s) == (0.0, 0.0, 0.0)
    assert single.between_sites_utilization == 1.0
    # 16 Gbit for each accelerator at 800 Gbit/s, there and back: 2 x 1999/2000 x 20 ms, and some microseconds
    assert single.in_site_allreduce_s == pytest.approx(0.03998, rel=1e-2)
    assert single.wall_s == pytest.approx(30 + (single.in_site_allreduce_s or 0))


def test_the_megawatts_that_one_site_would_need_are_those_of_the_pods(found: PlanTraining) -> None:
    # 2,000 x 1,000 W x 1.25
    assert column(found, "single-site").power_mw == pytest.approx(2.5)
    assert column(found, "as-planned").power_mw == pytest.approx(2.6)


def test_interruptions_and_goodput_by_hand(found: PlanTraining) -> None:
    # 2,000 / 1e6 h + 50 switches / 1e5 h = 1/400 h: Clos; without switches 1/500 h: torus
    clos, torus = column(found, "clos"), column(found, "torus")
    assert (clos.mtti_h, torus.mtti_h) == (pytest.approx(400, rel=1e-6), pytest.approx(500, rel=1e-6))
    shares = {item.name: item.share for item in clos.interruptions}
    assert shares["accelerators"] == pytest.approx(0.8, rel=1e-6)
    assert shares["switches"] == pytest.approx(0.2, rel=1e-6)
    mtti_s = 400 * 3600
    points = clos.checkpoints
    assert points.young_interval_s == pytest.approx(math.sqrt(2 * 30 * mtti_s), rel=1e-6)
    assert points.first_order_goodput == pytest.approx(1 - math.sqrt(2 * 30 / mtti_s) - 180 / mtti_s, rel=1e-6)
    assert points.interval_s is not None
    exact = points.interval_s / (mtti_s * math.exp(180 / mtti_s) * math.expm1((points.interval_s + 30) / mtti_s))
    (restart, without_site, without_replica) = clos.yields
    assert restart.goodput == pytest.approx(exact, rel=1e-6)
    # a site is hit every 800 h, loses half a step and 180 s; both stand still 2 x 30 s every 400 h: to first order
    lost = (31.044 / 2 + 180) / (800 * 3600) + 60 / mtti_s
    assert without_site.goodput == pytest.approx(1 - lost, abs=1e-7)
    assert without_replica.goodput == without_site.goodput  # a pod is a replica, and a site has one
    assert clos.best.recovery == "without-site"


def test_one_site_has_no_other_that_goes_on(found: PlanTraining) -> None:
    single = column(found, "single-site")
    assert [item.recovery for item in single.yields] == ["restart", "without-replica"]
    assert {item.name: item.count for item in single.interruptions}["accelerators"] == 2000


def test_dollars_energy_and_carbon_by_hand(found: PlanTraining) -> None:
    item = column(found, "as-planned").yields[0]
    # 2,000 x 2,500 TFLOP/s x 0.4 = 2 exaFLOP/s
    exaflops = 2.0 * 30 / 31.044 * item.goodput
    assert item.effective_exaflops == pytest.approx(exaflops)
    assert item.tokens_per_day == pytest.approx(1e7 / 31.044 * item.goodput * 86_400)
    assert item.tokens_per_day == pytest.approx(exaflops * 1e18 / 6e12 * 86_400)
    days = exaflops * 365 * 4  # four years at no interest
    assert item.usd_per_exaflop_day == pytest.approx(9e6 / days)
    assert item.usd_per_exaflop_day_with_purchase == pytest.approx(29e6 / days)
    assert item.usd_per_exaflop_day_with_fabrics == pytest.approx((29e6 + 2000 * 3200) / days)
    per_1e24 = exaflops * 3600 * 8760 / 1e6  # 10^24 FLOP a year
    assert item.mwh_per_1e24_flop == pytest.approx(2.6 * 0.9 * 8760 / per_1e24)
    assert item.carbon_t_per_1e24_flop == pytest.approx(2.6 * 0.9 * 8760 * 0.4 / per_1e24)
    watts = 2.6 + 2000 * 150e-6 * 1.25
    assert item.mwh_per_1e24_flop_with_fabrics == pytest.approx(watts * 0.9 * 8760 / per_1e24)
    assert item.carbon_t_per_1e24_flop_with_fabrics == pytest.approx(watts * 0.9 * 8760 * 0.4 / per_1e24)


def test_one_site_pays_for_no_network_and_feeds_no_transceivers(found: PlanTraining) -> None:
    single = column(found, "single-site")
    item = single.yields[0]
    assert item.effective_exaflops is not None
    days = item.effective_exaflops * 365 * 4
    assert item.usd_per_exaflop_day == pytest.approx(8e6 / days)
    assert item.usd_per_exaflop_day_with_purchase == pytest.approx(28e6 / days)
    assert single.fabric_cost_usd is not None and single.fabric_power_mw is not None
    assert item.usd_per_exaflop_day_with_fabrics == pytest.approx((28e6 + single.fabric_cost_usd) / days)
    per_1e24 = item.effective_exaflops * 3600 * 8760 / 1e6
    assert item.mwh_per_1e24_flop == pytest.approx(2.5 * 0.9 * 8760 / per_1e24)
    assert item.mwh_per_1e24_flop_with_fabrics == pytest.approx((2.5 + single.fabric_power_mw) * 0.9 * 8760 / per_1e24)


def test_more_bandwidth_never_makes_a_step_longer_and_one_site_is_never_slower(catalog: Catalog) -> None:
    walls = []
    for strength in (1_000.0, 10_000.0, 20_000.0, 100_000.0):
        found = training(catalog, strength_gbps=strength)
        wall = column(found, "as-planned").step.wall_s
        single = column(found, "single-site").step.wall_s
        assert wall is not None and single is not None
        assert wall >= single
        walls.append(wall)
    assert walls == sorted(walls, reverse=True)
    assert walls[0] == pytest.approx(30.044 + 20)


def test_known_layers_hide_the_exchange_behind_the_backward_pass(catalog: Catalog) -> None:
    # 100 layers: only the last layer's hundredth of (1 + 0.042) s, and the latency, are left
    layered = training(catalog, dataclasses.replace(WORKLOAD, layers=100))
    step = column(layered, "as-planned").step
    assert step.in_site_stall_s == pytest.approx(0.00042)
    assert step.between_sites_stall_s == pytest.approx(0.01 + 0.002)
    assert step.transfer_s == 1.0


def test_seldom_exchanges_stall_less_and_learn_less(catalog: Catalog) -> None:
    seldom = dataclasses.replace(WORKLOAD, method="diloco", inner_steps=50)
    found = column(training(catalog, seldom), "as-planned")
    # gradients inside sites after every step; the whole exchange, 0.042 + 1.002 s, after every 50th
    assert found.step.in_site_stall_s == pytest.approx(0.042)
    assert found.step.between_sites_stall_s == pytest.approx(1.044 / 50)
    assert found.compute_penalty == pytest.approx(2**0.2355, rel=1e-4)
    # nobody waits when one leaves: half a round of 50 steps and 180 s are lost every 800 h
    lost = (50 * (found.step.wall_s or 0) / 2 + 180) / (800 * 3600)
    assert found.yields[1].goodput == pytest.approx(1 - lost, abs=1e-6)


def test_gradients_keep_16_bits_inside_sites_when_exchanges_have_four(catalog: Catalog) -> None:
    narrow = dataclasses.replace(WORKLOAD, method="diloco", inner_steps=50, bits_per_element=4)
    step = column(training(catalog, narrow), "as-planned").step
    assert step.in_site_allreduce_s == pytest.approx(4 * 0.042)  # the fabrics were evaluated for four bits
    assert step.between_sites_stall_s == pytest.approx(1.044 / 50)


def test_asynchronous_sites_wait_only_for_full_links(catalog: Catalog) -> None:
    free = dataclasses.replace(WORKLOAD, method="asynchronous", inner_steps=1)
    assert column(training(catalog, free), "as-planned").step.between_sites_stall_s == 0.0
    # 40 s of transfer in each 30 s of computation
    full = training(catalog, free, strength_gbps=500)
    assert column(full, "as-planned").step.between_sites_stall_s == pytest.approx(10.0)


def test_the_scenarios_own_seconds_and_way_to_recover_are_used_and_told(catalog: Catalog, found: PlanTraining) -> None:
    rules = TrainingRules(write_s=5.0, restart_s=180.0, recovery="without-site")
    scenario = dataclasses.replace(scenario_of(), training=rules)
    quick = evaluate_training(scenario, planned(scenario, catalog), catalog)
    assert quick.rules == rules
    # Young: sqrt(2 x 5 s x M) against sqrt(2 x 30 s x M)
    intervals = [column(item, "clos").checkpoints.young_interval_s for item in (quick, found)]
    assert intervals[0] == pytest.approx(math.sqrt(5 / 30) * (intervals[1] or 0))
    assert column(quick, "clos").yields[0].goodput > column(found, "clos").yields[0].goodput
    assert any("5 s (training.write_s)" in line for line in quick.assumptions)
    assert any("180 s (training.restart_s, the default: assumed)" in line for line in quick.assumptions)
    # one site has no other that could go on
    ways = [quick.shown(item).recovery for item in quick.columns]
    assert ways == ["without-site", "without-site", "without-site", "restart"]
    assert [found.shown(item) for item in found.columns] == [item.best for item in found.columns]


def test_jitter_makes_sites_wait_for_the_slowest(catalog: Catalog) -> None:
    scenario = dataclasses.replace(scenario_of(), training=TrainingRules(jitter_s=0.1))
    found = evaluate_training(scenario, planned(scenario, catalog), catalog)
    assert column(found, "clos").step.straggler_s == pytest.approx(0.05642, rel=1e-4)  # 1/sqrt(pi) of it for two
    assert column(found, "single-site").step.straggler_s == 0.0
    assert column(found, "clos").step.wall_s == pytest.approx(31.044 + 0.05642, abs=1e-5)


def test_a_demand_in_gbps_leaves_the_exchange_untold_with_the_reason(catalog: Catalog) -> None:
    scenario = scenario_of()
    plan = planned(scenario, catalog)
    hose = dataclasses.replace(
        scenario,
        sites=tuple(dataclasses.replace(site, hose_gbps=100) for site in scenario.sites),
        workload=dataclasses.replace(WORKLOAD, sync_time_s=None, demand="hose"),
    )
    found = evaluate_training(hose, plan, catalog)
    item = column(found, "as-planned")
    step = item.step
    assert (step.transfer_s, step.between_sites_stall_s, step.wall_s, step.utilization) == (None, None, None, None)
    assert step.in_site_stall_s == pytest.approx(0.042)
    assert item.unknown == ("between sites: the demand is a hose, which says nothing of how long an exchange takes",)
    assert item.mtti_h == pytest.approx(400, rel=1e-6)
    assert item.yields[0].goodput > 0.9
    assert item.yields[0].effective_exaflops is None
    assert item.yields[0].usd_per_exaflop_day is None
    assert column(found, "single-site").step.wall_s is not None


def test_a_plan_without_fabrics_tells_what_happens_between_sites_and_why_no_more(catalog: Catalog) -> None:
    found = training(catalog, fabrics=None)
    assert [item.arrangement for item in found.columns] == ["as-planned", "single-site"]
    item = column(found, "as-planned")
    assert item.unknown == ("inside sites: the plan does not compare fabrics",)
    assert (item.step.transfer_s, item.step.wall_s, item.fabric_switches) == (1.0, None, None)


def test_a_kind_that_a_site_has_not_is_named(catalog: Catalog) -> None:
    scenario = scenario_of()
    plan = planned(scenario, catalog)
    assert plan.fabrics is not None
    first, second = plan.fabrics.sites
    without = dataclasses.replace(second, fabrics=second.fabrics[:1], chosen=None)
    plan = dataclasses.replace(plan, fabrics=dataclasses.replace(plan.fabrics, sites=(first, without)))
    found = evaluate_training(scenario, plan, catalog)
    assert column(found, "clos").unknown == ("inside sites: site b has no fabric clos",)
    assert column(found, "torus").unknown == ()


def test_one_site_alone_exchanges_with_nobody(catalog: Catalog) -> None:
    scenario = scenario_of()
    plan = planned(scenario, catalog)
    assert plan.fabrics is not None
    alone = dataclasses.replace(
        plan,
        sites=plan.sites[:1],
        lightpaths=(),
        segments=(),
        sync=dataclasses.replace(plan.sync, strength_gbps=None, time_s=None, latency_s=None),
        fabrics=dataclasses.replace(plan.fabrics, sites=plan.fabrics.sites[:1]),
    )
    found = evaluate_training(scenario, alone, catalog)
    assert column(found, "as-planned").step.between_sites_stall_s == 0.0
    assert column(found, "as-planned").step.wall_s == pytest.approx(60.042)
    assert [item.recovery for item in column(found, "as-planned").yields] == ["restart"]


def test_a_replica_that_fills_several_pods_leaves_with_all_of_them_and_what_does_not_fit_is_said(
    catalog: Catalog,
) -> None:
    # 1.6e13 parameters x 18 bytes in 0.8 x 288 GB x 1,000: 1.25 pods, but each site has one
    found = training(catalog, dataclasses.replace(WORKLOAD, parameters=1.6e13))
    assert found.replica_pods == 2
    assert any("more than there are at a, b" in text for text in found.assumptions)
    assert training(catalog).replica_pods == 1


def test_an_unknown_memory_is_said(catalog: Catalog) -> None:
    blind = dataclasses.replace(
        catalog, accelerators=tuple(dataclasses.replace(item, hbm_gb=None) for item in catalog.accelerators)
    )
    scenario = scenario_of()
    found = evaluate_training(scenario, planned(scenario, catalog), blind)
    assert any("one pod is taken to hold a replica" in text for text in found.assumptions)


def test_a_job_that_cannot_be_told_of_leaves_the_plan_with_the_reason(catalog: Catalog) -> None:
    scenario = scenario_of()
    plan = planned(scenario, catalog)
    dark = dataclasses.replace(
        scenario, zones=tuple(dataclasses.replace(zone, availability=0.0) for zone in scenario.zones)
    )
    with pytest.raises(InvalidInput):
        evaluate_training(dark, plan, catalog)
    found, why_not = training_or_why_not(dark, plan, catalog)
    assert found is None
    assert why_not[0].startswith("training is not evaluated: availability of z is 0")
    assert training_or_why_not(scenario, plan, catalog) == (evaluate_training(scenario, plan, catalog), ())


def test_outages_of_the_zone_stop_one_site_as_often_and_take_no_energy(catalog: Catalog) -> None:
    scenario = scenario_of()
    plan = planned(scenario, catalog)
    weak = dataclasses.replace(
        scenario, zones=tuple(dataclasses.replace(zone, availability=0.99) for zone in scenario.zones)
    )
    sound, found = (evaluate_training(item, plan, catalog) for item in (scenario, weak))
    for arrangement in ("as-planned", "single-site"):
        before, after = column(sound, arrangement).yields[0], column(found, arrangement).yields[0]
        assert after.goodput < 0.991 * before.goodput
        # a hundredth less energy for a hundredth less training, and restarts every 99 h that cost energy alone
        assert before.mwh_per_1e24_flop is not None and after.mwh_per_1e24_flop is not None
        assert 1 < after.mwh_per_1e24_flop / before.mwh_per_1e24_flop < 1.005
