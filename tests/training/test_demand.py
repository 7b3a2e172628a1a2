"""The bandwidth that a workload needs, by hand arithmetic."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import Workload
from topodesign.training.demand import sync_demand, utilization_at
from topodesign.training.estimating import estimate
from topodesign.training.job_of_scenario import assumptions_of_job, method_of, request_of, ring_gbps, step_time_s
from topodesign.verify.demand import demand_of


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


jobs = st.fixed_dictionaries(
    {
        "parameters": st.floats(min_value=1e9, max_value=1e13),
        "global_batch_tokens": st.floats(min_value=1e5, max_value=1e8),
        "inner_steps": st.integers(min_value=1, max_value=200),
        "layers": st.none() | st.integers(min_value=1, max_value=120),
        "backward_overlap": st.floats(min_value=0, max_value=1),
        "flops_utilization": st.floats(min_value=0.1, max_value=1),
        "method": st.sampled_from(["diloco", "streaming", "asynchronous"]),
        "utilization": st.floats(min_value=0.05, max_value=0.999),
    }
)


def workload_of(job, **changes):
    """One fragment for each inner step at most."""
    layers, steps = job["layers"], job["inner_steps"]
    return Workload(**{**job, "fragment_layers": -(-(layers or 1) // steps), **changes})


def needed_gbps(scenario, workload):
    accelerator = load_catalog().accelerator(scenario.size.accelerator)
    return sync_demand(dataclasses.replace(scenario, workload=workload), accelerator).demand_gbps


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(job=jobs, share=st.floats(min_value=0, max_value=1), more=st.floats(min_value=0, max_value=1))
def test_more_overlap_never_needs_more_bandwidth(scenario, job, share, more):
    steps = job["inner_steps"]
    less_steps, more_steps = share * steps, share * steps + more * (1 - share) * steps
    less, further = (
        needed_gbps(scenario, workload_of(job, overlap_steps=min(tau, steps))) for tau in (less_steps, more_steps)
    )
    assert further <= less * (1 + 1e-9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(job=jobs, share=st.floats(min_value=0, max_value=1), higher=st.floats(min_value=0.05, max_value=0.999))
def test_a_higher_utilization_never_needs_less_bandwidth_and_more_accelerators_never_less(scenario, job, share, higher):
    workload = workload_of(job, overlap_steps=share * job["inner_steps"])
    low, high = sorted((job["utilization"], higher))
    less, more = (needed_gbps(scenario, dataclasses.replace(workload, utilization=u)) for u in (low, high))
    assert more >= less * (1 - 1e-9)
    # the step of twice the accelerators takes half as long, and so may its exchange
    twice = dataclasses.replace(
        scenario, size=dataclasses.replace(scenario.size, accelerators=2 * scenario.size.accelerators)
    )
    workload = dataclasses.replace(workload, utilization=low)
    assert needed_gbps(twice, workload) == pytest.approx(2 * needed_gbps(scenario, workload), rel=1e-6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(job=jobs)
def test_diloco_with_one_inner_step_needs_what_a_synchronous_step_needs(scenario, job):
    alike = {"inner_steps": 1, "overlap_steps": 0.0}
    diloco, synchronous = (workload_of({**job, **alike}, method=name) for name in ("diloco", "synchronous"))
    assert needed_gbps(scenario, diloco) == needed_gbps(scenario, synchronous)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(job=jobs, share=st.floats(min_value=0, max_value=1))
def test_the_verifier_needs_the_same_and_the_utilization_comes_back_from_the_time(scenario, job, share):
    workload = workload_of(job, overlap_steps=share * job["inner_steps"])
    asked = dataclasses.replace(scenario, workload=workload)
    accelerator = load_catalog().accelerator(scenario.size.accelerator)
    found = sync_demand(asked, accelerator)
    own = demand_of(asked, accelerator, placed=scenario.size.accelerators)
    assert own.needed_gbps == pytest.approx(found.demand_gbps, rel=1e-9)
    back = utilization_at(asked, accelerator, accelerators=scenario.size.accelerators, exchange_s=found.target_s)
    assert back == pytest.approx(workload.utilization, rel=1e-9)


def test_streaming_fp4_of_405_billion_parameters_needs_what_the_formula_gives_by_hand(scenario):
    # K = 126 / 3 = 42 fragments, H = 100, tau = 1, a = 2/3, n = 3: w = 1 + 2/3 x 2/3 = 13/9; m = floor(w K / H) + 1 = 1
    # X = K w T + H T (1/0.95 - 1) = (42 x 13/9 + 100/19) T = 65.9298 T, less than H T / 0.95 = 105.26 T
    workload = Workload(
        parameters=405e9, layers=126, method="streaming", inner_steps=100, overlap_steps=1, bits_per_element=4,
        utilization=0.95, global_batch_tokens=16777216,
    )  # fmt: skip
    accelerator = load_catalog().accelerator(scenario.size.accelerator)
    step_s = step_time_s(workload, accelerator, scenario.size.accelerators)
    found = sync_demand(dataclasses.replace(scenario, workload=workload), accelerator)
    assert found.target_s == pytest.approx((42 * 13 / 9 + 100 / 19) * step_s)
    assert found.demand_gbps == pytest.approx(405e9 * 4 / (0.8 * found.target_s) / 1e9)


def test_what_a_plan_has_gives_an_estimate_the_utilization_that_the_plan_was_made_for(scenario):
    workload = Workload(parameters=1e12, utilization=0.9, method="diloco", inner_steps=10, overlap_steps=2, layers=80)
    asked = dataclasses.replace(scenario, workload=workload)
    accelerator = load_catalog().accelerator(scenario.size.accelerator)
    strength = sync_demand(asked, accelerator).demand_gbps
    for sites in (2, 4, 24):
        job = request_of(
            asked, accelerator, sites=sites, accelerators=scenario.size.accelerators, gbps=ring_gbps(strength, sites)
        )
        assert estimate(job).utilization == pytest.approx(0.9)
    assert job.goodput_factor == workload.wan_goodput_factor


def test_a_job_at_one_site_exchanges_nothing(scenario):
    accelerator = load_catalog().accelerator(scenario.size.accelerator)
    job = request_of(scenario, accelerator, sites=1, accelerators=1000, gbps=ring_gbps(100.0, 1))
    assert estimate(job).utilization == 1.0


@pytest.mark.parametrize(
    ("workload", "method"),
    [
        ({}, "data-parallel"),
        ({"inner_steps": 8}, "diloco"),
        ({"method": "diloco", "inner_steps": 8}, "diloco"),
        ({"method": "streaming", "inner_steps": 8}, "diloco"),
        ({"method": "streaming", "inner_steps": 8, "layers": 24}, "streaming"),
        ({"method": "asynchronous", "inner_steps": 8}, "asynchronous"),
    ],
)
def test_a_workload_has_the_training_rooms_name_for_its_method(workload, method):
    job = Workload(sync_time_s=1.0, **workload)
    assert method_of(job) == method
    told = " ".join(assumptions_of_job(job))
    assert "0.4 of peak FLOP/s" in told
    assert ("layers is not given" in told) == (job.layers is None)


@pytest.mark.parametrize(
    ("workload", "field"),
    [
        ({"overlap_steps": 1}, "workload.overlap_steps"),  # a synchronous step needs its gradients
        ({"method": "diloco", "inner_steps": 4, "overlap_steps": 5}, "workload.overlap_steps"),
        ({"method": "streaming", "inner_steps": 7, "layers": 24}, "workload.fragment_layers"),  # 8 fragments
        ({"layers": 0}, "workload.layers"),
        ({"flops_utilization": 1.1}, "workload.flops_utilization"),
        ({"backward_overlap": -0.1}, "workload.backward_overlap"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_the_field(workload, field):
    with pytest.raises(InvalidInput) as caught:
        Workload(sync_time_s=1.0, **workload)
    assert caught.value.field_path == field
