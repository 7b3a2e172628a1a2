"""Collectives on products of rings and paths: all axes at once, one axis after another, pipelined trees.

A ring of k gathers in floor(k/2) steps: every part runs both ways and the two runs meet; each link carries (k-1)/2 of
the k parts. A path of k takes k - 1 steps, in which the links at its ends carry k - 1 parts. Reduce-scatter and scatter
are the same run backwards, or from one accelerator. Over several axes the data is cut into as many chunks, each of
which takes the axes in another cyclic order, so that no two chunks meet on an axis.

References
----------
E. Chan, M. Heimlich, A. Purkayastha, R. van de Geijn (2007), "Collective communication: theory, practice, and
experience", Concurrency and Computation 19(13): buckets, and broadcast by scatter and all-gather.
P. Sack, W. Gropp (2015), "Collective Algorithms for Multiported Torus Networks", ACM TOPC 1(2): all axes at once.
"How to Scale Your Model", Google DeepMind (2025), section on TPU networking: both ways at once.
"""

import math

from topodesign.domain.fabric import CollectiveOperation
from topodesign.fabric.collectives_pipeline import pipelined_s
from topodesign.fabric.collectives_shapes import BITS_PER_BYTE, AlgorithmTime, GridShape, RingAxis
from topodesign.fabric.topology import StepLatency


def grid_times(
    operation: CollectiveOperation, shape: GridShape, message_bytes: float, *, link_gbps: float, step: StepLatency
) -> tuple[AlgorithmTime, ...]:
    """Candidates for one operation other than all-to-all; at least one.

    Parameters
    ----------
    operation : CollectiveOperation
        What is done.
    shape : GridShape
        With at least one axis.
    message_bytes : float
        The whole array: reduced at every accelerator, or gathered by all, or sent by the root.
    link_gbps : float
        Rate of one link one way in Gbit/s.
    step : StepLatency
        Latency of a step in s.
    """
    axes = shape.axes
    seconds_per_byte = BITS_PER_BYTE / (link_gbps * shape.links * 1e9)
    hop_s = step.farthest_s if shape.is_switched else step.neighbor_s
    phases = 1 if operation in ("all_gather", "reduce_scatter") else 2
    in_turn = phases * axes_in_turn_s(axes, message_bytes / shape.rotations, seconds_per_byte, hop_s)
    suffix = ", scattered and gathered" if operation == "broadcast" else ""
    if shape.rotations > 1:
        name = f"bidirectional twisted multi-ring over {shape.rotations} axes{suffix}"
        return (AlgorithmTime(algorithm=name, seconds=in_turn),)
    if len(axes) == 1:
        name = "bidirectional ring" if axes[0].is_ring else "path in both directions"
        found = [AlgorithmTime(algorithm=f"{name}{suffix}", seconds=in_turn)]
    else:
        at_once = phases * axes_at_once_s(axes, message_bytes, seconds_per_byte, hop_s)
        found = [
            AlgorithmTime(algorithm=f"bidirectional multi-ring over {len(axes)} axes{suffix}", seconds=at_once),
            AlgorithmTime(algorithm=f"bidirectional rings, one axis after another{suffix}", seconds=in_turn),
        ]
    if operation in ("broadcast", "all_reduce"):
        # the farthest accelerator is floor(k/2) hops away on a ring, k - 1 on a path with the root at its end
        depth = sum(axis.side // 2 if axis.is_ring else axis.side - 1 for axis in axes)
        tree = phases // 2 if operation == "broadcast" else phases
        seconds = tree * pipelined_s(depth, message_bytes * seconds_per_byte, hop_s)
        found.append(AlgorithmTime(algorithm="pipelined tree along the axes", seconds=seconds))
    return tuple(found)


def axis_phase_s(axis: RingAxis, line_bytes: float, seconds_per_byte: float, hop_s: float) -> float:
    """Gather (or its reverse) of ``line_bytes`` by all accelerators of a line."""
    if axis.is_ring:
        return axis.side // 2 * hop_s + (axis.side - 1) / axis.side * line_bytes / 2 * seconds_per_byte
    return (axis.side - 1) * (hop_s + line_bytes / axis.side * seconds_per_byte)


def axes_at_once_s(axes: tuple[RingAxis, ...], message_bytes: float, seconds_per_byte: float, hop_s: float) -> float:
    """Reduce-scatter of one chunk for each axis, each starting on another axis; a phase waits for its slowest axis."""
    count = len(axes)
    remaining = [message_bytes / count] * count
    total = 0.0
    for phase in range(count):
        order = [axes[(chunk + phase) % count] for chunk in range(count)]
        pairs = zip(order, remaining, strict=True)
        total += max(axis_phase_s(axis, chunk_bytes, seconds_per_byte, hop_s) for axis, chunk_bytes in pairs)
        remaining = [chunk_bytes / axis.side for axis, chunk_bytes in zip(order, remaining, strict=True)]
    return total


def axes_in_turn_s(axes: tuple[RingAxis, ...], message_bytes: float, seconds_per_byte: float, hop_s: float) -> float:
    """Reduce-scatter of the whole array, the longest axis first."""
    ordered = sorted(axes, key=lambda axis: (-axis.side, not axis.is_ring))
    lines = [message_bytes / math.prod(axis.side for axis in ordered[:index]) for index in range(len(ordered))]
    return math.fsum(
        axis_phase_s(axis, line_bytes, seconds_per_byte, hop_s) for axis, line_bytes in zip(ordered, lines, strict=True)
    )
