"""The files of a sweep, made from what its folder knows to be finished."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition
from topodesign.outputs.chart_style import png_bytes, svg_bytes
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

SWEEP_FILES = (
    "points.csv",
    "points.parquet",
    "sweep.gpkg",
    "cost.png",
    "cost.svg",
    "heat-map.png",
    "heat-map.svg",
    "sweep.html",
)
"""Every file that is made from the results; the store's own are beside them."""


def save_sweep(
    folder: Path, definition: SweepDefinition, scenario: Scenario, results: Sequence[PointResult]
) -> tuple[Path, ...]:
    """Write tables, charts and the page of the finished points into the folder; those of before go.

    Each file is complete or as it was before: it is moved into its place when it is made.

    Returns
    -------
    tuple of Path
        In the order of :data:`SWEEP_FILES`; there are no charts where no point has a plan.
    """
    staging = Path(tempfile.mkdtemp(prefix=".sweep-", dir=folder))
    try:
        _write(staging, definition, scenario, results)
        for name in SWEEP_FILES:
            if (staging / name).exists():
                (staging / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return tuple(folder / name for name in SWEEP_FILES if (folder / name).exists())


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
