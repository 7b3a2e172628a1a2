"""What each foreign format becomes: places, lines, columns, and what is said about it."""

import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from importing.small_sources import (
    CAMPUS_COLUMNS,
    CAMPUSES,
    CARRIER_KML,
    SNDLIB_NATIVE,
    SNDLIB_XML,
    ZOO_GRAPHML,
    imported,
    written,
    zipped,
)
from pyproj import Geod

from topodesign.scenario import check_scenario, load_scenario
from topodesign.scenario.importing import ImportReport

WHOLE = {"power_mw": 100.0, "zone_headroom_mw": 1000.0}


def features(folder: Path, name: str) -> dict[str, dict[str, Any]]:
    """Properties by the first of them, the id."""
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    return {next(iter(item["properties"].values())): item["properties"] for item in document["features"]}


def note(report: ImportReport, words: str) -> str:
    (found,) = [sentence for sentence in report.notes if words in sentence]
    return found


@pytest.fixture(name="campuses")
def campuses_fixture(tmp_path: Path) -> Path:
    """A folder with the sites of the table."""
    imported("sites-csv", written(tmp_path, "campuses.csv", CAMPUSES), out=tmp_path / "net", columns=CAMPUS_COLUMNS)
    return tmp_path / "net"


def test_a_table_of_sites_keeps_every_column_under_our_name_or_its_own(tmp_path: Path) -> None:
    source = written(tmp_path, "campuses.csv", CAMPUSES)
    report = imported("sites-csv", source, out=tmp_path / "net", columns=CAMPUS_COLUMNS)
    sites = features(tmp_path / "net", "sites.geojson")
    assert sites["iad-1"] == {"site_id": "iad-1", "name": "Ashburn", "power_mw": 120, "Operator": "Operator A"}
    assert "Operator" not in sites["clt-1"]  # empty in the table
    assert {"power_mw: from column 'MW'", "lat: from column 'Latitude', by its usual name"} <= set(report.notes)
    assert (report.sites, report.junctions, report.segments) == (3, 0, 0)


def test_what_is_still_missing_is_what_check_says(tmp_path: Path) -> None:
    source = written(tmp_path, "campuses.csv", CAMPUSES)
    report = imported("sites-csv", source, out=tmp_path / "net", columns=CAMPUS_COLUMNS)
    assert {problem.file for problem in report.problems} == {"power_zones.geojson", "fiber.geojson"}
    assert tuple(check_scenario(tmp_path / "net")) == report.problems


def test_sites_without_an_id_are_called_by_their_names(tmp_path: Path) -> None:
    source = written(tmp_path, "s.csv", "name,lon,lat\nEast; one,-77,39\nEast; one,-78,39\n,-79,39\n")
    report = imported("sites-csv", source, out=tmp_path / "net")
    assert list(features(tmp_path / "net", "sites.geojson")) == ["East, one", "East, one-2", "unnamed"]
    assert "East, one-2" in note(report, "ids made of names")


def test_an_id_that_a_point_states_is_its_id_as_a_site_and_as_a_junction(tmp_path: Path) -> None:
    data = '<ExtendedData><Data name="site_id"><value>h7</value></Data></ExtendedData><Point>'
    text = CARRIER_KML.replace("<Folder>", HUT.replace("<Point>", data), 1)
    source = written(tmp_path, "carrier.kml", text)
    imported("fiber-kml", source, out=tmp_path / "one", nodes="sites")
    assert features(tmp_path / "one", "sites.geojson")["h7"] == {"site_id": "h7", "name": "Hut 7"}
    imported("fiber-kml", source, out=tmp_path / "two", nodes="junctions")
    assert features(tmp_path / "two", "junctions.geojson")["h7"] == {"node_id": "h7", "name": "Hut 7"}


def test_lines_of_a_map_join_the_sites_of_the_folder_within_the_tolerance(tmp_path: Path, campuses: Path) -> None:
    source = written(tmp_path, "carrier.kml", CARRIER_KML)
    report = imported("fiber-kml", source, out=campuses, columns={"pairs_available": "Pairs"})
    fiber = features(campuses, "fiber.geojson")
    north = fiber["Ashburn - Richmond"]
    assert (north["a"], north["b"], north["pairs_available"]) == ("iad-1", "ric-1", 96)
    # Charlotte is 556 m from where the second line ends: beyond 100 m, so a junction of its own, and told of
    assert fiber["Richmond - Charlotte"]["b"] == "+35.227100-080.837000"
    assert note(report, "ends of lines: tolerance").startswith(
        "ends of lines: tolerance 100 m; 3 of 4 joined to sites and points, the others to each other in 1 new junction"
    )
    direct_m = Geod(ellps="WGS84").inv(-80.8370, 35.2271, -80.8431, 35.2271)[2]
    assert direct_m == pytest.approx(556, abs=1)
    assert f"Richmond - Charlotte at {-int(-direct_m // 1)} m from clt-1" in note(report, "beyond the tolerance")


def test_a_wider_tolerance_joins_the_last_end_and_says_how_far_it_was(tmp_path: Path, campuses: Path) -> None:
    source = written(tmp_path, "carrier.kmz", zipped(doc__kml=CARRIER_KML, files__png=b"x"))
    report = imported("fiber-kml", source, out=campuses, tolerance_m=600)
    assert features(campuses, "fiber.geojson")["Richmond - Charlotte"]["b"] == "clt-1"
    assert report.junctions == 0
    assert "the farthest was 555." in note(report, "ends of lines")


def test_what_of_a_map_is_not_taken_is_said(tmp_path: Path, campuses: Path) -> None:
    report = imported("fiber-kml", written(tmp_path, "carrier.kml", CARRIER_KML), out=campuses)
    assert note(report, "network link") == "carrier.kml: 1 network link not followed; save what is behind as a file"
    assert "1 polygon left out" in note(report, "polygon")
    assert "2 segments" in note(report, "length_km: of no source")


def test_a_missing_length_is_the_geodesic_along_the_line(tmp_path: Path, campuses: Path) -> None:
    imported("fiber-kml", written(tmp_path, "carrier.kml", CARRIER_KML), out=campuses, **_zone())
    segment = load_scenario(campuses).segment_by_id["Ashburn - Richmond"]
    drawn = [(-77.4874, 39.0438), (-77.46, 38.30), (-77.4360, 37.54095)]
    assert segment.geometry == tuple(drawn)
    assert segment.length_km == pytest.approx(Geod(ellps="WGS84").line_length(*zip(*drawn, strict=True)) / 1e3)


def _zone() -> dict[str, Any]:
    return {"tolerance_m": 600, "zone_headroom_mw": 400.0}


HUT = "<Placemark><name>Hut 7</name><Point><coordinates>-79.1,36.2,0</coordinates></Point></Placemark><Folder>"
ALONG = "Richmond - Charlotte"


def test_a_line_that_passes_a_point_is_told_and_left_whole(tmp_path: Path, campuses: Path) -> None:
    source = written(tmp_path, "carrier.kml", CARRIER_KML.replace("<Folder>", HUT, 1))
    report = imported("fiber-kml", source, out=campuses)
    assert note(report, "lines pass").endswith(f"--cut joins them: Hut 7 on {ALONG} (0.0 m)")
    assert features(campuses, "fiber.geojson")[ALONG]["a"] == "ric-1"


def test_a_line_is_cut_where_it_passes_a_point_and_its_length_is_shared_out(tmp_path: Path, campuses: Path) -> None:
    text = CARRIER_KML.replace("<Folder>", HUT, 1).replace('name="Pairs">48', 'name="Km">1000')
    source = written(tmp_path, "carrier.kml", text)
    report = imported("fiber-kml", source, out=campuses, cut=True, columns={"length_km": "Km"})
    fiber = features(campuses, "fiber.geojson")
    first, second = fiber[f"{ALONG} (1)"], fiber[f"{ALONG} (2)"]
    assert (first["a"], first["b"], second["a"]) == ("ric-1", "Hut 7", "Hut 7")
    assert first["length_km"] + second["length_km"] == pytest.approx(1000)
    geod = Geod(ellps="WGS84")
    legs = [geod.inv(-77.4360, 37.5407, -79.1, 36.2)[2], geod.inv(-79.1, 36.2, -80.8370, 35.2271)[2]]
    assert first["length_km"] == pytest.approx(1000 * legs[0] / sum(legs), rel=1e-9)
    assert f"lines cut at 1 node that they pass: Hut 7 on {ALONG} (0.0 m)" in report.notes


def test_points_of_a_map_are_sites_where_the_folder_has_none(tmp_path: Path) -> None:
    source = written(tmp_path, "carrier.kml", CARRIER_KML.replace("<Folder>", HUT, 1))
    imported("fiber-kml", source, out=tmp_path / "one")
    assert list(features(tmp_path / "one", "sites.geojson")) == ["Hut 7"]
    imported("fiber-kml", source, out=tmp_path / "two", nodes="junctions")
    assert "Hut 7" in features(tmp_path / "two", "junctions.geojson")
    assert not (tmp_path / "two" / "sites.geojson").exists()


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
@pytest.mark.parametrize("as_archive", [False, True])
def test_a_shapefile_is_read_in_its_reference_system(
    tmp_path: Path, campuses: Path, crs: str, as_archive: bool
) -> None:
    lines = [
        shapely.LineString([(-77.4874, 39.0438), (-77.4360, 37.5407)]),
        shapely.MultiLineString(
            [[(-77.4360, 37.5407), (-79.1, 36.2)], [(-79.1, 36.2), (-80.8431, 35.2271)]]
        ),
    ]  # fmt: skip
    frame = geopandas.GeoDataFrame({"NAME": ["north", "south"], "PAIRS": [96, 48]}, geometry=lines, crs=4326)
    (tmp_path / "shape").mkdir()
    frame.to_crs(crs).to_file(tmp_path / "shape" / "routes.shp")
    source = tmp_path / "shape" / "routes.shp"
    if as_archive:
        parts = {file.name.replace(".", "__"): file.read_bytes() for file in (tmp_path / "shape").iterdir()}
        source = written(tmp_path, "routes.zip", zipped(**parts))
    report = imported("fiber-shapefile", source, out=campuses, columns={"pairs_available": "PAIRS"}, tolerance_m=1)
    fiber = features(campuses, "fiber.geojson")
    assert [(item["a"], item["b"], item["pairs_available"]) for item in fiber.values()] == [
        ("iad-1", "ric-1", 96), ("ric-1", "+36.200000-079.100000", 48), ("+36.200000-079.100000", "clt-1", 48),
    ]  # fmt: skip
    assert list(fiber) == ["north", "south", "south-2"]
    reprojected = [sentence for sentence in report.notes if "reprojected from EPSG:3857" in sentence]
    assert len(reprojected) == (crs == "EPSG:3857")


def test_a_topology_becomes_a_scenario_that_can_be_planned(tmp_path: Path) -> None:
    source = written(tmp_path, "Zoo.graphml", ZOO_GRAPHML)
    report = imported("graphml", source, out=tmp_path / "zoo", columns={"length_km": "route_km"}, **WHOLE)
    assert report.problems == ()
    scenario = load_scenario(tmp_path / "zoo")
    assert {site.site_id for site in scenario.sites} == {"New York", "Chicago", "Washington DC", "Washington DC-2"}
    assert scenario.segment_by_id["Chicago--New York"].length_km == 1600
    assert scenario.segment_by_id["Chicago--New York"].extra == {"LinkLabel": "OC-192"}
    # great circle x 1.3 where neither length nor line is given, as in every scenario
    assert any("ESTIMATED as great circle x 1.3" in sentence for sentence in report.assumptions)


def test_what_a_topology_lacks_is_left_out_by_name(tmp_path: Path) -> None:
    report = imported("graphml", written(tmp_path, "Zoo.graphml", ZOO_GRAPHML), out=tmp_path / "zoo", **WHOLE)
    assert note(report, "without position") == "1 node without position left out: Peering"
    assert "1 line left out with a node that has no position" in note(report, "that has no position")
    assert "1 line left out that begin and end at the same node" in note(report, "same node")
    assert "New York to Washington DC (2)" in note(report, "parallel segments")
    assert note(report, "power_mw") == "power_mw: 100 for 4 sites that the sources give none, by --power-mw"


@pytest.mark.parametrize("content", [SNDLIB_NATIVE, SNDLIB_XML], ids=["native", "xml"])
def test_both_formats_of_sndlib_give_the_same_network(tmp_path: Path, content: str) -> None:
    source = written(tmp_path, "triangle", content)
    report = imported("sndlib", source, out=tmp_path / "net", gbps_per_unit=2.0, **WHOLE)
    scenario = load_scenario(tmp_path / "net")
    assert [(item.segment_id, item.a, item.b) for item in scenario.segments] == [
        ("L1", "Berlin", "Hamburg"), ("L2", "Berlin", "Munich"), ("L3", "Hamburg", "Munich"),
    ]  # fmt: skip
    assert (scenario.site_by_id["Hamburg"].lon, scenario.site_by_id["Hamburg"].lat) == (10.0, 53.55)
    # two demands of 195 and 5 units between the same ends at 2 Gbit/s a unit
    assert {(item.a, item.b): item.gbps for item in scenario.traffic} == {
        ("Berlin", "Hamburg"): 400, ("Munich", "Berlin"): 80,
    }  # fmt: skip
    assert scenario.workload.demand == "matrix"
    assert report.demands == 2


def test_demands_without_a_unit_are_left_out_and_the_option_is_named(tmp_path: Path) -> None:
    report = imported("sndlib", written(tmp_path, "triangle.txt", SNDLIB_NATIVE), out=tmp_path / "net", **WHOLE)
    assert "--demand-gbps-per-unit" in note(report, "demands left out")
    assert not (tmp_path / "net" / "demand.csv").exists()
    assert load_scenario(tmp_path / "net").workload.demand == "all-reduce"


def test_several_sources_make_one_network(tmp_path: Path) -> None:
    one = written(tmp_path, "one.kml", CARRIER_KML)
    # another carrier goes on from 30 m north of where the first ends
    other = CARRIER_KML.replace("-80.8370,35.2271", "-82.5,35.6").replace("-77.4360,37.5407 ", "-80.8370,35.22737 ")
    two = written(tmp_path, "two.kml", other.replace("Richmond - Charlotte", "Charlotte - Asheville"))
    imported("fiber-kml", one, two, out=tmp_path / "net")
    fiber = features(tmp_path / "net", "fiber.geojson")
    assert fiber["Charlotte - Asheville"]["a"] == fiber["Richmond - Charlotte"]["b"]
    assert "Ashburn - Richmond-2" in fiber


def test_the_begun_settings_say_what_is_an_example(tmp_path: Path) -> None:
    report = imported("graphml", written(tmp_path, "Zoo.graphml", ZOO_GRAPHML), out=tmp_path / "zoo", **WHOLE)
    text = (tmp_path / "zoo" / "scenario.toml").read_text(encoding="utf-8")
    assert text.count("# EXAMPLE") == 2
    assert "put your own" in note(report, "scenario.toml")
