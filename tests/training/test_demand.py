"""The bandwidth that a workload needs, by hand arithmetic."""

import dataclasses

import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.scenario import Workload
from topodesign.training.demand import sync_demand
from topodesign.training.job_of_scenario import step_time_s


def demand(scenario, **workload):
    return sync_demand(
        dataclasses.replace(scenario, workload=Workload(**workload)),
        load_catalog().accelerator(scenario.size.accelerator),
    )


@pytest.fixture(name="scenario")
def scenario_fixture():
    import topodesign as td

    return td.load_scenario("sample_sites/two-campus")


def test_fifty_trillion_parameters_in_a_second_need_a_petabit(scenario):
    # 5e13 x 16 bit / (0.8 x 1 s) = 1e15 bit/s
    found = demand(scenario, parameters=5e13, bits_per_element=16, sync_time_s=1.0, wan_goodput_factor=0.8)
    assert found.demand_gbps == pytest.approx(1e6)
    assert found.volume_bits == pytest.approx(8e14)


def test_half_the_time_needs_twice_the_bandwidth(scenario):
    slow, fast = (demand(scenario, parameters=1e12, sync_time_s=target) for target in (2.0, 1.0))
    assert fast.demand_gbps == pytest.approx(2 * slow.demand_gbps)


def test_step_time_of_llama_3_on_16384_h100():
    # 405e9 parameters, 16.78e6 tokens, 16,384 x 400 TFLOP/s reached: 6.22 s (6 P D / FLOP/s); our 0.40 x 989 TFLOP/s
    # reached is 395.6
    workload = Workload(parameters=405e9, global_batch_tokens=16.78e6, sync_time_s=1.0)
    h100 = load_catalog().accelerator("h100-sxm")
    assert step_time_s(workload, h100, 16_384) == pytest.approx(6.22 * 400 / (0.40 * h100.peak_tflops), rel=1e-3)


def test_utilization_leaves_its_complement_of_the_step_for_the_exchange(scenario):
    # at 80 % the exchange may take a quarter of the computation, at 50 % as long as it
    quarter = demand(scenario, parameters=1e12, utilization=0.8)
    whole = demand(scenario, parameters=1e12, utilization=0.5)
    assert whole.target_s == pytest.approx(4 * quarter.target_s)


def test_a_hose_is_the_sum_of_its_sites_and_has_no_time(scenario):
    sites = tuple(dataclasses.replace(site, hose_gbps=400.0) for site in scenario.sites)
    workload = Workload(parameters=1e12, demand="hose")
    accelerator = load_catalog().accelerator(scenario.size.accelerator)
    found = sync_demand(dataclasses.replace(scenario, sites=sites, workload=workload), accelerator)
    assert (found.demand_gbps, found.volume_bits, found.target_s) == (800.0, None, None)
