"""The results of a sweep as tables: one row for each point, and one for each site of each point's plan."""

import csv
import dataclasses
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import AxisValue, PointFigures, PointResult, SweepDefinition
from topodesign.outputs.geodataframes import CRS, WRITTEN_ON
from topodesign.sweeps.told import shown

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

Cell = bool | int | float | str | None
FIGURES = tuple(item.name for item in dataclasses.fields(PointFigures))
WHOLE = frozenset({"point", "started_from", "bound_from", "site_count", "accelerators", "pods"})
WORDS = frozenset({"status", "stopped_by", "message", "plan_digest", "site_id", "zone_id"})


def point_rows(definition: SweepDefinition, results: Iterable[PointResult]) -> list[dict[str, Cell]]:
    """One row for each finished point: number, a column for each axis, status, figures and where it came from."""
    return [
        {
            "point": result.number,
            **axis_cells(definition, result),
            "status": result.status,
            "stopped_by": result.stopped_by,
            **{name: getattr(result.figures, name) if result.figures is not None else None for name in FIGURES},
            "started_from": result.started_from,
            "bound_from": result.bound_from,
            "solve_s": result.solve_s,
            "plan_digest": result.plan_digest,
            "message": result.message,
        }
        for result in results
    ]


def site_rows(definition: SweepDefinition, results: Iterable[PointResult]) -> list[dict[str, Cell]]:
    """One row for each used site of each plan."""
    return [
        {
            "point": result.number,
            **axis_cells(definition, result),
            "site_id": site.id,
            "zone_id": site.zone_id,
            "pods": site.pods,
            "accelerators": site.accelerators,
            "power_mw": site.power_mw,
        }
        for result in results
        for site in result.sites
    ]


def axis_cells(definition: SweepDefinition, result: PointResult) -> dict[str, Cell]:
    """A point's value on each axis; words where it is no number, as in the grammar."""
    return {axis.name: _cell(value) for axis, value in zip(definition.axes, result.values, strict=True)}


def csv_bytes(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> bytes:
    """A header and one line for each row; empty where there is no value."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def point_columns(definition: SweepDefinition) -> tuple[str, ...]:
    """Names of the columns of :func:`point_rows`."""
    axes = tuple(axis.name for axis in definition.axes)
    return (
        "point", *axes, "status", "stopped_by", *FIGURES, "started_from", "bound_from", "solve_s", "plan_digest",
        "message",
    )  # fmt: skip


def point_frame(definition: SweepDefinition, results: Sequence[PointResult]) -> "DataFrame":
    """:func:`point_rows` as a frame; whole numbers stay whole where some are missing."""
    return _frame(point_rows(definition, results), point_columns(definition))


def site_frame(definition: SweepDefinition, scenario: Scenario, results: Sequence[PointResult]) -> "GeoDataFrame":
    """:func:`site_rows` as a frame of places (WGS 84)."""
    import geopandas

    axes = tuple(axis.name for axis in definition.axes)
    columns = ("point", *axes, "site_id", "zone_id", "pods", "accelerators", "power_mw")
    table = _frame(site_rows(definition, results), columns)
    sites = [scenario.site_by_id[str(site_id)] for site_id in table["site_id"]]
    places = geopandas.points_from_xy([site.lon for site in sites], [site.lat for site in sites])
    return geopandas.GeoDataFrame(table, geometry=geopandas.GeoSeries(places, crs=CRS))


def write_parquet(frame: "DataFrame", place: Path) -> None:
    """One new Parquet file."""
    frame.to_parquet(place, engine="pyarrow", index=False)


def write_geopackage(points: "DataFrame", sites: "GeoDataFrame", place: Path) -> None:
    """One new GeoPackage: the layer ``sites``, and the table ``points`` without geometry."""
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN_ON})
    try:
        pyogrio.write_dataframe(sites, place, layer="sites", driver="GPKG", geometry_type="Point")
        pyogrio.write_dataframe(points, place, layer="points", driver="GPKG", append=True)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _cell(value: AxisValue) -> Cell:
    if isinstance(value, bool | tuple):
        return shown(value)
    return value


def _frame(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> "DataFrame":
    import pandas

    series = {}
    for name in columns:
        values = [row[name] for row in rows]
        series[name] = pandas.Series(_as_one_kind(name, values), dtype=_dtype(name, values))
    return pandas.DataFrame(series)


def _dtype(name: str, values: Sequence[Cell]) -> str:
    given = [value for value in values if value is not None]
    if name in WORDS or any(isinstance(value, str) for value in given):
        return "string"
    if name in WHOLE or (given and name not in FIGURES and all(isinstance(value, int) for value in given)):
        return "Int64"
    return "float64"


def _as_one_kind(name: str, values: Sequence[Cell]) -> list[Cell]:
    """A column with words in it has words everywhere."""
    if _dtype(name, values) != "string":
        return list(values)
    return [None if value is None else value if isinstance(value, str) else shown(value) for value in values]
