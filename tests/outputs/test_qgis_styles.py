"""Styles in the GeoPackage, read back as QGIS looks for them: by GDAL, by SQL, and as XML."""

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import geopandas
import pyogrio
import pytest
from outputs.hand_made_plans import Case

from topodesign.outputs import LAYERS, plan_to_geodataframes, write_geopackage
from topodesign.outputs.geodataframes import GEOMETRY_TYPES
from topodesign.outputs.properties import properties_of

SYMBOLS = {"Point": "marker", "MultiLineString": "line", "MultiPolygon": "fill"}


@pytest.fixture(scope="module", name="package")
def package_fixture(east: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("styled") / "plan.gpkg"
    write_geopackage(plan_to_geodataframes(east.scenario, east.plan), path)
    return path


@pytest.fixture(scope="module", name="styles")
def styles_fixture(package: Path) -> dict[str, ElementTree.Element]:
    """Parsed by layer, found by the query that QGIS makes for the default style of a layer."""
    query = (
        "SELECT styleQML FROM layer_styles WHERE f_table_schema='' AND f_table_name=? AND f_geometry_column=? "
        "ORDER BY CASE WHEN useAsDefault THEN 1 ELSE 2 END, update_time DESC LIMIT 1"
    )
    with sqlite3.connect(package) as connection:
        columns = dict(connection.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        found = {layer: connection.execute(query, (layer, columns[layer])).fetchone()[0] for layer in LAYERS}
    return {layer: ElementTree.fromstring(text) for layer, text in found.items()}


def expressions(style: ElementTree.Element) -> Iterator[str]:
    """Every expression of a style: of rules, and of what differs by feature."""
    yield from (rule.get("filter", "") for rule in style.iter("rule"))
    yield from (option.get("value", "") for option in style.iter("Option") if option.get("name") == "expression")


def sizes(style: ElementTree.Element, key: str) -> set[str]:
    """Expressions that are active for a property of the symbols (``size``, ``outlineWidth``)."""
    return {
        entry.find("Option[@name='expression']").get("value", "")  # type: ignore[union-attr]
        for entry in style.iter("Option")
        if entry.get("name") == key and entry.find("Option[@name='active'][@value='true']") is not None
    }


def test_the_table_is_registered_as_attributes_so_that_gdal_lists_it_without_a_warning(package: Path) -> None:
    with sqlite3.connect(package) as connection:
        kinds = dict(connection.execute("SELECT table_name, data_type FROM gpkg_contents"))
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert kinds == {**dict.fromkeys(LAYERS, "features"), "layer_styles": "attributes"}
    read = pyogrio.read_dataframe(package, layer="layer_styles", fid_as_index=True)
    assert read.index.name == "fid" and list(read["f_table_name"]) == list(LAYERS)
    assert read["useAsDefault"].all()
    assert not isinstance(read, geopandas.GeoDataFrame)


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="ogrinfo is not installed; pyogrio read it above")
def test_ogrinfo_opens_it_without_a_word_on_stderr(package: Path) -> None:
    run = subprocess.run(["ogrinfo", "-so", "-al", str(package)], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    assert re.findall(r"^Layer name: (\w+)$", run.stdout, re.MULTILINE) == [*LAYERS, "layer_styles"]


def test_rules_have_each_their_symbol_of_the_layers_kind(styles: dict[str, ElementTree.Element]) -> None:
    for layer, style in styles.items():
        symbols = {symbol.get("name"): symbol.get("type") for symbol in style.iter("symbol")}
        rules = [rule.get("symbol") for rule in style.iter("rule")]
        assert style.tag == "qgis" and rules
        assert sorted(symbols) == sorted(name for name in rules if name is not None)
        assert set(symbols.values()) == {SYMBOLS[GEOMETRY_TYPES[layer]]}  # type: ignore[index]
        keys = [rule.get("key", "") for rule in (*style.iter("rules"), *style.iter("rule"))]
        assert len(set(keys)) == len(keys)
        assert all(re.fullmatch(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", key) for key in keys)


def test_expressions_name_columns_of_their_layer_only(styles: dict[str, ElementTree.Element]) -> None:
    for layer, style in styles.items():
        columns = {item.name for item in properties_of(layer)}  # type: ignore[arg-type]
        named = {name for text in expressions(style) for name in re.findall(r'"(\w+)"', text)}
        assert named <= columns, layer
        labels = {text.get("fieldName") for text in style.iter("text-style")}
        assert labels <= columns


def test_what_decides_the_drawing_is_what_the_documentation_says(styles: dict[str, ElementTree.Element]) -> None:
    # sites and clusters at one scale: 9 mm for the largest site of 60 MW, 9 / sqrt(60) = 1.1619 mm per root MW
    assert sizes(styles["sites"], "size") == {'max(1.6, 1.1619 * sqrt("power_mw"))'}
    assert sizes(styles["clusters"], "size") == sizes(styles["sites"], "size")
    # 2 mm for the 2 pairs of charlotte-atlanta, 2 / sqrt(2) per root pair; for 2400 Gbit/s, 2 / sqrt(2400)
    assert sizes(styles["fiber_segments"], "outlineWidth") == {'max(0.35, 1.41421 * sqrt("pairs"))'}
    assert sizes(styles["links"], "outlineWidth") == {'max(0.35, 0.0408248 * sqrt("capacity_gbps"))'}
    assert [text.get("fieldName") for text in styles["sites"].iter("text-style")] == ["name"]


@pytest.mark.parametrize(("layer", "column"), [("power_zones", "used_share"), ("fiber_segments", "utilization")])
@pytest.mark.parametrize("share", [0.0, 0.2499, 0.25, 0.5, 0.899, 0.9, 1.0, 1.000001])
def test_every_share_is_in_exactly_one_class(
    styles: dict[str, ElementTree.Element], layer: str, column: str, share: float
) -> None:
    filters = [rule.get("filter", "") for rule in styles[layer].iter("rule") if rule.get("filter") != "ELSE"]
    with sqlite3.connect(":memory:") as connection:  # the filters are SQL
        hits = [
            connection.execute(f'SELECT {text} FROM (SELECT ? AS "{column}")', (share,)).fetchone() for text in filters
        ]
    assert sum(hit == (1,) for hit in hits) == 1


def test_a_plan_without_sites_has_its_styles_too(pacific: Case, tmp_path: Path) -> None:
    frames = plan_to_geodataframes(pacific.scenario, pacific.plan)
    write_geopackage({layer: frame.iloc[:0] for layer, frame in frames.items()}, tmp_path / "empty.gpkg")
    read = pyogrio.read_dataframe(tmp_path / "empty.gpkg", layer="layer_styles")
    assert [ElementTree.fromstring(text).tag for text in read["styleQML"]] == ["qgis"] * len(LAYERS)
