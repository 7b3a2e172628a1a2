"""Training over sites, event by event: an independent check of :mod:`topodesign.training.closed_form`.

Nothing here solves an equation. Sites compute step after step; gradients are released in buckets while they do; each
bucket passes the links first come, first served; a step waits for the exchange that it needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Release = Literal["buckets", "layers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSite:
    """One site: seconds of computation in a step, and useful bit/s that it sends (and receives) in each direction."""

    step_s: float
    useful_bps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedJob:
    """What is simulated.

    Parameters
    ----------
    sites : sequence of SimulatedSite
    volume_bits : float
        That leaves each site for one exchange of the whole model.
    inner_steps, layers, fragments : int
        H, L and K; at most H fragments. Fragment j has the layers j, j + K, j + 2 K, ...
    overlap_steps : int
        Steps that go on before an exchange must have ended.
    backward_overlap : float
        Share of a step that the backward pass takes, its end.
    latency_s : float
        From a bucket's last bit sent until its reduced values are there.
    release : {"buckets", "layers"}
        ``layers``: each layer's gradients at once when the backward pass has done it, deepest layer first. ``buckets``:
        a fragment's gradients evenly, in small buckets, from when its first layer is done until the step ends.
    """

    sites: Sequence[SimulatedSite]
    volume_bits: float
    inner_steps: int
    layers: int = 1
    fragments: int = 1
    overlap_steps: int = 0
    backward_overlap: float = 2.0 / 3.0
    latency_s: float = 0.0
    release: Release = "buckets"


BUCKETS = 64
"""Of one fragment, when its gradients are released in small buckets."""


@dataclass(slots=True)
class _Clock:
    """Where each site is: ``ends[site]``, when its last step ended; ``free[site]``, when its link is free."""

    ends: list[float]
    free: list[float]


def simulate_utilization(job: SimulatedJob, *, rounds: int = 24) -> float:
    """Share of time that the slowest site computes, in the second half of ``rounds`` exchanges of every fragment.

    Where several exchanges are under way at a time, waits recur after so many rounds; half of ``rounds`` should be a
    multiple of that, and long enough for links to fill.
    """
    clock = _Clock(ends=[0.0] * len(job.sites), free=[0.0] * len(job.sites))
    launches = {(fragment * job.inner_steps) // job.fragments: fragment for fragment in range(job.fragments)}
    gates: dict[int, float] = {}
    first, last = rounds // 2 * job.inner_steps, rounds * job.inner_steps
    started = 0.0
    for step in range(last):
        gate = gates.pop(step, 0.0)
        begins = [max(end, gate) for end in clock.ends]
        if step == first:
            started = max(begins)
        fragment = launches.get(step % job.inner_steps)
        if fragment is not None:
            needed = step + 1 + job.overlap_steps
            gates[needed] = max(gates.get(needed, 0.0), _exchange(job, clock, begins, fragment))
        clock.ends = [begin + site.step_s for begin, site in zip(begins, job.sites, strict=True)]
    ended = max(*clock.ends, gates.get(last, 0.0))
    slowest = max(site.step_s for site in job.sites)
    return (last - first) * slowest / (ended - started)


def _exchange(job: SimulatedJob, clock: _Clock, begins: Sequence[float], fragment: int) -> float:
    """Send a fragment's buckets; returns when the last of them is reduced everywhere.

    A bucket starts when every site has it and every site's link is free, and passes at the pace of the slowest link.
    """
    done = 0.0
    for share, before_end in _releases(job, fragment):
        bits = share * job.volume_bits
        there = max(begin + site.step_s * (1.0 - before_end) for begin, site in zip(begins, job.sites, strict=True))
        start = max(there, *clock.free)
        clock.free = [start + bits / site.useful_bps for site in job.sites]
        done = max(clock.free) + job.latency_s
    return done


def _releases(job: SimulatedJob, fragment: int) -> list[tuple[float, float]]:
    """Share of the volume, and step's share before its end at which it is released; in order of release."""
    count = job.layers / job.fragments
    if job.release == "buckets" and job.fragments > 1:
        window = job.backward_overlap * (1.0 - 1.0 / count)
        return [(1.0 / job.fragments / BUCKETS, window * (1.0 - (bucket + 1) / BUCKETS)) for bucket in range(BUCKETS)]
    return [
        (1.0 / job.layers, job.backward_overlap * layer / job.layers)
        for layer in reversed(range(fragment, job.layers, job.fragments))
    ]


def simulate_ring_s(size_bits: float, useful_bps: Sequence[float], latency_s: Sequence[float]) -> float:
    """Seconds of a ring all-reduce, message by message: reduce-scatter, then all-gather.

    In every round each site sends one shard to the next site, as soon as it has sent the shard before and has received
    the one that it is to pass on.
    """
    sites = len(useful_bps)
    sent = [0.0] * sites
    received = [0.0] * sites
    for _ in range(2 * (sites - 1)):
        starts = [max(sent[site], received[site]) for site in range(sites)]
        sent = [start + size_bits / sites / bps for start, bps in zip(starts, useful_bps, strict=True)]
        received = [sent[site - 1] + latency_s[site - 1] for site in range(sites)]
    return max(received)
