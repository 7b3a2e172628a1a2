"""The files of a stress."""

from collections.abc import Mapping
from pathlib import Path

from topodesign.domain.codec import encode_json
from topodesign.domain.stress import StressReport
from topodesign.outputs.chart_style import png_bytes, svg_bytes
from topodesign.scenario.whole_folders import write_whole
from topodesign.sweeps.tables import Cell, csv_bytes, write_parquet
from topodesign.sweeps.target import require_own_folder
from topodesign.uncertainty.stress_chart import stress_chart
from topodesign.uncertainty.stress_page import render_stress_page
from topodesign.uncertainty.tables import frame

MARKER = "stress.json"
STRESS_FILES = (
    MARKER,
    "stress-parts.csv",
    "stress-parts.parquet",
    "stress-states.csv",
    "stress-states.parquet",
    "stress.png",
    "stress.svg",
    "stress.html",
)


def require_stress_folder(folder: Path) -> None:
    """Raise unless a stress can be written there; as :func:`~topodesign.sweeps.target.require_own_folder`."""
    require_own_folder(folder, STRESS_FILES, marker=MARKER, what="stress")


def save_stress(folder: Path, report: StressReport) -> tuple[Path, ...]:
    """Write report, tables, chart and page; those of an earlier stress go. All files are changed or none.

    Raises
    ------
    Conflict, InvalidInput
        As :func:`require_stress_folder`.
    OSError
        When the disk is full or a permission is missing; nothing has changed then.
    """
    require_stress_folder(folder)
    write_whole(
        folder,
        STRESS_FILES,
        fill=lambda fresh: _write(fresh, report),
        recheck=lambda: require_stress_folder(folder),
    )
    return tuple(folder / name for name in STRESS_FILES)


def part_rows(report: StressReport) -> list[Mapping[str, Cell]]:
    """One row for each part, those that hurt most first."""
    return [
        {
            "kind": item.kind,
            "id": item.id,
            "probability": item.probability,
            "drawn_out": item.drawn_out,
            "lost_accelerators_when_out": item.lost_accelerators_when_out,
            "missed_when_out": item.missed_when_out,
            "avoidable_share": item.avoidable_share,
            "basis": item.basis,
        }
        for item in report.parts
    ]


def state_rows(report: StressReport) -> list[Mapping[str, Cell]]:
    """One row for each of the most frequent states that lose something."""
    return [
        {
            "out": ";".join(item.out),
            "drawn": item.drawn,
            "accelerators": item.accelerators,
            "strength_gbps": item.strength_gbps,
            "target": "kept" if item.keeps_target else "missed",
        }
        for item in report.worst_states
    ]


PART_COLUMNS = (
    "kind", "id", "probability", "drawn_out", "lost_accelerators_when_out", "missed_when_out", "avoidable_share",
    "basis",
)  # fmt: skip
STATE_COLUMNS = ("out", "drawn", "accelerators", "strength_gbps", "target")


def _write(folder: Path, report: StressReport) -> None:
    (folder / MARKER).write_bytes(encode_json(report))
    for name, rows, columns in (
        ("stress-parts", part_rows(report), PART_COLUMNS),
        ("stress-states", state_rows(report), STATE_COLUMNS),
    ):
        (folder / f"{name}.csv").write_bytes(csv_bytes(rows, columns))
        write_parquet(frame(rows, columns), folder / f"{name}.parquet")
    figure = stress_chart(report)
    drawn = svg_bytes(figure)
    (folder / "stress.svg").write_bytes(drawn)
    (folder / "stress.png").write_bytes(png_bytes(figure))
    (folder / "stress.html").write_text(render_stress_page(report, drawn), encoding="utf-8")
