"""Times that no algorithm betters, each by an argument that holds for every one.

With S bytes of array and n accelerators, elements of the array being added up as wholes:

(a) Latency: what the farthest accelerator has counts, so nothing ends before one crossing of the fabric.
(b) One accelerator of rate B: all-gather receives and reduce-scatter sends (n-1)/n S; broadcast, and all-reduce both
    ways, at least S.
(c) All accelerators: an all-reduce of one element is gossip with one-way messages, which takes 2n - 2 of them (Harary
    and Schwenk 1974), so that 2 (n-1) S bytes leave accelerators of sum B in all; with equal rates 2 (n-1)/n S/B
    (Patarasuk and Yuan 2009). All-gather and reduce-scatter move (n-1) S. Where switches add up, (b) only.
(d) A cut with m accelerators on one side and capacity C each way: max(m, n-m)/n S for all-gather and reduce-scatter,
    S for all-reduce and broadcast. Any cut will do; groups of each level and the best known bisection are taken.
(e) All-to-all: the fluid rate of a pair, or an upper bound of it, carries S/n.

References
----------
F. Harary, A. Schwenk (1974), "The communication problem on graphs and digraphs", J. Franklin Institute 297(6).
P. Patarasuk, X. Yuan (2009), "Bandwidth optimal all-reduce algorithms for clusters of workstations", JPDC 69(2).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from topodesign.domain.fabric import CollectiveOperation
from topodesign.fabric.collectives_shapes import (
    BITS_PER_BYTE,
    GridShape,
    LinesShape,
    ScaleUpShape,
    Shape,
    SwitchedShape,
    TourShape,
)
from topodesign.fabric.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """``ranks`` accelerators on one side, ``links`` links each way to the rest."""

    what: str
    ranks: int
    links: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacities:
    """What bounds need of a fabric, links one way; ``least_rank_links`` of the accelerator that has least."""

    ranks: int
    link_gbps: float
    least_rank_links: float
    all_rank_links: float
    cuts: tuple[Cut, ...]
    pair_rate: float
    reduces_in_network: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerBound:
    """Seconds, and the argument that gives them."""

    seconds: float
    by: str


def capacities_of(topology: Topology, shape: Shape) -> Capacities:
    """Capacities of a fabric and of its shape."""
    ranks = topology.accelerators
    cuts = [Cut(what="bisection", ranks=ranks // 2, links=topology.bisection().upper)] if ranks > 1 else []
    return Capacities(
        ranks=ranks,
        link_gbps=topology.link_gbps,
        least_rank_links=_least_rank_links(shape),
        all_rank_links=ranks * topology.injection_links,
        cuts=(*cuts, *(cut for cut in _group_cuts(shape) if cut.ranks < ranks)),
        pair_rate=topology.alltoall().rate,
        reduces_in_network=_reduces_in_network(shape),
    )


def _least_rank_links(shape: Shape) -> float:
    match shape:
        case SwitchedShape():
            return shape.rank_links
        case ScaleUpShape():
            return shape.inside.rank_links + (shape.outside_links if shape.outside.ranks > 1 else 0.0)
        case LinesShape():
            return float(sum(side - 1 for side in shape.sides))
        case GridShape() | TourShape():
            return shape.least_rank_links
        case _:
            assert_never(shape)


def _group_cuts(shape: Shape) -> Iterator[Cut]:
    if isinstance(shape, SwitchedShape):
        for level in shape.levels:
            yield Cut(what=f"group of {level.ranks}", ranks=level.ranks, links=level.uplinks)
    elif isinstance(shape, ScaleUpShape):
        domain = shape.inside.ranks
        yield Cut(what=f"domain of {domain}", ranks=domain, links=domain * shape.outside_links)


def _reduces_in_network(shape: Shape) -> bool:
    if isinstance(shape, ScaleUpShape):
        return shape.inside.in_network_efficiency > 0
    return isinstance(shape, SwitchedShape) and shape.in_network_efficiency > 0


def lower_bound(
    operation: CollectiveOperation, capacities: Capacities, message_bytes: float, *, farthest_s: float
) -> LowerBound:
    """The largest of the bounds (a) to (e), for an array of ``message_bytes``; 0 for one accelerator."""
    if capacities.ranks == 1:
        return LowerBound(seconds=0.0, by="nothing to do")
    seconds_per_byte = BITS_PER_BYTE / (capacities.link_gbps * 1e9)
    found = [LowerBound(seconds=farthest_s, by="one crossing of the fabric")]
    for share, by in _shares(operation, capacities):
        found.append(LowerBound(seconds=share * message_bytes * seconds_per_byte, by=by))
    return max(found, key=lambda bound: bound.seconds)


def _shares(operation: CollectiveOperation, capacities: Capacities) -> Iterator[tuple[float, str]]:
    """Array lengths over links, each with its argument."""
    ranks, least = capacities.ranks, capacities.least_rank_links
    if operation == "all_to_all":
        yield _over(1.0, ranks * capacities.pair_rate), "uniform all-to-all"
        yield _over((ranks - 1) / ranks, least), "one accelerator's links"
        return
    whole = operation in ("all_reduce", "broadcast")
    yield _over(1.0 if whole else (ranks - 1) / ranks, least), "one accelerator's links"
    if operation != "broadcast" and not capacities.reduces_in_network:
        messages = (2 if operation == "all_reduce" else 1) * (ranks - 1)
        yield _over(messages, capacities.all_rank_links), "all accelerators' links"
    for cut in capacities.cuts:
        side = 1.0 if whole else max(cut.ranks, ranks - cut.ranks) / ranks
        yield _over(side, cut.links), f"cut: {cut.what}"


def _over(share: float, links: float) -> float:
    """Nothing passes where there are no links: a disconnected fabric takes forever."""
    return share / links if links else math.inf
