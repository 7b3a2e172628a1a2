"""Standard streams that are closed or full, or whose reader has gone: as well-behaved Unix tools meet them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = f"{sys.executable} -m topodesign.cli.app"
SCENARIO = "sample_sites/two-campus"


@pytest.fixture(autouse=True, params=["", "1"], ids=["buffered", "unbuffered"])
def _buffering(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A buffered stream fails when it is flushed, an unbuffered one when it is written to."""
    monkeypatch.setenv("PYTHONUNBUFFERED", request.param)


def shell(command: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
    )


@pytest.mark.parametrize("options", [f"check {SCENARIO} --json", f"check {SCENARIO}", "check nowhere --json"])
@pytest.mark.parametrize(("stdout", "why"), [(">&-", "closed"), (">/dev/full", "No space left")])
def test_a_stdout_that_takes_nothing_is_told_once_and_is_no_defect(options: str, stdout: str, why: str) -> None:
    done = shell(f"{PROGRAM} {options} {stdout}")
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1
    assert "standard output" in done.stderr
    assert why in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [f"check {SCENARIO} --json", f"check {SCENARIO}", "--help", "check nowhere --json"])
def test_a_reader_that_leaves_ends_the_program_in_silence(options: str) -> None:
    # true ends before the program has begun to write; 141 is 128 + SIGPIPE, as for any tool that the signal ends
    done = shell(f"{PROGRAM} {options} | true")
    assert done.returncode == 141
    assert done.stderr == ""


def test_help_into_a_full_device_is_told_too() -> None:
    done = shell(f"{PROGRAM} --help >/dev/full")
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr


def test_a_closed_stderr_changes_nothing() -> None:
    assert shell(f"{PROGRAM} check {SCENARIO} 2>&-").returncode == 0
    assert shell(f"{PROGRAM} check nowhere 2>&-").returncode == 2


@pytest.mark.parametrize("_buffering", [""], indirect=True)
def test_no_file_takes_the_place_of_a_closed_stdout(tmp_path: Path) -> None:
    """What a library writes to descriptor 1 would go into it."""
    done = shell(f"{PROGRAM} plan {SCENARIO} --gap 0 --out {tmp_path / 'out'} >&-")
    assert done.returncode == 2
    assert "standard output" in done.stderr
    plan = (tmp_path / "out" / "plan.json").read_text()
    assert plan.startswith("{")
    assert plan.endswith("}\n")


def test_a_table_ends_in_the_same_ways_as_lines_do() -> None:
    """Rich would end the program itself, with exit code 1."""
    command = f"{PROGRAM} fabric evaluate torus --shape 4x4x4"
    assert shell(f"{command} | true").returncode == 141
    full = shell(f"{command} >/dev/full")
    assert full.returncode == 2
    assert "OUTPUT_LOST" in full.stderr
