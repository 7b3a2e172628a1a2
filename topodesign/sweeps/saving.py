"""The files of a sweep, made from what its folder knows to be finished."""

from collections.abc import Sequence
from pathlib import Path

from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition
from topodesign.outputs.chart_style import png_bytes, svg_bytes
from topodesign.scenario.whole_folders import write_whole
from topodesign.sweeps.charts import charts_of_sweep
from topodesign.sweeps.page import render_page
from topodesign.sweeps.tables import (
    csv_bytes,
    point_columns,
    point_frame,
    point_rows,
    site_frame,
    write_geopackage,
    write_parquet,
)
from topodesign.sweeps.target import SWEEP_FILES, require_sweep_folder


def save_sweep(
    folder: Path, definition: SweepDefinition, scenario: Scenario, results: Sequence[PointResult]
) -> tuple[Path, ...]:
    """Write tables, charts and the page of the finished points into the folder; those of before go.

    All files are changed or none.

    Returns
    -------
    tuple of Path
        In the order of :data:`~topodesign.sweeps.target.SWEEP_FILES`; there are no charts where no point has a plan.

    Raises
    ------
    Conflict, InvalidInput
        As :func:`~topodesign.sweeps.target.require_sweep_folder`.
    OSError
        When the disk is full or a permission is missing; nothing has changed then.
    """
    require_sweep_folder(folder)
    write_whole(
        folder,
        SWEEP_FILES,
        fill=lambda fresh: _write(fresh, definition, scenario, results),
        recheck=lambda: require_sweep_folder(folder),  # making the files took seconds, and others may have written
    )
    return tuple(folder / name for name in SWEEP_FILES if (folder / name).exists())


def file_of_sweep(
    name: str, folder: Path, definition: SweepDefinition, scenario: Scenario, results: Sequence[PointResult]
) -> bytes:
    """One of the files that :func:`save_sweep` writes; ``folder`` is an empty one to make it in."""
    if name == "points.csv":
        return csv_bytes(point_rows(definition, results), point_columns(definition))
    if name == "points.parquet":  # what needs no charts does not wait for them
        write_parquet(point_frame(definition, results), folder / name)
    elif name == "sweep.gpkg":
        points = point_frame(definition, results)
        write_geopackage(points, site_frame(definition, scenario, results), folder / name)
    else:
        _write(folder, definition, scenario, results)
    return (folder / name).read_bytes()


def _write(folder: Path, definition: SweepDefinition, scenario: Scenario, results: Sequence[PointResult]) -> None:
    rows = point_rows(definition, results)
    (folder / "points.csv").write_bytes(csv_bytes(rows, point_columns(definition)))
    points = point_frame(definition, results)
    write_parquet(points, folder / "points.parquet")
    write_geopackage(points, site_frame(definition, scenario, results), folder / "sweep.gpkg")
    drawn = {}
    for name, figure in charts_of_sweep(definition, results).items():
        drawn[name] = svg_bytes(figure)
        (folder / f"{name}.svg").write_bytes(drawn[name])
        (folder / f"{name}.png").write_bytes(png_bytes(figure))
    (folder / "sweep.html").write_text(render_page(scenario, definition, results, drawn), encoding="utf-8")
