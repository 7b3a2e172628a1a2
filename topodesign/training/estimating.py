"""One job over sites: the bandwidth a utilization takes, or the utilization a bandwidth gives."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from topodesign.domain.errors import InvalidInput
from topodesign.domain.training import TrainingEstimate, TrainingMethod, TrainingRequest
from topodesign.domain.training_model import TrainingModel
from topodesign.training.closed_form import (
    ROUNDING,
    Schedule,
    exchange_s,
    highest_utilization,
    required_bps,
    stall_s,
)
from topodesign.training.collectives import egress_bits
from topodesign.training.convergence import compute_penalty
from topodesign.training.pipeline_estimate import estimate_pipeline
from topodesign.training.stragglers import straggler_s
from topodesign.training.traffic import bits_across_sites, data_parallel_bits, fully_sharded_bits, refuse_across_sites
from topodesign.training.unequal_sites import least_exchange_s, required_apart_bps, ring_latency_s, steps_apart_s

SELDOM: frozenset[TrainingMethod] = frozenset({"diloco", "streaming", "asynchronous"})
"""Methods whose replicas part between exchanges."""


def estimate(request: TrainingRequest, model: TrainingModel | None = None) -> TrainingEstimate:
    """Step time, exchange, stall, utilization and bandwidth of a job, in closed form.

    Parameters
    ----------
    request : TrainingRequest
    model : TrainingModel, optional
        Known by name: says what a refused dimension of parallelism would send.

    Raises
    ------
    InvalidInput
        ``PARALLELISM_NOT_ACROSS_SITES`` for tensor, expert and fully sharded parallelism,
        ``UTILIZATION_UNREACHABLE`` when latency and stragglers keep utilization below the wanted one at any bandwidth.
    """
    if request.method in ("tensor", "expert", "fully-sharded") and request.sites > 1:
        raise _refusal(request, request.method, model)
    if request.method == "pipeline":
        return estimate_pipeline(request)
    schedule = schedule_of(request)
    highest = float(highest_utilization(schedule))
    if request.least_gbps is None:
        useful = _required(request, schedule, highest)
    else:
        useful = request.least_gbps * 1e9 * request.goodput_factor
    return _answer(request, schedule, useful, highest)


def _refusal(
    request: TrainingRequest, dimension: Literal["tensor", "expert", "fully-sharded"], model: TrainingModel | None
) -> InvalidInput:
    plain = data_parallel_bits(request.parameters, request.bits_per_element, request.sites)
    bits = None
    if dimension == "fully-sharded":
        bits = fully_sharded_bits(request.parameters, request.bits_per_element, request.sites)
    elif model is not None:
        bits = bits_across_sites(
            dimension,
            model,
            batch_tokens=model.batch_tokens,
            bits_per_element=request.bits_per_element,
            sites=request.sites,
        )
    return refuse_across_sites(dimension, bits=bits, plain_bits=plain, sites=request.sites)


def schedule_of(request: TrainingRequest) -> Schedule:
    """What a request exchanges when; of sites that differ, with the slowest of them and (T5) of docs/training.md."""
    steps = request.steps_between_exchanges
    is_asynchronous = request.method == "asynchronous"  # no site waits for another, nor for an answer
    waits = max(1, steps // request.fragments)
    figures = {
        "volume_bits": egress_bits(request.parameters * request.bits_per_element, request.sites),
        "step_s": request.step_s,
        "inner_steps": steps,
        "fragments": request.fragments,
        "layers": max(request.layers or 1, request.fragments),
        "overlap_steps": steps if is_asynchronous else request.overlap_steps,
        "backward_overlap": request.backward_overlap,
        "latency_s": 0.0 if is_asynchronous else ring_latency_s(request),
        "straggler_s": 0.0
        if is_asynchronous
        else straggler_s(sites=request.sites, jitter_s=request.jitter_s, steps=waits, law=request.jitter_law),
    }
    return Schedule(**{name: np.float64(value) for name, value in figures.items()})


def _required(request: TrainingRequest, schedule: Schedule, highest: float) -> float:
    assert request.utilization is not None  # the request's constructor: exactly one of the targets
    useful = _least_bps(request, schedule, request.utilization)
    if np.isfinite(useful):
        return useful
    raise InvalidInput(
        f"utilization is {request.utilization:g}, but no bandwidth reaches more than {highest:.6g} with "
        f"{request.method} over {request.sites} sites: latency takes {float(schedule.latency_s):g} s of an exchange, "
        f"stragglers {float(schedule.straggler_s):g} s of a step, and what is released last is not hidden; "
        "lower the utilization, exchange less often (inner_steps), or overlap exchanges (overlap_steps)",
        reason="UTILIZATION_UNREACHABLE",
        field_path="utilization",
        metadata={"value": repr(request.utilization), "limit": repr(highest)},
    )


def _least_bps(request: TrainingRequest, schedule: Schedule, target: float) -> float:
    if request.method == "asynchronous" and request.site_step_s:
        return required_apart_bps(request, schedule, target)
    return float(required_bps(schedule, np.float64(target)))


def _answer(request: TrainingRequest, schedule: Schedule, useful_bps: float, highest: float) -> TrainingEstimate:
    rate = np.float64(useful_bps)
    volume = float(schedule.volume_bits)
    step, stall = _computing_and_standing_s(request, schedule, rate)
    straggler = float(schedule.straggler_s)
    wall = step + stall + straggler
    reached = step / wall
    gbps = useful_bps / request.goodput_factor / 1e9
    least = _least_bps(request, schedule, reached) / request.goodput_factor / 1e9
    asked = request.least_gbps
    most = max(request.site_gbps, default=asked) if request.method == "asynchronous" else asked
    return TrainingEstimate(
        method=request.method,
        sites=request.sites,
        step_s=step,
        sync_s=float(exchange_s(schedule, rate)) if volume else 0.0,
        stall_s=stall,
        straggler_s=straggler,
        wall_step_s=wall,
        utilization=reached,
        highest_utilization=highest,
        gbps=gbps if asked is None else asked,
        required_gbps=gbps if most is None else min(least, most),
        average_gbps=volume / (request.steps_between_exchanges * wall) / 1e9,
        exchange_bits=volume,
        goodput=reached * request.uptime,
        compute_penalty=_penalty(request),
        assumptions=_assumptions(request, schedule),
    )


def _computing_and_standing_s(
    request: TrainingRequest, schedule: Schedule, useful_bps: np.float64
) -> tuple[float, float]:
    """Of a step on average: of the slowest site, or of all sites where they wait for nobody."""
    if request.method == "asynchronous" and (request.site_gbps or request.site_step_s):
        each = np.asarray(request.site_gbps) * 1e9 * request.goodput_factor if request.site_gbps else useful_bps
        return steps_apart_s(request, schedule, each)
    stall = float(stall_s(schedule, useful_bps)) if float(schedule.volume_bits) else 0.0
    return request.step_s, stall


def _penalty(request: TrainingRequest) -> float:
    parts = request.method in SELDOM and request.sites > 1 and request.steps_between_exchanges > 1
    return compute_penalty(request.sites) if parts else 1.0


def _assumptions(request: TrainingRequest, schedule: Schedule) -> tuple[str, ...]:
    found = [
        "all-reduce between sites as a ring of shards: 2 (N - 1) / N of the model leaves each site, "
        "2 (N - 1) one-way latencies follow each other",
        *_of_unequal_sites(request, schedule),
    ]
    if request.layers is None:
        found.append("layers were not given, so nothing is hidden behind the backward pass")
    elif float(schedule.backward_overlap) > 0:
        found.append(
            f"gradients are released during the last {request.backward_overlap:.3g} of a step, over "
            f"{request.layers} layers"
        )
    steps, fragments = request.steps_between_exchanges, request.fragments
    if steps % fragments and float(schedule.window_steps) >= steps // fragments:
        found.append(
            f"{fragments} fragments are taken as evenly spaced over {steps} steps, which they are not: utilization may "
            "be an eighth off; choose inner_steps as a multiple of the fragments"
        )
    if request.jitter_s > 0 and request.method != "asynchronous":
        found.append(
            "sites' step times are independent and alike; what overlap absorbs of their jitter is not credited"
            + (", and sites of different speed wait for less of it" if request.site_step_s else "")
        )
    if _penalty(request) > 1:
        found.append(
            f"compute_penalty is the fit of arXiv:2503.09799 for {request.sites} replicas at H = 30, models up to 10B "
            "parameters and 8 replicas; it is no part of utilization"
        )
    if request.uptime == 1:
        found.append("no time is lost to failures, restarts and checkpoints; give uptime to count them in goodput")
    return tuple(found)


def _of_unequal_sites(request: TrainingRequest, schedule: Schedule) -> Iterator[str]:
    """How sites that differ are counted, and how far off the bound (T5) can be."""
    if not (request.site_gbps or request.site_rtt_ms or request.site_step_s):
        yield "all sites have the same bandwidth and speed; where they differ, give them site by site"
        return
    if request.method == "asynchronous":
        yield "sites wait for nobody: step_s and utilization are those of all sites' steps together"
        return
    if request.site_step_s and request.sites > 1:
        yield "sites wait for the slowest of them; a batch shared in proportion to their speed would not make them wait"
    if len(set(request.site_gbps)) > 1 and request.least_gbps is not None:
        bits = float(schedule.volume_bits) / request.fragments
        longest = float(exchange_s(schedule, np.float64(request.least_gbps * 1e9 * request.goodput_factor)))
        least = least_exchange_s(request, bits)
        if longest > least * (1 + ROUNDING):
            yield (
                "the slowest link and the longest chain of latencies bound an exchange, so that utilization is at "
                f"least this: it takes between {least:.6g} and {longest:.6g} s"
            )
