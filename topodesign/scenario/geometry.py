"""Checked positions, lines and polygons out of GeoJSON-like geometry objects."""

from collections.abc import Sequence

from topodesign.domain.scenario import Polygon, Position
from topodesign.scenario.columns import is_finite
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Geometry, Row


class GeometryReader:
    """Reads the geometry of rows of one file and records what is wrong with it."""

    def __init__(self, file: str, log: ProblemLog) -> None:
        self.file = file
        self.log = log

    def point(self, row: Row, thing: str) -> Position | None:
        """Longitude and latitude of a Point."""
        if row.geometry is None:
            self._add(row, "GEOMETRY_MISSING", f"{thing} has no geometry; give it a Point (longitude, latitude)")
            return None
        if not self._is_of_type(row, row.geometry, ("Point",), thing):
            return None
        positions = self._positions(row, [row.geometry.get("coordinates")], thing)
        return positions[0] if positions else None

    def line(self, row: Row, thing: str) -> tuple[Position, ...] | None:
        """Positions of a LineString (or a MultiLineString whose parts join end to end); empty without geometry."""
        if row.geometry is None:
            return ()
        if not self._is_of_type(row, row.geometry, ("LineString", "MultiLineString"), thing):
            return None
        coordinates = row.geometry.get("coordinates")
        is_multiple = row.geometry.get("type") == "MultiLineString"
        parts = coordinates if is_multiple and isinstance(coordinates, Sequence) else [coordinates]
        joined: list[Position] = []
        for part in parts:
            positions = self._positions(row, part, thing)
            if positions is None:
                return None
            if joined and joined[-1] != positions[0]:
                self._add(row, "GEOMETRY_INVALID", f"{thing}: the parts of the line do not join; draw one line")
                return None
            joined += positions[1:] if joined else positions
        if len(joined) < 2:
            self._add(row, "GEOMETRY_INVALID", f"{thing}: a line needs at least two positions; draw it again")
            return None
        return tuple(joined)

    def polygons(self, row: Row, thing: str) -> tuple[Polygon, ...] | None:
        """Polygons (outer ring first) of a Polygon or MultiPolygon; empty without geometry."""
        if row.geometry is None:
            return ()
        if not self._is_of_type(row, row.geometry, ("Polygon", "MultiPolygon"), thing):
            return None
        coordinates = row.geometry.get("coordinates")
        parts = [coordinates] if row.geometry.get("type") == "Polygon" else coordinates
        if (
            isinstance(parts, str)
            or not isinstance(parts, Sequence)
            or not all(isinstance(part, Sequence) and part for part in parts)
        ):
            self._add(row, "GEOMETRY_INVALID", f"{thing}: the polygon has no rings; draw it again")
            return None
        polygons: list[Polygon] = []
        for part in parts:
            rings = [self._positions(row, ring, thing) for ring in part or ()]
            if any(ring is None for ring in rings):
                return None
            polygons.append(tuple(tuple(ring) for ring in rings if ring is not None))
        return tuple(polygons) if self._are_sound(row, polygons, thing) else None

    def _are_sound(self, row: Row, polygons: Sequence[Polygon], thing: str) -> bool:
        import shapely

        for rings in polygons:
            if any(len(ring) < 4 or ring[0] != ring[-1] for ring in rings):
                self._add(row, "GEOMETRY_INVALID", f"{thing}: a ring is not closed or has under 4 positions; close it")
                return False
            shape = shapely.Polygon(rings[0], rings[1:])
            if not shape.is_valid:
                reason = shapely.is_valid_reason(shape)
                self._add(row, "GEOMETRY_INVALID", f"{thing}: the polygon is not valid ({reason}); repair it")
                return False
        return True

    def _is_of_type(self, row: Row, geometry: Geometry, allowed: Sequence[str], thing: str) -> bool:
        kind = geometry.get("type")
        if kind not in allowed:
            message = f"{thing} has a geometry of type {kind!r}, but it must be a {' or '.join(allowed)}; draw it so"
            self._add(row, "GEOMETRY_TYPE_WRONG", message)
        return kind in allowed

    def _positions(self, row: Row, coordinates: object, thing: str) -> list[Position] | None:
        if not isinstance(coordinates, Sequence) or isinstance(coordinates, str) or not coordinates:
            self._add(row, "GEOMETRY_INVALID", f"{thing}: the geometry has no coordinates; draw it again")
            return None
        positions: list[Position] = []
        for pair in coordinates:
            position = self._position(row, pair, thing)
            if position is None:
                return None
            positions.append(position)
        return positions

    def _position(self, row: Row, pair: object, thing: str) -> Position | None:
        is_pair = isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) >= 2
        numbers = list(pair[:2]) if is_pair and isinstance(pair, Sequence) else []
        if len(numbers) < 2 or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
            self._add(
                row, "GEOMETRY_INVALID", f"{thing}: {str(pair)[:60]!r} is no position; give [longitude, latitude]"
            )
            return None
        if not all(is_finite(number) for number in numbers):
            message = f"{thing}: position {str(numbers)[:60]} is not finite; give longitude and latitude in degrees"
            self._add(row, "NUMBER_NOT_FINITE", message)
            return None
        lon, lat = float(numbers[0]), float(numbers[1])
        if abs(lon) <= 180 and abs(lat) <= 90:
            return (lon, lat)
        if abs(lon) <= 90 and abs(lat) <= 180:
            message = (
                f"{thing}: latitude {lat:g} is beyond 90 degrees; "
                "longitude and latitude are swapped, longitude comes first"
            )
            self._add(row, "COORDINATES_SWAPPED", message)
        else:
            message = (
                f"{thing}: position ({lon:g}, {lat:g}) is outside of longitude -180..180, latitude -90..90; "
                "if the data are projected, state their coordinate reference system or save them in WGS 84"
            )
            self._add(row, "COORDINATES_OUT_OF_RANGE", message)
        return None

    def _add(self, row: Row, reason: str, message: str) -> None:
        self.log.add(reason, message, file=self.file, row=row.number, field="geometry")


def geodesic_length_km(line: Sequence[Position]) -> float:
    """Length along a line on the WGS 84 ellipsoid, in km."""
    from pyproj import Geod

    geod = Geod(ellps="WGS84")
    return float(geod.line_length([lon for lon, _ in line], [lat for _, lat in line])) / 1e3
