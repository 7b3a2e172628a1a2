"""Every collective on one fabric: candidates, the best, its lower bound and how near it comes."""

import math
from dataclasses import replace
from typing import assert_never, get_args

from topodesign.domain.fabric import CollectiveOperation, CollectiveTime
from topodesign.fabric.collectives_bounds import Capacities, capacities_of, lower_bound
from topodesign.fabric.collectives_grid import grid_times
from topodesign.fabric.collectives_lines import lines_times
from topodesign.fabric.collectives_scale_up import scale_up_times
from topodesign.fabric.collectives_shapes import (
    BITS_PER_BYTE,
    AlgorithmTime,
    GridShape,
    LinesShape,
    ScaleUpShape,
    Shape,
    SwitchedShape,
    TourShape,
)
from topodesign.fabric.collectives_switched import SwitchedCosts, ring_s, switched_times
from topodesign.fabric.topology import StepLatency, Topology

OPERATIONS: tuple[CollectiveOperation, ...] = get_args(CollectiveOperation)
NOTHING_TO_DO = AlgorithmTime(algorithm="none (one accelerator)", seconds=0.0)
NO_LATENCY = StepLatency(neighbor_s=0.0, farthest_s=0.0)


def shape_of(topology: Topology, *, in_network_efficiency: float = 0.0) -> Shape:
    """The shape that a family tells, its switches reducing when ``in_network_efficiency`` is above 0."""
    shape = topology.collective_shape()
    if in_network_efficiency and isinstance(shape, SwitchedShape):
        return replace(shape, in_network_efficiency=in_network_efficiency)
    if in_network_efficiency and isinstance(shape, ScaleUpShape):
        inside, outside = (
            replace(part, in_network_efficiency=in_network_efficiency) for part in (shape.inside, shape.outside)
        )
        return replace(shape, inside=inside, outside=outside)
    return shape


def collectives(
    topology: Topology, message_bytes: float, step: StepLatency, *, in_network_efficiency: float = 0.0
) -> tuple[CollectiveTime, ...]:
    """Candidates of every operation, the fastest of each first.

    Parameters
    ----------
    topology : Topology
        The fabric. What has no regular shape does everything over its uniform all-to-all, or in one ring.
    message_bytes : float
        S: the array reduced at every accelerator, gathered by every one (n parts), scattered to all, sent by the root;
        in the all-to-all the parts of one accelerator for all n, itself included (nccl-tests' convention).
    step : StepLatency
        Latency of a step in s.
    in_network_efficiency : float
        Share of the link rate at which switches reduce; 0: they do not.

    Returns
    -------
    tuple of CollectiveTime
        Times in s; bandwidths are fluid. Where the rate of the all-to-all is not exact, times over it are optimistic,
        and the algorithm's name says so.
    """
    shape = shape_of(topology, in_network_efficiency=in_network_efficiency)
    capacities = capacities_of(topology, shape)
    found: list[CollectiveTime] = []
    for operation in OPERATIONS:
        slow = candidates(operation, topology, shape, message_bytes, step)
        fast = candidates(operation, topology, shape, message_bytes, NO_LATENCY)
        rows = [
            _row(operation, timed, bare.seconds, capacities, message_bytes, step)
            for timed, bare in zip(slow, fast, strict=True)
        ]
        found += sorted(rows, key=lambda row: row.seconds)
    return tuple(found)


def candidates(
    operation: CollectiveOperation, topology: Topology, shape: Shape, message_bytes: float, step: StepLatency
) -> tuple[AlgorithmTime, ...]:
    """Algorithms for one operation with their times, always in the same order."""
    if topology.accelerators == 1:
        return (NOTHING_TO_DO,)
    own = shape_times(operation, shape, message_bytes, link_gbps=topology.link_gbps, step=step)
    if operation == "all_to_all":
        return (*_direct("all parts at once", 1, topology, message_bytes, step), *own)
    if not isinstance(shape, TourShape):
        return own
    if operation in ("all_gather", "reduce_scatter"):
        return (*own, *_direct("direct exchange", 1, topology, message_bytes, step))
    if operation == "broadcast":
        return _direct("direct scatter and all-gather", 2, topology, message_bytes, step)
    return (*own, *_direct("direct reduce-scatter and all-gather", 2, topology, message_bytes, step))


def shape_times(
    operation: CollectiveOperation, shape: Shape, message_bytes: float, *, link_gbps: float, step: StepLatency
) -> tuple[AlgorithmTime, ...]:
    """Algorithms that use the shape of a fabric of two accelerators or more.

    At least one, but for all-to-all: along grids, lines and rings, all parts at once is the direct exchange.
    """
    if isinstance(shape, SwitchedShape):
        return switched_times(operation, shape, message_bytes, link_gbps=link_gbps, step=step)
    if operation == "all_to_all":
        return ()
    match shape:
        case GridShape():
            return grid_times(operation, shape, message_bytes, link_gbps=link_gbps, step=step)
        case LinesShape():
            return lines_times(operation, shape, message_bytes, link_gbps=link_gbps, hop_s=step.neighbor_s)
        case ScaleUpShape():
            return scale_up_times(operation, shape, message_bytes, link_gbps=link_gbps, step=step)
        case TourShape():
            return _tour_times(operation, shape, message_bytes, link_gbps, step)
        case _:
            assert_never(shape)


def _tour_times(
    operation: CollectiveOperation, shape: TourShape, message_bytes: float, link_gbps: float, step: StepLatency
) -> tuple[AlgorithmTime, ...]:
    """One ring along the tour of :mod:`topodesign.fabric.collectives_tour`; none for a broadcast."""
    if operation == "broadcast":
        return ()
    if shape.tour_links == 0:
        return (AlgorithmTime(algorithm="none (disconnected)", seconds=math.inf),)
    costs = SwitchedCosts(
        shape=SwitchedShape(ranks=shape.ranks, rank_links=shape.tour_links),
        seconds_per_byte=BITS_PER_BYTE / (shape.tour_links * link_gbps * 1e9),
        step_s=shape.crossings * step.farthest_s,
    )
    passes = 2 if operation == "all_reduce" else 1
    return (AlgorithmTime(algorithm="ring along a tree", seconds=passes * ring_s(costs, message_bytes)),)


def _direct(
    name: str, exchanges: int, topology: Topology, message_bytes: float, step: StepLatency
) -> tuple[AlgorithmTime, ...]:
    """S/n between all pairs at once at the rate of the uniform all-to-all, so many times; messages cost no overhead."""
    rate = topology.alltoall()
    transfer_s = math.inf  # of a disconnected fabric
    if rate.rate > 0:
        transfer_s = message_bytes / topology.accelerators * BITS_PER_BYTE / (rate.rate * topology.link_gbps * 1e9)
    caveat = "" if rate.exact else " (rate is an upper bound)"
    return (AlgorithmTime(algorithm=name + caveat, seconds=exchanges * (step.farthest_s + transfer_s)),)


def _row(
    operation: CollectiveOperation,
    timed: AlgorithmTime,
    bandwidth_s: float,
    capacities: Capacities,
    message_bytes: float,
    step: StepLatency,
) -> CollectiveTime:
    bound = lower_bound(operation, capacities, message_bytes, farthest_s=step.farthest_s)
    return CollectiveTime(
        operation=operation,
        algorithm=timed.algorithm,
        seconds=timed.seconds,
        latency_s=max(0.0, timed.seconds - bandwidth_s) if math.isfinite(bandwidth_s) else 0.0,
        bandwidth_s=bandwidth_s,
        lower_bound_s=bound.seconds,
        ratio=timed.seconds / bound.seconds if 0 < bound.seconds < math.inf else 1.0,
        bound_by=bound.by,
    )
