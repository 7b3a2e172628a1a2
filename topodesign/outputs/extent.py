"""Bounding boxes by RFC 7946, section 5: west is greater than east where the box spans the antimeridian."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from topodesign.outputs.geodesics import FULL_TURN, HALF_TURN

Box = tuple[float, float, float, float]
Geometry = Mapping[str, Any]  # GeoJSON geometry: coordinates nest to a depth that depends on its type

NESTING = {"Point": 0, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


def bounding_box(geometries: Iterable[Geometry | None]) -> Box | None:
    """West, south, east, north of the smallest box around all of them; ``None`` when there is nothing to enclose.

    Each connected part covers an interval of longitudes. The box is the circle of longitudes without the widest gap
    between intervals, so it never depends on where the map is cut.
    """
    parts = [part for geometry in geometries if geometry is not None for part in connected_parts(geometry)]
    if not parts:
        return None
    south = min(lat for part in parts for _, lat in part)
    north = max(lat for part in parts for _, lat in part)
    intervals = [(min(lon for lon, _ in part), max(lon for lon, _ in part)) for part in parts]
    west, east = _around(intervals)
    return (west, south, east, north)


def connected_parts(geometry: Geometry) -> Iterator[list[list[float]]]:
    """Positions of each part that is drawn without lifting the pen (holes of a polygon left out)."""
    coordinates, nesting = geometry["coordinates"], NESTING[geometry["type"]]
    if nesting == 0:
        yield [coordinates]
    elif nesting == 1:
        yield coordinates
    elif geometry["type"] == "Polygon":
        yield coordinates[0]
    else:
        for part in coordinates:
            yield part[0] if nesting == 3 else part


def _around(intervals: list[tuple[float, float]]) -> tuple[float, float]:
    """West and east ends of the shortest arc that holds all intervals of longitude."""
    merged = _merged(sorted(intervals))
    wraps = (merged[-1][1] >= HALF_TURN) and (merged[0][0] <= -HALF_TURN)
    gaps = [(after[0] - before[1], number) for number, (before, after) in enumerate(pairwise(merged))]
    outer = 0.0 if wraps else merged[0][0] + FULL_TURN - merged[-1][1]
    if not gaps or outer >= max(gap for gap, _ in gaps):
        return (merged[0][0], merged[-1][1])
    widest = max(gap for gap, _ in gaps)
    number = next(number for gap, number in gaps if gap == widest)
    return (merged[number + 1][0], merged[number][1])


def _merged(intervals: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged = [intervals[0]]
    for west, east in intervals[1:]:
        if west <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], east))
        else:
            merged.append((west, east))
    return merged
