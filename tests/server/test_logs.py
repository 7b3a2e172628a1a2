"""The log: JSON or for people, and never with the values of variables."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
import structlog
from topodesign_server.logs import LogOptions, configure_logs
configure_logs(LogOptions(level=sys.argv[1], form=sys.argv[2]))
log = structlog.get_logger()
def fails(password):
    raise ValueError("the value is wrong")
try:
    fails("pw9-in-a-" + "variable")
except ValueError as error:
    log.error("defect", exc_info=error)
log.info("told", job="a")
"""


def said(level: str, form: str) -> str:
    path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level, form],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return done.stderr


@pytest.mark.parametrize("form", ["auto", "json", "console"])
def test_the_trace_of_a_defect_shows_where_it_was_and_no_values(form: str) -> None:
    text = said("info", form)
    assert "the value is wrong" in text
    assert "fails" in text
    assert "pw9-in-a-variable" not in text
    assert ('"event": "told"' in text) == (form != "console")


def test_a_higher_level_leaves_the_rest_out() -> None:
    text = said("error", "json")
    assert "defect" in text
    assert "told" not in text
