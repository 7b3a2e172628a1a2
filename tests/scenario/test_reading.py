"""What a sound scenario becomes: formats, defaults, lengths, zones, digests, graph; files that are not followed."""

import io
import itertools
import json
import random
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from pyproj import Transformer

from topodesign.domain.scenario import Scenario
from topodesign.scenario import check_scenario, load_scenario, read_scenario_files, scenario_digest
from topodesign.scenario.graph import fiber_multigraph


def table(features: list[dict[str, Any]], *, with_position: bool) -> bytes:
    """GeoJSON features as CSV."""
    rows = [dict(item["properties"]) for item in features]
    if with_position:
        for row, item in zip(rows, features, strict=True):
            row["lon"], row["lat"] = item["geometry"]["coordinates"]
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names)] + [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return "\r\n".join(lines).encode("utf-8-sig")


def geopackage(features: list[dict[str, Any]], *, crs: str, layer: str = "data") -> bytes:
    """GeoJSON features as a GeoPackage in another reference system."""
    frame = geopandas.GeoDataFrame.from_features(features, crs="EPSG:4326").to_crs(crs)
    buffer = io.BytesIO()
    frame.to_file(buffer, driver="GPKG", layer=layer)
    return buffer.getvalue()


def graphml(features: list[dict[str, Any]]) -> bytes:
    """Segments as GraphML."""
    edges = "".join(
        f'<edge id="{item["properties"]["segment_id"]}" source="{item["properties"]["a"]}" '
        f'target="{item["properties"]["b"]}"><data key="d0">{item["properties"]["length_km"]}</data></edge>'
        for item in features
    )
    return (
        '<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        '<key id="d0" for="edge" attr.name="length_km" attr.type="double"/>'
        f'<graph edgedefault="undirected">{edges}</graph></graphml>'
    ).encode()


def core(scenario: Scenario) -> tuple[object, ...]:
    """What must not depend on the file format."""
    return (
        [
            (site.site_id, site.zone_id, site.power_mw, round(site.lon, 9), round(site.lat, 9))
            for site in scenario.sites
        ],
        [(zone.zone_id, zone.headroom_mw) for zone in scenario.zones],
        [(segment.segment_id, segment.a, segment.b, segment.length_km) for segment in scenario.segments],
    )


def test_sites_take_their_zone_by_position(draft: Any) -> None:
    scenario = read_scenario_files(draft.files())
    assert [(site.site_id, site.zone_id) for site in scenario.sites] == [("a", "west"), ("b", "west"), ("c", "east")]
    assert "zone_id: by position for 3 sites" in scenario.assumptions


def test_a_junction_outside_of_all_zones_takes_the_nearest(draft: Any) -> None:
    # Junction j at longitude -99 is half a degree north of "west", whose border with "east" runs at -98.5.
    scenario = read_scenario_files(draft.files())
    assert scenario.junctions[0].zone_id == "west"
    assert "zone_id: in no zone, so the nearest one is taken for 1 junction" in scenario.assumptions


def test_used_defaults_are_counted_per_column(draft: Any) -> None:
    draft.sites[0]["properties"]["pue"] = 1.1
    scenario = read_scenario_files(draft.files())
    assert "pue: default 1.2 for 2 sites" in scenario.assumptions
    assert "pairs_available: default 144 for 4 segments" in scenario.assumptions
    assert scenario.sites[0].pue == 1.1 and scenario.sites[1].pue == 1.2


def test_length_comes_from_the_geometry_where_it_is_not_given(draft: Any) -> None:
    # One degree of longitude at latitude 40 on the WGS 84 ellipsoid is 85.39 km along the parallel
    # (a cos(phi) / sqrt(1 - e^2 sin^2(phi)) x pi / 180 = 85.394 km); the geodesic is a few meters shorter.
    del draft.fiber[0]["properties"]["length_km"]
    scenario = read_scenario_files(draft.files())
    assert scenario.segment_by_id["ab"].length_km == pytest.approx(85.394, abs=0.01)
    assert "length_km: measured along the geometry (geodesic) for 1 segment" in scenario.assumptions


def test_length_without_geometry_is_great_circle_times_1_3_and_flagged(draft: Any) -> None:
    del draft.fiber[0]["properties"]["length_km"]
    draft.fiber[0]["geometry"] = None
    scenario = read_scenario_files(draft.files())
    assert scenario.segment_by_id["ab"].length_km == pytest.approx(1.3 * 85.394, abs=0.02)
    assert any("ESTIMATED as great circle x 1.3" in text and "(ab)" in text for text in scenario.assumptions)


def test_a_length_below_the_great_circle_is_kept_and_flagged(draft: Any) -> None:
    draft.fiber[0]["properties"]["length_km"] = 53  # miles, perhaps
    scenario = read_scenario_files(draft.files())
    assert scenario.segment_by_id["ab"].length_km == 53
    assert any("shorter than the great circle" in text and "(ab)" in text for text in scenario.assumptions)


def test_conduits_are_split_and_default_to_the_segment(draft: Any) -> None:
    draft.fiber[0]["properties"]["conduits"] = "rail; bridge ;rail"
    draft.fiber[1]["properties"]["conduits"] = ["bridge"]
    scenario = read_scenario_files(draft.files())
    assert [scenario.segment_by_id[name].conduits for name in ("ab", "bc", "cj")] == [
        ("bridge", "rail"),
        ("bridge",),
        ("cj",),
    ]


def test_unknown_columns_are_kept(draft: Any) -> None:
    draft.sites[0]["properties"] |= {"owner": "me", "floors": 3, "tags": ["x", "y"]}
    assert read_scenario_files(draft.files()).sites[0].extra == {"floors": 3, "owner": "me", "tags": '["x", "y"]'}


def test_whole_number_ids_are_text(draft: Any) -> None:
    draft.sites[0]["properties"]["site_id"] = 7
    for row, column in ((0, "a"), (3, "b")):
        draft.fiber[row]["properties"][column] = 7
    scenario = read_scenario_files(draft.files())
    assert "7" in scenario.site_by_id and scenario.segment_by_id["ab"].a == "7"


def test_csv_and_graphml_give_the_same_as_geojson(draft: Any) -> None:
    expected = core(read_scenario_files(draft.files()))
    draft.replaced |= {
        "sites.geojson": None,
        "sites.csv": table(draft.sites, with_position=True),
        "fiber.geojson": None,
        "fiber.graphml": graphml(draft.fiber),
    }
    assert core(read_scenario_files(draft.files())) == expected


def test_csv_zones_need_zone_ids_on_the_sites(draft: Any) -> None:
    draft.replaced |= {"power_zones.geojson": None, "power_zones.csv": table(draft.zones, with_position=False)}
    assert {problem.reason for problem in draft.problems()} == {"SITE_IN_NO_ZONE"}
    for site in draft.sites:
        site["properties"]["zone_id"] = "west"
    assert draft.problems() == ()


@pytest.mark.parametrize(
    ("data", "row", "reason"),
    [
        (b"site_id,power_mw,lon,lat\na,50,-100\n", 1, "CSV_INVALID"),
        (b"site_id,power_mw,lon,lat\na,fifty,-100,40\n", 1, "TYPE_WRONG"),
        (b"site_id,power_mw,lon,lat\na,nan,-100,40\n", 1, "NUMBER_NOT_FINITE"),
        (b"site_id,power_mw,lon,lat\na,1_0,-100,40\n", 1, "TYPE_WRONG"),
        (b"site_id,power_mw,lon,lat\na,50,,40\n", 1, "GEOMETRY_MISSING"),
        (b"site_id,power_mw,lon,lat\na,50,west,40\n", 1, "GEOMETRY_INVALID"),
        (b"site_id,power_mw,power_mw,lon,lat\na,50,50,-100,40\n", None, "COLUMN_REPEATED"),
        (b'site_id,power_mw,lon,lat\n"a,50,-100,40\n', None, "CSV_INVALID"),
    ],
)
def test_faults_in_csv_are_located(draft: Any, data: bytes, row: int | None, reason: str) -> None:
    draft.replaced |= {"sites.geojson": None, "sites.csv": data}
    assert ("sites.csv", row, reason) in {(p.file, p.row, p.reason) for p in draft.problems()}


def test_a_geopackage_in_a_stated_reference_system_is_reprojected(draft: Any) -> None:
    expected = core(read_scenario_files(draft.files()))
    draft.replaced |= {
        "sites.geojson": None,
        "sites.gpkg": geopackage(draft.sites, crs="EPSG:5070"),
        "power_zones.geojson": None,
        "power_zones.gpkg": geopackage(draft.zones, crs="EPSG:4326"),
    }
    scenario = read_scenario_files(draft.files())
    assert core(scenario) == expected
    assert "sites.gpkg: reprojected from EPSG:5070 to WGS 84" in scenario.assumptions


def test_styles_that_qgis_stored_in_a_geopackage_are_no_layer_of_it(draft: Any, tmp_path: Path) -> None:
    expected = core(read_scenario_files(draft.files()))
    path = tmp_path / "sites.gpkg"
    path.write_bytes(geopackage(draft.sites, crs="EPSG:4326", layer="campuses"))
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, styleQML TEXT)")
        connection.execute("INSERT INTO gpkg_contents (table_name, data_type) VALUES ('layer_styles', 'attributes')")
    draft.replaced |= {"sites.geojson": None, "sites.gpkg": path.read_bytes()}
    assert core(read_scenario_files(draft.files())) == expected


def test_a_geopackage_without_reference_system_is_refused(draft: Any) -> None:
    frame = geopandas.GeoDataFrame.from_features(draft.sites)
    buffer = io.BytesIO()
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(buffer, driver="GPKG", layer="sites")
    draft.replaced |= {"sites.geojson": None, "sites.gpkg": buffer.getvalue()}
    assert ("sites.gpkg", "CRS_UNKNOWN") in {(problem.file, problem.reason) for problem in draft.problems()}


def test_a_geopackage_that_is_something_else_is_not_opened(draft: Any, tmp_path: Path) -> None:
    # A virtual-format text of the geodata library would have it open the path inside.
    secret = tmp_path / "secret.csv"
    secret.write_text("site_id,power_mw\n")
    layer = f"<OGRVRTLayer name='sites'><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>"
    virtual = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    draft.replaced |= {"sites.geojson": None, "sites.gpkg": virtual.encode()}
    problem = next(problem for problem in draft.problems() if problem.file == "sites.gpkg")
    assert problem.reason == "GEOPACKAGE_INVALID" and "secret" not in problem.message


def test_a_damaged_geopackage_is_refused(draft: Any) -> None:
    whole = geopackage(draft.sites, crs="EPSG:4326")
    draft.replaced |= {"sites.geojson": None, "sites.gpkg": whole[:100]}
    assert ("sites.gpkg", "GEOPACKAGE_INVALID") in {(problem.file, problem.reason) for problem in draft.problems()}


def test_graphml_with_entities_is_refused(draft: Any) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "b">]><graphml>&a;</graphml>'
    draft.replaced |= {"fiber.geojson": None, "fiber.graphml": bomb}
    assert ("fiber.graphml", "GRAPHML_INVALID") in {(problem.file, problem.reason) for problem in draft.problems()}


@pytest.mark.parametrize(
    "name", ["EPSG:3857", "urn:ogc:def:crs:EPSG::3857", "http://www.opengis.net/def/crs/EPSG/0/3857"]
)
def test_geojson_in_a_stated_reference_system_is_reprojected(draft: Any, name: str) -> None:
    transformer = Transformer.from_crs(4326, 3857, always_xy=True)
    for site in draft.sites:
        site["geometry"]["coordinates"] = list(transformer.transform(*site["geometry"]["coordinates"]))
    draft.extra_members["sites.geojson"] = {"crs": {"type": "name", "properties": {"name": name}}}
    scenario = read_scenario_files(draft.files())
    assert (scenario.sites[0].lon, scenario.sites[0].lat) == pytest.approx((-100, 40))
    assert any("reprojected from EPSG:3857" in text for text in scenario.assumptions)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_geojson_that_states_wgs_84_is_read_as_it_is(draft: Any, name: str) -> None:
    draft.extra_members["sites.geojson"] = {"crs": {"type": "name", "properties": {"name": name}}}
    scenario = read_scenario_files(draft.files())
    assert not any("reprojected" in text for text in scenario.assumptions)


@pytest.mark.parametrize(
    "crs",
    [
        None,
        {"type": "name", "properties": {"name": "EPSG:999999"}},
        {"type": "name", "properties": {"name": "+proj=utm +zone=14 +nadgrids=/etc/passwd"}},
        {"type": "link", "properties": {"href": "file:///etc/passwd"}},
    ],
)
def test_geojson_in_an_unknown_reference_system_is_refused(draft: Any, crs: object) -> None:
    draft.extra_members["sites.geojson"] = {"crs": crs}
    problems = [problem for problem in draft.problems() if problem.file == "sites.geojson"]
    assert [(problem.field, problem.reason) for problem in problems] == [("crs", "CRS_UNKNOWN")]


def test_a_multipolygon_zone_holds_sites_in_each_part(draft: Any) -> None:
    parts = [item["geometry"]["coordinates"] for item in draft.zones]
    draft.zones = [{**draft.zones[0], "geometry": {"type": "MultiPolygon", "coordinates": parts}}]
    # The two rectangles share a border, which makes one polygon of many parts invalid: move one away from it.
    parts[1][0] = [[-98.4, 39], [-97, 39], [-97, 41], [-98.4, 41], [-98.4, 39]]
    scenario = read_scenario_files(draft.files())
    assert {site.zone_id for site in scenario.sites} == {"west"}


def test_folder_and_upload_give_the_same_scenario(draft: Any, folder_of: Callable[[Mapping[str, bytes]], Path]) -> None:
    folder = folder_of({**draft.files(), "README.md": b"ignored", "plan.json": b"{"})
    assert load_scenario(folder) == read_scenario_files(draft.files())
    assert check_scenario(folder) == ()


def test_the_folder_names_a_scenario_without_name(draft: Any, folder_of: Callable[[Mapping[str, bytes]], Path]) -> None:
    draft.settings = draft.settings.replace('name = "triangle"', "")
    assert load_scenario(folder_of(draft.files())).name == "scenario"


def test_digest_does_not_depend_on_the_order_of_rows(draft: Any) -> None:
    expected = scenario_digest(read_scenario_files(draft.files()))
    shuffler = random.Random(0)
    for _ in range(5):
        for features in (draft.sites, draft.zones, draft.fiber):
            shuffler.shuffle(features)
        assert scenario_digest(read_scenario_files(draft.files())) == expected


def test_digest_does_not_depend_on_how_a_number_is_written(draft: Any) -> None:
    expected = scenario_digest(read_scenario_files(draft.files()))
    draft.sites[0]["properties"]["power_mw"] = 50.0
    draft.settings = draft.settings.replace("1e12", "1000000000000.0").replace("= 1.0", "= 1")
    assert scenario_digest(read_scenario_files(draft.files())) == expected


def test_hours_of_curtailment_are_read_and_change_the_digest(draft: Any) -> None:
    without = read_scenario_files(draft.files())
    name = draft.zones[0]["properties"]["zone_id"]
    assert all((zone.curtailed_hours_per_year, zone.firm_share) == (0, 0) for zone in without.zones)
    assert not any("curtailed" in line for line in without.assumptions)
    draft.zones[0]["properties"] |= {"curtailed_hours_per_year": 200, "firm_share": 0.3}
    found = read_scenario_files(draft.files())
    zone = found.zone_by_id[name]
    assert (zone.curtailed_hours_per_year, zone.firm_share) == (200, 0.3)
    assert scenario_digest(found) != scenario_digest(without)


def test_digest_changes_with_any_content(draft: Any) -> None:
    changes: list[Callable[[Any], object]] = [
        lambda d: None,
        lambda d: d.sites[0]["properties"].update(power_mw=51),
        lambda d: d.zones[0]["properties"].update(headroom_mw=101),
        lambda d: d.junctions[0]["properties"].update(regeneration=False),
        lambda d: d.fiber[0]["properties"].update(length_km=101),
        lambda d: setattr(d, "settings", d.settings + "[policy]\nmin_sites = 2\n"),
    ]
    digests = []
    for change in changes:
        changed = draft.copy()
        change(changed)
        digests.append(scenario_digest(read_scenario_files(changed.files())))
    assert all(first != second for first, second in itertools.combinations(digests, 2))


def test_graph_keeps_parallel_segments_apart(draft: Any) -> None:
    draft.fiber.append(json.loads(json.dumps(draft.fiber[0])))
    draft.fiber[-1]["properties"]["segment_id"] = "ab-2"
    graph = fiber_multigraph(read_scenario_files(draft.files()))
    assert set(graph["a"]["b"]) == {"ab", "ab-2"}
    assert graph["a"]["b"]["ab-2"]["length_km"] == 100
    assert graph.nodes["j"]["kind"] == "junction" and graph.nodes["a"]["kind"] == "site"


def test_positions_match_what_shapely_reads(draft: Any) -> None:
    scenario = read_scenario_files(draft.files())
    for segment, item in zip(
        scenario.segments, sorted(draft.fiber, key=lambda f: f["properties"]["segment_id"]), strict=True
    ):
        assert list(segment.geometry) == list(shapely.geometry.shape(item["geometry"]).coords)
