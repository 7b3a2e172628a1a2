"""Shortest paths of products: a path goes along every axis by itself, and lengths add up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topodesign.fabric.topology import Counts, Lengths, PathClasses, no_paths

MILLIMETRES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisPaths:
    """Ordered pairs of coordinates along one axis, equal ones included, in classes of equal shortest paths.

    Parallel arrays: ``pairs`` of coordinates are ``hops`` links and ``metres`` of cable apart.
    """

    pairs: Counts
    hops: Counts
    metres: Lengths


def direct_path_classes(axes: Sequence[AxisPaths]) -> PathClasses:
    """Path classes of a product of axes whose links all join accelerators.

    Classes of equal hops and equal length (to the millimetre) are put together.
    """
    pairs = np.ones(1, dtype=np.int64)
    hops = np.zeros(1, dtype=np.int64)
    millimetres = np.zeros(1, dtype=np.int64)
    for axis in axes:
        pairs = np.outer(pairs, axis.pairs).ravel()
        hops = np.add.outer(hops, axis.hops).ravel()
        millimetres = np.add.outer(millimetres, in_millimetres(axis.metres)).ravel()
        pairs, hops, millimetres = _merged(pairs, hops, millimetres)
    apart = hops > 0
    if not apart.any():
        return no_paths()
    hops = hops[apart]
    return PathClasses(
        pairs=pairs[apart],
        hops=hops,
        switches=np.zeros_like(hops),
        direct_hops=hops,
        metres=millimetres[apart] / MILLIMETRES,
    )


def in_millimetres(metres: Lengths) -> Counts:
    """Lengths as whole numbers, so that equal sums are found equal."""
    return np.rint(metres * MILLIMETRES).astype(np.int64)


def _merged(pairs: Counts, hops: Counts, millimetres: Counts) -> tuple[Counts, Counts, Counts]:
    span = int(millimetres.max()) + 1
    keys = hops * span + millimetres
    order = np.argsort(keys, kind="stable")  # a few rising runs, which this sort finds and merges
    keys = keys[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    keys = keys[first]
    return np.add.reduceat(pairs[order], first), keys // span, keys % span
