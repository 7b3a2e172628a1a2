"""Attempts at sweeps with real children: they begin nothing that is not wanted, and a sweep outlives their faults."""

import queue
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from served.store_place import attempt_store, job_store, new_job
from topodesign_server.attempt_observer import AttemptObserver
from topodesign_server.child_engine import ChildEngine
from topodesign_server.children import ChildFactory
from topodesign_server.database import Database
from topodesign_server.job_rows import QUEUED, RUNNING, NewSweep
from topodesign_server.metrics import Metrics
from topodesign_server.settings import ServerSettings
from topodesign_server.sweep_store import PointStore
from topodesign_server.tables import DEFAULT_TENANT as TENANT
from topodesign_server.tracing import NoTracing
from topodesign_server.workers import Workers

from topodesign.domain.errors import ServiceUnavailable
from topodesign.domain.scenario_sweep import SweepDefinition
from topodesign.sweeps.engine import EngineTask
from topodesign.sweeps.grammar import axis_of
from topodesign.sweeps.messages import definition_to_proto

GIB = 2**30
PATIENCE_S = 60.0


def test_cancelling_what_runs_does_not_begin_what_waits(children: ChildFactory) -> None:
    begun: list[str] = []
    with closing(
        ChildEngine(children, tenant=TENANT, on_start=lambda task, _pid: begun.append(task.task_id))
    ) as engine:
        for name in ("runs", "waits"):
            engine.submit(EngineTask(task_id=name, function="find_course", payload=(), wall_s=60, memory_bytes=4 * GIB))
        for name in ("runs", "waits"):
            engine.cancel(name)
        assert [outcome.state for outcome in engine.results(0.0)] == ["canceled", "canceled"]
    assert begun == ["runs"]


class NoMoreProcesses(ChildFactory):
    """As on a machine that has none left for a while."""

    def start_warm(self, *, memory_bytes: int, niceness: int = 0) -> NoReturn:
        raise ServiceUnavailable("the service cannot start a process", reason="CHILDREN_UNAVAILABLE")


def test_a_sweep_waits_for_another_attempt_when_no_process_can_be_started(database: Database) -> None:
    definition = definition_to_proto(SweepDefinition(axes=(axis_of("policy.max_sites=2"),))).SerializeToString()
    jobs, changes = job_store(database), queue.Queue[int]()
    jobs.create(new_job("s", sweep=NewSweep(definition=definition, progress=b"")), key=None)
    workers = Workers(
        jobs=jobs,
        attempts=attempt_store(database, retry_pause_s=60.0),
        points=PointStore(database),
        children=NoMoreProcesses(preload=()),
        settings=ServerSettings(data_directory=Path(), workers=1),
        observer=AttemptObserver(Metrics(), NoTracing()),
        is_shared=True,
        on_change=changes.put,
    )
    workers.start()
    try:
        while jobs.get(TENANT, "s").state == RUNNING or jobs.get(TENANT, "s").attempt == 0:
            changes.get(timeout=PATIENCE_S)
    finally:
        workers.drain()
    job = jobs.get(TENANT, "s")
    assert (job.state, job.attempt_count) == (QUEUED, 1)
