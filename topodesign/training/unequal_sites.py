"""Sites whose links, distances and speeds differ: what an exchange between them takes.

Sites that wait for each other compute as long as the slowest of them, and a ring sends no faster than its slowest link.
An exchange then takes at most

(T5)  V / (beta min B_i) + l,   l the longest chain of 2 (N - 1) one-way latencies, one after the other round the ring,

exact where all links have the same bandwidth: a chain of messages that waits on the slowest link does not travel
meanwhile, so that with links that differ it passes fewer latencies. Utilization is then at least that of (T1).
"""

import numpy as np

from topodesign.domain.training import TrainingRequest
from topodesign.training.closed_form import FloatArray, Schedule, stall_s
from topodesign.training.collectives import ring_s, serial_hops


def ring_latency_s(request: TrainingRequest) -> float:
    """l of (T5) in seconds: 2 (N - 1) hops are two rounds but for two hops, of which the shortest pair is left out."""
    one_way = [value / 2e3 for value in request.site_rtt_ms]
    if not one_way:
        return serial_hops(request.sites) * request.rtt_ms / 2e3
    if request.sites == 1:
        return 0.0
    pairs = (one_way[site - 1] + one_way[site] for site in range(request.sites))
    return 2 * sum(one_way) - min(pairs)


def least_exchange_s(request: TrainingRequest, volume_bits: float) -> float:
    """Seconds of the ring itself, message by message: the exchange of ``volume_bits`` takes no less.

    Parameters
    ----------
    request : TrainingRequest
        With bandwidths site by site.
    volume_bits : float
        That leave each site, 2 (N - 1) / N of what is reduced.
    """
    sites = request.sites
    useful = [gbps * 1e9 * request.goodput_factor for gbps in request.site_gbps]
    links = [min(useful[site], useful[(site + 1) % sites]) for site in range(sites)]
    one_way = [value / 2e3 for value in request.site_rtt_ms] or [request.rtt_ms / 2e3] * sites
    return ring_s(volume_bits * sites / (2 * (sites - 1)), links, one_way)


def steps_apart_s(request: TrainingRequest, schedule: Schedule, useful_bps: FloatArray) -> tuple[float, float]:
    """Seconds of computation, and of standing still, in a step of sites that wait for nobody: harmonic means.

    So the job does N / (their sum) steps a second, all sites together, whose links and speeds may differ.
    """
    computing = np.asarray(request.site_step_s or [request.step_s] * request.sites)
    alone = Schedule(
        volume_bits=schedule.volume_bits,
        step_s=computing,
        inner_steps=schedule.inner_steps,
        fragments=schedule.fragments,
        layers=schedule.layers,
        overlap_steps=schedule.overlap_steps,
        backward_overlap=schedule.backward_overlap,
        latency_s=schedule.latency_s,
        straggler_s=schedule.straggler_s,
    )
    walls = computing + (stall_s(alone, useful_bps) if request.sites > 1 else 0.0)
    step, wall = (len(seconds) / float((1 / seconds).sum()) for seconds in (computing, walls))
    return step, wall - step


def required_apart_bps(request: TrainingRequest, schedule: Schedule, target: float) -> float:
    """The least useful bit/s, the same for each site, with which sites that wait for nobody reach a utilization.

    A link that takes w seconds for the bits of a step stalls the sites whose steps are shorter: N sites do the sum of
    1 / max(T_i, w) steps a second, which is to be ``target`` times the sum of 1 / T_i. With the j quickest of them
    stalled that is w = j / (target x sum of all 1 / T_i - sum of the others' 1 / T_i), for the j that w confirms.
    """
    computing = np.sort(np.asarray(request.site_step_s or [request.step_s] * request.sites))
    speeds = 1 / computing
    stalled = np.arange(1, len(computing) + 1)
    others = np.append(np.cumsum(speeds[::-1])[::-1][1:], 0.0)
    missing = target * speeds.sum() - others
    with np.errstate(divide="ignore"):
        longest = np.where(missing > 0, stalled / missing, np.inf)
    confirmed = longest <= np.append(computing[1:], np.inf)
    return float(schedule.volume_bits / schedule.inner_steps / longest[np.argmax(confirmed)])
