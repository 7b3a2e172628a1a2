"""What a reader of a foreign format hands on: places, routes and demands, each with its file and row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from topodesign.domain.scenario import Position
from topodesign.scenario.rows import Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where something was read: ``row`` counts data rows, features, placemarks or elements of its kind from 1."""

    file: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site or node. ``key`` is what routes of the same file call it; ``position`` ``None``: it has none."""

    origin: Origin
    key: str = ""
    name: str = ""
    position: Position | None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A line of fiber: ``ends`` are keys of places where the format states them, otherwise the ends of ``line``."""

    origin: Origin
    name: str = ""
    ends: tuple[str, str] | None = None
    line: tuple[Position, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Traffic from one place to another in the units of the file."""

    origin: Origin
    a: str
    b: str
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything of one source. ``notes`` say what was left out, and what was done to the data on the way."""

    places: Sequence[Place] = ()
    routes: Sequence[Route] = ()
    demands: Sequence[Demand] = ()
    notes: Sequence[str] = ()


def line_geometry(coordinates: object) -> Geometry:
    """As the readers of a scenario take it, so that positions are checked in one way."""
    return {"type": "LineString", "coordinates": coordinates}


def point_geometry(coordinates: object) -> Geometry:
    """As :func:`line_geometry`, for a point."""
    return {"type": "Point", "coordinates": coordinates}
