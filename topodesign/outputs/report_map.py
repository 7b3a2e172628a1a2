"""What the report's map is drawn from: simplified layers in the unwrapped longitudes of one view."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Position, Scenario
from topodesign.outputs.base_layer import PAN_ROOM, BaseLayer, View, base_layer, view_of
from topodesign.outputs.extent import bounding_box
from topodesign.outputs.features import Feature, Geometry, features_by_layer
from topodesign.outputs.geodesics import cut_at_antimeridian
from topodesign.outputs.map_colors import DARK, LIGHT, theme_colors
from topodesign.outputs.map_comparison import SIDE_WORDS, MapComparison, compare_on_map, require_known
from topodesign.outputs.map_failures import MapFailure, MapFailures, failure_sentence, map_failures, percent_down
from topodesign.outputs.properties import LAYERS, Layer, properties_of
from topodesign.outputs.route_lines import route_line
from topodesign.outputs.zone_measures import IDLE_OPACITY, ZoneMeasure, zone_measures

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

SIMPLER_THAN = 2000
"""Detail finer than the view's larger side over this (about half a pixel) is left out of the report's map."""

FRAMED_LAYERS: tuple[Layer, ...] = ("fiber_segments", "links", "sites", "clusters")
"""What the first view has to show in full; zones may reach beyond it."""

LARGEST_RADIUS_PX = 21.0

UNLIT = "fiber_available"

WORLD: tuple[float, float, float, float] = (-180.0, -60.0, 180.0, 75.0)


@dataclass(frozen=True)
class ReportMap:
    """One view with its layers (GeoJSON features by layer name, without the columns of the input) and background."""

    view: View
    layers: dict[str, list[Feature]]
    base: BaseLayer
    radius_per_root_mw: float
    measures: tuple[ZoneMeasure, ...]
    failures: MapFailures
    comparison: MapComparison | None


def report_map(scenario: Scenario, plan: Plan, *, compared: Plan | None = None) -> ReportMap:
    """The layers of a plan, simplified to what a screen can show, around which the view is laid.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
    compared : Plan, optional
        Another plan over the same sites and segments, to be shown against this one.

    Raises
    ------
    InvalidInput
        When the compared plan, or a failure that the plan was verified against, names something that the scenario does
        not have (``REFERENCE_UNKNOWN``).
    """
    if compared is not None:
        require_known(scenario, plan, name="A")
        require_known(scenario, compared, name="B")
    exported = features_by_layer(scenario, plan)
    framed = [feature["geometry"] for layer in FRAMED_LAYERS for feature in exported[layer]]
    view = view_of(bounding_box(framed) or WORLD)
    tolerance = max(view.east - view.west, view.north - view.south) / SIMPLER_THAN
    layers: dict[str, list[Feature]] = {UNLIT: list(_unlit(scenario, plan, view, tolerance))}
    for layer in LAYERS:
        layers[layer] = [_for_screen(layer, feature, view, tolerance) for feature in exported[layer]]
    comparison = None
    if compared is not None:
        comparison = compare_on_map(
            scenario, exported, compared, lambda layer, feature: _for_screen(layer, feature, view, tolerance)
        )
    labeled = [tuple(feature["geometry"]["coordinates"]) for feature in layers["clusters"]]
    largest_mw = max((site.power_mw for site in scenario.sites), default=0.0)
    return ReportMap(
        view=view,
        layers=layers,
        base=base_layer(view, keep_clear=labeled),
        radius_per_root_mw=LARGEST_RADIUS_PX / math.sqrt(largest_mw) if largest_mw > 0 else 0.0,
        measures=zone_measures(layers["power_zones"]),
        failures=map_failures(scenario, plan),
        comparison=comparison,
    )


def payload(drawn: ReportMap) -> dict[str, Any]:
    """The map as JSON-ready data for the page's script."""
    link_numbers = _link_numbers(drawn)
    return {
        "view": list(drawn.view.box),
        "reach": list(drawn.view.widened(PAN_ROOM).box),
        "layers": drawn.layers,
        "base": {
            "land": [shape_geometry(shape, 2) for shape in drawn.base.land],
            "lakes": [shape_geometry(shape, 2) for shape in drawn.base.lakes],
            "places": [[place.name, *place.position] for place in drawn.base.places],
        },
        "radius_per_root_mw": round(drawn.radius_per_root_mw, 4),
        "most_pairs": max((feature["properties"]["pairs"] for feature in drawn.layers["fiber_segments"]), default=1),
        "most_gbps": max((feature["properties"]["capacity_gbps"] for feature in drawn.layers["links"]), default=1.0),
        "measures": [asdict(measure) for measure in drawn.measures],
        "idle_opacity": IDLE_OPACITY,
        "failures": [_failure_on_page(failure, link_numbers) for failure in drawn.failures.worst],
        "failures_checked": drawn.failures.checked,
        "whole_words": drawn.failures.whole_words,
        "comparison": None if drawn.comparison is None else _comparison_on_page(drawn.comparison),
        "themes": {"light": theme_colors(LIGHT), "dark": theme_colors(DARK)},
    }


def _link_numbers(drawn: ReportMap) -> dict[tuple[str, str, str], int]:
    """The numbers by which links are drawn, by ends and mode."""
    links = [feature["properties"] for feature in drawn.layers["links"]]
    return {(link["a"], link["z"], link["mode"]): link["numeric_id"] for link in links}


def _failure_on_page(failure: MapFailure, link_numbers: dict[tuple[str, str, str], int]) -> dict[str, Any]:
    """A failure for the page's script: links by their numbers, and the share of each that is left."""
    links = [[link_numbers[link.a, link.z, link.mode], link.left_gbps / link.whole_gbps] for link in failure.links]
    return {
        "name": failure.name,
        "share": "no limit" if failure.share is None else percent_down(failure.share),
        "words": failure_sentence(failure),
        "segments": failure.segments,
        "sites": failure.sites,
        "links": links,
    }


def _comparison_on_page(comparison: MapComparison) -> dict[str, Any]:
    return {
        "layers": comparison.layers,
        "counts": {layer: asdict(comparison.counts(layer)) for layer in comparison.layers},
        "sides": SIDE_WORDS,
    }


def _unlit(scenario: Scenario, plan: Plan, view: View, tolerance: float) -> Iterator[Feature]:
    """Fiber that the plan could have lit and did not, as thin lines of context."""
    lit = {segment.segment_id for segment in plan.segments}
    for number, segment in enumerate(scenario.segments):
        if segment.segment_id in lit:
            continue
        parts = cut_at_antimeridian(route_line(scenario, segment))
        if not parts:
            continue
        geometry = {"type": "MultiLineString", "coordinates": [[list(place) for place in part] for part in parts]}
        yield {
            "type": "Feature",
            "geometry": simplified(geometry, view, tolerance),
            "properties": {
                "layer": UNLIT,
                "numeric_id": number + 1,
                "segment_id": segment.segment_id,
                "a": segment.a,
                "b": segment.b,
                "length_km": segment.length_km,
                "most_pairs": segment.most_pairs,
                "to_build": segment.build_usd_per_km is not None,
            },
        }


def _for_screen(layer: Layer, feature: Feature, view: View, tolerance: float) -> Feature:
    known = {item.name for item in properties_of(layer)}
    properties = {name: value for name, value in feature["properties"].items() if name in known}
    geometry = feature["geometry"]
    return {
        "type": "Feature",
        "geometry": None if geometry is None else simplified(geometry, view, tolerance),
        "properties": properties,
    }


def simplified(geometry: Geometry, view: View, tolerance: float) -> Geometry:
    """The geometry in the view's longitudes, without detail below ``tolerance`` degrees."""
    from shapely.geometry import shape

    decimals = max(2, min(6, 1 - math.floor(math.log10(tolerance))))
    if geometry["type"] == "Point":
        lon, lat = geometry["coordinates"]
        return {"type": "Point", "coordinates": [round(view.unwrapped(lon), 6), lat]}
    drawn = shape(geometry)
    parts = [_into_view(part, view) for part in getattr(drawn, "geoms", [drawn])]
    return shape_geometry(_joined(parts).simplify(tolerance), decimals)


def _into_view(part: "BaseGeometry", view: View) -> "BaseGeometry":
    from shapely import affinity

    middle = (part.bounds[0] + part.bounds[2]) / 2
    return affinity.translate(part, xoff=view.unwrapped(middle) - middle)


def _joined(parts: Sequence["BaseGeometry"]) -> "BaseGeometry":
    """Lines side by side; polygons as one shape, so that no seam shows where they were cut."""
    from shapely import LineString, MultiLineString, union_all

    lines = [part for part in parts if isinstance(part, LineString)]
    return MultiLineString(lines) if lines else union_all([part for part in parts if part.geom_type == "Polygon"])


def shape_geometry(shape: "BaseGeometry", decimals: int) -> Geometry:
    """A shapely geometry as GeoJSON with rounded numbers; collections keep their polygons only."""
    from shapely.geometry import mapping

    if shape.geom_type == "GeometryCollection":
        shape = _joined([part for part in getattr(shape, "geoms", ()) if part.geom_type == "Polygon"])
    made = mapping(shape)
    return {"type": made["type"], "coordinates": _rounded(made["coordinates"], decimals)}


def _rounded(value: Any, decimals: int) -> Any:  # coordinates nest to a depth that depends on the geometry's type
    if isinstance(value, (tuple, list)):
        return [_rounded(item, decimals) for item in value]
    return round(value, decimals)


def position_of(feature: Feature) -> Position:
    """Longitude and latitude of a point feature."""
    lon, lat = feature["geometry"]["coordinates"]
    return (lon, lat)
