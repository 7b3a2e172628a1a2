"""The GeoJSON export against RFC 7946, against its own table of properties, and against figures worked out by hand."""

import json
import logging
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from geojson_validator import validate_geometries, validate_structure
from outputs.hand_made_plans import Case

from topodesign.domain.scenario import Scenario
from topodesign.outputs import LAYERS, PROPERTIES, geojson_bytes, plan_to_geojson
from topodesign.outputs.extent import bounding_box
from topodesign.outputs.properties import properties_of

Json = dict[str, Any]
KINDS = {"string": str, "integer": int, "number": float, "boolean": bool}


@pytest.fixture(params=["east", "pacific"])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def document(case: Case) -> Json:
    """As another program reads it: from the bytes."""
    parsed: Json = json.loads(geojson_bytes(plan_to_geojson(case.scenario, case.plan)), parse_constant=_refuse)
    return parsed


def _refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is no JSON number")


def of_layer(document: Json, layer: str) -> dict[str, Json]:
    return {feature["id"]: feature for feature in document["features"] if feature["properties"]["layer"] == layer}


def lines_and_rings(geometry: Json | None) -> Iterator[list[list[float]]]:
    """Every line and ring of a geometry."""
    kind = geometry["type"] if geometry else None
    coordinates = geometry["coordinates"] if geometry else []
    if kind == "LineString":
        yield coordinates
    elif kind in ("MultiLineString", "Polygon"):
        yield from coordinates
    elif kind == "MultiPolygon":
        for polygon in coordinates:
            yield from polygon


def positions(geometry: Json | None) -> Iterator[list[float]]:
    if geometry and geometry["type"] == "Point":
        yield geometry["coordinates"]
    for line in lines_and_rings(geometry):
        yield from line


def signed_area(ring: list[list[float]]) -> float:
    """Positive when the ring runs counterclockwise (shoelace formula)."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2


def test_an_independent_validator_finds_no_fault(document: Json) -> None:
    logging.getLogger("geojson_validator").setLevel(logging.CRITICAL)
    drawn = {**document, "features": [item for item in document["features"] if item["geometry"] is not None]}
    assert validate_structure(drawn) == {}
    found = validate_geometries(drawn)
    assert found["invalid"] == {}
    odd = found["problematic"]
    odd.pop("holes", None)  # the zone has one on purpose
    # the validator folds longitude 180 to -180 and so takes every part that ends there, as RFC 7946 has it, to cross;
    # test_no_line_jumps_across_the_map holds the law itself
    ends_at_180 = any(abs(lon) == 180 for item in drawn["features"] for lon, _ in positions(item["geometry"]))
    assert set(odd) == ({"crosses_antimeridian"} if ends_at_180 else set())


def test_positions_are_longitude_latitude_on_the_globe_with_at_most_six_decimals(document: Json) -> None:
    everywhere = [place for feature in document["features"] for place in positions(feature["geometry"])]
    assert everywhere
    for lon, lat in everywhere:
        assert -180 <= lon <= 180
        assert -90 <= lat <= 90
        assert (round(lon, 6), round(lat, 6)) == (lon, lat)


def test_no_line_jumps_across_the_map(document: Json) -> None:
    for feature in document["features"]:
        for line in lines_and_rings(feature["geometry"]):
            steps = [abs(end[0] - start[0]) for start, end in pairwise(line)]
            assert max(steps) <= 180, feature["id"]
            assert all(start != end for start, end in pairwise(line)), feature["id"]


def test_outer_rings_run_counterclockwise_and_holes_clockwise(document: Json) -> None:
    polygons = []
    for feature in document["features"]:
        geometry = feature["geometry"] or {"type": None}
        polygons += [geometry["coordinates"]] if geometry["type"] == "Polygon" else []
        polygons += geometry["coordinates"] if geometry["type"] == "MultiPolygon" else []
    assert polygons
    for outer, *holes in polygons:
        assert outer[0] == outer[-1]
        assert signed_area(outer) > 0
        assert all(signed_area(hole) < 0 for hole in holes)


def test_boxes_are_those_of_what_they_enclose(document: Json) -> None:
    geometries = [feature["geometry"] for feature in document["features"]]
    assert tuple(document["bbox"]) == bounding_box(geometries)
    for feature in document["features"]:
        if "bbox" in feature:
            south, north = feature["bbox"][1], feature["bbox"][3]
            assert (south, north) == (
                min(lat for _, lat in positions(feature["geometry"])),
                max(lat for _, lat in positions(feature["geometry"])),
            )


def test_the_box_of_the_pacific_plan_spans_the_antimeridian(pacific: Case) -> None:
    document = plan_to_geojson(pacific.scenario, pacific.plan)
    west, _, east, _ = document["bbox"]
    assert (west, east) == (139.7, -122.3)


def test_ids_are_unique_and_numbered_from_one(document: Json) -> None:
    ids = [feature["id"] for feature in document["features"]]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(item, str) for item in ids)
    numbers = [feature["properties"]["numeric_id"] for feature in document["features"]]
    assert numbers == list(range(1, len(ids) + 1))


def test_properties_are_exactly_those_of_the_table(document: Json, case: Case) -> None:
    things = (*case.scenario.sites, *case.scenario.zones, *case.scenario.segments, *case.scenario.junctions)
    of_input = {name for thing in things for name in thing.extra}
    for feature in document["features"]:
        properties = feature["properties"]
        table = properties_of(properties["layer"])
        assert [item.name for item in table] == list(properties)[: len(table)], feature["id"]
        assert {name.removeprefix("input_") for name in list(properties)[len(table) :]} <= of_input
        for item in table:
            value = properties[item.name]
            if value is None:
                assert item.nullable, (feature["id"], item.name)
            else:
                assert type(value) is KINDS[item.kind], (feature["id"], item.name, value)


def test_every_property_with_a_unit_names_it() -> None:
    endings = {
        "MW": "_mw", "USD": "_usd", "USD/MW": "_usd_per_mw", "USD/MWh": "_usd_per_mwh", "g/kWh": "_g_per_kwh",
        "km": "_km", "ms": "_ms", "Gbit/s": "_gbps", "W": "_w", "dB": "_db", "GHz": "_ghz",
            "h/year": "_hours_per_year",
    }  # fmt: skip
    for item in PROPERTIES:
        if item.unit not in ("", "1"):
            assert item.name.endswith(endings[item.unit]), item
        assert item.meaning


def test_properties_are_flat_and_finite(document: Json) -> None:
    for feature in document["features"]:
        for name, value in feature["properties"].items():
            assert isinstance(value, str | int | float | bool | None), (feature["id"], name)
            assert not isinstance(value, float) or math.isfinite(value)


def test_there_is_no_crs_member_and_the_file_says_what_it_is(document: Json, case: Case) -> None:
    assert "crs" not in document
    about = document["topodesign"]
    assert about["schema_version"] == 1
    assert about["scenario"] == case.scenario.name
    assert about["attribution"] == case.scenario.attribution
    assert about["cost_usd"] == case.plan.cost_usd


def test_the_same_plan_gives_the_same_bytes_whatever_the_order_of_its_rows(east: Case) -> None:
    scenario = east.scenario
    shuffled = Scenario(
        **{
            name: getattr(scenario, name)
            for name in scenario.__dataclass_fields__
            if name not in ("sites", "zones", "junctions", "segments")
        },
        sites=scenario.sites[::-1],
        zones=scenario.zones[::-1],
        junctions=scenario.junctions[::-1],
        segments=scenario.segments[::-1],
    )
    plan = replace(
        east.plan, sites=east.plan.sites[::-1], segments=east.plan.segments[::-1], links=east.plan.links[::-1]
    )
    first = geojson_bytes(plan_to_geojson(scenario, east.plan))
    assert geojson_bytes(plan_to_geojson(shuffled, plan)) == first


def test_zones_show_what_the_plan_draws_from_their_headroom(east: Case) -> None:
    zones = of_layer(plan_to_geojson(east.scenario, east.plan), "power_zones")
    # PJM: 2 sites x (3 x 4608 x 1875 W + 12 modules x 30 W) x 1.2 = 2 x 31.104432 MW of 80 MW
    pjm = zones["power_zones/PJM"]["properties"]
    assert pjm["used_mw"] == pytest.approx(62.208864)
    assert pjm["free_mw"] == pytest.approx(17.791136)
    assert pjm["used_share"] == pytest.approx(0.777611, abs=1e-6)
    assert (pjm["clusters"], pjm["accelerators"]) == (2, 27648)


def test_a_zone_without_headroom_has_no_share_and_one_without_shape_no_geometry(pacific: Case) -> None:
    zones = of_layer(plan_to_geojson(pacific.scenario, pacific.plan), "power_zones")
    assert zones["power_zones/BERING"]["properties"]["used_share"] is None
    assert zones["power_zones/JP"]["geometry"] is None


def test_lit_fiber_follows_its_given_route_from_a_to_b_else_the_geodesic(east: Case) -> None:
    fiber = of_layer(plan_to_geojson(east.scenario, east.plan), "fiber_segments")
    drawn = fiber["fiber_segments/columbus-pittsburgh"]  # given from b to a
    assert drawn["properties"]["drawn_as"] == "route"
    assert drawn["geometry"]["coordinates"][0] == [-83.0, 39.96]
    assert [-81.5, 40.1] in drawn["geometry"]["coordinates"]
    straight = fiber["fiber_segments/columbus-atlanta"]
    assert straight["properties"]["drawn_as"] == "geodesic"
    # 700.2 km apart (geodesic of WGS 84): 15 steps, so that none is above 50 km
    assert len(straight["geometry"]["coordinates"]) == 16


def test_lit_fiber_carries_the_lightpaths_over_it(east: Case) -> None:
    fiber = of_layer(plan_to_geojson(east.scenario, east.plan), "fiber_segments")
    properties = fiber["fiber_segments/columbus-pittsburgh"]["properties"]
    # 6 lightpaths of 400 Gbit/s and 150 GHz on one pair of 4800 GHz, which was lit before; 330 km = 5 spans
    assert (properties["lightpaths"], properties["capacity_gbps"]) == (6, 2400)
    assert (properties["pairs"], properties["new_pairs"], properties["most_pairs"]) == (1, 0, 1)
    assert properties["utilization"] == 0.1875
    assert (properties["spans"], properties["amplifiers"]) == (5, 4)
    assert fiber["fiber_segments/ashburn-pittsburgh"]["properties"]["conduits"] == "I-70;B&O"


def test_links_count_routes_and_lightpaths_stated_from_either_end(east: Case) -> None:
    links = of_layer(plan_to_geojson(east.scenario, east.plan), "links")
    properties = links["links/atl-1;iad-1;openroadm-400"]["properties"]
    assert (properties["lightpaths"], properties["routes"], properties["capacity_gbps"]) == (6, 1, 2400)
    assert properties["length_km"] == 1040  # 640 + 400
    assert properties["segment_ids"] == "ashburn-charlotte;charlotte-atlanta"
    # 1040 km x 1.468 / 299792.458 km/s = 5.0926 ms, and 5 us in each of two transmitter and receiver pairs
    assert properties["latency_ms"] == pytest.approx(5.1026, abs=1e-4)


def test_amplifiers_stand_at_the_ends_of_equal_spans(east: Case) -> None:
    amplifiers = of_layer(plan_to_geojson(east.scenario, east.plan), "amplifiers")
    # spans of 360, 330, 640, 400, 900 km at 80 km: 5, 5, 8, 5, 12, each with one amplifier place less
    assert len(amplifiers) == 4 + 4 + 7 + 4 + 11
    second = amplifiers["amplifiers/charlotte-atlanta;0002"]["properties"]
    assert (second["from_a_km"], second["amplifiers"]) == (160, 2)


def test_regeneration_is_shown_where_it_happens(east: Case) -> None:
    (node,) = of_layer(plan_to_geojson(east.scenario, east.plan), "regenerators").values()
    assert (node["id"], node["geometry"]["coordinates"]) == ("regenerators/clt", [-80.84, 35.23])
    assert (node["properties"]["lightpaths"], node["properties"]["transceivers"]) == (6, 12)


def test_a_hub_that_regenerates_draws_power_from_its_zone(east: Case) -> None:
    hub = replace(east.scenario.site_by_id["ric-1"], role="hub", pue=2.0)
    sites = tuple(hub if site.site_id == "ric-1" else site for site in east.scenario.sites)
    path = replace(east.plan.lightpaths[0], regenerations=("ric-1",))
    plan = replace(east.plan, lightpaths=(path, *east.plan.lightpaths[1:]))
    document = plan_to_geojson(replace(east.scenario, sites=sites), plan)
    # 6 lightpaths x 2 modules x 30 W x 2.0 = 720 W
    assert of_layer(document, "sites")["sites/ric-1"]["properties"]["used_mw"] == pytest.approx(0.00072)
    assert of_layer(document, "power_zones")["power_zones/PJM"]["properties"]["used_mw"] == pytest.approx(62.209584)


def test_columns_of_the_input_are_carried_on_and_never_replace_ours(east: Case) -> None:
    site = of_layer(plan_to_geojson(east.scenario, east.plan), "sites")["sites/iad-1"]["properties"]
    assert site["operator"] == "Operator, A"
    assert site["used"] is True
    assert site["input_used"] == "input column"


def test_all_candidate_sites_are_there_used_or_not(east: Case) -> None:
    document = plan_to_geojson(east.scenario, east.plan)
    used = {item["properties"]["site_id"]: item["properties"]["used"] for item in of_layer(document, "sites").values()}
    assert used == {"iad-1": True, "cmh-1": True, "atl-1": True, "ric-1": False}
    assert set(of_layer(document, "clusters")) == {"clusters/iad-1", "clusters/cmh-1", "clusters/atl-1"}


def test_a_plan_without_sites_still_shows_zones_and_candidates(east: Case) -> None:
    empty = replace(east.plan, status="infeasible", sites=(), links=(), lightpaths=(), segments=(), cost_usd=None)
    document = plan_to_geojson(east.scenario, empty)
    layers = [feature["properties"]["layer"] for feature in document["features"]]
    assert (layers.count("sites"), layers.count("power_zones"), len(layers)) == (4, 2, 6)
    assert document["topodesign"]["cost_usd"] is None


def test_sites_at_the_same_place_have_a_link_without_geometry(east: Case) -> None:
    moved = replace(east.scenario.site_by_id["cmh-1"], lon=-77.49, lat=39.04)
    sites = tuple(moved if site.site_id == "cmh-1" else site for site in east.scenario.sites)
    document = plan_to_geojson(replace(east.scenario, sites=sites), east.plan)
    assert of_layer(document, "links")["links/cmh-1;iad-1;openroadm-400"]["geometry"] is None


def test_layers_come_in_drawing_order(document: Json) -> None:
    order = [LAYERS.index(feature["properties"]["layer"]) for feature in document["features"]]
    assert order == sorted(order)
