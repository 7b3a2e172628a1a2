"""The files of two-stage siting, beside the plans that it asked for."""

from pathlib import Path

from topodesign.domain.codec import encode_json
from topodesign.domain.uncertain_plan import UncertainPlan
from topodesign.outputs.chart_style import png_bytes, svg_bytes
from topodesign.scenario.whole_folders import write_whole
from topodesign.sweeps.questions import DATABASE, PLANS
from topodesign.sweeps.tables import csv_bytes, write_parquet
from topodesign.sweeps.target import require_own_folder
from topodesign.uncertainty.charts import charts_of
from topodesign.uncertainty.page import render_page
from topodesign.uncertainty.tables import choice_rows, frame, future_rows, site_rows
from topodesign.uncertainty.two_stage import WHAT

TABLES = {"futures": future_rows, "sites": site_rows, "choices": choice_rows}
ROBUST_FILES = (
    "robust.json",
    *(f"{name}.{ending}" for name in TABLES for ending in ("csv", "parquet")),
    "cost-by-future.png",
    "cost-by-future.svg",
    "robust.html",
)


def require_robust_folder(folder: Path) -> None:
    """Raise unless two-stage siting can be begun or gone on with there; as :func:`require_own_folder`."""
    require_own_folder(folder, ROBUST_FILES, inner=(PLANS,), marker=DATABASE, what=WHAT)


def save_uncertain_plan(folder: Path, plan: UncertainPlan) -> tuple[Path, ...]:
    """Write answer, tables, chart and page into the folder; those of before go. All files are changed or none.

    Returns
    -------
    tuple of Path
        In the order of :data:`ROBUST_FILES`; tables and chart are there where a choice of sites has a plan.

    Raises
    ------
    Conflict, InvalidInput
        As :func:`require_robust_folder`.
    OSError
        When the disk is full or a permission is missing; nothing has changed then.
    """
    require_robust_folder(folder)
    write_whole(
        folder,
        ROBUST_FILES,
        fill=lambda fresh: _write(fresh, plan),
        recheck=lambda: require_robust_folder(folder),
    )
    return tuple(folder / name for name in ROBUST_FILES if (folder / name).exists())


def _write(folder: Path, plan: UncertainPlan) -> None:
    (folder / "robust.json").write_bytes(encode_json(plan))
    if plan.futures:
        for name, rows_of in TABLES.items():
            rows = rows_of(plan)  # never empty where some choice has a plan
            (folder / f"{name}.csv").write_bytes(csv_bytes(rows, tuple(rows[0])))
            write_parquet(frame(rows, tuple(rows[0])), folder / f"{name}.parquet")
    drawn = {}
    for name, figure in charts_of(plan).items():
        drawn[name] = svg_bytes(figure)
        (folder / f"{name}.svg").write_bytes(drawn[name])
        (folder / f"{name}.png").write_bytes(png_bytes(figure))
    (folder / "robust.html").write_text(render_page(plan, drawn), encoding="utf-8")
