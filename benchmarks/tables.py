"""Markdown tables and JSON files of benchmark runs."""

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """A Markdown table; the first ``left`` columns are left-aligned, the others right-aligned."""
    rule = ["---" if column < left else "---:" for column in range(len(header))]
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def percent(share: float | None, digits: int = 2) -> str:
    """A share as a percentage, ``-`` for none."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def millions(usd: float | None) -> str:
    """US dollars in millions, ``-`` for none."""
    return "-" if usd is None else f"{usd / 1e6:,.2f}"


def seconds(value: float | None) -> str:
    """Seconds, ``-`` for none."""
    return "-" if value is None else f"{value:,.1f}"


def environment() -> dict[str, object]:
    """What the numbers depend on: processors and versions."""
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "ortools": version("ortools"),
        "topodesign": version("topodesign"),
    }


def write_json(path: Path, document: object) -> None:
    """A JSON document with stable formatting."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
