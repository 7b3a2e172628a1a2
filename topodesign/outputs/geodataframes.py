"""The layers as geopandas frames, as one GeoPackage with a layer for each, and as GeoParquet with a file for each."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scalar, Scenario
from topodesign.outputs.features import Feature, features_by_layer
from topodesign.outputs.properties import LAYER_MEANING, Kind, Layer, properties_of
from topodesign.outputs.qgis_styles import layer_styles

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

CRS = "EPSG:4326"

GEOMETRY_TYPES: dict[Layer, str] = {
    "power_zones": "MultiPolygon",
    "fiber_segments": "MultiLineString",
    "links": "MultiLineString",
    "amplifiers": "Point",
    "amplifier_sites": "Point",
    "regenerators": "Point",
    "sites": "Point",
    "clusters": "Point",
}
"""One type per layer, as GeoPackage and QGIS want it; lines are multiple because some are cut at the antimeridian."""

DTYPES: dict[Kind, str] = {"string": "string", "integer": "Int64", "number": "float64", "boolean": "boolean"}

WRITTEN_ON = "2000-01-01T00:00:00.000Z"
"""GDAL stamps each layer with the time of writing; a fixed one keeps the file the same for the same plan."""

WRITING = {"OGR_CURRENT_DATE": WRITTEN_ON, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
"""Settings of GDAL while it writes. Waiting for the disk after each of a hundred statements takes ten times as long as
all the rest; the file is a new one, and as safe as the other files of a plan, for which nobody waits either."""

GEOPACKAGE_VERSION = "1.3"
"""What GDAL reads since 3.2 (2020); of 1.4 releases before 3.7 warn, and nothing of it is used here."""

GEOPARQUET_CRS = "OGC:CRS84"
"""The default of GeoParquet, section "crs": the same system as EPSG:4326, stated with longitude first."""

STYLES_TABLE = "layer_styles"
GEOMETRY_COLUMN = "geom"


def plan_to_geodataframes(scenario: Scenario, plan: Plan) -> "dict[str, GeoDataFrame]":
    """One frame per layer with the properties of the GeoJSON export as columns.

    Returns
    -------
    dict of str to GeoDataFrame
        By layer name, in drawing order, in WGS 84 (EPSG:4326, longitude first); index ``id`` is the feature's id. A
        layer without features is an empty frame with all of its columns. Whole numbers are ``Int64``, so that a
        missing one does not turn the column into floats.
    """
    layers = features_by_layer(scenario, plan)
    return {layer: _frame(layer, features) for layer, features in layers.items()}


def write_geopackage(frames: "dict[str, GeoDataFrame]", path: Path) -> None:
    """Write the frames to one new GeoPackage, a layer each, with styles for QGIS; equal frames give equal bytes."""
    import pyogrio

    pyogrio.set_gdal_config_options(WRITING)
    try:
        for layer, frame in frames.items():
            pyogrio.write_dataframe(
                _table(frame),
                path,
                layer=layer,
                driver="GPKG",
                layer_options={"GEOMETRY_NAME": GEOMETRY_COLUMN},
                dataset_options={} if path.exists() else {"VERSION": GEOPACKAGE_VERSION},
                geometry_type=GEOMETRY_TYPES[layer],  # type: ignore[index]  # frames are keyed by layer names
                promote_to_multi=GEOMETRY_TYPES[layer].startswith("Multi"),  # type: ignore[index]
                append=path.exists(),
            )
        _write_styles(frames, path)
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(WRITING))


def _write_styles(frames: "dict[str, GeoDataFrame]", path: Path) -> None:
    """The table in which QGIS looks for the styles of a GeoPackage's layers, with the columns that it makes itself."""
    import pandas
    import pyogrio

    rows = [
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": layer,
            "f_geometry_column": GEOMETRY_COLUMN,
            "styleName": layer,
            "styleQML": document,
            "styleSLD": "",
            "useAsDefault": True,
            "description": LAYER_MEANING[layer],
            "owner": "",
            "ui": None,
            "update_time": pandas.Timestamp(WRITTEN_ON),
        }
        for layer, document in layer_styles(frames).items()
    ]
    table = pandas.DataFrame(rows).astype({"ui": "string"})
    pyogrio.write_dataframe(table, path, layer=STYLES_TABLE, driver="GPKG", append=True, layer_options={"FID": "id"})


def write_geoparquet(frames: "dict[str, GeoDataFrame]", folder: Path) -> None:
    """Write the frames into a folder that is there, ``LAYER.parquet`` for each; the same frames give the same bytes.

    References
    ----------
    GeoParquet 1.1.0, OGC, 2024.
    """
    for layer, frame in frames.items():
        table = _table(frame).set_crs(GEOPARQUET_CRS, allow_override=True)
        table.to_parquet(folder / f"{layer}.parquet", index=False, schema_version="1.1.0")


def _table(frame: "GeoDataFrame") -> "GeoDataFrame":
    """The frame as files have it: its index, the feature's id, is a column."""
    return frame.reset_index().rename(columns={"id": "feature_id"})


def _frame(layer: Layer, features: Sequence[Feature]) -> "GeoDataFrame":
    import geopandas
    import pandas

    kinds: dict[str, Kind] = {item.name: item.kind for item in properties_of(layer)}
    carried = sorted({name for feature in features for name in feature["properties"]} - set(kinds))
    columns: dict[str, pandas.Series] = {}
    for name in (*kinds, *carried):
        values = [feature["properties"].get(name) for feature in features]
        dtype = DTYPES[kinds[name] if name in kinds else kind_of(values)]
        texts = [None if value is None else str(value) for value in values]
        columns[_free(name, columns)] = pandas.Series(texts if dtype == "string" else values, dtype=dtype)
    table = pandas.DataFrame(columns)
    table.index = pandas.Index([feature["id"] for feature in features], name="id", dtype="string")
    geometries = [_shape(feature) for feature in features]
    return geopandas.GeoDataFrame(table, geometry=geopandas.GeoSeries(geometries, index=table.index, crs=CRS))


def kind_of(values: Sequence[Scalar]) -> Kind:
    """The narrowest kind that holds all values of a carried-on column."""
    given = [value for value in values if value is not None]
    if given and all(isinstance(value, bool) for value in given):
        return "boolean"
    if any(isinstance(value, bool | str) for value in given) or not given:
        return "string"
    return "integer" if all(isinstance(value, int) for value in given) else "number"


def _free(name: str, taken: object) -> str:
    """SQL column names do not tell upper from lower case, and some are the file format's own."""
    assert isinstance(taken, dict)
    reserved = {column.lower() for column in taken} | {"geometry", "geom", "fid", "feature_id", "id"}
    while name.lower() in reserved:
        name = f"{name}_"
    return name


def _shape(feature: Feature) -> "BaseGeometry | None":
    from shapely import LineString, MultiLineString, MultiPolygon, Polygon
    from shapely.geometry import shape

    if feature["geometry"] is None:
        return None
    drawn = shape(feature["geometry"])
    if isinstance(drawn, LineString):
        return MultiLineString([drawn])
    if isinstance(drawn, Polygon):
        return MultiPolygon([drawn])
    return drawn
