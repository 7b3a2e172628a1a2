"""Collectives on products of complete graphs: exchanges between all accelerators of a line, axis by axis.

References
----------
J. H. Ahn, N. Binkert, A. Davis et al. (2009), "HyperX: Topology, Routing, and Packaging of Efficient Large-Scale
Networks", SC'09.
"""

from collections.abc import Sequence

from topodesign.domain.fabric import CollectiveOperation
from topodesign.fabric.collectives_shapes import BITS_PER_BYTE, AlgorithmTime, LinesShape


def lines_times(
    operation: CollectiveOperation, shape: LinesShape, message_bytes: float, *, link_gbps: float, hop_s: float
) -> tuple[AlgorithmTime, ...]:
    """Candidates for one operation other than all-to-all.

    Parameters
    ----------
    message_bytes : float
        The whole array: reduced at every accelerator, or gathered by all, or sent by the root.
    link_gbps, hop_s : float
        Rate of one link one way in Gbit/s, latency to a neighbor in s.
    """
    seconds_per_byte = BITS_PER_BYTE / (link_gbps * 1e9)
    phases = 1 if operation in ("all_gather", "reduce_scatter") else 2  # a broadcast scatters and gathers
    sides = list(shape.sides)
    in_turn = exchanges_s([sorted(sides, reverse=True)], message_bytes, seconds_per_byte, hop_s)
    name = "exchanges between all of a line"
    found = [AlgorithmTime(algorithm=f"{name}, one axis after another", seconds=phases * in_turn)]
    if len(sides) > 1:
        orders = [sides[first:] + sides[:first] for first in range(len(sides))]
        at_once = exchanges_s(orders, message_bytes, seconds_per_byte, hop_s)
        found.append(AlgorithmTime(algorithm=f"{name}, {len(sides)} axes at once", seconds=phases * at_once))
    return tuple(found)


def exchanges_s(orders: Sequence[Sequence[int]], message_bytes: float, seconds_per_byte: float, hop_s: float) -> float:
    """Reduce-scatter of one chunk for each order of the axes; the all-gather is the same backwards.

    In a phase every accelerator of a line sends its part of the chunk to each other one at once, over a link of their
    own; all wait for the slowest.
    """
    chunks = [message_bytes / len(orders)] * len(orders)
    total = 0.0
    for sides in zip(*orders, strict=True):
        chunks = [chunk / side for chunk, side in zip(chunks, sides, strict=True)]
        total += hop_s + max(chunks) * seconds_per_byte
    return total
