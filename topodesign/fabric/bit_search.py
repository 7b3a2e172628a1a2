"""Breadth-first search from many sources at once, one bit per source.

References
----------
M. Then, M. Kaufmann, F. Chirigati et al. (2014), "The More the Merrier: Efficient Multi-Source Graph Traversal", PVLDB
8(4).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from topodesign.fabric.graph import Counts, FabricGraph, Marks

Words = npt.NDArray[np.uint64]
Gathering = list[tuple[Counts, Counts]]


def source_bits(vertices: int, sources: Counts) -> Words:
    """Shape (vertices, words): bit i of a row's words is set at the vertex of source i."""
    words = np.zeros((vertices, -(-len(sources) // 64)), dtype=np.uint64)
    place = np.arange(len(sources))
    np.bitwise_or.at(words, (sources, place // 64), np.uint64(1) << (place % 64).astype(np.uint64))
    return words


def levels(graph: FabricGraph, seen: Words) -> Iterator[Words]:
    """Bits of the sources that reach each vertex at distance 1, 2, ...; ``seen`` is used up."""
    start, heads, _ = graph.arcs()
    groups = gathering(np.repeat(np.arange(graph.vertices), np.diff(start)), heads)
    frontier, unseen = seen.copy(), np.empty_like(seen)
    while True:
        new = gathered(frontier, groups)
        new &= np.bitwise_not(seen, out=unseen)
        if not new.any():
            return
        seen |= new
        yield new
        frontier = new


def gathering(tails: Counts, heads: Counts) -> Gathering:
    """Arcs by head, heads of equal numbers of arcs together: each group is gathered column by column."""
    order = np.argsort(heads, kind="stable")
    found, first, number = np.unique(heads[order], return_index=True, return_counts=True)
    groups = []
    for value in np.unique(number):
        chosen = np.flatnonzero(number == value)
        groups.append((found[chosen], tails[order][first[chosen][:, None] + np.arange(value)]))
    return groups


def gathered(frontier: Words, groups: Gathering) -> Words:
    """Bits of the frontier one arc on."""
    if len(groups) == 1 and len(groups[0][0]) == len(frontier):
        return _joined(frontier, groups[0][1])  # every vertex has as many arcs: members are all, in order
    new = np.zeros_like(frontier)
    for members, tails in groups:
        new[members] = _joined(frontier, tails)
    return new


def _joined(frontier: Words, tails: Counts) -> Words:
    """For each row of ``tails`` the bits of all of its vertices."""
    bits = np.take(frontier, tails[:, 0], axis=0)
    one = np.empty_like(bits)  # "clip" lets numpy write there at once; no place is out of range
    for column in range(1, tails.shape[1]):
        np.take(frontier, tails[:, column], axis=0, out=one, mode="clip")
        bits |= one
    return bits


def bits_of(is_taken: Marks, words: int) -> Words:
    """The words that have the bits of the sources that are taken."""
    bits = np.zeros(words * 64, dtype=np.uint8)
    bits[: len(is_taken)] = is_taken
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


def weighted_bits(reached: Words, mask: Words, weight: Counts) -> int:
    """Sum over rows of a row's weight times its bits within the mask."""
    used = mask != 0
    if used.all() and (mask == ~np.uint64(0)).all():
        bits = np.bitwise_count(reached)
    else:
        bits = np.bitwise_count(reached[:, used] & mask[used])
    return int(np.dot(bits.sum(axis=1, dtype=np.int64), weight))
