"""Time of an all-reduce, latency and bandwidth terms, by the algorithms that fit a family.

References
----------
R. Thakur, R. Rabenseifner, W. Gropp (2005), "Optimization of Collective Communication Operations in MPICH", IJHPCA
19(1), sections 4.3 to 4.5: ring, recursive halving and doubling.
M. Ruefenacht, M. Bull, S. Booth (2017), "Generalisation of recursive doubling for AllReduce", Parallel Computing 69:
other factors than two.
P. Patarasuk, X. Yuan (2009), "Bandwidth optimal all-reduce algorithms for clusters of workstations", JPDC 69(2).
P. Sack, W. Gropp (2015), "Collective Algorithms for Multiported Torus Networks", ACM TOPC 1(2): all axes at once.
"""

from dataclasses import dataclass

from topodesign.fabric.topology import AllReduceTime

BITS_PER_BYTE = 8
NOTHING_TO_DO = AllReduceTime(algorithm="none (one accelerator)", seconds=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAxis:
    """An axis of a torus, of side 2 or more; not a ring: a path."""

    side: int
    is_ring: bool


def torus_allreduce(
    axes: tuple[RingAxis, ...], message_bytes: float, *, link_gbps: float, hop_s: float
) -> tuple[AllReduceTime, ...]:
    """Reduce-scatter along every axis in turn, then all-gather back, over rings in both directions.

    A ring of k carries two chunks, one each way, in k - 1 steps. A path of k embeds one such ring (out over every other
    vertex, back over the rest), in steps of up to two hops, which uses each link once in each direction; two chunks
    share it.

    Returns
    -------
    tuple of AllReduceTime
        "multi-ring over D axes": 2 D chunks at once, each starting on another axis; a phase waits for its slowest axis.
        "one axis after another": 2 chunks, the axes in turn, the longest first.
    """
    if not axes:
        return (NOTHING_TO_DO,)
    seconds_per_byte = BITS_PER_BYTE / (link_gbps * 1e9)
    in_turn = _axes_in_turn(axes, message_bytes, seconds_per_byte, hop_s)
    if len(axes) == 1:
        return (AllReduceTime(algorithm="bidirectional ring", seconds=in_turn),)
    at_once = _axes_at_once(axes, message_bytes, seconds_per_byte, hop_s)
    return (
        AllReduceTime(algorithm=f"bidirectional multi-ring over {len(axes)} axes", seconds=at_once),
        AllReduceTime(algorithm="bidirectional rings, one axis after another", seconds=in_turn),
    )


def _axis_phase(axis: RingAxis, chunk_bytes: float, seconds_per_byte: float, hop_s: float) -> float:
    """Reduce-scatter of two chunks along one axis, one in each direction (a path carries them one after the other)."""
    sharing = 1 if axis.is_ring else 2
    hops = 1 if axis.is_ring or axis.side == 2 else 2
    steps = axis.side - 1
    return steps * (hops * hop_s + sharing * chunk_bytes / axis.side * seconds_per_byte)


def _axes_at_once(axes: tuple[RingAxis, ...], message_bytes: float, seconds_per_byte: float, hop_s: float) -> float:
    count = len(axes)
    remaining = [message_bytes / (2 * count)] * count
    total = 0.0
    for phase in range(count):
        slowest = 0.0
        for chunk in range(count):
            axis = axes[(chunk + phase) % count]
            slowest = max(slowest, _axis_phase(axis, remaining[chunk], seconds_per_byte, hop_s))
            remaining[chunk] /= axis.side
        total += slowest
    return 2 * total


def _axes_in_turn(axes: tuple[RingAxis, ...], message_bytes: float, seconds_per_byte: float, hop_s: float) -> float:
    remaining = message_bytes / 2
    total = 0.0
    for axis in sorted(axes, key=lambda axis: (-axis.side, not axis.is_ring)):
        total += _axis_phase(axis, remaining, seconds_per_byte, hop_s)
        remaining /= axis.side
    return 2 * total


def ring_allreduce(ranks: int, message_bytes: float, *, rank_gbps: float, step_s: float) -> AllReduceTime:
    """One ring through all ranks: 2 (n-1) steps of S/n bytes, 2 (n-1)/n S/B + 2 (n-1) a.

    Ranks of a leaf are neighbors, so that the ring leaves and enters each leaf and pod once: a taper does not slow it.
    """
    if ranks == 1:
        return NOTHING_TO_DO
    seconds = 2 * (ranks - 1) * (step_s + message_bytes / ranks * BITS_PER_BYTE / (rank_gbps * 1e9))
    return AllReduceTime(algorithm="ring", seconds=seconds)


def recursive_allreduce(
    ranks: int, message_bytes: float, *, rank_gbps: float, step_s: float, leaf_ranks: int, leaf_taper: float
) -> AllReduceTime:
    """Reduce-scatter in growing groups, nearest partners first, and all-gather back.

    With the prime factors p_1 <= p_2 <= ... of the number of ranks, stage i joins p_i groups of p_1 ... p_(i-1) ranks
    in p_i - 1 steps; for 2^m ranks that is recursive halving and doubling. Every rank sends 2 (n-1)/n S in all, the
    least possible. Groups that fit into leaves go at full rate, others at the rate divided by the leaves' taper.

    Parameters
    ----------
    leaf_ranks : int
        Accelerators of a full leaf.
    leaf_taper : float
        Capacity down over capacity up of a leaf, at least 1.
    """
    if ranks == 1:
        return NOTHING_TO_DO
    seconds_per_byte = BITS_PER_BYTE / (rank_gbps * 1e9)
    group, total = 1, 0.0
    factors = _prime_factors(ranks)
    for factor in factors:
        step_bytes = message_bytes / group / factor
        group *= factor
        taper = 1.0 if ranks <= leaf_ranks or leaf_ranks % group == 0 else leaf_taper
        total += 2 * (factor - 1) * (step_s + step_bytes * seconds_per_byte * taper)
    if factors[-1] == 2:
        return AllReduceTime(algorithm="recursive halving and doubling", seconds=total)
    return AllReduceTime(algorithm="recursive exchange by prime factors", seconds=total)


def folded_allreduce(
    ranks: int, message_bytes: float, *, rank_gbps: float, step_s: float, leaf_ranks: int, leaf_taper: float
) -> AllReduceTime:
    """:func:`recursive_allreduce` among the largest power of two of ranks, for numbers with large prime factors.

    The other ranks first hand their vector to a partner and get the result back (Thakur et al. 2005, section 4.5): two
    more steps of S bytes, over the taper too.
    """
    core_ranks = 2 ** (ranks.bit_length() - 1)
    core = recursive_allreduce(
        core_ranks,
        message_bytes,
        rank_gbps=rank_gbps,
        step_s=step_s,
        leaf_ranks=leaf_ranks if ranks > leaf_ranks else ranks,
        leaf_taper=leaf_taper,
    )
    if core_ranks == ranks:
        return core
    taper = 1.0 if ranks <= leaf_ranks else leaf_taper
    folding = 2 * (step_s + message_bytes * BITS_PER_BYTE / (rank_gbps * 1e9) * taper)
    return AllReduceTime(algorithm="folded recursive halving and doubling", seconds=core.seconds + folding)


def _prime_factors(number: int) -> list[int]:
    factors = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return [*factors, number] if number > 1 else factors
