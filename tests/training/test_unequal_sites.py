"""Sites with links, distances and speeds of their own: closed form against events, and what is only a bound."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training.test_closed_form import SITES, jobs

import topodesign as td
from topodesign.domain.errors import InvalidInput
from topodesign.domain.training import PipelineShape
from topodesign.training.estimating import estimate, schedule_of
from topodesign.training.event_simulation import (
    SimulatedJob,
    SimulatedSite,
    simulate_ring_s,
    simulate_utilization,
)

A_BIT = 1e-30
"""So small a message takes no time on a link, only its latencies."""


def request_with(request, **options):
    fields = {name: getattr(request, name) for name in type(request).__dataclass_fields__}
    return type(request)(**{**fields, **options})


def simulated(request, useful_bps, *, rounds):
    """The request's sites, links and round trips, with latency from a ring that is walked message by message."""
    schedule = schedule_of(request)
    one_way = [value / 2e3 for value in request.site_rtt_ms]
    job = SimulatedJob(
        sites=[
            SimulatedSite(step_s=step, useful_bps=rate)
            for step, rate in zip(request.site_step_s, useful_bps, strict=True)
        ],
        volume_bits=float(schedule.volume_bits),
        inner_steps=request.inner_steps,
        layers=request.layers,
        fragments=request.fragments,
        overlap_steps=int(request.overlap_steps),
        backward_overlap=request.backward_overlap,
        latency_s=simulate_ring_s(A_BIT, [1e12] * request.sites, one_way),
    )
    return simulate_utilization(job, rounds=rounds)


@settings(max_examples=220, deadline=None)
@given(request=jobs(), seed=st.integers(0, 2**32 - 1))
def test_closed_form_and_events_agree_within_2_percent_for_sites_that_differ(request, seed):
    random = np.random.default_rng(seed)
    others = request.sites - 1
    links = random.permutation([1.0, *random.uniform(1, 3, others)])
    speeds = random.permutation([1.0, *random.uniform(0.7, 1, others)])
    trips = random.uniform(0, 2 * request.rtt_ms, request.sites)
    unequal = request_with(
        request,
        gbps=None,
        site_gbps=tuple(float(request.gbps * link) for link in links),
        rtt_ms=0.0,
        site_rtt_ms=tuple(float(trip) for trip in trips),
        site_step_s=tuple(float(request.step_s * speed) for speed in speeds),
    )
    rounds = 24 if request.inner_steps >= 10 else 48  # as in test_closed_form
    useful = [gbps * 1e9 * request.goodput_factor for gbps in unequal.site_gbps]
    assert simulated(unequal, useful, rounds=rounds) == pytest.approx(estimate(unequal).utilization, rel=0.02)


@given(data=st.data(), sites=SITES)
def test_an_exchange_between_different_links_lasts_as_long_as_the_ring_or_a_little_longer(data, sites):
    # data parallel with nothing overlapped: a step is its computation and one exchange
    gbps = data.draw(st.lists(st.floats(100, 10_000), min_size=sites, max_size=sites))
    trips = data.draw(st.lists(st.floats(0, 200), min_size=sites, max_size=sites))
    found = td.estimate_training(
        parameters=1e11, step_s=5.0, sites=sites, site_gbps=tuple(gbps), site_rtt_ms=tuple(trips)
    )
    links = [min(gbps[site], gbps[(site + 1) % sites]) * 1e9 for site in range(sites)]
    ring = simulate_ring_s(1.6e12, links, [trip / 2e3 for trip in trips])
    assert ring <= found.sync_s * (1 + 1e-12)
    # by not more than the latencies of the longest chain
    assert found.sync_s - ring <= simulate_ring_s(A_BIT, links, [trip / 2e3 for trip in trips]) + 1e-9
    assert found.utilization <= 5.0 / (5.0 + ring) * (1 + 1e-12)
    if found.sync_s > ring * (1 + 1e-9):
        said = re.search(r"it takes between (\S+) and (\S+) s", " ".join(found.assumptions))
        assert said is not None
        assert [float(number) for number in said.groups()] == pytest.approx([ring, found.sync_s], rel=1e-5)


@given(data=st.data(), sites=SITES)
def test_equal_links_over_different_distances_take_exactly_as_long_as_the_ring(data, sites):
    trips = data.draw(st.lists(st.floats(0, 200), min_size=sites, max_size=sites))
    found = td.estimate_training(parameters=1e11, step_s=5.0, sites=sites, gbps=400, site_rtt_ms=tuple(trips))
    assert found.sync_s == pytest.approx(simulate_ring_s(1.6e12, [4e11] * sites, [trip / 2e3 for trip in trips]))


def test_sites_that_are_alike_are_estimated_as_when_given_once():
    job = {"parameters": 1e12, "sites": 4, "layers": 24, "method": "streaming", "overlap_steps": 1}
    once = td.estimate_training(**job, step_s=2, gbps=300, rtt_ms=20)
    each = td.estimate_training(**job, site_step_s=(2,) * 4, site_gbps=(300,) * 4, site_rtt_ms=(20,) * 4)
    for name in ("step_s", "sync_s", "stall_s", "utilization", "required_gbps", "average_gbps", "goodput"):
        assert getattr(each, name) == pytest.approx(getattr(once, name), rel=1e-12), name


def test_three_sites_by_hand():
    # 16e9 x 4/3 bits over the slowest link, 0.5 x 100 Gbit/s, take 0.42667 s; round the ring of 10, 20 and 60 ms round
    # trips 4 hops are 2 x 45 ms - the shortest pair (5 + 10); the slowest site computes for 2 s
    found = td.estimate_training(
        parameters=1e9,
        sites=3,
        site_gbps=(300, 100, 200),
        site_rtt_ms=(10, 20, 60),
        site_step_s=(1.5, 2.0, 1.0),
        goodput_factor=0.5,
    )
    assert found.sync_s == pytest.approx(16 * 4 / 3 / 50 + 0.090 - 0.015)
    assert found.utilization == pytest.approx(2 / (2 + found.sync_s))
    assert (found.step_s, found.gbps) == (2.0, 100)


def test_sites_that_wait_for_nobody_are_held_up_by_their_own_links_alone():
    # V / H = 4/3 x 16e12 / 10 = 2133.3 Gbit a step: 1 s at site a (of 2 s), 4 s at b (of 1), 1 s at c (of 4)
    found = td.estimate_training(
        parameters=1e12,
        sites=3,
        method="asynchronous",
        inner_steps=10,
        site_gbps=(6400 / 3, 1600 / 3, 6400 / 3),
        site_step_s=(2.0, 1.0, 4.0),
    )
    # steps a second: 1/2 + 1/4 + 1/4 of 1/2 + 1 + 1/4
    assert found.utilization == pytest.approx(1.0 / 1.75)
    assert found.wall_step_s == pytest.approx(3.0)
    assert found.step_s == pytest.approx(3 / 1.75)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), sites=st.integers(2, 5))
def test_sites_that_wait_for_nobody_do_as_many_steps_as_when_each_is_simulated_alone(data, sites):
    inner_steps = data.draw(st.sampled_from([5, 20]))
    steps = data.draw(st.lists(st.floats(0.5, 5), min_size=sites, max_size=sites))
    gbps = data.draw(st.lists(st.floats(50, 2000), min_size=sites, max_size=sites))
    found = td.estimate_training(
        parameters=1e11,
        sites=sites,
        method="asynchronous",
        inner_steps=inner_steps,
        site_gbps=tuple(gbps),
        site_step_s=tuple(steps),
    )
    rate = 0.0
    for step, link in zip(steps, gbps, strict=True):
        alone = SimulatedJob(
            sites=[SimulatedSite(step_s=step, useful_bps=link * 1e9)],
            volume_bits=found.exchange_bits,
            inner_steps=inner_steps,
            overlap_steps=inner_steps,
        )
        rate += simulate_utilization(alone, rounds=80) / step
    assert sites / found.wall_step_s == pytest.approx(rate, rel=0.02)


@given(
    steps=st.lists(st.floats(0.1, 10), min_size=2, max_size=24),
    target=st.floats(0.05, 1.0),
)
def test_bandwidth_for_a_utilization_of_sites_that_wait_for_nobody_reaches_it(steps, target):
    job = {
        "parameters": 1e11,
        "sites": len(steps),
        "method": "asynchronous",
        "inner_steps": 20,
        "site_step_s": tuple(steps),
    }
    needed = td.estimate_training(**job, utilization=target)
    assert needed.utilization == pytest.approx(target, rel=1e-9)
    again = td.estimate_training(**job, gbps=needed.required_gbps)
    assert again.utilization == pytest.approx(target, rel=1e-9)
    assert td.estimate_training(**job, gbps=needed.required_gbps * 0.99).utilization < target


def test_a_pipeline_sees_the_links_between_its_sites():
    shape = PipelineShape(stages=9, micro_batches=90, hidden_size=1000, batch_tokens=9e6)
    job = {"parameters": 1e11, "step_s": 98.0, "sites": 3, "method": "pipeline", "pipeline": shape}
    near = td.estimate_training(**job, gbps=10, rtt_ms=10)
    assert td.estimate_training(**job, site_gbps=(10, 10, 10), site_rtt_ms=(10, 10, 99)) == near
    far = td.estimate_training(**job, site_gbps=(10, 40, 40), site_rtt_ms=(10, 100, 0))
    # 1e5 tokens x 1000 x 16 bits: 0.16 s at 10 Gbit/s and 5 ms, 0.04 s at 40 and 50 ms
    assert far.sync_s == pytest.approx(0.165)
    assert far.utilization > near.utilization
    assert td.estimate_training(**job, site_gbps=(10, 40, 40), site_rtt_ms=(10, 400, 0)).sync_s == pytest.approx(0.24)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"site_gbps": (1.0,)}, "site_gbps"),
        ({"site_gbps": (1.0, 0.0)}, "site_gbps"),
        ({"site_gbps": 5.0}, "site_gbps"),
        ({"site_gbps": (1.0, 2.0), "gbps": 1.0}, "gbps"),
        ({"site_gbps": (1.0, 2.0), "utilization": 0.5}, "gbps"),
        ({"gbps": 1.0, "site_rtt_ms": (1.0, -1.0)}, "site_rtt_ms"),
        ({"gbps": 1.0, "site_rtt_ms": (1.0, 1.0), "rtt_ms": 3.0}, "rtt_ms"),
        ({"gbps": 1.0, "site_step_s": (1.0, 2.0), "step_s": 1.0}, "step_s"),
        ({"gbps": 1.0, "site_step_s": (1.0, float("nan")), "step_s": None}, "site_step_s"),
        ({"gbps": 1.0, "site_step_s": 3.0, "step_s": None}, "site_step_s"),
        ({"gbps": 1.0, "site_step_s": (), "step_s": None}, "step_s"),
    ],
)
def test_figures_of_sites_that_do_not_fit_are_refused_by_field(options, field):
    with pytest.raises(InvalidInput) as refusal:
        td.estimate_training(**{"parameters": 1e9, "sites": 2, "step_s": 1.0, **options})
    assert refusal.value.field_path == field
    assert "; " in refusal.value.message
