"""Zone shapes for GeoJSON: rings wound by the right-hand rule, cut at the antimeridian."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from topodesign.domain.scenario import Polygon, Ring
from topodesign.outputs.geodesics import HALF_TURN, rounded_degrees

if TYPE_CHECKING:
    import shapely

LEAST_POSITIONS = 4


def polygon_geometry(polygons: Sequence[Polygon]) -> dict[str, Any] | None:
    """A Polygon or MultiPolygon by RFC 7946, or ``None`` where there is no shape.

    Parameters
    ----------
    polygons : sequence of polygons
        Outer ring first, then holes; rings closed, wound either way. A ring whose longitudes jump by more than 180
        degrees is taken to cross the antimeridian and is cut there. Edges are straight in longitude and latitude
        (RFC 7946, section 3.1.1), not geodesics: a boundary along a parallel stays on it.
    """
    parts = [part for polygon in polygons for part in _cut(polygon)]
    drawn = [rings for rings in (_rings(part) for part in parts) if rings]
    if not drawn:
        return None
    if len(drawn) == 1:
        return {"type": "Polygon", "coordinates": drawn[0]}
    return {"type": "MultiPolygon", "coordinates": drawn}


def _cut(polygon: Polygon) -> list["shapely.Polygon"]:
    import antimeridian
    import shapely

    shape = shapely.Polygon(polygon[0], polygon[1:])
    if not any(_crosses(ring) for ring in polygon):
        return [shape]
    fixed = antimeridian.fix_polygon(shape, fix_winding=True, great_circle=False)
    return list(getattr(fixed, "geoms", [fixed]))


def _crosses(ring: Ring) -> bool:
    return any(abs(end[0] - start[0]) > HALF_TURN for start, end in pairwise(ring))


def _rings(shape: "shapely.Polygon") -> list[list[list[float]]]:
    """Outer ring counterclockwise, holes clockwise, no position twice in a row; empty when nothing is left."""
    from shapely.geometry.polygon import orient

    upright = orient(shape, sign=1.0)
    rings = [_rounded(ring.coords) for ring in (upright.exterior, *upright.interiors)]
    if len(rings[0]) < LEAST_POSITIONS:
        return []
    return [rings[0]] + [ring for ring in rings[1:] if len(ring) >= LEAST_POSITIONS]


def _rounded(positions: Sequence[Sequence[float]]) -> list[list[float]]:
    ring: list[list[float]] = []
    for lon, lat, *_ in positions:
        place = [rounded_degrees(lon), rounded_degrees(lat)]
        if not ring or ring[-1] != place:
            ring.append(place)
    return ring
