"""Lines on the earth: shortest paths on the WGS 84 ellipsoid, cut where they cross the antimeridian.

RFC 7946, section 3.1.9: a geometry that crosses the antimeridian should be cut in two. The crossing is found on the
ellipsoid: cutting on a sphere instead (as the ``antimeridian`` package does) is off by up to kilometers on a long edge.
"""

import functools
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from topodesign.domain.scenario import Position

if TYPE_CHECKING:
    from pyproj import Geod

Line = tuple[Position, ...]

STEP_KM = 50.0
"""Longest edge of a drawn geodesic: the chord then lies within about 50 m x tan(latitude) of the true path."""

DECIMALS = 6
"""About 10 cm; RFC 7946, section 11.2, finds that enough."""

CROSSING_BISECTIONS = 60
HALF_TURN = 180.0
FULL_TURN = 360.0


@functools.cache
def wgs84() -> "Geod":
    from pyproj import Geod

    return Geod(ellps="WGS84")


def distance_km(start: Position, end: Position) -> float:
    """Geodesic distance in km."""
    return float(wgs84().inv(*start, *end)[2]) / 1e3


def densified(line: Sequence[Position], *, step_km: float = STEP_KM) -> Line:
    """The line with positions added along each edge's geodesic, so that no edge is longer than ``step_km``.

    Every given position stays. Edges between positions at the same place disappear.
    """
    positions: list[Position] = [line[0]]
    for start, end in pairwise(line):
        length_km = distance_km(start, end)
        if length_km == 0:
            continue
        between = math.ceil(length_km / step_km) - 1
        if between > 0:
            positions += [(float(lon), float(lat)) for lon, lat in wgs84().npts(*start, *end, between)]
        positions.append(end)
    return tuple(positions)


def positions_at(line: Sequence[Position], shares: Sequence[float]) -> Line:
    """The positions at ``shares`` (0 to 1, not falling) of the line's geodesic length from its start."""
    edges = [(start, *wgs84().inv(*start, *end)) for start, end in pairwise(line)]
    total_m = math.fsum(length_m for *_, length_m in edges)
    found: list[Position] = []
    place, behind_m = 0, 0.0
    for share in shares:
        while place < len(edges) and behind_m + edges[place][3] < share * total_m:
            behind_m += edges[place][3]
            place += 1
        if place == len(edges):  # the end, or beyond it by rounding
            found.append(line[-1])
            continue
        start, azimuth, *_ = edges[place]
        lon, lat, _ = wgs84().fwd(*start, azimuth, share * total_m - behind_m)
        found.append((float(lon), float(lat)))
    return tuple(found)


def cut_at_antimeridian(line: Sequence[Position]) -> tuple[Line, ...]:
    """The parts of a line east and west of the antimeridian, each rounded, with two or more distinct positions.

    An edge whose longitudes differ by more than 180 degrees is taken to cross (RFC 7946 draws it the short way).
    """
    parts: list[list[Position]] = [[line[0]]]
    for start, end in pairwise(line):
        if abs(end[0] - start[0]) > HALF_TURN:
            lat = _crossing_lat(start, end)
            side = math.copysign(HALF_TURN, start[0])
            parts[-1].append((side, lat))
            parts.append([(-side, lat)])
        parts[-1].append(end)
    rounded = (_distinct([_rounded(position) for position in part]) for part in parts)
    return tuple(part for part in rounded if len(part) >= 2)


def _crossing_lat(start: Position, end: Position) -> float:
    """Latitude at which the geodesic from ``start`` to ``end`` passes longitude 180, by bisection on its length."""
    if abs(start[0]) == HALF_TURN:
        return start[1]
    if abs(end[0]) == HALF_TURN:
        return end[1]
    azimuth, _, length_m = wgs84().inv(*start, *end)
    near, far = 0.0, length_m
    lat = start[1]
    for _ in range(CROSSING_BISECTIONS):
        middle = (near + far) / 2
        lon, lat, _ = wgs84().fwd(*start, azimuth, middle)
        if math.copysign(1.0, lon) == math.copysign(1.0, start[0]) and abs(lon) != HALF_TURN:
            near = middle
        else:
            far = middle
    return float(lat)


def _rounded(position: Position) -> Position:
    return (rounded_degrees(position[0]), rounded_degrees(position[1]))


def rounded_degrees(value: float) -> float:
    """Six decimals, and never a negative zero."""
    return round(float(value), DECIMALS) + 0.0


def _distinct(line: Sequence[Position]) -> Line:
    kept = list(line[:1])
    kept += [position for before, position in pairwise(line) if position != before]
    return tuple(kept)
