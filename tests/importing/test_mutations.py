"""Sources with bytes changed, lost and doubled: an import ends with a report or with located problems, nothing else."""

import tempfile
from pathlib import Path

import geopandas
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from importing.small_sources import (
    CAMPUSES,
    CARRIER_KML,
    SNDLIB_NATIVE,
    SNDLIB_XML,
    ZOO_GRAPHML,
    imported,
    written,
    zipped,
)

from topodesign.domain.errors import InvalidScenario

INSERTED = (b"nan", b"1e999", b"-", b"9" * 30, b";", b"\x00", b"<", b"&", b'"', b"\xc3\xbc", b"\xff")
# where (a share of the length), what is done there, how much of it
changes = st.lists(
    st.tuples(st.floats(0, 0.999), st.sampled_from(["set", "cut", "double", "insert"]), st.integers(0, 255)),
    min_size=1,
    max_size=5,
)


def changed(data: bytes, edits: list[tuple[float, str, int]]) -> bytes:
    mutable = bytearray(data)
    for share, what, amount in edits:
        place = int(share * len(mutable))
        if what == "set" and mutable:
            mutable[place] = amount
        elif what == "cut":
            del mutable[place : place + amount % 30]
        elif what == "double":
            mutable[place:place] = mutable[place : place + amount % 40]
        else:
            mutable[place:place] = INSERTED[amount % len(INSERTED)]
    return bytes(mutable)


def ends_well(kind: str, source: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        try:
            report = imported(
                kind,  # type: ignore[arg-type]
                written(folder, "source", source),
                out=folder / "net",
                power_mw=10.0,
                zone_headroom_mw=100.0,
                gbps_per_unit=1.0,
                cut=True,
            )
        except InvalidScenario as error:
            assert all(problem.file and problem.message for problem in error.problems)
            assert not (folder / "net").exists()
        else:
            assert all(file.is_file() for file in report.files)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("sites-csv", CAMPUSES),
        ("fiber-kml", CARRIER_KML),
        ("graphml", ZOO_GRAPHML),
        ("sndlib", SNDLIB_NATIVE),
        ("sndlib", SNDLIB_XML),
    ],
)
@settings(max_examples=25, deadline=None)
@given(edits=changes)
def test_text_that_was_damaged(kind: str, source: str, edits: list[tuple[float, str, int]]) -> None:
    ends_well(kind, changed(source.encode(), edits))


@settings(max_examples=25, deadline=None)
@given(edits=changes)
def test_an_archive_that_was_damaged(edits: list[tuple[float, str, int]]) -> None:
    ends_well("fiber-kml", changed(zipped(doc__kml=CARRIER_KML), edits))


@pytest.fixture(scope="module", name="parts")
def parts_fixture(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("shape")
    lines = [shapely.LineString([(0, 0), (1, 1)]), shapely.LineString([(1, 1), (2, 3)])]
    geopandas.GeoDataFrame({"NAME": ["a", "b"]}, geometry=lines, crs=4326).to_file(folder / "routes.shp")
    return {file.name.replace(".", "__"): file.read_bytes() for file in folder.iterdir()}


@settings(max_examples=25, deadline=None)
@given(part=st.sampled_from(["shp", "shx", "dbf", "prj", "cpg"]), edits=changes)
def test_a_shapefile_that_was_damaged(parts: dict[str, bytes], part: str, edits: list[tuple[float, str, int]]) -> None:
    name = f"routes__{part}"
    ends_well("fiber-shapefile", zipped(**{**parts, name: changed(parts[name], edits)}))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_shapefile_without_any_column_is_read(parts: dict[str, bytes], tmp_path: Path) -> None:
    without = {**parts, "routes__dbf": b"\x03" + bytes(7) + (33).to_bytes(2, "little") + bytes(22) + b"\r\x1a"}
    source = written(tmp_path, "routes.zip", zipped(**without))
    assert imported("fiber-shapefile", source, out=tmp_path / "net").segments == 2
