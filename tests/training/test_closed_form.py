"""Laws of utilization and bandwidth. The closed form against events, over sites that differ: test_unequal_sites."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import topodesign as td
from topodesign.domain.errors import InvalidInput
from topodesign.domain.training import TrainingRequest
from topodesign.training.closed_form import utilization
from topodesign.training.estimating import schedule_of
from topodesign.training.event_simulation import SimulatedJob, SimulatedSite, simulate_utilization

SITES = st.sampled_from([2, 4, 24])


@st.composite
def jobs(draw):
    """Requests with a bandwidth from far too little to plenty: an exchange lasts 0.03 to 30 times the computation."""
    streams = draw(st.booleans())
    fragments = draw(st.integers(2, 12)) if streams else 1
    per_fragment = draw(st.integers(1, 8)) if streams else 1
    steps = fragments * draw(st.integers(1, 8)) if streams else draw(st.sampled_from([1, 2, 10, 100]))
    layers = fragments * per_fragment if streams else draw(st.integers(1, 96))
    most = min(3, steps)
    overlap = 0 if steps == 1 and not streams else draw(st.integers(0, most))
    step_s = draw(st.floats(0.05, 10))
    sites = draw(SITES)
    parameters = draw(st.floats(1e9, 1e13))
    load = draw(st.floats(-1.5, 1.5).map(lambda exponent: 10**exponent))
    spread = draw(st.sampled_from([1, fragments]))
    gbps = 2 * (sites - 1) / sites * parameters * 16 / (steps * step_s) / load * spread / 1e9
    assume(1e-6 < gbps < 9e8)
    method = "streaming" if streams else "data-parallel" if steps == 1 else "diloco"
    if method == "data-parallel":
        overlap = 0
    return TrainingRequest(
        parameters=parameters,
        step_s=step_s,
        sites=sites,
        method=method,
        inner_steps=steps,
        layers=layers,
        fragment_layers=per_fragment,
        overlap_steps=overlap,
        gbps=gbps,
        rtt_ms=draw(st.sampled_from([0.0, 1.0, 50.0])),
        goodput_factor=draw(st.floats(0.5, 1.0)),
        backward_overlap=draw(st.sampled_from([0.0, 2 / 3])),
    )


def closed(request: TrainingRequest, gbps: float | None = None) -> float:
    useful = (request.gbps if gbps is None else gbps) * 1e9 * request.goodput_factor
    return float(utilization(schedule_of(request), np.asarray(useful)))


def test_layers_released_whole_agree_within_2_percent_where_exchanges_are_seldom():
    # the closed form lets a fragment's gradients leave in small buckets; layer by layer differs by at most K / H of a
    # layer
    for layers, per_fragment, steps in ((24, 3, 100), (48, 3, 200), (108, 3, 500), (126, 6, 200)):
        for load in (0.05, 0.2, 0.5, 0.9, 1.5):
            volume, step_s = 16e12, 2.0
            fragments = layers // per_fragment
            request = TrainingRequest(
                parameters=1e12,
                step_s=step_s,
                sites=2,
                method="streaming",
                inner_steps=steps,
                layers=layers,
                fragment_layers=per_fragment,
                gbps=volume / (steps * step_s) / load / 1e9,
            )
            job = SimulatedJob(
                sites=[SimulatedSite(step_s=step_s, useful_bps=request.gbps * 1e9)] * 2,
                volume_bits=volume,
                inner_steps=steps,
                layers=layers,
                fragments=fragments,
                release="layers",
            )
            assert simulate_utilization(job, rounds=4) == pytest.approx(closed(request), rel=0.02)


@given(request=jobs(), factor=st.floats(1, 1000))
def test_more_bandwidth_never_lowers_utilization(request, factor):
    assert closed(request, request.gbps * factor) >= closed(request) * (1 - 1e-12)


@given(request=jobs())
def test_required_bandwidth_reaches_the_utilization_and_a_little_less_does_not(request):
    found = td.estimate_training(**_fields(request))
    assume(found.utilization < found.highest_utilization * (1 - 1e-9))  # else latency decides, and less would do
    asked = {**_fields(request), "gbps": None, "utilization": found.utilization}
    needed = td.estimate_training(**asked).required_gbps
    assert needed == pytest.approx(request.gbps, rel=1e-6)
    assert closed(request, needed * 0.99) < found.utilization


@given(request=jobs().filter(lambda request: request.fragments == 1), sites=SITES)
def test_diloco_of_one_step_is_data_parallelism(request, sites):
    fields = {**_fields(request), "inner_steps": 1, "overlap_steps": 0, "sites": sites, "rtt_ms": 1.0}
    seldom = td.estimate_training(**{**fields, "method": "diloco"})
    always = td.estimate_training(**{**fields, "method": "data-parallel"})
    for name in ("sync_s", "stall_s", "utilization", "required_gbps", "average_gbps", "compute_penalty"):
        assert getattr(seldom, name) == getattr(always, name)


@pytest.mark.parametrize(("sites", "factor"), [(2, 1.0), (4, 1.5), (24, 23 / 12)])
def test_volume_grows_as_twice_the_share_of_the_others(sites, factor):
    # 2 (N - 1) / N: a mistake of a factor of two shows only beyond two sites
    found = td.estimate_training(parameters=1e12, step_s=5, sites=sites, gbps=10_000)
    assert found.exchange_bits == pytest.approx(16e12 * factor)
    assert found.sync_s == pytest.approx(1.6 * factor)
    assert found.utilization == pytest.approx(5 / (5 + 1.6 * factor))


def test_scaling_time_or_bits_changes_no_utilization():
    base = {"sites": 4, "method": "streaming", "layers": 24, "overlap_steps": 1}
    found = td.estimate_training(parameters=1e12, step_s=1, gbps=500, **base)
    twice_the_bits = td.estimate_training(parameters=2e12, step_s=1, gbps=1000, **base)
    twice_the_time = td.estimate_training(parameters=1e12, step_s=2, gbps=250, **base)
    assert found.utilization < 1
    assert twice_the_bits.utilization == pytest.approx(found.utilization)
    assert twice_the_time.utilization == pytest.approx(found.utilization)


def test_one_site_needs_no_bandwidth():
    found = td.estimate_training(parameters=1e12, step_s=1, sites=1, utilization=0.9)
    assert (found.required_gbps, found.stall_s, found.utilization) == (0.0, 0.0, 1.0)


def test_latency_and_stragglers_by_hand():
    # three sites, ring: 4 one-way latencies of 10 ms; V = 4/3 x 16e9 bits over 0.8 x 100 Gbit/s = 0.26667 s
    found = td.estimate_training(
        parameters=1e9, step_s=1, sites=3, gbps=100, goodput_factor=0.8, rtt_ms=20, jitter_s=0.1
    )
    assert found.sync_s == pytest.approx(4 / 3 * 16 / 80 + 0.04)
    assert found.straggler_s == pytest.approx(0.08463, abs=1e-5)  # E[max] of three normals: 3 / (2 sqrt(pi))
    assert found.utilization == pytest.approx(1 / (1 + found.sync_s + found.straggler_s))


def test_asynchronous_sites_wait_for_nobody_until_their_link_is_full():
    base = {"parameters": 1e12, "step_s": 1, "sites": 2, "method": "asynchronous", "inner_steps": 10, "jitter_s": 0.2}
    # V / (H T) = 16e12 / 10 s
    assert td.estimate_training(gbps=1600, rtt_ms=500, **base).utilization == 1
    assert td.estimate_training(gbps=800, **base).utilization == pytest.approx(0.5)
    assert td.estimate_training(gbps=800, **base).straggler_s == 0
    assert td.estimate_training(gbps=1600, **base).compute_penalty == pytest.approx(2**0.2355, rel=1e-4)


def test_penalty_of_seldom_exchange_is_apart_from_utilization():
    base = {"parameters": 1e9, "step_s": 1, "sites": 8, "gbps": 1000, "layers": 24}
    seldom = td.estimate_training(method="diloco", **base)
    assert seldom.compute_penalty == pytest.approx(1.63, abs=0.005)
    assert seldom.goodput == seldom.utilization
    assert td.estimate_training(**base).compute_penalty == 1


def test_what_no_bandwidth_reaches_is_refused_with_the_highest():
    with pytest.raises(InvalidInput, match=r"no bandwidth reaches more than 0\.714286") as refusal:
        td.estimate_training(parameters=1e9, step_s=0.1, sites=2, utilization=0.99, rtt_ms=40)
    assert refusal.value.reason == "UTILIZATION_UNREACHABLE"
    highest = float(refusal.value.metadata["limit"])
    assert highest == pytest.approx(0.1 / 0.14)
    below = td.estimate_training(parameters=1e9, step_s=0.1, sites=2, utilization=0.999 * highest, rtt_ms=40)
    assert math.isfinite(below.required_gbps)
    assert below.highest_utilization == pytest.approx(highest)


def _fields(request: TrainingRequest) -> dict[str, object]:
    return {name: getattr(request, name) for name in TrainingRequest.__dataclass_fields__}
