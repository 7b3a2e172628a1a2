"""Where the time of a training step goes: computation, all-reduce inside sites, exchange between sites, stragglers.

The whole exchange is hierarchical: reduce-scatter inside every site, all-reduce between sites, all-gather inside. Its
parts are taken one after the other, none of them pipelined into another, and the schedule (T1) of docs/training.md
says what of the sum is hidden behind computation. So a step is at most as long as said here, but for what the
fluid bandwidths leave out.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np

from topodesign.domain.training import TrainingRequest
from topodesign.domain.training_report import TrainingStep
from topodesign.training.closed_form import Schedule, stall_s
from topodesign.training.estimating import SELDOM, schedule_of

GRADIENT_BITS = 16.0
"""Of a gradient's element inside sites, where only exchanges between sites have fewer bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InSiteAllReduce:
    """Seconds of the slowest site's all-reduce: transfer, and latency on top."""

    transfer_s: float
    latency_s: float

    @property
    def seconds(self) -> float:
        return self.transfer_s + self.latency_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Seconds of one exchange of the model between sites: transfer, and its latency as an interval."""

    transfer_s: float
    latency_s: float
    least_latency_s: float | None


NO_EXCHANGE = Exchange(transfer_s=0.0, latency_s=0.0, least_latency_s=0.0)
"""Of one site."""


def step_of(request: TrainingRequest, inside: InSiteAllReduce | None, exchange: Exchange | None) -> TrainingStep:
    """One step of a job; what needs a figure that is ``None`` is ``None`` itself.

    Parameters
    ----------
    request : TrainingRequest
        Its step, schedule and jitter; bandwidth and latency between sites are those of ``exchange``.
    inside : InSiteAllReduce, optional
        Of gradients with the bits of ``request``.
    exchange : Exchange, optional
        :data:`NO_EXCHANGE` for one site.
    """
    schedule = schedule_of(request)
    compute, straggler = request.step_s, float(schedule.straggler_s)
    every_step = None if inside is None else _gradients(request, inside)
    in_site = None if every_step is None else _stall(_each_step(schedule), every_step)
    between = 0.0 if request.sites == 1 else None
    if request.sites > 1 and inside is not None and exchange is not None and in_site is not None:
        between = _between_s(request, schedule, inside, exchange)
        if request.method not in SELDOM:
            between = max(0.0, between - in_site)  # one exchange holds both: what it adds to the stall inside sites
    wall = None if between is None or in_site is None else compute + in_site + between + straggler
    return TrainingStep(
        compute_s=compute,
        in_site_allreduce_s=None if every_step is None else every_step.seconds,
        transfer_s=None if exchange is None else exchange.transfer_s,
        latency_s=None if exchange is None else exchange.latency_s,
        least_latency_s=None if exchange is None else exchange.least_latency_s,
        in_site_stall_s=in_site,
        between_sites_stall_s=between,
        straggler_s=straggler,
        wall_s=wall,
        utilization=None if wall is None else compute / wall,
        between_sites_utilization=None if between is None else compute / (compute + between + straggler),
    )


def _gradients(request: TrainingRequest, inside: InSiteAllReduce) -> InSiteAllReduce:
    """The all-reduce of every step inside a site: replicas that part between exchanges still share full gradients."""
    if request.method not in SELDOM:
        return inside
    wider = max(1.0, GRADIENT_BITS / request.bits_per_element)
    return dataclasses.replace(inside, transfer_s=wider * inside.transfer_s)


def _between_s(request: TrainingRequest, schedule: Schedule, inside: InSiteAllReduce, exchange: Exchange) -> float:
    """Stall of the hierarchical exchange, per step; asynchronous sites wait only for a link that is full."""
    if request.method == "asynchronous":
        return _stall(schedule, InSiteAllReduce(transfer_s=exchange.transfer_s, latency_s=0.0))
    whole = InSiteAllReduce(
        transfer_s=inside.transfer_s + exchange.transfer_s, latency_s=inside.latency_s + exchange.latency_s
    )
    return _stall(schedule, whole)


def _each_step(schedule: Schedule) -> Schedule:
    """The schedule of what is exchanged whole after every step, hidden behind its backward pass alone."""
    one, zero = np.float64(1.0), np.float64(0.0)
    return dataclasses.replace(schedule, inner_steps=one, fragments=one, overlap_steps=zero)


def _stall(schedule: Schedule, times: InSiteAllReduce) -> float:
    """(T1) asks for bits and a rate; seconds at a rate of 1 are the same."""
    timed = dataclasses.replace(
        schedule, volume_bits=np.float64(times.transfer_s), latency_s=np.float64(times.latency_s)
    )
    return float(stall_s(timed, np.float64(1.0)))
