"""The contract of every engine; a new engine joins by one line in ENGINES."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sweeps.engine_calls import PATIENCE_S, is_running, outcomes, task, wait_for

from topodesign.domain.errors import Conflict
from topodesign.sweeps import child_process
from topodesign.sweeps.engine import MOST_ATTEMPTS, Engine
from topodesign.sweeps.local_engine import LocalEngine


def on_cluster(request: pytest.FixtureRequest) -> Engine:
    from topodesign.sweeps.dask_engine import DaskEngine  # takes half a second to load

    return DaskEngine(request.getfixturevalue("cluster").access)


ENGINES: dict[str, Callable[[pytest.FixtureRequest], Engine]] = {
    "dask": on_cluster,
    "local": lambda _: LocalEngine(workers=2),
}


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    made = ENGINES[request.param](request)
    with contextlib.closing(made):
        yield made


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


def test_of_tasks_that_are_canceled_together_none_begins_meanwhile(engine: Engine, tmp_path: Path):
    names = [f"t{number}" for number in range(2 * engine.workers)]
    for name in names:
        engine.submit(task(name, "sleep", b"60", str(tmp_path / name).encode()))
    running = names[: engine.workers]
    for name in running:
        wait_for(tmp_path / name, engine)
    for name in names:
        engine.cancel(name)
    found = outcomes(engine, len(names))
    assert {name: (found[name].state, found[name].attempts) for name in names} == {
        name: ("canceled", int(name in running)) for name in names
    }
    engine.submit(task("after", "reverse", b"x"))
    assert outcomes(engine, 1)["after"].content == b"x"


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
