"""How tests talk to engines."""

import contextlib
import time
from pathlib import Path

import psutil

from topodesign.sweeps.engine import Engine, EngineTask, TaskOutcome

PATIENCE_S = 60.0


def task(name: str, function: str, *payload: bytes, wall_s: float = 60.0, memory: int = 2**32) -> EngineTask:
    return EngineTask(
        task_id=name, function=f"sweeps.engine_tasks:{function}", payload=payload, wall_s=wall_s, memory_bytes=memory
    )


def outcomes(engine: Engine, count: int) -> dict[str, TaskOutcome]:
    """So many outcomes, by task."""
    found: dict[str, TaskOutcome] = {}
    until_s = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < until_s:
        for outcome in engine.results(1.0):
            assert outcome.task_id not in found
            found[outcome.task_id] = outcome
    assert len(found) == count
    return found


def wait_for(file: Path, engine: Engine) -> str:
    """What a task that has begun says there."""
    until_s = time.monotonic() + PATIENCE_S
    while not (file.exists() and file.read_text(encoding="ascii")):
        assert time.monotonic() < until_s
        assert engine.results(0.05) == ()
    return file.read_text(encoding="ascii")


def is_running(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
