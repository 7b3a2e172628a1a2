"""The files of a front, beside the plans that it asked for."""

from pathlib import Path

import msgspec

from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.pareto_front import FrontStatus, ParetoFront
from topodesign.domain.scenario import Scenario
from topodesign.fronts.charts import chart_of_front
from topodesign.fronts.page import render_page
from topodesign.fronts.tables import cell_columns, cell_rows, point_frame, point_rows
from topodesign.fronts.target import FRONT_FILES, require_front_folder
from topodesign.outputs.chart_style import png_bytes, svg_bytes
from topodesign.scenario.whole_folders import write_whole
from topodesign.sweeps.tables import csv_bytes, write_parquet


class _Told(msgspec.Struct):
    """What is read again of a front that was written."""

    status: FrontStatus


def save_front(folder: Path, scenario: Scenario, front: ParetoFront) -> tuple[Path, ...]:
    """Write the front, its tables, chart and page into the folder; those of before go. All files are changed or none.

    A front that was interrupted takes the place of no other: what it learnt is kept beside the plans anyway, and the
    next call goes on with it.

    Returns
    -------
    tuple of Path
        In the order of :data:`~topodesign.fronts.target.FRONT_FILES`; tables and chart are there where a plan is. Empty
        where the files of before stay.

    Raises
    ------
    Conflict, InvalidInput
        As :func:`~topodesign.fronts.target.require_front_folder`; and where the ``front.json`` of before, which an
        interrupted front must not replace unseen, is none.
    OSError
        When the disk is full or a permission is missing; nothing has changed then.
    """
    require_front_folder(folder)
    if front.status == "interrupted" and _has_finished_front(folder / "front.json"):
        return ()
    write_whole(
        folder,
        FRONT_FILES,
        fill=lambda fresh: _write(fresh, scenario, front),
        recheck=lambda: require_front_folder(folder),  # making the files took a while, and others may have written
    )
    return tuple(folder / name for name in FRONT_FILES if (folder / name).exists())


def _has_finished_front(file: Path) -> bool:
    if not file.exists():
        return False
    told = decode_json(file.read_bytes(), _Told, what=f"{file}, which may be a finished front (move it away),")
    return told.status != "interrupted"


def _write(folder: Path, scenario: Scenario, front: ParetoFront) -> None:
    (folder / "front.json").write_bytes(encode_json(front))
    drawn = {}
    if front.points:
        rows = point_rows(front)
        (folder / "front.csv").write_bytes(csv_bytes(rows, tuple(rows[0])))
        write_parquet(point_frame(rows), folder / "front.parquet")
        (folder / "cells.csv").write_bytes(csv_bytes(cell_rows(front), cell_columns(front)))
    figure = chart_of_front(front)
    if figure is not None:
        drawn["front"] = svg_bytes(figure)
        (folder / "front.svg").write_bytes(drawn["front"])
        (folder / "front.png").write_bytes(png_bytes(figure))
    (folder / "front.html").write_text(render_page(scenario, front, drawn), encoding="utf-8")
