"""Laws of a training step: parts add up, slower parts never make it shorter, and one site is never slower."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topodesign.domain.training import TrainingMethod, TrainingRequest
from topodesign.evaluation.training_step import NO_EXCHANGE, Exchange, InSiteAllReduce, step_of

SECONDS = st.floats(min_value=0.0, max_value=100.0)
METHODS = st.sampled_from(("data-parallel", "diloco", "streaming", "asynchronous"))


@st.composite
def requests(draw: st.DrawFn) -> TrainingRequest:
    method: TrainingMethod = draw(METHODS)
    inner = 1 if method == "data-parallel" else draw(st.integers(min_value=8, max_value=200))
    return TrainingRequest(
        parameters=1e12,
        step_s=draw(st.floats(min_value=0.1, max_value=50)),
        sites=draw(st.sampled_from((2, 3, 8))),
        method=method,
        inner_steps=inner,
        layers=24,
        overlap_steps=0.0 if method == "data-parallel" else draw(st.sampled_from((0.0, 1.0, 2.0))),
        jitter_s=draw(st.sampled_from((0.0, 0.1))),
        gbps=1000.0,
    )


@given(request=requests(), inside=st.tuples(SECONDS, SECONDS), transfer=SECONDS, latency=SECONDS, more=SECONDS)
def test_a_step_is_the_sum_of_its_parts_and_grows_with_each(
    request: TrainingRequest, inside: tuple[float, float], transfer: float, latency: float, more: float
) -> None:
    within = InSiteAllReduce(transfer_s=inside[0], latency_s=inside[1])
    exchange = Exchange(transfer_s=transfer, latency_s=latency, least_latency_s=0.0)
    step = step_of(request, within, exchange)
    assert step.wall_s is not None and step.in_site_stall_s is not None and step.between_sites_stall_s is not None
    parts = (step.compute_s, step.in_site_stall_s, step.between_sites_stall_s, step.straggler_s)
    assert min(parts) >= 0
    assert step.wall_s == pytest.approx(sum(parts))
    assert step.utilization == pytest.approx(step.compute_s / step.wall_s)
    room = 1e-9 * (1 + step.wall_s)
    for slower in (
        step_of(request, within, dataclasses.replace(exchange, transfer_s=transfer + more)),
        step_of(request, within, dataclasses.replace(exchange, latency_s=latency + more)),
        step_of(request, dataclasses.replace(within, transfer_s=inside[0] + more), exchange),
    ):
        assert slower.wall_s is not None and slower.wall_s >= step.wall_s - room
    alone = step_of(dataclasses.replace(request, sites=1), within, NO_EXCHANGE)
    assert alone.wall_s is not None and alone.wall_s <= step.wall_s + room


@given(request=requests(), transfer=SECONDS)
def test_what_is_not_known_stays_unknown(request: TrainingRequest, transfer: float) -> None:
    within = InSiteAllReduce(transfer_s=1.0, latency_s=0.0)
    exchange = Exchange(transfer_s=transfer, latency_s=0.0, least_latency_s=None)
    for step in (step_of(request, None, exchange), step_of(request, within, None)):
        assert (step.wall_s, step.utilization, step.between_sites_stall_s) == (None, None, None)
    assert step_of(request, within, None).in_site_stall_s is not None
    assert step_of(request, None, exchange).transfer_s == transfer
