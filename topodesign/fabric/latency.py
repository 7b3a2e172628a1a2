"""One-way latency of a small message between accelerators, weighted by the distribution of paths."""

import numpy as np

from topodesign.domain.equipment import Switch
from topodesign.domain.fabric import LatencyUs
from topodesign.fabric.topology import Lengths, PathClasses, StepLatency

CABLE_NS_PER_M = 4.9
"""Light in glass, group index 1.468 (ITU-T G.652); copper cables are within a tenth of it."""
DIRECT_HOP_NS = 1000.0
"""One hop between accelerators all in, router, SerDes and error correction: about 1 us per ICI hop
("How to Scale Your Model", Google DeepMind, February 2025). Cable is added on top, which errs on the high side."""
ADAPTER_NS = 400.0
"""Assumption: network adapter and SerDes at one end of a switched path, so that two ends and one switch take about
1.1 us, as small messages do on InfiniBand."""

NO_LATENCY = LatencyUs(min=0.0, mean=0.0, p50=0.0, p99=0.0, max=0.0)


def latency_of(paths: PathClasses, switch: Switch | None) -> LatencyUs:
    """Latency over all ordered pairs, with exact percentiles of the distribution.

    A percentile is the least latency that at least that share of the pairs does not exceed. Queueing is not included.

    Parameters
    ----------
    paths : PathClasses
        Distribution of shortest paths.
    switch : Switch or None
        The packet switch of the fabric; ``None`` when it has none.
    """
    if len(paths.pairs) == 0:
        return NO_LATENCY
    nanoseconds = class_latency_ns(paths, switch)
    order = np.argsort(nanoseconds, kind="stable")
    sorted_us = nanoseconds[order] / 1000.0
    cumulative = np.cumsum(paths.pairs[order])
    total = int(cumulative[-1])
    weights = paths.pairs[order] / total

    def percentile(percent: int) -> float:
        rank = -(-total * percent // 100)
        return float(sorted_us[np.searchsorted(cumulative, rank)])

    return LatencyUs(
        min=float(sorted_us[0]),
        mean=float(np.clip(np.dot(weights, sorted_us), sorted_us[0], sorted_us[-1])),
        p50=percentile(50),
        p99=percentile(99),
        max=float(sorted_us[-1]),
    )


def class_latency_ns(paths: PathClasses, switch: Switch | None) -> Lengths:
    """Latency of each class of paths in ns: adapters or accelerator routers, switches, cables."""
    adapters = np.where(paths.switches > 0, 2 * ADAPTER_NS, 0.0)
    in_switches = paths.switches * (switch.latency_ns if switch is not None else 0.0)
    total: Lengths = adapters + paths.direct_hops * DIRECT_HOP_NS + in_switches + paths.metres * CABLE_NS_PER_M
    return total


def step_latency(paths: PathClasses, switch: Switch | None) -> StepLatency:
    """Latency of a collective's steps: the slowest of the shortest paths (a neighbor), and the slowest of all.

    All accelerators step together, so that a step takes as long as its slowest message.
    """
    if len(paths.pairs) == 0:
        return StepLatency(neighbor_s=0.0, farthest_s=0.0)
    seconds = class_latency_ns(paths, switch) * 1e-9
    nearest = paths.hops == paths.hops.min()
    return StepLatency(neighbor_s=float(seconds[nearest].max()), farthest_s=float(seconds.max()))
