"""Sources that are wrong, hostile or in the way: refused with file, feature, value and remedy, and nothing written."""

import io
import os
import struct
import zipfile
from pathlib import Path

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

from topodesign.domain.errors import Conflict, InvalidInput, InvalidScenario, Problem
from topodesign.scenario.importing import ImportOptions, Kind, files, parse_columns

BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"""


def problems_of(kind: Kind, *sources: Path, out: Path, **options: object) -> tuple[Problem, ...]:
    with pytest.raises(InvalidScenario) as caught:
        imported(kind, *sources, out=out, **options)
    assert not out.exists()
    return caught.value.problems


@pytest.mark.parametrize("head", [BOMB, OUTSIDE])
@pytest.mark.parametrize(
    ("kind", "body"), [("fiber-kml", CARRIER_KML), ("graphml", ZOO_GRAPHML), ("sndlib", SNDLIB_XML)]
)
def test_document_types_are_refused_before_any_entity_is_expanded(
    tmp_path: Path, kind: Kind, body: str, head: str
) -> None:
    text = head + body.partition("?>")[2].replace("<node", "<node x='&a;'", 1)
    (problem,) = problems_of(kind, written(tmp_path, "source.xml", text), out=tmp_path / "net")
    assert problem.reason in ("KML_INVALID", "GRAPHML_INVALID", "SNDLIB_INVALID")
    assert "document type declarations" in problem.message


def test_a_kmz_that_unpacks_without_end_is_refused_within_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "DATA_LIMIT_BYTES", 1_000_000)
    bomb = written(tmp_path, "bomb.kmz", zipped(doc__kml=b" " * 50_000_000))
    assert bomb.stat().st_size < 100_000
    (problem,) = problems_of("fiber-kml", bomb, out=tmp_path / "net")
    assert problem.reason == "ARCHIVE_TOO_LARGE"
    assert "1,000,000 bytes" in problem.message


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(doc__kml=CARRIER_KML))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 10)  # uncompressed size in the directory
    (problem,) = problems_of("fiber-kml", written(tmp_path, "lie.kmz", bytes(data)), out=tmp_path / "net")
    assert problem.reason in ("ARCHIVE_INVALID", "KML_INVALID")


def test_an_archive_of_very_many_files_is_refused(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for number in range(files.MOST_ENTRIES + 1):
            bundle.writestr(f"{number}.png", b"")
    (problem,) = problems_of("fiber-kml", written(tmp_path, "many.kmz", archive.getvalue()), out=tmp_path / "net")
    assert (problem.reason, "1,001 files" in problem.message) == ("ARCHIVE_TOO_LARGE", True)


def test_a_file_above_the_limit_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "DATA_LIMIT_BYTES", 100)
    (problem,) = problems_of("fiber-kml", written(tmp_path, "large.kml", CARRIER_KML), out=tmp_path / "net")
    assert (problem.file, problem.reason) == ("large.kml", "FILE_TOO_LARGE")


def test_elements_nested_without_end_are_refused(tmp_path: Path) -> None:
    text = "<kml>" + "<Folder>" * 100_000
    (problem,) = problems_of("fiber-kml", written(tmp_path, "deep.kml", text), out=tmp_path / "net")
    assert "nested more than 200 levels" in problem.message


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc to see connections")
def test_network_links_and_addresses_are_not_opened(tmp_path: Path) -> None:
    import sys

    opened = []
    active = [True]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if active[0] and event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
            opened.append((event, arguments))

    sys.addaudithook(watch)
    try:
        imported("fiber-kml", written(tmp_path, "carrier.kml", CARRIER_KML), out=tmp_path / "net")
    finally:
        active[0] = False
    assert opened == []


def test_every_fault_of_a_source_is_told_by_its_file_and_feature(tmp_path: Path) -> None:
    table = CAMPUSES.replace(",120,", ",lots,").replace("37.5407,-77.4360", "137.5,-277.4")
    found = problems_of("sites-csv", written(tmp_path, "c.csv", table), out=tmp_path / "net", columns=CAMPUS_COLUMNS)
    assert [(item.file, item.row, item.field, item.reason) for item in found] == [
        ("c.csv", 2, "geometry", "COORDINATES_OUT_OF_RANGE"),
        ("c.csv", 1, "power_mw", "TYPE_WRONG"),
    ]
    assert "site 'iad-1': power_mw is 'lots', but it must be a number; correct it" in found[1].message


def test_a_value_that_a_scenario_refuses_is_told_by_the_row_of_the_source(tmp_path: Path) -> None:
    source = written(tmp_path, "c.csv", CAMPUSES.replace(",60,", ",-60,"))
    (problem,) = problems_of("sites-csv", source, out=tmp_path / "net", columns=CAMPUS_COLUMNS)
    assert (problem.file, problem.row, problem.field, problem.reason) == ("c.csv", 3, "power_mw", "NUMBER_NEGATIVE")
    assert "site 'clt-1'" in problem.message and "at least 0" in problem.message


def test_an_id_that_the_source_states_twice_is_refused_and_not_renamed(tmp_path: Path) -> None:
    source = written(tmp_path, "c.csv", "site_id,lon,lat,power_mw\na,-77,39,1\na,-78,39,1\n")
    (problem,) = problems_of("sites-csv", source, out=tmp_path / "net")
    assert (problem.file, problem.row, problem.reason) == ("c.csv", 2, "DUPLICATE_ID")


def test_a_column_that_no_feature_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    source = written(tmp_path, "c.csv", CAMPUSES)
    columns = {**CAMPUS_COLUMNS, "power_mw": "Mw at meter", "fixed_capex_usd": "Operater"}
    found = problems_of("sites-csv", source, out=tmp_path / "net", columns=columns)
    assert {item.reason for item in found} == {"COLUMN_MISSING"}
    assert any("did you mean 'Operator'?" in item.message for item in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("power", "OURS=THEIRS"),
        ("=MW", "OURS=THEIRS"),
        ("power_mv=MW", "did you mean 'power_mw'"),
    ],
)
def test_a_wrong_mapping_of_columns_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        parse_columns([text])
    with pytest.raises(InvalidInput, match="given twice"):
        parse_columns(["power_mw=A", "power_mw=B"])


@pytest.mark.parametrize("tolerance_m", [-1.0, float("nan"), 1e9])
def test_a_tolerance_beyond_its_range_is_refused(tolerance_m: float) -> None:
    with pytest.raises(InvalidInput, match="--tolerance-m"):
        ImportOptions(tolerance_m=tolerance_m)


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("fiber-kml", "<kml><Document/></kml>", "FILE_EMPTY"),
        ("fiber-kml", "<kml><Document>", "KML_INVALID"),
        ("fiber-kml", zipped(readme__txt="x"), "KML_INVALID"),
        ("fiber-kml", b"PK\x03\x04 broken", "ARCHIVE_INVALID"),
        ("fiber-kml", CARRIER_KML.replace("37.54095", "abc"), "GEOMETRY_INVALID"),
        ("fiber-kml", CARRIER_KML.replace("-79.1,36.2", "39.1,-136.2"), "COORDINATES_SWAPPED"),
        ("fiber-shapefile", "no shape", "FILE_MISSING"),
        ("fiber-shapefile", zipped(a__shp=b"x", b__shp=b"x"), "SHAPEFILE_INVALID"),
        ("fiber-shapefile", zipped(a__shp=b"x", a__shx=b"x", a__dbf=b"x"), "SHAPEFILE_INVALID"),
        ("graphml", "<graphml/>", "FILE_EMPTY"),
        ("graphml", ZOO_GRAPHML.replace('target="1"', 'target="9"', 1), "REFERENCE_UNKNOWN"),
        ("sndlib", "hello", "SNDLIB_INVALID"),
        ("sndlib", SNDLIB_NATIVE.replace("Berlin Munich", "Berlin"), "SNDLIB_INVALID"),
        ("sndlib", SNDLIB_NATIVE.replace("D3 ( Munich", "D3 ( Paris"), "REFERENCE_UNKNOWN"),
        ("sndlib", SNDLIB_NATIVE.replace("13.40 52.52", "359.00 375.00"), "COORDINATES_OUT_OF_RANGE"),
        ("sndlib", SNDLIB_NATIVE.partition("LINKS")[0], "SNDLIB_INVALID"),
        ("sndlib", SNDLIB_XML.replace('"geographical"', '"pixel"'), "SNDLIB_INVALID"),
        ("sndlib", SNDLIB_XML.replace("195.0", "many"), "TYPE_WRONG"),
        ("sites-csv", "lon,lat\n", "FILE_EMPTY"),
        ("sites-csv", "name,lon\na,1\n", "VALUE_MISSING"),
        ("sites-csv", b"\xff\xfe", "ENCODING_INVALID"),
        ("sites-csv", "", "FILE_EMPTY"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    tmp_path: Path, kind: Kind, content: str | bytes, reason: str
) -> None:
    found = problems_of(kind, written(tmp_path, "source.any", content), out=tmp_path / "net")
    assert [(item.file, item.reason) for item in found] == [("source.any", reason)]


def test_a_shapefile_of_unknown_reference_system_is_refused(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"n": [1]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=4326)
    frame.to_file(tmp_path / "routes.shp")
    (tmp_path / "routes.prj").unlink()
    (problem,) = problems_of("fiber-shapefile", tmp_path / "routes.shp", out=tmp_path / "net")
    assert problem.reason == "CRS_UNKNOWN"


def test_what_calls_itself_a_shapefile_is_not_opened_as_something_else(tmp_path: Path) -> None:
    inside = b"<OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>"
    virtual = b"<OGRVRTDataSource>" + inside + b"</OGRVRTDataSource>"
    archive = zipped(a__shp=virtual, a__shx=b"", a__dbf=b"")
    (problem,) = problems_of("fiber-shapefile", written(tmp_path, "a.zip", archive), out=tmp_path / "net")
    assert problem.reason == "SHAPEFILE_INVALID"


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    imported("sites-csv", written(tmp_path, "c.csv", CAMPUSES), out=tmp_path / "net", columns=CAMPUS_COLUMNS)
    return tmp_path / "net"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_that_are_there_stay_unless_they_may_be_replaced(tmp_path: Path, folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(Conflict, match="--force") as caught:
        imported("sites-csv", written(tmp_path, "d.csv", CAMPUSES), out=folder, columns=CAMPUS_COLUMNS)
    assert caught.value.reason == "FILE_EXISTS"
    assert contents(folder) == before
    shorter = written(tmp_path, "d.csv", CAMPUSES.rpartition("clt-1")[0])
    report = imported("sites-csv", shorter, out=folder, columns=CAMPUS_COLUMNS, replace=True)
    assert report.sites == 2
    assert contents(folder)["sites.geojson"] != before["sites.geojson"]
    assert contents(folder)["scenario.toml"] == before["scenario.toml"]  # the planner's own by now


def test_another_file_of_the_same_kind_is_never_replaced(tmp_path: Path, folder: Path) -> None:
    (folder / "sites.geojson").rename(folder / "sites.csv")
    with pytest.raises(Conflict, match="ambiguous; move it away"):
        imported("sites-csv", tmp_path / "c.csv", out=folder, columns=CAMPUS_COLUMNS, replace=True)


def test_fiber_imported_again_takes_its_old_junctions_along(tmp_path: Path, folder: Path) -> None:
    source = written(tmp_path, "carrier.kml", CARRIER_KML)
    imported("fiber-kml", source, out=folder)
    assert (folder / "junctions.geojson").exists()
    imported("fiber-kml", source, out=folder, tolerance_m=600, replace=True)
    assert not (folder / "junctions.geojson").exists()


def test_a_failure_while_writing_leaves_the_folder_as_it_was(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)
    real_replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if self.name == "junctions.geojson":
            raise PermissionError(13, "refused")
        return real_replace(self, target)

    monkeypatch.setattr(Path, "replace", refusing)
    with pytest.raises(InvalidInput, match="cannot be written"):
        imported("fiber-kml", written(tmp_path, "carrier.kml", CARRIER_KML), out=folder)
    assert contents(folder) == before


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net").write_text("mine")
    with pytest.raises(Conflict, match="is no folder"):
        imported("sites-csv", written(tmp_path, "c.csv", CAMPUSES), out=tmp_path / "net", columns=CAMPUS_COLUMNS)
    assert (tmp_path / "net").read_text() == "mine"


def test_the_same_sources_give_the_same_bytes_whatever_the_order_of_time(tmp_path: Path) -> None:
    source = written(tmp_path, "carrier.kml", CARRIER_KML)
    for name in ("one", "two"):
        imported("fiber-kml", source, out=tmp_path / name / "net")
        os.utime(source, (0, 0))
    assert contents(tmp_path / "one" / "net") == contents(tmp_path / "two" / "net")
