"""The plan across the Pacific in every format: read back by GDAL and Arrow, judged by the ``antimeridian`` package.

That package cuts zones in the program, but not lines, and here it judges both: it leaves alone what is cut already.
"""

from collections.abc import Mapping
from pathlib import Path

import antimeridian
import geopandas
import pytest
import shapely
from outputs.hand_made_plans import Case

from topodesign.outputs import (
    LAYERS,
    geojson_bytes,
    plan_to_geodataframes,
    plan_to_geojson,
    write_geopackage,
    write_geoparquet,
)

CROSSING = {"power_zones/BERING", "fiber_segments/west", "links/sea;tyo;zrplus-200"}
Frames = Mapping[str, geopandas.GeoDataFrame]


def of_geojson(case: Case, folder: Path) -> Frames:
    file = folder / "site-plan.geojson"
    file.write_bytes(geojson_bytes(plan_to_geojson(case.scenario, case.plan)))
    read = geopandas.read_file(file)
    read["feature_id"] = read["id"]
    return {layer: read[read["layer"] == layer] for layer in LAYERS}


def of_geopackage(case: Case, folder: Path) -> Frames:
    write_geopackage(plan_to_geodataframes(case.scenario, case.plan), folder / "plan.gpkg")
    return {layer: geopandas.read_file(folder / "plan.gpkg", layer=layer) for layer in LAYERS}


def of_geoparquet(case: Case, folder: Path) -> Frames:
    write_geoparquet(plan_to_geodataframes(case.scenario, case.plan), folder)
    return {layer: geopandas.read_parquet(folder / f"{layer}.parquet") for layer in LAYERS}


@pytest.fixture(scope="module", name="formats")
def formats_fixture(pacific: Case, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Frames]:
    folder = tmp_path_factory.mktemp("pacific")
    readers = {"geojson": of_geojson, "geopackage": of_geopackage, "geoparquet": of_geoparquet}
    return {name: read(pacific, folder) for name, read in readers.items()}


@pytest.mark.parametrize("name", ["geojson", "geopackage", "geoparquet"])
def test_what_crosses_is_cut_in_two_at_the_antimeridian_and_all_else_is_whole(
    formats: Mapping[str, Frames], name: str
) -> None:
    cut = set()
    for frame in formats[name].values():
        assert frame.crs.to_authority() in (("EPSG", "4326"), ("OGC", "CRS84"))
        for feature_id, shape in zip(frame["feature_id"], frame.geometry, strict=True):
            parts = shapely.get_parts(shape) if shape is not None else []
            if len(parts) == 2:
                cut.add(feature_id)
                west_end, east_end = (part.bounds for part in sorted(parts, key=lambda part: -part.bounds[0]))
                assert (west_end[2], east_end[0]) == (180, -180)
    assert cut == CROSSING


@pytest.mark.parametrize("name", ["geojson", "geopackage", "geoparquet"])
def test_another_library_finds_nothing_left_to_cut(formats: Mapping[str, Frames], name: str) -> None:
    frames = formats[name]
    shapes = [shape for layer in ("fiber_segments", "links") for shape in frames[layer].geometry]
    lines = [line for shape in shapes for line in shapely.get_parts(shape)]
    assert len(lines) == 5
    for line in lines:
        assert shapely.equals_exact(antimeridian.fix_line_string(line, great_circle=False), line)
    zones = [zone for zone in frames["power_zones"].geometry if zone is not None]
    for part in (part for zone in zones for part in shapely.get_parts(zone)):
        assert part.is_valid and part.exterior.is_ccw
        assert shapely.equals(antimeridian.fix_polygon(part), part)


def test_the_other_library_does_cut_what_is_not_cut() -> None:
    fixed = antimeridian.fix_line_string(shapely.LineString([(179.0, 51.0), (-179.0, 51.0)]), great_circle=False)
    assert len(shapely.get_parts(fixed)) == 2


def test_all_formats_hold_the_same_shapes(formats: Mapping[str, Frames]) -> None:
    package, parquet, geojson = (formats[name] for name in ("geopackage", "geoparquet", "geojson"))
    for layer in LAYERS:
        shapes = [frames[layer].set_index("feature_id").geometry.sort_index() for frames in (package, parquet, geojson)]
        assert list(shapes[0].index) == list(shapes[1].index) == list(shapes[2].index)
        for one, two, three in zip(*shapes, strict=True):
            assert (one is None) == (two is None) == (three is None)
            if one is not None:
                assert shapely.equals_exact(one, two)
                assert list(shapely.get_coordinates(one).ravel()) == list(shapely.get_coordinates(three).ravel())
