"""The contract of every engine; a new engine joins by one line in ENGINES."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from topodesign.domain.errors import Conflict
from topodesign.sweeps import child_process
from topodesign.sweeps.dask_engine import DaskEngine
from topodesign.sweeps.engine import MOST_ATTEMPTS, Engine, EngineTask, TaskOutcome
from topodesign.sweeps.local_engine import LocalEngine

ENGINES: dict[str, Callable[[pytest.FixtureRequest], Engine]] = {
    "dask": lambda request: DaskEngine(request.getfixturevalue("cluster").access),
    "local": lambda _: LocalEngine(workers=2),
}
PATIENCE_S = 60.0


def task(name: str, function: str, *payload: bytes, wall_s: float = 60.0, memory: int = 2**32) -> EngineTask:
    return EngineTask(
        task_id=name, function=f"sweeps.engine_tasks:{function}", payload=payload, wall_s=wall_s, memory_bytes=memory
    )


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    made = ENGINES[request.param](request)
    with contextlib.closing(made):
        yield made


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


def test_every_task_has_one_outcome_and_processes_stay_warm(engine: Engine):
    names = [f"t{number}" for number in range(7)]
    for name in names:
        engine.submit(task(name, "process_id"))
    found = outcomes(engine, len(names))
    assert sorted(found) == names
    assert {outcome.state for outcome in found.values()} == {"done"}
    assert len({outcome.content for outcome in found.values()}) <= engine.workers
    assert engine.results(0.0) == ()


def test_a_task_gets_its_payload_and_prints_nowhere(engine: Engine, capfd: pytest.CaptureFixture[str]):
    engine.submit(task("a", "reverse", b"one", b"two\0"))
    engine.submit(task("b", "print_much"))
    found = outcomes(engine, 2)
    assert found["a"].content == b"two\0one"
    assert found["b"].content == b"printed"
    assert capfd.readouterr().out == ""


def test_an_error_of_the_tree_keeps_reason_and_message_and_any_other_is_a_defect(engine: Engine):
    engine.submit(task("refused", "refuse"))
    engine.submit(task("broken", "break_down"))
    found = outcomes(engine, 2)
    assert (found["refused"].state, found["refused"].reason) == ("fault", "PODS_NEGATIVE")
    assert "must be at least 0" in found["refused"].message
    assert (found["broken"].state, found["broken"].reason) == ("fault", "INTERNAL")
    assert "ZeroDivisionError" in found["broken"].message


def test_a_task_whose_process_dies_runs_again_but_not_for_ever(engine: Engine, tmp_path: Path):
    engine.submit(task("once", "die", b"1", str(tmp_path / "once").encode()))
    engine.submit(task("always", "die", b"99", str(tmp_path / "always").encode()))
    found = outcomes(engine, 2)
    assert (found["once"].state, found["once"].content, found["once"].attempts) == ("done", b"1", 2)
    assert (found["always"].state, found["always"].attempts) == ("lost", MOST_ATTEMPTS)
    assert "SIGKILL" in found["always"].message
    assert (tmp_path / "always").read_text() == str(MOST_ATTEMPTS)


def test_a_running_task_is_canceled_with_what_it_started_and_a_waiting_one_never_begins(engine: Engine, tmp_path: Path):
    engine.submit(task("running", "sleep_with_another", str(tmp_path / "running").encode()))
    pids = [int(pid) for pid in wait_for(tmp_path / "running", engine).split()]
    for number in range(engine.workers):
        engine.submit(task(f"busy{number}", "sleep", b"0.3", str(tmp_path / f"busy{number}").encode()))
    engine.submit(task("waiting", "sleep", b"0", str(tmp_path / "waiting").encode()))
    engine.cancel("waiting")
    engine.cancel("running")
    found = outcomes(engine, 2 + engine.workers)
    assert found["running"].state == found["waiting"].state == "canceled"
    assert not any(is_running(pid) for pid in pids)
    assert not (tmp_path / "waiting").exists()
    assert found["busy0"].state == "done"


def test_a_task_past_its_seconds_is_killed_and_others_go_on(engine: Engine, tmp_path: Path):
    engine.submit(task("long", "sleep", b"60", str(tmp_path / "long").encode(), wall_s=2.0))
    engine.submit(task("short", "reverse", b"x"))
    found = outcomes(engine, 2)
    assert (found["long"].state, found["long"].reason) == ("time", "TASK_TIME_EXCEEDED")
    assert "2 s" in found["long"].message
    assert found["short"].state == "done"


def test_a_task_that_asks_for_too_much_memory_ends_alone(engine: Engine):
    engine.submit(task("greedy", "fill_memory", str(2**33).encode(), memory=2**30))
    engine.submit(task("modest", "fill_memory", b"1000", memory=2**30))
    found = outcomes(engine, 2)
    assert (found["greedy"].state, found["greedy"].reason) == ("memory", "OUT_OF_MEMORY")
    assert found["modest"].state == "done"


def test_an_id_counts_once_and_a_closed_engine_takes_nothing_and_leaves_no_process(engine: Engine, tmp_path: Path):
    engine.submit(task("a", "sleep", b"60", str(tmp_path / "a").encode()))
    pid = int(wait_for(tmp_path / "a", engine))
    with pytest.raises(Conflict, match="submitted before"):
        engine.submit(task("a", "reverse"))
    engine.close()
    engine.close()
    assert not is_running(pid)
    with pytest.raises(Conflict, match="closed"):
        engine.submit(task("b", "reverse"))


def test_a_kill_that_takes_long_keeps_neither_the_engine_nor_the_other_kills_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(child_process, "EXIT_WAIT_S", 0.0)  # no kernel is so quick
    engine = LocalEngine(workers=2)
    for name in "ab":
        engine.submit(task(name, "sleep", b"60", str(tmp_path / name).encode()))
    processes = [psutil.Process(int(wait_for(tmp_path / name, engine))) for name in "ab"]
    engine.close()
    assert engine.pids == ()
    assert psutil.wait_procs(processes, timeout=PATIENCE_S)[1] == []
