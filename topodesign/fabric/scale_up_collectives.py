"""All-reduce over scale-up domains."""

from topodesign.fabric.collectives import BITS_PER_BYTE, ring_allreduce
from topodesign.fabric.topology import AllReduceTime


def hierarchical_allreduce(
    inside: int,
    outside: int,
    message_bytes: float,
    *,
    inside_gbps: float,
    outside_gbps: float,
    inside_step_s: float,
    outside_step_s: float,
) -> AllReduceTime:
    """Reduce-scatter among ``inside`` ranks, a ring all-reduce of each part among ``outside`` groups, all-gather.

    Rates are those of one rank, one direction; the rings across run at once, one for each rank.
    """
    part = message_bytes / inside
    across = ring_allreduce(outside, part, rank_gbps=outside_gbps, step_s=outside_step_s).seconds
    within = 2 * (inside - 1) * (inside_step_s + part * BITS_PER_BYTE / (inside_gbps * 1e9))
    return AllReduceTime(algorithm="hierarchical: domains, then rings across", seconds=within + across)
