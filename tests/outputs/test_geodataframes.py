"""Frames and the GeoPackage file, read back with geopandas."""

import json
from dataclasses import replace
from pathlib import Path

import geopandas
import pyarrow.parquet
import pyogrio
import pytest
from outputs.hand_made_plans import Case

from topodesign.outputs import (
    LAYERS,
    plan_to_geodataframes,
    plan_to_geojson,
    write_geopackage,
    write_geoparquet,
)
from topodesign.outputs.geodataframes import GEOMETRY_TYPES, kind_of
from topodesign.outputs.properties import properties_of


def test_there_is_one_frame_per_layer_in_wgs_84_with_the_columns_of_the_table(east: Case) -> None:
    frames = plan_to_geodataframes(east.scenario, east.plan)
    assert tuple(frames) == LAYERS
    for layer in LAYERS:
        frame = frames[layer]
        assert frame.crs.to_epsg() == 4326
        names = [item.name for item in properties_of(layer)]
        assert list(frame.columns)[: len(names)] == names
        assert frame.index.is_unique


def test_frames_hold_what_the_geojson_holds(pacific: Case) -> None:
    frames = plan_to_geodataframes(pacific.scenario, pacific.plan)
    features = plan_to_geojson(pacific.scenario, pacific.plan)["features"]
    assert sum(len(frame) for frame in frames.values()) == len(features)
    for feature in features:
        row = frames[feature["properties"]["layer"]].loc[feature["id"]]
        assert row["numeric_id"] == feature["properties"]["numeric_id"]
        assert (row.geometry is None) == (feature["geometry"] is None)


def test_whole_numbers_stay_whole_when_some_are_missing(east: Case) -> None:
    sites = plan_to_geodataframes(east.scenario, east.plan)["sites"]
    assert str(sites["max_pods"].dtype) == "Int64"
    assert sites["max_pods"].isna().all()
    assert str(sites["used"].dtype) == "boolean"


def test_columns_of_the_input_are_carried_on(east: Case) -> None:
    sites = plan_to_geodataframes(east.scenario, east.plan)["sites"]
    assert sites.loc["sites/iad-1", "operator"] == "Operator, A"
    assert sites.loc["sites/iad-1", "input_used"] == "input column"


@pytest.mark.parametrize(
    ("values", "kind"),
    [((1, 2, None), "integer"), ((1, 2.5), "number"), ((True, None), "boolean"), ((1, "a"), "string"), ((), "string")],
)
def test_a_carried_on_column_takes_the_narrowest_kind_that_holds_it(values: tuple[object, ...], kind: str) -> None:
    assert kind_of(values) == kind  # type: ignore[arg-type]


def test_the_geopackage_has_every_layer_and_opens_in_geopandas(pacific: Case, tmp_path: Path) -> None:
    frames = plan_to_geodataframes(pacific.scenario, pacific.plan)
    path = tmp_path / "plan.gpkg"
    write_geopackage(frames, path)
    listed = {str(name): str(kind) for name, kind in pyogrio.list_layers(path)}
    assert listed == {**{layer: GEOMETRY_TYPES[layer] for layer in LAYERS}, "layer_styles": "None"}
    for layer in LAYERS:
        read = geopandas.read_file(path, layer=layer)
        assert len(read) == len(frames[layer])
        assert read.crs.to_epsg() == 4326
        assert sorted(read["feature_id"]) == sorted(frames[layer].index)


def test_a_plan_without_sites_has_empty_layers_with_all_columns(east: Case, tmp_path: Path) -> None:
    empty = replace(east.plan, sites=(), links=(), lightpaths=(), segments=())
    write_geopackage(plan_to_geodataframes(east.scenario, empty), tmp_path / "plan.gpkg")
    read = geopandas.read_file(tmp_path / "plan.gpkg", layer="links")
    assert len(read) == 0
    assert {"capacity_gbps", "length_km"} <= set(read.columns)


def test_a_column_whose_name_differs_only_in_case_gets_another(east: Case, tmp_path: Path) -> None:
    site = replace(east.scenario.sites[0], extra={"Name": "x", "fid": 7, "geometry": "y"})
    scenario = replace(east.scenario, sites=(site, *east.scenario.sites[1:]))
    write_geopackage(plan_to_geodataframes(scenario, east.plan), tmp_path / "plan.gpkg")
    read = geopandas.read_file(tmp_path / "plan.gpkg", layer="sites").set_index("site_id")
    assert read.loc[site.site_id, "Name_"] == "x"
    assert read.loc[site.site_id, "fid_"] == 7
    assert read.loc[site.site_id, "geometry_"] == "y"


def test_the_same_plan_gives_the_same_geopackage(east: Case, tmp_path: Path) -> None:
    for name in ("one.gpkg", "two.gpkg"):
        write_geopackage(plan_to_geodataframes(east.scenario, east.plan), tmp_path / name)
    assert (tmp_path / "one.gpkg").read_bytes() == (tmp_path / "two.gpkg").read_bytes()


def test_geoparquet_has_a_file_for_each_layer_with_the_frames_columns(east: Case, tmp_path: Path) -> None:
    frames = plan_to_geodataframes(east.scenario, east.plan)
    write_geoparquet(frames, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{layer}.parquet" for layer in LAYERS}
    for layer in LAYERS:
        read = geopandas.read_parquet(tmp_path / f"{layer}.parquet")
        assert list(read.columns) == ["feature_id", *frames[layer].columns]
        assert list(read["feature_id"]) == list(frames[layer].index)
        assert read.crs.to_authority() == ("OGC", "CRS84")


def test_the_metadata_of_geoparquet_are_what_its_specification_wants(east: Case, tmp_path: Path) -> None:
    write_geoparquet(plan_to_geodataframes(east.scenario, east.plan), tmp_path)
    for layer in LAYERS:
        schema = pyarrow.parquet.read_schema(tmp_path / f"{layer}.parquet")
        about = json.loads(schema.metadata[b"geo"])
        assert (about["version"], about["primary_column"]) == ("1.1.0", "geometry")
        column = about["columns"]["geometry"]
        assert column["encoding"] == "WKB"
        assert column["geometry_types"] == [GEOMETRY_TYPES[layer]]
        # flat: no column but the geometry is anything but text, a number or a boolean
        kinds = {str(field.type) for field in schema if field.name != "geometry"}
        assert kinds <= {"string", "large_string", "int64", "double", "bool"}


def test_the_same_plan_gives_the_same_geoparquet(east: Case, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_geoparquet(plan_to_geodataframes(east.scenario, east.plan), tmp_path / name)
    for layer in LAYERS:
        files = [tmp_path / name / f"{layer}.parquet" for name in ("one", "two")]
        assert files[0].read_bytes() == files[1].read_bytes()
