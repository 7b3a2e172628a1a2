"""All-reduce by the algorithms that fit a family, each by itself; tables of all collectives are in collectives_table.

References: :mod:`topodesign.fabric.collectives_grid` and :mod:`topodesign.fabric.collectives_switched`.
"""

from topodesign.fabric.collectives_grid import grid_times
from topodesign.fabric.collectives_shapes import BITS_PER_BYTE, GroupLevel, RingAxis, SwitchedShape
from topodesign.fabric.collectives_switched import (
    SwitchedCosts,
    folded_s,
    recursive_name,
    recursive_s,
    ring_s,
)
from topodesign.fabric.topology import AllReduceTime

__all__ = [
    "BITS_PER_BYTE",
    "NOTHING_TO_DO",
    "RingAxis",
    "folded_allreduce",
    "recursive_allreduce",
    "ring_allreduce",
    "torus_allreduce",
]

NOTHING_TO_DO = AllReduceTime(algorithm="none (one accelerator)", seconds=0.0)


def torus_allreduce(
    axes: tuple[RingAxis, ...], message_bytes: float, *, link_gbps: float, hop_s: float
) -> tuple[AllReduceTime, ...]:
    """Reduce-scatter along every axis and all-gather back, over rings in both directions.

    Returns
    -------
    tuple of AllReduceTime
        All axes at once (with two axes or more), one axis after another, and a pipelined tree.
    """
    if not axes:
        return (NOTHING_TO_DO,)
    found = grid_times("all_reduce", axes, message_bytes, link_gbps=link_gbps, hop_s=hop_s)
    return tuple(AllReduceTime(algorithm=timed.algorithm, seconds=timed.seconds) for timed in found)


def ring_allreduce(ranks: int, message_bytes: float, *, rank_gbps: float, step_s: float) -> AllReduceTime:
    """One ring through all ranks: 2 (n-1) steps of S/n bytes, 2 (n-1)/n S/B + 2 (n-1) a."""
    if ranks == 1:
        return NOTHING_TO_DO
    seconds = 2 * ring_s(_costs(ranks, rank_gbps, step_s), message_bytes)
    return AllReduceTime(algorithm="ring", seconds=seconds)


def recursive_allreduce(
    ranks: int, message_bytes: float, *, rank_gbps: float, step_s: float, leaf_ranks: int, leaf_taper: float
) -> AllReduceTime:
    """Reduce-scatter in growing groups, nearest partners first, and all-gather back.

    Every rank sends 2 (n-1)/n S in all, the least possible. Groups that fit into leaves go at full rate, others at the
    rate divided by the leaves' taper.

    Parameters
    ----------
    leaf_ranks : int
        Accelerators of a full leaf.
    leaf_taper : float
        Capacity down over capacity up of a leaf, at least 1.
    """
    if ranks == 1:
        return NOTHING_TO_DO
    costs = _costs(ranks, rank_gbps, step_s, leaf_ranks, leaf_taper)
    seconds = 2 * recursive_s(costs, message_bytes, farthest_first=False)
    return AllReduceTime(algorithm=recursive_name(ranks), seconds=seconds)


def folded_allreduce(
    ranks: int, message_bytes: float, *, rank_gbps: float, step_s: float, leaf_ranks: int, leaf_taper: float
) -> AllReduceTime:
    """:func:`recursive_allreduce` among the largest power of two of ranks, for numbers with large prime factors."""
    if ranks & (ranks - 1) == 0:
        return recursive_allreduce(
            ranks, message_bytes, rank_gbps=rank_gbps, step_s=step_s, leaf_ranks=leaf_ranks, leaf_taper=leaf_taper
        )
    seconds = folded_s(_costs(ranks, rank_gbps, step_s, leaf_ranks, leaf_taper), message_bytes)
    return AllReduceTime(algorithm="folded recursive halving and doubling", seconds=seconds)


def _costs(
    ranks: int, rank_gbps: float, step_s: float, leaf_ranks: int | None = None, leaf_taper: float = 1.0
) -> SwitchedCosts:
    levels = () if leaf_ranks is None else (GroupLevel(ranks=leaf_ranks, uplinks=leaf_ranks / leaf_taper),)
    shape = SwitchedShape(ranks=ranks, rank_links=1.0, levels=levels)
    return SwitchedCosts(shape=shape, seconds_per_byte=BITS_PER_BYTE / (rank_gbps * 1e9), step_s=step_s)
