"""The map as a drawing (SVG): shown where the interactive one cannot run, and on paper."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from topodesign.domain.scenario import Position
from topodesign.outputs.base_layer import View
from topodesign.outputs.chart_style import with_prefix
from topodesign.outputs.features import Feature, Geometry
from topodesign.outputs.map_colors import paints, ramp_tones, tones
from topodesign.outputs.report_map import UNLIT, ReportMap, position_of, shape_geometry
from topodesign.outputs.round_numbers import round_number
from topodesign.outputs.zone_measures import HEADROOM, IDLE_OPACITY

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

WIDTH_PX = 1000.0
TALLEST = 0.9
"""Height over width at most."""

Box = tuple[float, float, float, float]
LONGEST_NAME = 30
LETTER_WIDTH_PX = {400: 6.6, 600: 7.4}
"""Of the label font at 12 px, by weight; a little generous."""

SCALE_PX = 110.0
"""Length of the scale bar at most."""

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG 1980); a scale bar needs no ellipsoid."""

EDGE = 0.01
"""How far beyond the drawing areas reach, as a share of its extent."""

HALF_PIXEL = 0.5

_TEXT_HALO = 'stroke-width="3" stroke-linejoin="round" paint-order="stroke"'


class Projection:
    """Mercator from degrees to pixels of a drawing as wide as :data:`WIDTH_PX`."""

    def __init__(self, view: View) -> None:
        self.scale = WIDTH_PX / math.radians(view.east - view.west)
        top, bottom = _stretched(view.north), _stretched(view.south)
        height = (top - bottom) * self.scale
        if height > WIDTH_PX * TALLEST:
            self.scale *= WIDTH_PX * TALLEST / height
        self.height_px = (top - bottom) * self.scale
        self.left_px = (WIDTH_PX - math.radians(view.east - view.west) * self.scale) / 2
        self.west, self.top = view.west, top

    def pixels(self, position: Sequence[float]) -> tuple[float, float]:
        """Right and down from the upper left corner."""
        x = self.left_px + math.radians(position[0] - self.west) * self.scale
        return (x, (self.top - _stretched(position[1])) * self.scale)


def _stretched(lat: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def static_map(drawn: ReportMap, *, title: str) -> str:
    """The map as one ``<svg>`` element with inline attributes only; every text is escaped.

    It follows the reader's choice of a light or dark ground where the browser knows ``light-dark()``, and is light
    elsewhere.
    """
    projection = Projection(drawn.view)
    size = f"{WIDTH_PX:g} {projection.height_px:.0f}"
    parts = [
        f'<svg class="static-map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" '
        f'font-family="system-ui, sans-serif" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH_PX:g}" height="{projection.height_px:.0f}" {paints(fill="water")}/>',
        *_background(drawn, projection),
        *_zones(drawn, projection),
        *_lines(drawn, projection),
        *_points(drawn, projection),
        *_labels(drawn, projection),
        *_scale(drawn, projection),
        "</svg>",
    ]
    return "\n".join(parts)


def _background(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    yield f'<g {paints(fill="land", stroke="border")} stroke-width="0.7">'
    yield from _areas(drawn.base.land, drawn.view, projection)
    yield f"</g><g {paints(fill='water')}>"
    yield from _areas(drawn.base.lakes, drawn.view, projection)
    yield "</g>"


def _areas(shapes: Sequence["BaseGeometry"], view: View, projection: Projection) -> Iterator[str]:
    """The part of each area that is in the drawing (a little more, so that no border shows where it is cut)."""
    import shapely

    beside = math.degrees(projection.left_px / projection.scale) + EDGE * (view.east - view.west)
    above = EDGE * (view.north - view.south)
    box = (view.west - beside, view.south - above, view.east + beside, view.north + above)
    finest = math.degrees(HALF_PIXEL / projection.scale)
    for shape in shapes:
        inside = shapely.clip_by_rect(shape, *box).simplify(finest)
        if not inside.is_empty:
            yield f'<path d="{_path(shape_geometry(inside, 3), projection)}"/>'


def _zones(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    yield f'<g {paints(stroke="zone_border")} stroke-opacity="0.55" stroke-width="0.9" fill-rule="evenodd">'
    for feature in _shown(drawn.layers["power_zones"]):
        properties = feature["properties"]
        share = properties["used_share"] or 0.0
        yield (
            f'<path d="{_path(feature["geometry"], projection)}" {tones({"fill": ramp_tones("headroom", share)})} '
            f'fill-opacity="{HEADROOM.opacity if share > 0 else IDLE_OPACITY:g}"><title>{escape(properties["name"])}: '
            f"{properties['used_mw']:,.1f} of {properties['headroom_mw']:,.0f} MW</title></path>"
        )
    yield "</g>"


def _lines(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    yield f'<g fill="none" {paints(stroke="available")} stroke-width="0.8">'
    for feature in _shown(drawn.layers[UNLIT]):
        yield f'<path d="{_path(feature["geometry"], projection)}"/>'
    yield '</g><g fill="none" stroke-linecap="round" stroke-linejoin="round">'
    lit = _shown(drawn.layers["fiber_segments"])
    most = max((feature["properties"]["pairs"] for feature in lit), default=1)
    for feature in lit:
        properties = feature["properties"]
        width = 1.8 + 5.2 * math.sqrt(properties["pairs"] / most)
        color = tones({"stroke": ramp_tones("fiber", properties["utilization"])})
        yield (
            f'<path d="{_path(feature["geometry"], projection)}" {color} stroke-width="{width:.1f}">'
            f"<title>{escape(properties['segment_id'])}: {properties['pairs']} pairs, "
            f"{properties['utilization']:.0%} of the spectrum</title></path>"
        )
    yield f'</g><g fill="none" {paints(stroke="link")} stroke-width="1.4" stroke-dasharray="2 4">'
    for feature in _shown(drawn.layers["links"]):
        yield f'<path d="{_path(feature["geometry"], projection)}"/>'
    yield "</g>"


def _points(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    for feature in drawn.layers["sites"]:
        x, y = projection.pixels(position_of(feature))
        radius = _radius(drawn, feature)
        stroke = "hub" if feature["properties"]["role"] == "hub" else "candidate"
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {paints(fill="ring", stroke=stroke)} '
            f'fill-opacity="0.35" stroke-width="1.2"><title>{escape(feature["properties"]["name"])}</title></circle>'
        )
    for feature in drawn.layers["regenerators"]:
        x, y = projection.pixels(position_of(feature))
        color = paints(fill="edge", stroke="regenerator")
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.6" {color} stroke-width="2.8"/>'
    for feature in drawn.layers["clusters"]:
        x, y = projection.pixels(position_of(feature))
        radius = max(4.0, drawn.radius_per_root_mw * math.sqrt(feature["properties"]["power_mw"]))
        color = paints(fill="cluster", stroke="edge")
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {color} stroke-width="1.5"/>'


def _labels(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    """Clusters by size, then cities; a label that would cover another is left out."""
    rings = {feature["properties"]["site_id"]: _radius(drawn, feature) for feature in drawn.layers["sites"]}
    taken = [
        _around(projection.pixels(position_of(feature)), rings[feature["properties"]["site_id"]])
        for feature in drawn.layers["clusters"]
    ]
    clusters = sorted(drawn.layers["clusters"], key=lambda feature: -feature["properties"]["power_mw"])
    for feature in clusters:
        properties = feature["properties"]
        radius = rings[properties["site_id"]]
        text = f"{short_name(properties['name'])} · {with_prefix(properties['power_mw'] * 1e6, 'W')}"
        yield from _label(projection, position_of(feature), text, radius, taken, fill="ink", weight=600)
    for place in drawn.base.places:
        yield from _label(projection, place.position, place.name, 1.0, taken, fill="place", weight=400)


def _scale(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    """A bar of round kilometers, true at the latitude in the middle of the map, in the lower right corner."""
    middle = (drawn.view.north + drawn.view.south) / 2
    km_per_px = EARTH_RADIUS_KM * math.cos(math.radians(middle)) / projection.scale
    length_km = round_number(SCALE_PX * km_per_px)
    width, x, y = length_km / km_per_px, WIDTH_PX - 14, projection.height_px - 12
    frame = paints(stroke="ink")
    yield f'<path d="M{x - width:.1f} {y - 5:.1f}v5h{width:.1f}v-5" fill="none" {frame} stroke-width="1.6"/>'
    yield (
        f'<text x="{x - width / 2:.1f}" y="{y - 5:.1f}" font-size="11" text-anchor="middle" {_TEXT_HALO} '
        f"{paints(fill='ink', stroke='halo')}>{length_km:,g} km</text>"
    )


def _radius(drawn: ReportMap, site: Feature) -> float:
    """Radius in pixels of a site's ring: the area stands for the power on offer."""
    return max(2.5, drawn.radius_per_root_mw * math.sqrt(site["properties"]["power_mw"]))


def _around(point: tuple[float, float], radius: float) -> Box:
    return (point[0] - radius, point[1] - radius, point[0] + radius, point[1] + radius)


def _label(
    projection: Projection, position: Position, text: str, radius: float, taken: list[Box], *, fill: str, weight: int
) -> Iterator[str]:
    """Text to the right of a point, else to its left, above or below, else nothing."""
    width, (x, y) = len(text) * LETTER_WIDTH_PX[weight], projection.pixels(position)
    beside = ((x + radius + 4, y + 4), (x - radius - 4 - width, y + 4))
    for left, base in (*beside, (x - width / 2, y - radius - 6), (x - width / 2, y + radius + 14)):
        box = (left, base - 11, left + width, base + 4)
        outside = left < 0 or box[2] > WIDTH_PX or box[1] < 0 or box[3] > projection.height_px
        if outside or any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        yield (
            f'<text x="{left:.1f}" y="{base:.1f}" font-size="12" font-weight="{weight}" {_TEXT_HALO} '
            f"{paints(fill=fill, stroke='halo')}>{escape(text)}</text>"
        )
        return


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def short_name(name: str) -> str:
    """A name that fits beside a point."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _shown(features: Sequence[Feature]) -> list[Feature]:
    return [feature for feature in features if feature["geometry"] is not None]


def _path(geometry: Geometry, projection: Projection) -> str:
    """SVG path data of lines and polygons, in tenths of a pixel."""
    return "".join(_subpath(line, projection) for line in _rings(geometry))


def _rings(geometry: Geometry) -> Iterator[Any]:
    coordinates, kind = geometry["coordinates"], geometry["type"]
    if kind == "LineString":
        yield coordinates
    elif kind in ("MultiLineString", "Polygon"):
        yield from coordinates
    else:
        for polygon in coordinates:
            yield from polygon


def _subpath(line: Any, projection: Projection) -> str:
    points = [projection.pixels((lon, max(-85.0, min(85.0, lat)))) for lon, lat, *_ in line]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
