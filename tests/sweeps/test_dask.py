"""The engine on a cluster when things go wrong: workers, clients and schedulers that die, and strangers."""

import asyncio
import hashlib
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from distributed import Client
from served.certificates import Authority
from sweeps.dask_clients import sleep_on, sleeping, sweep_on
from sweeps.dask_cluster import Cluster, killed, running_cluster, security, started
from sweeps.engine_calls import PATIENCE_S, is_running, outcomes, task, wait_for
from sweeps.swept_campus import CAMPUS, DEFINITION, Done, finished_rows, without_times

from topodesign.cli.app import run
from topodesign.cli.engine_options import DEFAULT_WORKERS, engine_for
from topodesign.domain.errors import Conflict, InvalidInput, NotFound, ServiceUnavailable
from topodesign.sweeps import dask_link, dask_parts, dask_worker
from topodesign.sweeps.cluster_access import ClusterAccess, require_cluster_extra
from topodesign.sweeps.dask_engine import DaskEngine
from topodesign.sweeps.engine import EngineTask
from topodesign.sweeps.running import run_sweep
from topodesign.sweeps.store import SweepStore


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of one worker: whatever a test breaks it mends."""
    with running_cluster(tmp_path_factory.mktemp("fragile"), workers=1) as running:
        yield running


def test_a_worker_that_dies_costs_its_own_task_an_attempt_and_no_other(fragile: Cluster, tmp_path: Path):
    with DaskEngine(fragile.access) as engine, DaskEngine(fragile.access) as other:
        engine.submit(sleeping("running", tmp_path, 1.0))
        pid = int(wait_for(tmp_path / "running", engine))
        other.submit(task("behind", "reverse", b"x"))  # waits for the same thread of the worker
        engine.submit(task("waiting", "reverse", b"y"))
        assert engine.results(0.2) == other.results(0.2) == ()
        (tmp_path / "running").unlink()
        fragile.kill_worker(0)
        wait_until_gone(pid)
        fragile.add_worker()
        found = {**outcomes(engine, 2), **outcomes(other, 1)}
    assert {name: (end.state, end.attempts) for name, end in found.items()} == {
        "running": ("done", 2),
        "waiting": ("done", 1),
        "behind": ("done", 1),
    }


def test_a_task_that_waits_behind_another_client_is_canceled_within_a_second(fragile: Cluster, tmp_path: Path):
    with DaskEngine(fragile.access) as engine, DaskEngine(fragile.access) as other:
        engine.submit(sleeping("running", tmp_path, 60.0))
        wait_for(tmp_path / "running", engine)
        other.submit(sleeping("behind", tmp_path, 60.0))
        assert other.results(0.2) == ()
        other.cancel("behind")
        assert outcomes(other, 1)["behind"].state == "canceled"
        engine.cancel("running")
        assert outcomes(engine, 1)["running"].state == "canceled"
        engine.submit(task("next", "reverse", b"x"))
        assert outcomes(engine, 1)["next"].content == b"x"
        assert not (tmp_path / "behind").exists()


def test_what_a_killed_client_ran_on_the_cluster_ends(fragile: Cluster, tmp_path: Path):
    client = started(sleep_on, fragile.access, tmp_path)
    with DaskEngine(fragile.access) as engine:
        pid = int(wait_for(tmp_path / "left", engine))
        killed(client)
        wait_until_gone(pid)
        engine.submit(task("next", "reverse", b"x"))
        assert outcomes(engine, 1)["next"].content == b"x"


def wait_until_gone(pid: int) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while is_running(pid):
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_a_scheduler_that_is_lost_is_told_with_the_remedy_and_another_engine_goes_on(fragile: Cluster, tmp_path: Path):
    with DaskEngine(fragile.access) as engine:
        engine.submit(sleeping("running", tmp_path, 60.0))
        engine.submit(task("waiting", "reverse", b"x"))
        pid = int(wait_for(tmp_path / "running", engine))
        fragile.kill()
        wait_until_gone(pid)
        for _ in range(2):
            with pytest.raises(ServiceUnavailable, match="run the same command again") as lost:
                outcomes(engine, 1)
            assert lost.value.reason == "SCHEDULER_LOST"
        engine.cancel("running")
    fragile.start(workers=1)
    with DaskEngine(fragile.access) as engine:
        engine.submit(task("waiting", "reverse", b"x"))
        assert outcomes(engine, 1)["waiting"].content == b"x"


def test_a_sweep_outlives_its_client_its_scheduler_and_its_workers_with_the_same_plans(
    fragile: Cluster, swept: Done, tmp_path: Path
):
    folder = tmp_path / "sweep"
    client = started(sweep_on, fragile.access, folder, swept.scenario)
    until_s = time.monotonic() + PATIENCE_S
    while not finished_rows(folder):
        assert time.monotonic() < until_s
        time.sleep(0.005)
    killed(client)
    fragile.kill()
    first = finished_rows(folder)
    assert 0 < len(first) < 8
    fragile.start(workers=4)
    finished = sweep_under_fire(fragile, swept, folder)
    assert len(fragile.workers) == 2
    fragile.kill_worker(0)
    assert sorted([*finished, *first]) == list(range(8))
    assert first.items() <= finished_rows(folder).items()
    with SweepStore.open(folder) as store:
        results = tuple(store.results().values())
    assert without_times(results) == without_times(swept.outcome.results)


def sweep_under_fire(cluster: Cluster, swept: Done, folder: Path) -> list[int]:
    """Numbers of the points that are finished while two of the workers are killed, drawn at random."""
    draw = random.Random(int(os.environ.get("TOPODESIGN_SWEEP_SEED", "1")))
    began_s = time.monotonic()
    moments = sorted(began_s + draw.uniform(0.1, 1.0) for _ in range(2))  # no more: a task is tried three times

    def strike() -> bool:
        if moments and time.monotonic() > moments[0]:
            del moments[0]
            cluster.kill_worker(draw.randrange(len(cluster.workers)))
        return False

    finished: list[int] = []
    files, pair = cluster.files, cluster.files.pair
    chosen = engine_for(
        "dask",
        workers=DEFAULT_WORKERS,
        scheduler=cluster.address,
        tls_ca=files.ca,
        tls_cert=pair.certificate,
        tls_key=pair.key,
        insecure=False,
    )
    with chosen as engine:
        run_sweep(
            DEFINITION,
            swept.scenario,
            folder=folder,
            engine=engine,
            on_progress=lambda _done, _count, latest: finished.append(latest.number),
            should_stop=strike,
        )
    return finished


def test_a_cluster_without_workers_is_told_and_one_that_comes_is_used(fragile: Cluster):
    fragile.kill_worker(0)
    with DaskEngine(fragile.access, worker_wait_s=0.0) as engine:
        engine.submit(task("a", "reverse", b"x"))
        with pytest.raises(ServiceUnavailable, match="had no worker") as empty:
            outcomes(engine, 1)
        assert empty.value.reason == "CLUSTER_EMPTY"
    fragile.add_worker()
    with DaskEngine(fragile.access) as engine:
        engine.submit(task("a", "reverse", b"x"))
        assert outcomes(engine, 1)["a"].content == b"x"


def test_large_parts_of_a_payload_arrive_whether_kept_or_let_go_of(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dask_parts, "KEPT_BYTES", 3 * 2**16)
    parts = [bytes([value]) * 2**16 for value in range(4)]
    with DaskEngine(cluster.access) as engine:
        for number in range(12):
            engine.submit(task(f"t{number}", "reverse", b"|", parts[number % 4], parts[number // 4]))
        found = outcomes(engine, 12)
    for number in range(12):
        assert found[f"t{number}"].content == parts[number // 4] + parts[number % 4] + b"|"


def test_who_needs_a_part_that_is_on_its_way_waits_for_the_worker_to_keep_it_and_sends_it_no_second_time():
    asyncio.run(share_an_upload())


async def share_an_upload() -> None:
    sent: list[dict[str, bytes]] = []
    arrival = asyncio.Event()

    async def deliver(parts: Mapping[str, bytes], _: Sequence[str]) -> bool:
        sent.append(dict(parts))
        await arrival.wait()
        return True

    kept = dask_parts.KeptParts(deliver)
    needs = ({"a": b"1"}, {"a": b"1"}, {"a": b"1", "b": b"2"})
    waiting = [asyncio.ensure_future(kept.have(parts)) for parts in needs]
    for _ in range(10):  # turns of the loop: more than any of them needs
        await asyncio.sleep(0)
    assert not any(future.done() for future in waiting)
    arrival.set()
    await asyncio.gather(*waiting)
    assert sent == [{"a": b"1"}, {"b": b"2"}]
    kept.forget({"a"})
    await kept.have({"a": b"1"})
    assert sent[2:] == [{"a": b"1"}]


def test_parts_that_a_worker_let_go_of_are_sent_again_and_what_runs_there_goes_on(cluster: Cluster, tmp_path: Path):
    large = bytes(2**16)
    with DaskEngine(cluster.access) as engine:
        engine.submit(task("first", "reverse", large))
        outcomes(engine, 1)
        engine.submit(sleeping("innocent", tmp_path, 1.5))
        wait_for(tmp_path / "innocent", engine)
        let_go(cluster, engine, hashlib.sha256(large).hexdigest())
        engine.submit(task("again", "reverse", large))
        found = outcomes(engine, 2)
    assert {name: (end.state, end.attempts) for name, end in found.items()} == {
        "innocent": ("done", 1),
        "again": ("done", 1),
    }


def let_go(cluster: Cluster, engine: DaskEngine, digest: str) -> None:
    """Have every worker let go of a part behind the back of its engine."""
    with Client(cluster.address, security=security(cluster.files), set_as_default=False) as client:
        client.run(dask_worker.keep_parts, engine._link.engine_id, {}, [digest])


def test_an_answer_that_cannot_be_fetched_at_once_costs_no_attempt(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fetch, failures = Client._gather, [OSError("the connection was reset")]

    async def failing(client: Client, *arguments: object, **named: object) -> object:
        if failures:
            raise failures.pop()
        return await fetch(client, *arguments, **named)

    monkeypatch.setattr(Client, "_gather", failing)
    with DaskEngine(cluster.access) as engine:
        engine.submit(sleeping("innocent", tmp_path, 1.5))
        wait_for(tmp_path / "innocent", engine)
        engine.submit(task("fetched", "reverse", b"x"))
        found = outcomes(engine, 2)
    assert not failures
    assert {name: (end.state, end.attempts) for name, end in found.items()} == {
        "innocent": ("done", 1),
        "fetched": ("done", 1),
    }


def test_a_worker_runs_functions_of_topodesign_and_what_its_operator_allows(cluster: Cluster):
    with DaskEngine(cluster.access) as engine:
        engine.submit(EngineTask(task_id="a", function="os:getcwdb", payload=(), wall_s=9.0, memory_bytes=2**30))
        found = outcomes(engine, 1)["a"]
    assert (found.state, found.reason) == ("fault", "FUNCTION_REFUSED")
    assert "os:getcwdb is no function of topodesign" in found.message


def test_who_has_no_certificate_of_the_authority_is_refused(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dask_link, "CONNECT_S", 1.0)
    stranger = Authority(tmp_path, "another-ca").pair("stranger")
    refused = (
        ClusterAccess(
            scheduler=cluster.address, tls_ca=cluster.files.ca, tls_cert=stranger.certificate, tls_key=stranger.key
        ),
        ClusterAccess(scheduler=cluster.address.replace("tls", "tcp")),
    )
    for access in refused:
        with pytest.raises(ServiceUnavailable, match="no scheduler answers at") as error:
            DaskEngine(access)
        assert error.value.reason == "SCHEDULER_UNREACHABLE"


def test_another_version_on_the_cluster_is_refused_by_name(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dask_worker, "planner_versions", lambda: {"topodesign": "9.9", "python": "3.11"})
    with pytest.raises(Conflict, match=r"scheduler is not as this side is: topodesign \S+ where this side has 9\.9"):
        DaskEngine(cluster.access)


def test_addresses_and_certificates_are_checked_before_anything_is_sent(cluster: Cluster, tmp_path: Path):
    files, pair = cluster.files, cluster.files.pair
    with pytest.raises(InvalidInput, match="say --insecure where something else encrypts") as error:
        ClusterAccess(scheduler="tcp://192.0.2.1:8786")
    assert error.value.reason == "TLS_REQUIRED"
    assert ClusterAccess(scheduler="tcp://192.0.2.1:8786", insecure=True).is_encrypted is False
    for scheduler in ("tcp://localhost:8786", "tcp://127.0.0.1:8786", "tcp://[::1]:8786"):
        assert ClusterAccess(scheduler=scheduler).is_encrypted is False
    for wrong in ("192.0.2.1:8786", "tls://host", "ucx://host:1", "tls://host:port", "tls://host:1/x", ""):
        with pytest.raises(InvalidInput, match="give tls://HOST:PORT"):
            ClusterAccess(scheduler=wrong)
    with pytest.raises(InvalidInput, match="wants TLS of both sides"):
        ClusterAccess(scheduler="tls://host:1", tls_ca=files.ca)
    with pytest.raises(InvalidInput, match="give tls://, or no certificates"):
        ClusterAccess(scheduler="tcp://127.0.0.1:1", tls_ca=files.ca)
    (tmp_path / "no.pem").write_text("nothing", encoding="ascii")
    for wrong_key in (tmp_path / "no.pem", tmp_path / "absent.pem"):
        with pytest.raises(InvalidInput, match="certificates cannot be used"):
            ClusterAccess(scheduler="tls://host:1", tls_ca=files.ca, tls_cert=pair.certificate, tls_key=wrong_key)


def test_options_of_one_engine_are_not_given_to_the_other(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    for words, remedy in (
        (["--engine", "dask"], "give --scheduler tls://HOST:PORT"),
        (["--scheduler", "tls://a:1"], "say --engine dask with it"),
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--workers", "3"], "--workers is of --engine local"),
        (["--engine", "dask", "--scheduler", "tcp://192.0.2.1:1"], "--insecure where something else encrypts"),
    ):
        assert run(["sweep", CAMPUS, "--vary", "policy.max_sites=2", "--out", str(tmp_path / "x"), *words]) == 2
        assert remedy in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NotFound, match=r"pip install 'topodesign\[cluster\]'") as error:
        require_cluster_extra()
    assert error.value.metadata == {"extra": "cluster"}
