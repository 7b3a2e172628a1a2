"""The engine on a Dask cluster: each task is a child process of a worker, and can be killed there.

A worker has at most as many attempts as it has threads at a time, so that nothing of this engine waits on a worker:
what waits, waits here. So the death of a worker costs those attempts alone that ran on it, and what Dask itself thinks
of a task that it cannot finish never matters. Every attempt has a name of its own; what comes late from an earlier one
is dropped.
"""

import collections
import hashlib
import queue
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from topodesign.domain.errors import InternalError, ServiceUnavailable
from topodesign.sweeps.child_process import AttemptEnd
from topodesign.sweeps.cluster_access import ClusterAccess
from topodesign.sweeps.dask_link import (
    AttemptAnswered,
    AttemptBegun,
    AttemptBroken,
    AttemptKilled,
    AttemptLost,
    DaskLink,
    Event,
    SchedulerLost,
    WorkerJoined,
    WorkerLeft,
)
from topodesign.sweeps.dask_worker import SentPart, SentTask
from topodesign.sweeps.engine import EngineTask, TaskOutcome
from topodesign.sweeps.task_ledger import Attempt, TaskLedger

WORKER_WAIT_S = 60.0
LOOK_S = 1.0
"""Most seconds between two looks at whether there is a worker at all."""
LARGE_BYTES = 2**16
"""A part of a payload of at least so many bytes is sent to a worker once, and named by its digest from then on."""
MOST_RETURNS = 20
"""How often an attempt that never began may come back from lost workers before that counts against its task."""


@dataclass(slots=True, eq=False)
class _Worker:
    """A worker of the cluster, as this side knows it."""

    address: str
    process: str
    lanes: int
    running: set[str] = field(default_factory=set)

    @property
    def free(self) -> int:
        return self.lanes - len(self.running)


@dataclass(slots=True, eq=False)
class _Sent:
    """An attempt that a worker was given."""

    attempt: Attempt
    worker: _Worker
    began_s: float | None = None
    is_canceled: bool = False


class DaskEngine:
    """An :class:`~topodesign.sweeps.engine.Engine` of child processes of the workers of a Dask cluster.

    Workers may come and go. The cluster stays when the engine is closed, or is killed: what it ran there ends. A
    context manager: leaving it closes it.

    Parameters
    ----------
    access : ClusterAccess
    worker_wait_s : float
        Seconds without any worker after which ``results`` gives up waiting for one.

    Raises
    ------
    ServiceUnavailable
        When nobody answers there, or not to these certificates (``SCHEDULER_UNREACHABLE``). Of ``results``: when the
        scheduler is lost with all that it knew (``SCHEDULER_LOST``), or there is no worker (``CLUSTER_EMPTY``); another
        engine can run then what has no outcome.
    Conflict
        When the scheduler or a worker has other versions than this side (``CLUSTER_DIFFERS``).
    """

    def __init__(self, access: ClusterAccess, *, worker_wait_s: float = WORKER_WAIT_S) -> None:
        self._access = access
        self._worker_wait_s = worker_wait_s
        self._ledger = TaskLedger()
        self._workers: dict[str, _Worker] = {}
        self._sent: dict[str, _Sent] = {}
        self._returns: collections.Counter[str] = collections.Counter()
        self._serial = 0
        self._lost = ""
        self._is_closed = False
        self._link = DaskLink(access)
        self._empty_since_s = time.monotonic()
        self._take_events(0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def workers(self) -> int:
        """Threads of all workers that there are now; 1 while there are none, so that something waits for them."""
        return max(1, sum(worker.lanes for worker in self._workers.values()))

    def submit(self, task: EngineTask) -> None:
        self._ledger.submit(task)
        self._take_events(0.0)
        self._dispatch()

    def results(self, timeout_s: float) -> tuple[TaskOutcome, ...]:
        until_s = time.monotonic() + timeout_s
        self._take_events(0.0)
        self._dispatch()
        while not self._ledger.has_outcomes and (self._sent or self._ledger.is_waiting):
            self._require_cluster()
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                break
            self._take_events(min(left_s, LOOK_S))
            self._dispatch()
        return self._ledger.told()

    def cancel(self, task_id: str) -> None:
        self._ledger.withdraw(task_id)
        for name, sent in self._sent.items():
            if sent.attempt.task.task_id == task_id and not sent.is_canceled and not self._is_closed:
                sent.is_canceled = True
                self._link.kill(sent.worker.address, name)

    def close(self) -> None:
        self._is_closed = True
        self._ledger.close()
        self._sent.clear()
        self._workers.clear()
        self._link.close()

    def _require_cluster(self) -> None:
        address = self._access.scheduler
        if self._lost:
            raise ServiceUnavailable(
                f"the scheduler at {address} is gone, and with it what ran there: {self._lost}; start it again where "
                "that is needed and run the same command again: what was finished is kept",
                reason="SCHEDULER_LOST",
                metadata={"scheduler": address},
            )
        empty_s = time.monotonic() - self._empty_since_s
        if not self._workers and empty_s > self._worker_wait_s:
            raise ServiceUnavailable(
                f"the cluster at {address} had no worker that can be used for {self._worker_wait_s:g} s; start some "
                "and run the same command again: what was finished is kept",
                reason="CLUSTER_EMPTY",
                metadata={"scheduler": address},
            )

    def _dispatch(self) -> None:
        """Give waiting attempts to workers with a free lane, those with the most of them first."""
        while self._ledger.is_waiting and not self._lost and not self._is_closed:
            worker = max(self._workers.values(), key=lambda worker: worker.free, default=None)
            if worker is None or worker.free <= 0:
                return
            self._send(worker, self._ledger.next())

    def _send(self, worker: _Worker, attempt: Attempt) -> None:
        self._serial += 1
        name = f"topodesign-{self._link.engine_id}-{self._serial}"
        payload, parts = _parted(attempt.task.payload)
        sent = SentTask(
            attempt_id=name,
            engine_id=self._link.engine_id,
            process=worker.process,
            function=attempt.task.function,
            payload=payload,
            wall_s=attempt.task.wall_s,
            memory_bytes=attempt.task.memory_bytes,
        )
        worker.running.add(name)
        self._sent[name] = _Sent(attempt, worker)
        self._link.run(worker.address, sent, parts)

    def _take_events(self, timeout_s: float) -> None:
        """Take what has happened; waits so long for the first of it."""
        try:
            self._take(self._link.events.get(timeout=timeout_s) if timeout_s > 0 else self._link.events.get_nowait())
            while True:
                self._take(self._link.events.get_nowait())
        except queue.Empty:
            return

    def _take(self, event: Event) -> None:
        match event:
            case WorkerJoined():
                self._leave(event.address, f"the end of its worker {event.address}")
                self._workers[event.address] = _Worker(event.address, event.process, event.lanes)
            case WorkerLeft():
                self._leave(event.address, f"the end of its worker {event.address}")
            case SchedulerLost():
                self._lost = self._lost or event.why
            case _:
                sent = self._sent.get(event.attempt_id)
                if sent is not None:  # else it is late, or of another engine
                    self._take_of(event.attempt_id, sent, event)

    def _take_of(
        self,
        name: str,
        sent: _Sent,
        event: AttemptBegun | AttemptAnswered | AttemptKilled | AttemptLost | AttemptBroken,
    ) -> None:
        match event:
            case AttemptBegun():
                sent.began_s = time.monotonic()
            case AttemptKilled():
                self._end(name, sent, AttemptEnd(state="canceled"))
            case AttemptAnswered(answer=answer) if answer.end is not None:
                self._end(name, sent, answer.end)
            case AttemptAnswered(answer=answer) if answer.lacks_parts:
                self._lose(name, sent, "a worker that had let go of what it was sent")
            case AttemptLost(why=why):
                self._lose(name, sent, why)
            case AttemptAnswered():
                self._lose_worker(sent.worker, "another process at the address of its worker")
            case AttemptBroken(is_lost=True, why=why):
                self._lose_worker(sent.worker, why)
            case AttemptBroken(why=why):
                defect = InternalError(f"{sent.attempt.task.function} could not be run on the cluster: {why}")
                self._end(name, sent, AttemptEnd(state="fault", reason=defect.reason, message=defect.message))

    def _lose_worker(self, worker: _Worker, why: str) -> None:
        """It did not do what it was told: it is taken again when it has said that it is there."""
        self._leave(worker.address, why)
        self._link.readmit(worker.address)

    def _leave(self, address: str, why: str) -> None:
        """A worker is gone: what ran there comes again."""
        worker = self._workers.pop(address, None)
        if worker is None:
            return
        if not self._workers:
            self._empty_since_s = time.monotonic()
        for name in sorted(worker.running):
            self._lose(name, self._sent[name], why)

    def _lose(self, name: str, sent: _Sent, why: str) -> None:
        """It has no answer. One that never began comes again as if nothing had been."""
        task_id = sent.attempt.task.task_id
        if sent.began_s is None and not sent.is_canceled and self._returns[task_id] < MOST_RETURNS:
            self._returns[task_id] += 1
            self._drop(name, sent)
            self._ledger.put_back(sent.attempt)
        else:
            self._end(name, sent, AttemptEnd(state="lost", message=why, run_s=_since(sent.began_s)))

    def _end(self, name: str, sent: _Sent, end: AttemptEnd) -> None:
        self._drop(name, sent)
        if sent.is_canceled:
            run_s = _since(sent.began_s)
            end = AttemptEnd(state="canceled", reason="CANCELED", message="while it ran", run_s=run_s)
        self._ledger.end(sent.attempt, end)

    def _drop(self, name: str, sent: _Sent) -> None:
        del self._sent[name]
        sent.worker.running.discard(name)
        self._link.forget(name)


def _parted(payload: tuple[bytes, ...]) -> tuple[tuple[SentPart, ...], dict[str, bytes]]:
    """A payload as it is sent, and by their digests its large parts, which the worker has to keep before it comes."""
    sent: list[SentPart] = []
    large: dict[str, bytes] = {}
    for part in payload:
        if len(part) < LARGE_BYTES:
            sent.append(SentPart(content=part))
        else:
            digest = hashlib.sha256(part).hexdigest()
            sent.append(SentPart(digest=digest))
            large[digest] = part
    return tuple(sent), large


def _since(began_s: float | None) -> float:
    return 0.0 if began_s is None else time.monotonic() - began_s
