"""The map as a drawing (SVG): shown where the interactive one cannot run, and on paper."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from topodesign.outputs import map_colors
from topodesign.outputs.base_layer import View
from topodesign.outputs.chart_style import with_prefix
from topodesign.outputs.features import Feature, Geometry
from topodesign.outputs.report_map import UNLIT, ReportMap, position_of, shape_geometry

WIDTH_PX = 1000.0
TALLEST = 0.9
"""Height over width at most."""

Box = tuple[float, float, float, float]
LONGEST_NAME = 30
LETTER_WIDTH_PX = {400: 6.6, 600: 7.4}
"""Of the label font at 12 px, by weight; a little generous."""


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
    """The map as one ``<svg>`` element with inline attributes only; every text is escaped."""
    projection = Projection(drawn.view)
    size = f"{WIDTH_PX:g} {projection.height_px:.0f}"
    parts = [
        f'<svg class="static-map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" '
        f'font-family="system-ui, sans-serif" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH_PX:g}" height="{projection.height_px:.0f}" fill="{map_colors.WATER}"/>',
        *_background(drawn, projection),
        *_zones(drawn, projection),
        *_lines(drawn, projection),
        *_points(drawn, projection),
        *_labels(drawn, projection),
        "</svg>",
    ]
    return "\n".join(parts)


def _background(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    land, water, border = map_colors.LAND, map_colors.WATER, map_colors.BORDER
    for shape in drawn.base.land:
        path = _path(shape_geometry(shape, 2), projection)
        yield f'<path d="{path}" fill="{land}" stroke="{border}" stroke-width="0.7"/>'
    for shape in drawn.base.lakes:
        yield f'<path d="{_path(shape_geometry(shape, 2), projection)}" fill="{water}"/>'


def _zones(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    for feature in _shown(drawn.layers["power_zones"]):
        properties = feature["properties"]
        share = properties["used_share"] or 0.0
        color = map_colors.ramp_color(map_colors.ZONE_RAMP, share)
        yield (
            f'<path d="{_path(feature["geometry"], projection)}" fill="{color}" fill-opacity="{zone_opacity(share):g}" '
            f'stroke="#9a6b1e" stroke-opacity="0.55" stroke-width="0.9" fill-rule="evenodd">'
            f"<title>{escape(properties['name'])}: {properties['used_mw']:,.1f} of {properties['headroom_mw']:,.0f} MW"
            "</title></path>"
        )


def zone_opacity(share: float) -> float:
    """Zones that the plan leaves alone stay pale."""
    return 0.42 if share > 0 else 0.2


def _lines(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    for feature in _shown(drawn.layers[UNLIT]):
        path, color = _path(feature["geometry"], projection), map_colors.AVAILABLE_FIBER
        yield f'<path d="{path}" fill="none" stroke="{color}" stroke-width="0.8"/>'
    lit = _shown(drawn.layers["fiber_segments"])
    most = max((feature["properties"]["pairs"] for feature in lit), default=1)
    for feature in lit:
        properties = feature["properties"]
        color = map_colors.ramp_color(map_colors.FIBER_RAMP, properties["utilization"])
        width = 1.8 + 5.2 * math.sqrt(properties["pairs"] / most)
        yield (
            f'<path d="{_path(feature["geometry"], projection)}" fill="none" stroke="{color}" '
            f'stroke-width="{width:.1f}" stroke-linecap="round" stroke-linejoin="round">'
            f"<title>{escape(properties['segment_id'])}: {properties['pairs']} pairs, "
            f"{properties['utilization']:.0%} of the spectrum</title></path>"
        )
    for feature in _shown(drawn.layers["links"]):
        path = _path(feature["geometry"], projection)
        yield f'<path d="{path}" fill="none" stroke="{map_colors.LINK}" stroke-width="1.4" stroke-dasharray="2 4"/>'


def _points(drawn: ReportMap, projection: Projection) -> Iterator[str]:
    for feature in drawn.layers["sites"]:
        x, y = projection.pixels(position_of(feature))
        radius = _radius(drawn, feature)
        color = map_colors.HUB if feature["properties"]["role"] == "hub" else map_colors.CANDIDATE
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#ffffff" fill-opacity="0.35" stroke="{color}" '
            f'stroke-width="1.2"><title>{escape(feature["properties"]["name"])}</title></circle>'
        )
    for feature in drawn.layers["regenerators"]:
        x, y = projection.pixels(position_of(feature))
        color = map_colors.REGENERATOR
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{color}" stroke="#ffffff" stroke-width="1.2"/>'
    for feature in drawn.layers["clusters"]:
        x, y = projection.pixels(position_of(feature))
        radius = max(4.0, drawn.radius_per_root_mw * math.sqrt(feature["properties"]["power_mw"]))
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{map_colors.CLUSTER}" stroke="#ffffff" '
            'stroke-width="1.5"/>'
        )


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
        yield from _label(projection.pixels(position_of(feature)), text, radius, taken, color="#1f2933", weight=600)
    for place in drawn.base.places:
        yield from _label(projection.pixels(place.position), place.name, 1.0, taken, color="#7b8794", weight=400)


def _radius(drawn: ReportMap, site: Feature) -> float:
    """Radius in pixels of a site's ring: the area stands for the power on offer."""
    return max(2.5, drawn.radius_per_root_mw * math.sqrt(site["properties"]["power_mw"]))


def _around(point: tuple[float, float], radius: float) -> Box:
    return (point[0] - radius, point[1] - radius, point[0] + radius, point[1] + radius)


def _label(
    point: tuple[float, float], text: str, radius: float, taken: list[Box], *, color: str, weight: int
) -> Iterator[str]:
    """Text to the right of a point, else to its left, else nothing."""
    width, y = len(text) * LETTER_WIDTH_PX[weight], point[1] + 4
    for x in (point[0] + radius + 4, point[0] - radius - 4 - width):
        box = (x, y - 11, x + width, y + 4)
        if x < 0 or box[2] > WIDTH_PX or any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        yield (
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" font-weight="{weight}" fill="{color}" stroke="#ffffff" '
            f'stroke-width="3" stroke-linejoin="round" paint-order="stroke">{escape(text)}</text>'
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
