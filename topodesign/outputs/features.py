"""The layers of a plan as GeoJSON features, one function per layer."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scalar, Scenario
from topodesign.outputs.amplifier_sites import AmplifierSite, amplifier_sites_of
from topodesign.outputs.extent import bounding_box
from topodesign.outputs.geodesics import (
    Line,
    cut_at_antimeridian,
    densified,
    distance_km,
    rounded_degrees,
)
from topodesign.outputs.network_load import (
    capacity_by_site,
    lightpaths_of,
    lightpaths_on_segments,
    power_by_site,
    transceivers_by_node,
)
from topodesign.outputs.polygons import polygon_geometry
from topodesign.outputs.properties import LAYERS, Layer, properties_of
from topodesign.outputs.route_lines import drawn_as, route_line

Feature = dict[str, Any]  # GeoJSON
Geometry = dict[str, Any]
Properties = dict[str, Scalar]

NUMBER_DECIMALS = 6


@dataclass(frozen=True)
class MapSource:
    """Scenario, plan and the sums over its lightpaths that several layers show."""

    scenario: Scenario
    plan: Plan

    @cached_property
    def catalog(self) -> Catalog:
        return load_catalog(self.scenario.catalog_overrides)

    @cached_property
    def power_mw(self) -> Mapping[str, float]:
        return power_by_site(self.scenario, self.plan, self.catalog)

    @cached_property
    def amplifier_sites(self) -> tuple[AmplifierSite, ...]:
        return amplifier_sites_of(self.scenario, self.plan, self.catalog)

    @cached_property
    def segment_load(self) -> Mapping[str, tuple[int, float]]:
        return lightpaths_on_segments(self.plan)


def features_by_layer(scenario: Scenario, plan: Plan) -> dict[Layer, list[Feature]]:
    """Features of every layer in drawing order; within a layer sorted by id."""
    source = MapSource(scenario, plan)
    makers = {
        "power_zones": power_zones,
        "fiber_segments": fiber_segments,
        "links": links,
        "amplifiers": amplifiers,
        "amplifier_sites": amplifier_sites,
        "regenerators": regenerators,
        "sites": sites,
        "clusters": clusters,
    }
    number = 0
    layers: dict[Layer, list[Feature]] = {}
    for layer in LAYERS:
        layers[layer] = []
        for thing, geometry, properties, extra in sorted(makers[layer](source), key=lambda item: item[0]):
            number += 1
            layers[layer].append(_feature(layer, number, thing, geometry, properties, extra))
    return layers


Made = tuple[str, Geometry | None, Properties, Mapping[str, Scalar]]


def power_zones(source: MapSource) -> Iterator[Made]:
    """Zones with what the plan draws from their headroom."""
    scenario, plan = source.scenario, source.plan
    for zone in scenario.zones:
        inside = [site.site_id for site in scenario.sites if site.zone_id == zone.zone_id]
        used_mw = math.fsum(source.power_mw.get(site_id, 0.0) for site_id in inside)
        placed = [cluster for cluster in plan.sites if cluster.id in inside]
        yield (
            zone.zone_id,
            polygon_geometry(zone.polygons),
            {
                "zone_id": zone.zone_id,
                "name": zone.name or zone.zone_id,
                "utility": zone.utility or None,
                "headroom_mw": zone.headroom_mw,
                "used_mw": used_mw,
                "free_mw": zone.headroom_mw - used_mw,
                "used_share": _share(used_mw, zone.headroom_mw),
                "clusters": len(placed),
                "accelerators": sum(cluster.accelerators for cluster in placed),
                "energy_usd_per_mwh": zone.energy_usd_per_mwh,
                "carbon_g_per_kwh": zone.carbon_g_per_kwh,
                "availability": zone.availability,
                "curtailed_hours_per_year": zone.curtailed_hours_per_year,
                "firm_share": zone.firm_share,
            },
            zone.extra,
        )


def fiber_segments(source: MapSource) -> Iterator[Made]:
    """Lit fiber along its given route, else along the geodesic between its ends."""
    for lit in source.plan.segments:
        segment = source.scenario.segment_by_id[lit.segment_id]
        count, gbps = source.segment_load.get(lit.segment_id, (0, 0.0))
        yield (
            lit.segment_id,
            _line_geometry(route_line(source.scenario, segment)),
            {
                "segment_id": lit.segment_id,
                "a": segment.a,
                "b": segment.b,
                "length_km": segment.length_km,
                "pairs": lit.pairs,
                "new_pairs": max(0, lit.pairs - segment.lit_pairs),
                "most_pairs": segment.most_pairs,
                "built": lit.built,
                "spans": lit.spans,
                "amplifiers": lit.amplifiers,
                "utilization": lit.utilization,
                "lightpaths": count,
                "capacity_gbps": gbps,
                "fiber_type": segment.fiber_type,
                "conduits": ";".join(segment.conduits),
                "drawn_as": drawn_as(segment),
            },
            segment.extra,
        )


def links(source: MapSource) -> Iterator[Made]:
    """Logical links as geodesics from site to site."""
    for link in source.plan.links:
        ends = (source.scenario.position(link.a), source.scenario.position(link.z))
        paths = lightpaths_of(link, source.plan)
        yield (
            ";".join((link.a, link.z, link.mode)),
            _line_geometry(densified(ends)),
            {
                "a": link.a,
                "z": link.z,
                "mode": link.mode,
                "lightpaths": link.lightpaths,
                "capacity_gbps": link.capacity_gbps,
                "routes": len({frozenset(path.segments) for path in paths}),
                "length_km": link.length_km,
                "geodesic_km": distance_km(*ends),
                "latency_ms": max((path.latency_ms for path in paths), default=None),
                "gsnr_db": link.gsnr_db,
                "margin_db": link.margin_db,
                "spectrum_ghz": link.spectrum_ghz,
                "pairs": link.pairs,
                "amplifiers": link.amplifiers,
                "segment_ids": ";".join(sorted({segment for path in paths for segment in path.segments})),
                "drawn_as": "geodesic",
            },
            {},
        )


def amplifiers(source: MapSource) -> Iterator[Made]:
    """In-line amplifier places: the ends of equal spans, measured along the drawn line."""
    for hut in source.amplifier_sites:
        for place in hut.places:
            yield (
                place.id,
                _point_geometry(place.lon, place.lat),
                {
                    "segment_id": place.segment_id,
                    "position": place.number,
                    "from_a_km": place.from_a_km,
                    "amplifiers": place.amplifiers,
                    "amplifier_site": hut.id,
                    "drawn_as": place.drawn_as,
                },
                {},
            )


def amplifier_sites(source: MapSource) -> Iterator[Made]:
    """Huts of in-line amplifiers, shared within a conduit."""
    for hut in source.amplifier_sites:
        yield (
            hut.id,
            _point_geometry(hut.lon, hut.lat),
            {
                "hut_id": hut.id,
                "conduits": ";".join(hut.conduits),
                "segment_ids": ";".join(hut.segments),
                "pairs": hut.pairs,
                "amplifiers": hut.amplifiers,
                "amplifier_power_w": hut.amplifier_power_w,
                "feed_power_w": hut.feed_power_w,
                "apart_km": hut.apart_km,
                "drawn_as": hut.drawn_as,
            },
            {},
        )


def regenerators(source: MapSource) -> Iterator[Made]:
    """Hubs and junctions with transceivers back to back."""
    counts: dict[str, int] = {}
    for (node_id, _), count in transceivers_by_node(source.plan.lightpaths).regenerations.items():
        counts[node_id] = counts.get(node_id, 0) + count
    for node_id, count in counts.items():
        hub = source.scenario.site_by_id.get(node_id)
        node = hub or source.scenario.junction_by_id[node_id]
        yield (
            node_id,
            _point_geometry(node.lon, node.lat),
            {
                "node_id": node_id,
                "name": node.name or node_id,
                "node_kind": "hub" if hub is not None else "junction",
                "lightpaths": count // 2,
                "transceivers": count,
            },
            node.extra,
        )


def sites(source: MapSource) -> Iterator[Made]:
    """All candidate sites."""
    pods = {cluster.id: cluster.pods for cluster in source.plan.sites}
    for site in source.scenario.sites:
        yield (
            site.site_id,
            _point_geometry(site.lon, site.lat),
            {
                "site_id": site.site_id,
                "name": site.name or site.site_id,
                "zone_id": site.zone_id,
                "role": site.role,
                "used": site.site_id in pods,
                "power_mw": site.power_mw,
                "used_mw": source.power_mw.get(site.site_id, 0.0),
                "pue": site.pue,
                "pods": pods.get(site.site_id, 0),
                "min_pods": site.min_pods,
                "max_pods": site.max_pods,
                "fixed_capex_usd": site.fixed_capex_usd,
                "capex_usd_per_mw": site.capex_usd_per_mw,
                "required": site.required,
                "forbidden": site.forbidden,
                "in_service_year": site.in_service_year,
            },
            site.extra,
        )


def clusters(source: MapSource) -> Iterator[Made]:
    """The sites that the plan uses."""
    attached = capacity_by_site(source.plan)
    for cluster in source.plan.sites:
        site = source.scenario.site_by_id[cluster.id]
        neighbors, gbps = attached.get(cluster.id, (0, 0.0))
        yield (
            cluster.id,
            _point_geometry(site.lon, site.lat),
            {
                "site_id": cluster.id,
                "name": site.name or cluster.id,
                "zone_id": cluster.zone_id,
                "pods": cluster.pods,
                "accelerators": cluster.accelerators,
                "power_mw": cluster.power_mw,
                "power_share": _share(cluster.power_mw, site.power_mw),
                "links": neighbors,
                "link_gbps": gbps,
                "fabric": source.scenario.size.fabric,
            },
            {},
        )


def _feature(
    layer: Layer,
    number: int,
    thing: str,
    geometry: Geometry | None,
    properties: Properties,
    extra: Mapping[str, Scalar],
) -> Feature:
    own = {item.name: item.kind for item in properties_of(layer)}
    carried = {f"input_{name}" if name in own else name: extra[name] for name in sorted(extra)}
    merged = {"layer": layer, "numeric_id": number, **properties, **carried}
    feature: Feature = {"type": "Feature", "id": f"{layer}/{thing}"}
    box = bounding_box([geometry])
    if geometry is not None and geometry["type"] != "Point" and box is not None:
        feature["bbox"] = list(box)
    feature["geometry"] = geometry
    feature["properties"] = {
        name: plain(float(value) if own.get(name) == "number" and isinstance(value, int) else value)
        for name, value in merged.items()
    }
    return feature


def plain(value: Scalar) -> Scalar:
    """The value as JSON may hold it: floats rounded to six decimals, none of them NaN or infinite."""
    if isinstance(value, float):
        return round(value, NUMBER_DECIMALS) + 0.0 if math.isfinite(value) else None
    return value


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _point_geometry(lon: float, lat: float) -> Geometry:
    return {"type": "Point", "coordinates": [rounded_degrees(lon), rounded_degrees(lat)]}


def _line_geometry(line: Line) -> Geometry | None:
    """A line string, in several parts where it crosses the antimeridian; null when it has no length."""
    parts = [[list(position) for position in part] for part in cut_at_antimeridian(line)]
    if not parts:
        return None
    if len(parts) == 1:
        return {"type": "LineString", "coordinates": parts[0]}
    return {"type": "MultiLineString", "coordinates": parts}
