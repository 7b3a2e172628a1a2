"""All-reduce schemes and pipelines against simulations, event by event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import topodesign as td
from topodesign.domain.errors import InvalidInput
from topodesign.domain.training import PipelineShape
from topodesign.training.collectives import egress_bits, ring_s, serial_hops
from topodesign.training.event_simulation import simulate_ring_s
from topodesign.training.pipeline import Boundary, Pipeline, boundary_bps, pipeline_s, simulate_pipeline_s

SHAPE = PipelineShape(stages=8, micro_batches=64, hidden_size=1000, batch_tokens=6.4e6)


@given(data=st.data(), sites=st.sampled_from([2, 3, 4, 24]))
def test_a_ring_of_different_links_takes_as_long_as_message_by_message(data, sites):
    links = data.draw(st.lists(st.floats(1e11, 1e13), min_size=sites, max_size=sites))
    delays = data.draw(st.lists(st.floats(0, 0.1), min_size=sites, max_size=sites))
    assert ring_s(1e12, links, delays) == pytest.approx(simulate_ring_s(1e12, links, delays), rel=1e-9)


@pytest.mark.parametrize("sites", [2, 4, 24])
def test_a_ring_of_equal_links_by_hand(sites):
    # 2 (N - 1) (S / (N B) + latency)
    by_hand = 2 * (sites - 1) * (1e12 / (sites * 1e12) + 0.01)
    assert ring_s(1e12, [1e12] * sites, [0.01] * sites) == pytest.approx(by_hand)
    assert ring_s(1e12, [1e12], [0.01]) == 0


def test_hops_and_volumes_of_the_schemes():
    schemes = ("ring", "bidirectional-ring", "direct", "recursive-doubling", "tree")
    assert [serial_hops(8, scheme) for scheme in schemes] == [14, 8, 2, 6, 6]
    assert [egress_bits(8.0, 8, scheme) for scheme in schemes] == [14, 14, 14, 14, 16]
    assert all(serial_hops(1, scheme) == 0 and egress_bits(8.0, 1, scheme) == 0 for scheme in schemes)


@st.composite
def pipelines(draw, most_boundaries):
    stages = draw(st.integers(2, 16))
    forward = draw(st.floats(0.01, 0.2))
    cuts = draw(st.sets(st.integers(1, stages - 1), min_size=1, max_size=min(most_boundaries, stages - 1)))
    return Pipeline(
        stages=stages,
        micro_batches=stages * draw(st.integers(8, 16)),
        forward_s=forward,
        backward_s=2 * forward,
        boundaries=[
            Boundary(after=cut, latency_s=forward * draw(st.floats(0, 3)), send_s=forward * draw(st.floats(0, 1)))
            for cut in sorted(cuts)
        ],
        extra_in_flight=draw(st.integers(0, 4)),
    )


@given(pipeline=pipelines(most_boundaries=1))
def test_one_boundary_costs_what_the_simulation_says(pipeline):
    assert pipeline_s(pipeline) == pytest.approx(simulate_pipeline_s(pipeline), rel=1e-9)


@given(pipeline=pipelines(most_boundaries=4))
def test_several_boundaries_cost_about_what_the_simulation_says(pipeline):
    assert pipeline_s(pipeline) == pytest.approx(simulate_pipeline_s(pipeline), rel=0.05)


def test_a_pipeline_within_one_site_is_its_bubble_and_no_more():
    pipeline = Pipeline(stages=4, micro_batches=10, forward_s=0.1, backward_s=0.2)
    assert pipeline_s(pipeline) == pytest.approx(13 * 0.3)
    assert simulate_pipeline_s(pipeline) == pytest.approx(13 * 0.3)


def test_bandwidth_with_which_a_boundary_keeps_up():
    # 1e5 tokens x 1000 x 16 bits = 1.6e9 bits in the 0.05 s of a forward pass
    assert boundary_bps(bits_per_micro_batch=1.6e9, forward_s=0.05, backward_s=0.1) == pytest.approx(32e9)


def test_an_estimate_of_a_pipeline_over_two_sites_by_hand():
    # (64 + 7) t = 10.65 s: t = 0.15 s. A micro-batch has 1e5 tokens x 1000 x 16 = 1.6e9 bits: 0.016 s at 100 Gbit/s,
    # and 5 ms of latency: 62 times 0.021 s
    found = td.estimate_training(
        parameters=1e9, step_s=10.65, sites=2, method="pipeline", pipeline=SHAPE, gbps=100, rtt_ms=10
    )
    assert found.sync_s == pytest.approx(0.021)
    assert found.stall_s == pytest.approx(62 * 0.021)
    assert found.exchange_bits == pytest.approx(64 * 1.6e9)
    again = td.estimate_training(
        parameters=1e9,
        step_s=10.65,
        sites=2,
        method="pipeline",
        pipeline=SHAPE,
        utilization=found.utilization,
        rtt_ms=10,
    )
    assert again.required_gbps == pytest.approx(100, rel=1e-6)


def test_a_pipeline_that_latency_holds_back_says_how_far_to_run_ahead():
    with pytest.raises(InvalidInput, match="begin 3 micro-batches ahead") as refusal:
        td.estimate_training(
            parameters=1e9, step_s=10.65, sites=2, method="pipeline", pipeline=SHAPE, utilization=0.95, rtt_ms=400
        )
    assert refusal.value.reason == "UTILIZATION_UNREACHABLE"
