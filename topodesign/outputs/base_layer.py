"""The background of the map: land, borders, lakes and cities around a plan, from files in this package."""

import functools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from topodesign.domain.scenario import Position
from topodesign.outputs.extent import Box
from topodesign.outputs.geodesics import FULL_TURN, HALF_TURN

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MARGIN = 0.12
"""Room around the plan when the page opens, as a share of its extent."""

PAN_ROOM = 1.1
"""How far beyond that the background reaches."""

LEAST_DEGREES = 0.4
FLATTEST = 0.42
"""Height over width of a view at least, on the ground."""

HIGHEST_LAT = 84.0
"""Mercator's usual end; beyond it the map would only show the pole's stretching."""

WIDEST_WITH_STATES = (-130.0, 22.0, -64.0, 52.0)
EUROPE = (-26.0, 33.0, 46.0, 73.0)
"""Extent of the finer file of Europe; views that reach beyond it use the world file throughout."""

MOST_PLACES = 14

BASE_CREDIT = "Base map: Natural Earth, US Census Bureau (public domain)"


@dataclass(frozen=True, slots=True)
class View:
    """West, south, east, north in degrees; ``east`` is beyond 180 where the view spans the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def unwrapped(self, lon: float) -> float:
        """The longitude's copy that lies in the view, or nearest to it."""
        middle = (self.west + self.east) / 2
        return lon + FULL_TURN * round((middle - lon) / FULL_TURN)

    @property
    def box(self) -> Box:
        return (self.west, self.south, self.east, self.north)

    def widened(self, share: float) -> "View":
        """The view with room on all sides, as a share of its own width and height."""
        dx, dy = (self.east - self.west) * share, (self.north - self.south) * share
        width = min(self.east - self.west + 2 * dx, FULL_TURN)
        middle = (self.west + self.east) / 2
        return View(
            middle - width / 2,
            max(self.south - dy, -HIGHEST_LAT),
            middle + width / 2,
            min(self.north + dy, HIGHEST_LAT),
        )


def view_of(box: Box) -> View:
    """A view around a GeoJSON bounding box, neither empty nor beyond the latitudes that Mercator can show."""
    west, south, east, north = box
    east += FULL_TURN if east < west else 0.0
    south, north = max(south, -HIGHEST_LAT), min(north, HIGHEST_LAT)
    least_high = max(LEAST_DEGREES, FLATTEST * (east - west) * math.cos(math.radians((south + north) / 2)))
    dx, dy = max(0.0, LEAST_DEGREES - (east - west)) / 2, max(0.0, least_high - (north - south)) / 2
    return View(west - dx, south - dy, east + dx, north + dy).widened(MARGIN)


@dataclass(frozen=True, slots=True)
class Place:
    """A city that helps to find one's way."""

    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class BaseLayer:
    """Land (one shape per country or state), lakes and cities inside a view, in its unwrapped longitudes."""

    land: tuple["BaseGeometry", ...]
    lakes: tuple["BaseGeometry", ...]
    places: tuple[Place, ...]


def base_layer(view: View, *, keep_clear: Sequence[Position] = ()) -> BaseLayer:
    """The background around ``view``, clipped to it with room to pan.

    Cities are left out near ``keep_clear`` (unwrapped positions of sites that have labels) and near each other.
    """
    wide = view.widened(PAN_ROOM)
    return BaseLayer(
        land=tuple(shape for name in _land_files(wide) for shape in _clipped(name, wide)),
        lakes=tuple(_clipped("lakes.json", wide)),
        places=tuple(_places(view, keep_clear)),
    )


def _land_files(view: View) -> tuple[str, ...]:
    if _is_inside(view, EUROPE):
        return ("europe_countries.json",)
    if _overlaps(view, WIDEST_WITH_STATES):
        return ("world_countries.json", "us_states.json")
    return ("world_countries.json",)


def _is_inside(view: View, box: Box) -> bool:
    return box[0] <= view.west and view.east <= box[2] and box[1] <= view.south and view.north <= box[3]


def _overlaps(view: View, box: Box) -> bool:
    turns = (-FULL_TURN, 0.0, FULL_TURN)
    across = any(view.west <= box[2] + turn and box[0] + turn <= view.east for turn in turns)
    return across and view.south <= box[3] and box[1] <= view.north


def _clipped(name: str, view: View) -> Iterator["BaseGeometry"]:
    """Shapes of a file inside the view, also those of the neighboring copies of the world."""
    import shapely
    from shapely import affinity

    with_states = name == "world_countries.json" and _overlaps(view, WIDEST_WITH_STATES)
    for turn in (-FULL_TURN, 0.0, FULL_TURN):
        if view.east < turn - HALF_TURN or view.west > turn + HALF_TURN:
            continue
        for country, shape in _shapes(name):
            if with_states and country == "United States of America":
                continue
            moved = affinity.translate(shape, xoff=turn) if turn else shape
            if moved.bounds[2] < view.west or moved.bounds[0] > view.east:
                continue
            inside = shapely.clip_by_rect(moved, *view.box)
            if not inside.is_empty:
                yield inside


@functools.cache
def _shapes(name: str) -> tuple[tuple[str, "BaseGeometry"], ...]:
    import shapely

    document = _read(name)
    scale = document["scale"]
    shapes = []
    for area in document["areas"]:
        parts = [[_decoded(ring, scale) for ring in polygon] for polygon in area["polygons"]]
        shape = shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in parts])
        shapes.append((area["name"], shape if shape.is_valid else shapely.make_valid(shape)))
    return tuple(shapes)


def _decoded(ring: Sequence[int], scale: int) -> list[Position]:
    positions: list[Position] = []
    x = y = 0
    for dx, dy in zip(ring[::2], ring[1::2], strict=True):
        x, y = x + dx, y + dy
        positions.append((x / scale, y / scale))
    return positions


@functools.cache
def _read(name: str) -> dict[str, Any]:
    text = resources.files("topodesign.outputs").joinpath("basemap", name).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _places(view: View, keep_clear: Sequence[Position]) -> Iterator[Place]:
    document = _read("places.json")
    taken = list(keep_clear)
    wide, high = view.east - view.west, view.north - view.south
    count = 0
    for name, x, y, _ in document["places"]:
        lon, lat = view.unwrapped(x / document["scale"]), y / document["scale"]
        inside = view.west + 0.03 * wide < lon < view.east - 0.08 * wide and view.south < lat < view.north
        crowded = any(abs(lon - other) < 0.1 * wide and abs(lat - beside) < 0.045 * high for other, beside in taken)
        if not inside or crowded:
            continue
        taken.append((lon, lat))
        count += 1
        yield Place(name, (lon, lat))
        if count == MOST_PLACES:
            return
