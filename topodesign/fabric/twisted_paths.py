"""Shortest paths of twisted tori: along each axis two ways, as it is or wrapped, of which one number tells all."""

import itertools
from dataclasses import dataclass

import numpy as np

from topodesign.fabric.floor_plan import IN_RACK_CABLE_M
from topodesign.fabric.path_products import MILLIMETRES
from topodesign.fabric.topology import Counts

HOP_KEY = 2**40
"""Weight of a link in a key of a path, beside its length in millimetres: 10^9 m, more than any path has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisKeys:
    """Ways along one axis: keys of the path as it is (``plain``), and of that wrapped or shifted (``twisted``).

    ``weight`` ordered pairs of coordinates have these two. A key is hops x HOP_KEY + millimetres of cable.
    """

    plain: Counts
    twisted: Counts
    weight: Counts


def twisting_keys(side: int, block: int, length_m: float, *, leaves: bool) -> AxisKeys:
    """Forward by x, or backward by side - x, which shifts the other axes."""
    place, distance = _places(side, block)
    crossed = (place + distance) // block * leaves
    crossed_back = (block - 1 - place + side - distance) // block * leaves
    plain = _key(distance, crossed, length_m)
    return _distinct(plain, _key(side - distance, crossed_back, length_m), side // block)


def shifted_keys(side: int, block: int, length_m: float, *, leaves: bool) -> AxisKeys:
    """The shorter way around by z, or by z + side / 2."""
    place, distance = _places(side, block)
    crossed = (place + distance) // block * leaves
    crossed_back = (block - 1 - place + side - distance) // block * leaves
    ring = np.minimum(_key(distance, crossed, length_m), _key(side - distance, crossed_back, length_m))
    ring[:, 0] = 0
    return _distinct(ring, np.roll(ring, -(side // 2), axis=1), side // block)


def _places(side: int, block: int) -> tuple[Counts, Counts]:
    return np.arange(block, dtype=np.int64)[:, None], np.arange(side, dtype=np.int64)[None, :]


def _key(hops: Counts, crossed: Counts, length_m: float) -> Counts:
    inside_mm = round(IN_RACK_CABLE_M * MILLIMETRES)
    between_mm = round(length_m * MILLIMETRES)
    return hops * (HOP_KEY + inside_mm) + crossed * (between_mm - inside_mm)


def _distinct(plain: Counts, twisted: Counts, weight: int) -> AxisKeys:
    rows, counts = np.unique(np.column_stack([plain.ravel(), twisted.ravel()]), axis=0, return_counts=True)
    return AxisKeys(plain=rows[:, 0], twisted=rows[:, 1], weight=counts.astype(np.int64) * weight)


def nearest_keys(axes: list[AxisKeys], is_twisting: tuple[bool, ...]) -> tuple[Counts, Counts]:
    """Least key over all choices of wraps, for all combinations of the axes' classes, and how many pairs have it.

    One class of the first axis at a time, so that memory stays that of a plane.
    """
    second, third = axes[1], axes[2]
    plane = np.multiply.outer(second.weight, third.weight).ravel()
    totals: dict[int, int] = {}
    for row in range(len(axes[0].weight)):
        ways = []
        for turns in itertools.product((0, 1), repeat=sum(is_twisting)):
            shift = sum(turns) % 2
            left = iter(turns)
            first, *others = (
                axis.twisted if (next(left) if twists else shift) else axis.plain
                for axis, twists in zip(axes, is_twisting, strict=True)
            )
            ways.append(first[row] + np.add.outer(*others).ravel())
        keys, inverse = np.unique(np.minimum.reduce(ways), return_inverse=True)
        pairs = np.zeros(len(keys), dtype=np.int64)
        np.add.at(pairs, inverse, plane)
        for key, number in zip(keys.tolist(), (pairs * axes[0].weight[row]).tolist(), strict=True):
            totals[key] = totals.get(key, 0) + number
    keys = np.array(sorted(totals), dtype=np.int64)
    return keys, np.array([totals[key] for key in keys.tolist()], dtype=np.int64)
