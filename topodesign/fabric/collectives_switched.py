"""Collectives among accelerators behind packet switches, on full or tapered groups.

Every step costs its latency and its bytes over the rate of an accelerator (Hockney's model). A step in which all
accelerators of a group send out of it takes longer by the group's taper (accelerators' capacity over uplinks).

References
----------
R. Thakur, R. Rabenseifner, W. Gropp (2005), "Optimization of Collective Communication Operations in MPICH", IJHPCA
19(1), sections 4.1 to 4.5: ring, recursive halving and doubling, Bruck's all-to-all, scatter and all-gather.
M. Ruefenacht, M. Bull, S. Booth (2017), "Generalisation of recursive doubling for AllReduce", Parallel Computing 69:
other factors than two.
P. Patarasuk, X. Yuan (2009), "Bandwidth optimal all-reduce algorithms for clusters of workstations", JPDC 69(2).
P. Sanders, J. Speck, J. Traeff (2009), "Two-tree algorithms for full bandwidth broadcast, reduction and scan",
Parallel Computing 35(12).
"""

import math
from dataclasses import dataclass, replace

from topodesign.domain.fabric import CollectiveOperation
from topodesign.fabric.collectives_pipeline import double_tree_slowdown, pipelined_s, tree_depth
from topodesign.fabric.collectives_shapes import BITS_PER_BYTE, AlgorithmTime, GroupLevel, SwitchedShape
from topodesign.fabric.topology import StepLatency


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedCosts:
    """Shape with its costs: seconds that a byte takes at an accelerator's full rate, and latency of a step."""

    shape: SwitchedShape
    seconds_per_byte: float
    step_s: float

    def transfer_s(self, step_bytes: float) -> float:
        return step_bytes * self.seconds_per_byte


def switched_times(
    operation: CollectiveOperation,
    shape: SwitchedShape,
    message_bytes: float,
    *,
    link_gbps: float,
    step: StepLatency,
) -> tuple[AlgorithmTime, ...]:
    """Candidates for one operation; at least one for two accelerators or more (all-to-all: other than direct).

    ``message_bytes``: the whole array, reduced at or gathered by every accelerator, or sent by the root, or cut into
    equal parts for all accelerators. Steps between any two accelerators take ``step.farthest_s``.
    """
    gbps = link_gbps * shape.rank_links
    costs = SwitchedCosts(shape=shape, seconds_per_byte=BITS_PER_BYTE / (gbps * 1e9), step_s=step.farthest_s)
    match operation:
        case "all_reduce":
            return _all_reduce(costs, message_bytes, step)
        case "all_gather" | "reduce_scatter":
            return _half(costs, message_bytes)
        case "broadcast":
            return _broadcast(costs, message_bytes)
        case "all_to_all":
            return (_named("Bruck", bruck_s(costs, message_bytes)),)


def ring_s(costs: SwitchedCosts, message_bytes: float) -> float:
    """All-gather or reduce-scatter around one ring: n - 1 steps of S/n bytes.

    Accelerators of a group are neighbors, so that the ring leaves and enters each group once: no taper slows it as
    long as a group has as many uplinks as one accelerator has links.
    """
    ranks = costs.shape.ranks
    slow = _through_one_rank(costs.shape)
    return (ranks - 1) * (costs.step_s + costs.transfer_s(message_bytes / ranks) * slow)


def two_way_ring_s(costs: SwitchedCosts, message_bytes: float) -> float:
    """The same both ways at once: the same bytes through the same adapter, in half the steps."""
    ranks = costs.shape.ranks
    slow = _through_one_rank(costs.shape)
    return ranks // 2 * costs.step_s + (ranks - 1) * costs.transfer_s(message_bytes / ranks) * slow


def recursive_s(costs: SwitchedCosts, message_bytes: float, *, farthest_first: bool) -> float:
    """Reduce-scatter by factors (halving for powers of two); the all-gather is the same backwards.

    With the prime factors of the number of ranks, each stage joins p groups in p - 1 steps; every rank sends (n-1)/n S
    in all. ``farthest_first``: the first stage exchanges S/2 between the two halves of the fabric, over the widest cut;
    otherwise nearest partners come first and the widest cut carries 1/n of S from each.
    """
    factors = prime_factors(costs.shape.ranks)
    group, total = 1, 0.0
    remaining = message_bytes
    # nearest first: the group grows by each factor; farthest first: the last joining of that order comes first
    stages = []
    for factor in factors:
        group *= factor
        stages.append((factor, group))
    for factor, joined in reversed(stages) if farthest_first else stages:
        remaining /= factor
        total += (factor - 1) * (costs.step_s + costs.transfer_s(remaining) * _slowdown(costs.shape, joined))
    return total


def doubling_s(costs: SwitchedCosts, message_bytes: float) -> float:
    """All-reduce by recursive doubling: log2 n exchanges of the whole array, two more when n is no power of two."""
    ranks = costs.shape.ranks
    core = 2 ** (ranks.bit_length() - 1)
    total, joined = 0.0, 1
    while joined < core:
        joined *= 2
        total += costs.step_s + costs.transfer_s(message_bytes) * _slowdown(costs.shape, joined)
    return total if core == ranks else total + _folding_s(costs, message_bytes)


def folded_s(costs: SwitchedCosts, message_bytes: float) -> float:
    """All-reduce by halving and doubling among the largest power of two of ranks.

    The other ranks first hand their vector to a partner and get the result back (Thakur et al. 2005, section 4.5): two
    more steps of S bytes, over the taper too.
    """
    core = 2 ** (costs.shape.ranks.bit_length() - 1)
    inner = replace(costs, shape=_part(costs.shape, core))
    return 2 * recursive_s(inner, message_bytes, farthest_first=False) + _folding_s(costs, message_bytes)


def double_tree_s(costs: SwitchedCosts, message_bytes: float) -> float:
    """Broadcast (or reduction) of two halves through two binary trees, in pieces."""
    transfer_s = costs.transfer_s(message_bytes) * double_tree_slowdown(costs.shape)
    return pipelined_s(tree_depth(costs.shape.ranks), transfer_s, costs.step_s)


def hierarchical_s(costs: SwitchedCosts, message_bytes: float, *, inner_ranks: int, inner: SwitchedCosts) -> float:
    """Reduce-scatter inside groups, all-reduce of S/n_in between them by halving and doubling, all-gather inside."""
    outer_ranks = costs.shape.ranks // inner_ranks
    within = 2 * min(ring_s(inner, message_bytes), recursive_s(inner, message_bytes, farthest_first=False))
    share = message_bytes / inner_ranks
    taper = _slowdown(costs.shape, costs.shape.ranks)
    group, across = 1, 0.0
    for factor in prime_factors(outer_ranks):
        group *= factor
        slow = _slowdown(costs.shape, inner_ranks * group)
        across += 2 * (factor - 1) * (costs.step_s + costs.transfer_s(share / group) * slow)
    ring = 2 * (outer_ranks - 1) * (costs.step_s + costs.transfer_s(share / outer_ranks) * taper)
    return within + min(across, ring)


def bruck_s(costs: SwitchedCosts, message_bytes: float) -> float:
    """All-to-all in ceil(log2 n) shifts; the k-th moves the parts whose distance has bit k, by 2^k ranks."""
    ranks, total = costs.shape.ranks, 0.0
    slow = _slowdown(costs.shape, ranks)  # as if all left their groups, which shifts by few ranks do not
    for bit in range((ranks - 1).bit_length()):
        shift = 1 << bit
        parts = ranks // (2 * shift) * shift + max(0, ranks % (2 * shift) - shift)
        total += costs.step_s + costs.transfer_s(parts * message_bytes / ranks) * slow
    return total


def in_network_s(costs: SwitchedCosts, message_bytes: float) -> float:
    """Switches add up on the way up and send the result down: one crossing of the fabric, S bytes each way."""
    slow = _through_one_rank(costs.shape) / costs.shape.in_network_efficiency
    return costs.step_s + costs.transfer_s(message_bytes) * slow


def prime_factors(number: int) -> list[int]:
    """Prime factors in rising order; none of 1."""
    factors = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return [*factors, number] if number > 1 else factors


def recursive_name(ranks: int) -> str:
    """Name of the recursive exchange for so many ranks."""
    return "recursive halving and doubling" if ranks & (ranks - 1) == 0 else "recursive exchange by prime factors"


def _all_reduce(costs: SwitchedCosts, message_bytes: float, step: StepLatency) -> tuple[AlgorithmTime, ...]:
    shape = costs.shape
    name = recursive_name(shape.ranks)
    found = [
        _named("ring", 2 * ring_s(costs, message_bytes)),
        _named("bidirectional ring", 2 * two_way_ring_s(costs, message_bytes)),
        _named(name, 2 * recursive_s(costs, message_bytes, farthest_first=False)),
        _named(f"{name}, farthest partners first", 2 * recursive_s(costs, message_bytes, farthest_first=True)),
        _named("recursive doubling", doubling_s(costs, message_bytes)),
        _named("double binary tree", 2 * double_tree_s(costs, message_bytes)),
    ]
    if shape.ranks & (shape.ranks - 1):
        found.append(_named("folded recursive halving and doubling", folded_s(costs, message_bytes)))
    found += _hierarchical(costs, message_bytes, step)
    if shape.in_network_efficiency:
        found.append(_named("in-network reduction", in_network_s(costs, message_bytes)))
    return tuple(found)


def _hierarchical(costs: SwitchedCosts, message_bytes: float, step: StepLatency) -> list[AlgorithmTime]:
    """Over the leaves where all can be alike."""
    shape, found = costs.shape, []
    if shape.levels:
        size = math.gcd(shape.ranks, shape.levels[0].ranks)
        if 1 < size < shape.ranks:
            alone = SwitchedShape(ranks=size, rank_links=shape.rank_links)
            inside = replace(costs, shape=alone, step_s=step.neighbor_s)
            seconds = hierarchical_s(costs, message_bytes, inner_ranks=size, inner=inside)
            found.append(_named(f"hierarchical over groups of {size}", seconds))
    return found


def _half(costs: SwitchedCosts, message_bytes: float) -> tuple[AlgorithmTime, ...]:
    name = "recursive exchange" if costs.shape.ranks & (costs.shape.ranks - 1) else "recursive halving or doubling"
    return (
        _named("ring", ring_s(costs, message_bytes)),
        _named("bidirectional ring", two_way_ring_s(costs, message_bytes)),
        _named(name, recursive_s(costs, message_bytes, farthest_first=False)),
        _named(f"{name}, S/2 over the widest cut", recursive_s(costs, message_bytes, farthest_first=True)),
    )


def _broadcast(costs: SwitchedCosts, message_bytes: float) -> tuple[AlgorithmTime, ...]:
    ranks = costs.shape.ranks
    slow = _through_one_rank(costs.shape)
    binomial = tree_depth(ranks) * (costs.step_s + costs.transfer_s(message_bytes) * _slowdown(costs.shape, ranks))
    chain = pipelined_s(ranks - 1, costs.transfer_s(message_bytes) * slow, costs.step_s)
    return (
        _named("double binary tree", double_tree_s(costs, message_bytes)),
        _named("binomial tree", binomial),
        _named("pipelined chain", chain),
        _named(
            "scatter and all-gather by recursive exchange",
            2 * recursive_s(costs, message_bytes, farthest_first=False),
        ),
    )


def _named(algorithm: str, seconds: float) -> AlgorithmTime:
    return AlgorithmTime(algorithm=algorithm, seconds=seconds)


def _crossed(shape: SwitchedShape, joined: int) -> list[GroupLevel]:
    """Levels whose groups an exchange among ``joined`` consecutive ranks leaves."""
    return [level for level in shape.levels if level.ranks < shape.ranks and level.ranks % joined]


def _slowdown(shape: SwitchedShape, joined: int) -> float:
    """How much longer a step takes in which all ranks send to partners among ``joined`` consecutive ones."""
    return max([1.0, *(level.ranks * shape.rank_links / level.uplinks for level in _crossed(shape, joined))])


def _through_one_rank(shape: SwitchedShape) -> float:
    """How much longer a step takes in which one accelerator's worth leaves and enters each group."""
    return max([1.0, *(shape.rank_links / level.uplinks for level in shape.levels if level.ranks < shape.ranks)])


def _folding_s(costs: SwitchedCosts, message_bytes: float) -> float:
    slow = _slowdown(costs.shape, costs.shape.ranks)
    return 2 * (costs.step_s + costs.transfer_s(message_bytes) * slow)


def _part(shape: SwitchedShape, ranks: int) -> SwitchedShape:
    """The first ``ranks`` accelerators; groups that hold more than all of them slow nothing."""
    if all(level.ranks >= shape.ranks for level in shape.levels):
        return replace(shape, ranks=ranks, levels=())
    return replace(shape, ranks=ranks)
