"""A build-out as a folder of files."""

from collections.abc import Sequence
from pathlib import Path

from topodesign.buildout.charts import timeline
from topodesign.buildout.geojson import buildout_to_geojson
from topodesign.buildout.page import render_page
from topodesign.buildout.tables import (
    SITE_COLUMNS,
    SPENDING_COLUMNS,
    YEAR_COLUMNS,
    site_rows,
    spending_rows,
    table_frame,
    year_rows,
)
from topodesign.buildout.target import BUILDOUT_FILE, BUILDOUT_FILES, require_buildout_folder, years_in
from topodesign.domain.buildout import Buildout
from topodesign.domain.codec import encode_json
from topodesign.domain.scenario import Scenario
from topodesign.outputs.chart_style import png_bytes, svg_bytes
from topodesign.outputs.geojson import geojson_bytes
from topodesign.outputs.saving import save_plan
from topodesign.outputs.target import GEOPARQUET_FOLDER, OUTPUT_FILES, require_replaceable
from topodesign.scenario.whole_folders import write_whole
from topodesign.sweeps.tables import csv_bytes, write_parquet


def save_buildout(directory: str | Path, scenarios: Sequence[Scenario], buildout: Buildout) -> tuple[Path, ...]:
    """Write a build-out into a folder: one document, tables, the timeline, a map, a page, and a plan's folder a year.

    A build-out without years is ``buildout.json`` alone. The files of an earlier one go, and ours in its folders of
    years. Of one that was cancelled there is nothing to write, and what an earlier run has finished stays.

    Parameters
    ----------
    directory : str or Path
    scenarios : sequence of Scenario
        One for each year, as :func:`~topodesign.buildout.yearly.yearly_scenarios` makes them.
    buildout : Buildout

    Raises
    ------
    Conflict, InvalidInput
        As :func:`~topodesign.buildout.target.require_buildout_folder`.
    OSError
        When the disk is full or a permission is missing.
    """
    folder = Path(directory)
    years = [item.year for item in buildout.years]
    if buildout.status == "cancelled":
        return ()
    require_buildout_folder(folder, years)
    gone = [folder / str(year) for year in sorted(years_in(folder) - set(years))]
    for place in gone:
        require_replaceable(place)
    write_whole(  # before the folders of years, which it marks as ours should writing them be cut short
        folder,
        BUILDOUT_FILES,
        fill=lambda fresh: _write(fresh, scenarios, buildout),
        recheck=lambda: require_buildout_folder(
            folder, years
        ),  # making the files took seconds, and others may have written
    )
    for place in gone:
        _remove_year(place)
    files: list[Path] = []
    for scenario, item in zip(scenarios, buildout.years, strict=False):
        files += save_plan(scenario, item.plan, folder / str(item.year))
    return (*(folder / name for name in BUILDOUT_FILES if (folder / name).exists()), *files)


def _remove_year(folder: Path) -> None:
    """Take away a year's plan; what others put into its folder stays, and the folder with it."""
    for name in OUTPUT_FILES:
        (folder / name).unlink(missing_ok=True)
    for place in (folder / GEOPARQUET_FOLDER, folder):
        if place.is_dir() and not place.is_symlink() and not any(place.iterdir()):
            place.rmdir()


def _write(folder: Path, scenarios: Sequence[Scenario], buildout: Buildout) -> None:
    (folder / BUILDOUT_FILE).write_bytes(encode_json(buildout))
    if not buildout.years:
        return
    (folder / "years.csv").write_bytes(csv_bytes(year_rows(buildout), YEAR_COLUMNS))
    (folder / "sites.csv").write_bytes(csv_bytes(site_rows(buildout), SITE_COLUMNS))
    (folder / "spending.csv").write_bytes(csv_bytes(spending_rows(buildout), SPENDING_COLUMNS))
    write_parquet(table_frame(year_rows(buildout), YEAR_COLUMNS), folder / "years.parquet")
    write_parquet(table_frame(site_rows(buildout), SITE_COLUMNS), folder / "sites.parquet")
    write_parquet(table_frame(spending_rows(buildout), SPENDING_COLUMNS), folder / "spending.parquet")
    (folder / "buildout.geojson").write_bytes(geojson_bytes(buildout_to_geojson(scenarios, buildout)))
    figure = timeline(buildout)
    drawn = svg_bytes(figure)
    (folder / "timeline.svg").write_bytes(drawn)
    (folder / "timeline.png").write_bytes(png_bytes(figure))
    (folder / "buildout.html").write_text(render_page(scenarios, buildout, drawn), encoding="utf-8")
