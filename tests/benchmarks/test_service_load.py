"""The load benchmark runs against a real server; its figures are for people."""

import json
from pathlib import Path

import pytest

from benchmarks.service_load import main


def test_streams_are_opened_held_and_told_of_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "results" / "service_load.json"
    rows = main(["--only", "watches", "--streams", "20", "--seconds", "0.1", "--cores", "64", "--out", str(out)])
    assert [(row.what, row.calls, row.failed) for row in rows] == [
        ("20 WatchPlan streams open", 20, 0),
        ("20 streams told of the end", 20, 0),
    ]
    assert len(json.loads(out.read_text())) == 2
    assert "| 20 streams told of the end | 20 | 0 |" in capsys.readouterr().out
