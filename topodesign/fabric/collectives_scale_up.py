"""Collectives over scale-up domains: most bytes stay inside, each accelerator carries 1/d of the array outside.

A hierarchy has phases inside the domains, all alike, and phases between the accelerators of one place in all domains,
all places at once. The two networks share accelerators only, so that a hierarchy in pieces can keep both busy: piece
j + 1 is inside while piece j is outside. With t the longer of both for the whole array and a that of a piece of no
bytes, k pieces take (k + 1)(a + t/k) at most: every piece spends one turn in each of two stages, the phases inside
sharing one of them.

References
----------
M. Cho, U. Finkler, D. Kung, H. Hunter (2019), "BlueConnect: Decomposing All-Reduce for Deep Learning on Heterogeneous
Network Hierarchy", SysML: reduce-scatter, all-reduce between groups, all-gather.
"""

import math
from collections.abc import Callable

from topodesign.domain.fabric import CollectiveOperation
from topodesign.fabric.collectives_pipeline import pipelined_s
from topodesign.fabric.collectives_shapes import AlgorithmTime, ScaleUpShape, SwitchedShape
from topodesign.fabric.collectives_switched import switched_times
from topodesign.fabric.topology import StepLatency

Times = tuple[AlgorithmTime, ...]


def scale_up_times(
    operation: CollectiveOperation, shape: ScaleUpShape, message_bytes: float, *, link_gbps: float, step: StepLatency
) -> Times:
    """Candidates for one operation other than all-to-all; ``message_bytes`` as in :func:`switched_times`.

    Steps inside a domain take ``step.neighbor_s``, those outside ``step.farthest_s``.
    """
    inside_step = StepLatency(neighbor_s=step.neighbor_s, farthest_s=step.neighbor_s)
    domain = shape.inside.ranks

    def inside(phase: CollectiveOperation, array_bytes: float) -> Times:
        return _times(phase, shape.inside, array_bytes, link_gbps, inside_step)

    def outside(phase: CollectiveOperation, array_bytes: float) -> Times:
        return _times(phase, shape.outside, array_bytes, link_gbps, step)

    if shape.outside.ranks == 1:
        return inside(operation, message_bytes)
    if domain == 1:
        return outside(operation, message_bytes)
    gathered = _least(inside("all_gather", message_bytes))
    # all-gather and broadcast end inside, a reduce-scatter begins there, all-reduce and broadcast do both
    within = gathered if operation in ("all_gather", "reduce_scatter") else 2 * gathered
    between = outside(operation, message_bytes / domain)
    name = "hierarchical over domains"
    found = [
        AlgorithmTime(algorithm=f"{name}, {timed.algorithm} between", seconds=within + timed.seconds)
        for timed in between
    ]
    if operation != "broadcast":
        phases = 2 if operation == "all_reduce" else 1
        seconds = _in_pieces_s(inside, outside, message_bytes, domain, phases=phases)
        found.append(AlgorithmTime(algorithm=f"{name}, in pieces: inside and between at once", seconds=seconds))
        found += _one_ring(operation, shape, message_bytes, link_gbps, step)
    return tuple(found)


def _in_pieces_s(
    inside: Callable[[CollectiveOperation, float], Times],
    outside: Callable[[CollectiveOperation, float], Times],
    message_bytes: float,
    domain: int,
    *,
    phases: int,
) -> float:
    """The best choice of an algorithm inside and one between; both gather, so that time grows linearly with bytes."""
    phase: CollectiveOperation = "all_gather"
    near = _latency_and_transfer(inside(phase, 0.0), inside(phase, message_bytes))
    far = _latency_and_transfer(outside(phase, 0.0), outside(phase, message_bytes / domain))
    return min(
        pipelined_s(2, phases * max(near_transfer, far_transfer), phases * max(near_latency, far_latency))
        for near_latency, near_transfer in near
        for far_latency, far_transfer in far
    )


def _latency_and_transfer(of_nothing: Times, of_all: Times) -> list[tuple[float, float]]:
    pairs = zip(of_nothing, of_all, strict=True)
    return [(nothing.seconds, whole.seconds - nothing.seconds) for nothing, whole in pairs]


def _one_ring(
    operation: CollectiveOperation, shape: ScaleUpShape, message_bytes: float, link_gbps: float, step: StepLatency
) -> Times:
    """One ring through all accelerators, domain after domain: it leaves each by the links of one accelerator."""
    links = min(shape.inside.rank_links, shape.outside_links)
    alone = SwitchedShape(ranks=shape.ranks, rank_links=links)
    found = _times(operation, alone, message_bytes, link_gbps, step)
    return tuple(timed for timed in found if timed.algorithm == "ring")


def _times(
    operation: CollectiveOperation, shape: SwitchedShape, message_bytes: float, link_gbps: float, step: StepLatency
) -> Times:
    return switched_times(operation, shape, message_bytes, link_gbps=link_gbps, step=step)


def _least(found: Times) -> float:
    return min((timed.seconds for timed in found), default=math.inf)
