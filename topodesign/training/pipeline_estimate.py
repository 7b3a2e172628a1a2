"""Estimate of a pipeline whose stages lie in several sites; the step's time without boundaries is given."""

from topodesign.domain.errors import InvalidInput
from topodesign.domain.training import TrainingEstimate, TrainingRequest
from topodesign.training.pipeline import Boundary, Pipeline, extra_in_flight_needed, pipeline_s

FORWARD_SHARE = 1.0 / 3.0
"""Of a stage's time for a micro-batch: one of three equal matrix products."""
HALVINGS = 80


def estimate_pipeline(request: TrainingRequest) -> TrainingEstimate:
    """Step time, utilization and bandwidth of one-forward-one-backward over the boundaries between sites.

    Raises
    ------
    InvalidInput
        ``UTILIZATION_UNREACHABLE`` when latency keeps utilization below the wanted one at any bandwidth.
    """
    bits = _micro_batch_bits(request)
    highest = min(1.0, request.step_s / pipeline_s(pipeline_of(request, 0.0)))
    if request.sites == 1:
        send = useful = 0.0
    elif request.least_gbps is not None:
        useful = request.least_gbps * 1e9 * request.goodput_factor
        send = bits / useful
    else:
        send = _longest_send_s(request, highest)
        useful = bits / send
    wall = max(request.step_s, pipeline_s(pipeline_of(request, send)))  # never less, but for rounding
    reached = request.step_s / wall
    shape = request.pipeline
    assert shape is not None  # the request's constructor
    step_bits = bits * shape.micro_batches if request.sites > 1 else 0.0
    gbps = request.least_gbps if request.least_gbps is not None else useful / request.goodput_factor / 1e9
    return TrainingEstimate(
        method=request.method,
        sites=request.sites,
        step_s=request.step_s,
        sync_s=max((item.send_s + item.latency_s for item in pipeline_of(request, send).boundaries), default=0.0),
        stall_s=wall - request.step_s,
        straggler_s=0.0,
        wall_step_s=wall,
        utilization=reached,
        highest_utilization=highest,
        gbps=gbps,
        required_gbps=gbps if request.sites > 1 else 0.0,
        average_gbps=step_bits / wall / 1e9,
        exchange_bits=step_bits,
        goodput=reached * request.uptime,
        compute_penalty=1.0,
        assumptions=(
            "stages take equal time, a third of it forward; step_s has the bubble of the pipeline within one site",
            "one-forward-one-backward; boundaries lie evenly among the stages; jitter of stages is not counted",
        ),
    )


def pipeline_of(request: TrainingRequest, send_s: float) -> Pipeline:
    """The pipeline of a request, whose micro-batches occupy the slowest link between sites for ``send_s``.

    Other links are quicker in proportion to what the slower of their two sites has.
    """
    shape = request.pipeline
    assert shape is not None  # the request's constructor
    together = request.step_s / (shape.micro_batches + shape.stages - 1)
    cuts = [round(site * shape.stages / request.sites) for site in range(1, request.sites)]
    return Pipeline(
        stages=shape.stages,
        micro_batches=shape.micro_batches,
        forward_s=together * FORWARD_SHARE,
        backward_s=together * (1 - FORWARD_SHARE),
        boundaries=[
            Boundary(after=cut, latency_s=latency, send_s=send_s * share)
            for cut, latency, share in zip(cuts, _latencies_s(request), _send_shares(request), strict=True)
        ],
        extra_in_flight=shape.extra_in_flight,
    )


def _latencies_s(request: TrainingRequest) -> list[float]:
    """One way, over each boundary between a site and the next."""
    rtt_ms = request.site_rtt_ms[: request.sites - 1] or [request.rtt_ms] * (request.sites - 1)
    return [value / 2e3 for value in rtt_ms]


def _send_shares(request: TrainingRequest) -> list[float]:
    """Time on each boundary's link over that on the link of the slowest site."""
    gbps = request.site_gbps
    if not gbps:
        return [1.0] * (request.sites - 1)
    return [min(gbps) / min(gbps[site], gbps[site + 1]) for site in range(request.sites - 1)]


def _micro_batch_bits(request: TrainingRequest) -> float:
    """Bits of one micro-batch of every replica, which share the link, over one boundary."""
    shape = request.pipeline
    assert shape is not None  # the request's constructor
    return shape.batch_tokens / shape.micro_batches * shape.hidden_size * request.bits_per_element


def _longest_send_s(request: TrainingRequest, highest: float) -> float:
    """The longest time on the link that keeps the wanted utilization: (T3) grows with it, so halving finds it."""
    assert request.utilization is not None  # the request's constructor: exactly one of the two
    allowed = request.step_s / request.utilization
    low, high = 0.0, allowed
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if pipeline_s(pipeline_of(request, middle)) <= allowed else (low, middle)
    if low > 0:
        return low
    needed = extra_in_flight_needed(pipeline_of(request, 0.0))
    raise InvalidInput(
        f"utilization is {request.utilization:g}, but no bandwidth reaches more than {highest:.6g}: the pipeline waits "
        f"for up to {2e3 * max(_latencies_s(request)):g} ms of round trip at {request.sites - 1} boundaries; lower the "
        f"utilization, use more micro-batches, or begin {needed} micro-batches ahead (extra_in_flight)",
        reason="UTILIZATION_UNREACHABLE",
        field_path="utilization",
        metadata={"value": repr(request.utilization), "limit": repr(highest)},
    )
