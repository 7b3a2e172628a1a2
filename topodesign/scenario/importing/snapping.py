"""Ends of lines joined to places, and to one another, within a tolerance.

Distances are straight ones through the earth; up to the largest tolerance they are less than 0.2 m short of geodesics.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from topodesign.domain.scenario import Position
from topodesign.scenario.importing.naming import id_of_position

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

MOST_TOLERANCE_M = 50_000.0
DEFAULT_TOLERANCE_M = 100.0
"""A campus is some hundred meters across, so its fiber ends within about that of its point on the map."""

NEAR_MISS = 10
"""Ends that stay alone are reported where a place is within this many tolerances."""

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapped:
    """The node of every end, and how it came to it.

    ``nodes`` are ids of places, or of junctions in ``new``; ``distances_m`` are those to the node, 0 for an end that a
    junction was made of. ``misses`` are (number of the end, id of the place, meters).
    """

    nodes: tuple[str, ...]
    distances_m: tuple[float, ...]
    new: Mapping[str, Position]
    misses: tuple[tuple[int, str, float], ...]


def snap(ends: Sequence[Position], places: Mapping[str, Position], *, tolerance_m: float) -> Snapped:
    """Join each end to the nearest place within the tolerance; what is left, to one another.

    Of the ends that are left, the westernmost (of those the southernmost) becomes a junction, to which all within the
    tolerance of it are joined, and so on: no end is farther from its node than the tolerance, and the order in which
    lines are drawn or listed means nothing.

    Parameters
    ----------
    ends : sequence of positions
    places : mapping of id to position
    tolerance_m : float
        0 to ``MOST_TOLERANCE_M``.
    """
    nearest = nearest_places(ends, places)
    nodes: dict[int, str] = {}
    lengths = [0.0] * len(ends)
    misses = []
    for end in range(len(ends)):
        place, distance_m = nearest[end]
        if distance_m <= tolerance_m:
            nodes[end], lengths[end] = place, distance_m
        elif distance_m <= NEAR_MISS * tolerance_m:
            misses.append((end, place, distance_m))
    left = sorted((end for end in range(len(ends)) if end not in nodes), key=lambda end: ends[end])
    new: dict[str, Position] = {}
    for founder, joined in _groups([ends[end] for end in left], tolerance_m):
        node_id = id_of_position(ends[left[founder]])
        new[node_id] = ends[left[founder]]
        for member, distance_m in joined:
            nodes[left[member]], lengths[left[member]] = node_id, distance_m
    return Snapped(
        nodes=tuple(nodes[end] for end in range(len(ends))),
        distances_m=tuple(lengths),
        new=new,
        misses=tuple(misses),
    )


def nearest_places(ends: Sequence[Position], places: Mapping[str, Position]) -> list[tuple[str, float]]:
    """For each position the id of the nearest place and the distance to it in meters; infinite where there is none."""
    if not places or not ends:
        return [("", math.inf)] * len(ends)
    import numpy as np
    from scipy.spatial import KDTree

    ids = sorted(places)
    distances, numbers = KDTree(_cartesian_m([places[item] for item in ids])).query(_cartesian_m(ends), k=[1])
    found = zip(np.ravel(numbers).tolist(), np.ravel(distances).tolist(), strict=True)
    return [(ids[number], distance_m) for number, distance_m in found]


def _groups(ends: Sequence[Position], tolerance_m: float) -> list[tuple[int, list[tuple[int, float]]]]:
    """(founder, [(member, its distance in meters), ...]) of each group; a founder is a member of its own."""
    if not ends:
        return []
    import numpy as np
    from scipy.spatial import KDTree

    points = _cartesian_m(ends)
    tree = KDTree(points)
    taken: set[int] = set()
    groups = []
    for founder in range(len(ends)):
        if founder in taken:
            continue
        near = sorted(set(tree.query_ball_point(points[founder], tolerance_m)) - taken | {founder})
        taken.update(near)
        groups.append((founder, [(end, float(np.linalg.norm(points[end] - points[founder]))) for end in near]))
    return groups


def _cartesian_m(positions: Sequence[Position]) -> "NDArray[numpy.float64]":
    """Earth-centered coordinates in meters of positions on the WGS 84 ellipsoid."""
    import numpy as np

    lon, lat = np.radians(np.asarray(positions, dtype=float)).T
    squared = FLATTENING * (2 - FLATTENING)
    normal = SEMI_MAJOR_M / np.sqrt(1 - squared * np.sin(lat) ** 2)
    columns = (
        normal * np.cos(lat) * np.cos(lon),
        normal * np.cos(lat) * np.sin(lon),
        normal * (1 - squared) * np.sin(lat),
    )
    return np.stack(columns, axis=1)
