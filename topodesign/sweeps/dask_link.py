"""The connection of an engine to a Dask cluster: a client with an event loop of its own, which tells what happens.

What is asked of it returns at once, but for connecting and closing; what becomes of it is told as events in a queue.
"""

import asyncio
import contextlib
import logging
import queue
import threading
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from distributed import Client, Security
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from topodesign.domain.errors import Conflict, ServiceUnavailable, TopoDesignError
from topodesign.sweeps import dask_worker
from topodesign.sweeps.cluster_access import ClusterAccess
from topodesign.sweeps.dask_parts import KeptParts
from topodesign.sweeps.dask_worker import SentEnd, SentTask, Worked

CONNECT_S = 15.0
ANSWER_S = 10.0
"""Seconds that a worker has to say what it is, or to end what runs on it when the engine is closed."""
LOOK_S = 0.5
"""Seconds between two looks at which workers there are."""
SILENCE_S = 30.0
"""Seconds of silence after which a scheduler counts as gone."""
AGAIN_S = 1.0
"""Seconds until a worker that could not be reached is asked again, or an attempt that it could not begin comes back."""
LOST_CONNECTION = "scheduler-connection-lost"
Result = TypeVar("Result")
log = logging.getLogger("topodesign.sweeps.dask")
logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # SchedulerLost says it without a trace


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerJoined:
    """A worker with as many lanes as it has threads; ``process`` tells it from an earlier one at its address."""

    address: str
    process: str
    lanes: int


@dataclass(frozen=True, slots=True)
class WorkerLeft:
    address: str


@dataclass(frozen=True, slots=True)
class AttemptBegun:
    attempt_id: str


@dataclass(frozen=True, slots=True)
class AttemptAnswered:
    attempt_id: str
    answer: SentEnd


@dataclass(frozen=True, slots=True)
class AttemptKilled:
    """It was killed on request, or will never begin."""

    attempt_id: str


@dataclass(frozen=True, slots=True)
class AttemptLost:
    """It has no answer, which is no evidence against its worker: others go on there."""

    attempt_id: str
    why: str


@dataclass(frozen=True, slots=True)
class AttemptBroken:
    """It has no answer: its worker is gone (``is_lost``), or Dask could not run it."""

    attempt_id: str
    is_lost: bool
    why: str


@dataclass(frozen=True, slots=True)
class SchedulerLost:
    why: str


Event = (
    WorkerJoined
    | WorkerLeft
    | AttemptBegun
    | AttemptAnswered
    | AttemptKilled
    | AttemptLost
    | AttemptBroken
    | SchedulerLost
)


class DaskLink:
    """A client of a cluster in a thread of its own.

    Parameters
    ----------
    access : ClusterAccess

    Raises
    ------
    ServiceUnavailable
        When nobody answers there, or not to these certificates (``SCHEDULER_UNREACHABLE``).
    Conflict
        When the scheduler or a worker has other versions than this side (``CLUSTER_DIFFERS``).
    """

    def __init__(self, access: ClusterAccess) -> None:
        self.engine_id = uuid.uuid4().hex
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._access = access
        self._is_closing = False
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._take_stray)
        self._thread = threading.Thread(target=self._loop.run_forever, name="topodesign-dask", daemon=True)
        self._workers: dict[str, int] = {}
        self._kept: dict[tuple[str, str], KeptParts] = {}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread.start()
        try:
            self._client = self._await(_connected(access))
        except BaseException:
            self._end_loop()
            raise
        try:
            self._await(self._survey())
        except BaseException:
            self.close()
            raise

    def run(self, worker: str, sent: SentTask, parts: Mapping[str, bytes]) -> None:
        """Have a worker run an attempt; before that it is sent those of these parts that it does not keep."""
        self._soon(self._follow(worker, sent, parts), sent.attempt_id)

    def kill(self, worker: str, attempt_id: str) -> None:
        """Have a worker kill an attempt; told when that is done."""
        self._soon(self._kill(worker, attempt_id))

    def readmit(self, worker: str) -> None:
        """Ask a worker anew what it is, if it is still there; told when it has said so."""
        self._loop.call_soon_threadsafe(self._workers.pop, worker, None)  # it comes as a new one

    def forget(self, attempt_id: str) -> None:
        """Nothing is told of an attempt any more, and nobody waits for it on the cluster."""
        self._loop.call_soon_threadsafe(self._forget, attempt_id)

    def close(self) -> None:
        """End all of this engine on the cluster, as far as it can be reached."""
        if not self._thread.is_alive():
            return
        self._is_closing = True
        with contextlib.suppress(TimeoutError):  # what is left ends when it notes that nobody waits for it
            self._await(self._shut(), 3 * ANSWER_S)
        self._end_loop()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, coroutine: Coroutine[None, None, Result], timeout_s: float | None = None) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout_s)

    def _soon(self, coroutine: Coroutine[None, None, None], attempt_id: str = "") -> None:
        self._loop.call_soon_threadsafe(self._begin, coroutine, attempt_id)

    # What follows runs in the event loop.

    def _begin(self, coroutine: Coroutine[None, None, None], attempt_id: str = "") -> asyncio.Task[None]:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if attempt_id:
            self._following[attempt_id] = task
            task.add_done_callback(lambda _: self._following.pop(attempt_id, None))
        return task

    def _forget(self, attempt_id: str) -> None:
        task = self._following.pop(attempt_id, None)
        if task is not None:
            task.cancel()

    async def _survey(self) -> None:
        """See who is there, and whether all of them are as this side is."""
        self._client.subscribe_topic(dask_worker.BEGUN_TOPIC, self._take_begun)
        try:
            content = await self._client.run_on_scheduler(dask_worker.describe)
            self._workers = dict(await self._client.nthreads())
        except (OSError, TimeoutError) as error:
            raise _unreachable(self._access, error) from None
        except Exception as error:  # noqa: BLE001 - what a side without this room of topodesign answers is of any class
            raise _differs("the scheduler", str(error)) from None
        _require_same("the scheduler", content)
        await asyncio.gather(*(self._admit(worker) for worker in self._workers))
        self._begin(self._look())

    async def _look(self) -> None:
        """Tell which workers come and go, until the scheduler is gone."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                found = dict(await asyncio.wait_for(self._client.nthreads(), SILENCE_S))
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is known of the cluster any more
                self.events.put(SchedulerLost(str(error) or f"it said nothing for {SILENCE_S:g} s"))
                return
            gone = self._workers.keys() - found.keys()
            come = found.keys() - self._workers.keys()
            self._workers = found
            for worker in sorted(gone):
                self.events.put(WorkerLeft(worker))
            for worker in sorted(come):
                self._begin(self._admit_later(worker))

    async def _admit_later(self, worker: str) -> None:
        """One that is no use is left out: the others go on."""
        try:
            await self._admit(worker)
        except TopoDesignError as error:
            log.warning("worker %s is left out: %s", worker, error.message)

    async def _admit(self, worker: str) -> None:
        """Have a worker say what it is; told unless it is gone."""
        try:
            call = self._client.run(dask_worker.describe, workers=[worker])
            content = (await asyncio.wait_for(call, ANSWER_S))[worker]
        except (OSError, TimeoutError) as error:
            log.warning("worker %s is left out: it does not say what it is: %s", worker, error)
            self._workers.pop(worker, None)  # it comes as a new one, and is asked again
            return
        except Exception as error:  # noqa: BLE001 - as above
            raise _differs(f"worker {worker}", str(error)) from None
        process = _require_same(f"worker {worker}", content)
        if worker in self._workers:
            self.events.put(WorkerJoined(address=worker, process=process, lanes=self._workers[worker]))

    async def _follow(self, worker: str, sent: SentTask, parts: Mapping[str, bytes]) -> None:
        """Send an attempt to a worker and wait for what becomes of it."""
        name = sent.attempt_id
        try:
            self.events.put(AttemptAnswered(name, await self._answer(worker, sent, parts)))
        except FutureCancelledError as error:
            if error.reason == LOST_CONNECTION:
                self.events.put(SchedulerLost(str(error)))
            else:
                self.events.put(AttemptBroken(name, is_lost=True, why=str(error)))
        except KilledWorker as error:
            self.events.put(AttemptBroken(name, is_lost=True, why=str(error)))
        except OSError as error:  # that a worker is gone is told elsewhere
            await asyncio.sleep(AGAIN_S)
            self.events.put(AttemptLost(name, f"a worker that could not begin it: {error}"))
        except Exception as error:  # noqa: BLE001 - the boundary to a cluster: every error becomes an outcome
            self.events.put(AttemptBroken(name, is_lost=False, why=repr(error)))

    async def _answer(self, worker: str, sent: SentTask, parts: Mapping[str, bytes]) -> SentEnd:
        kept = self._kept_by(worker, sent.process)
        with kept.held(parts.keys()):
            await asyncio.shield(self._begin(kept.have(parts)))  # others wait for the same parts
            content = await self._submitted(worker, sent)
        answer = msgspec.msgpack.decode(content, type=SentEnd)
        if answer.lacks_parts:
            kept.forget(parts.keys())
        return answer

    def _kept_by(self, worker: str, process: str) -> KeptParts:
        """What a worker keeps: another process at its address begins with nothing."""

        async def deliver(parts: Mapping[str, bytes], dropped: Sequence[str]) -> bool:
            return await self._have_done(worker, dask_worker.keep_parts, parts, dropped)

        return self._kept.setdefault((worker, process), KeptParts(deliver))

    async def _submitted(self, worker: str, sent: SentTask) -> bytes:
        """Its encoded answer. While it cannot be fetched it is asked for again: the worker has it."""
        future = self._client.submit(
            dask_worker.run_attempt,
            msgspec.msgpack.encode(sent),
            key=sent.attempt_id,
            workers=[worker],
            pure=False,
            retries=0,
        )
        try:
            while True:
                try:
                    content: bytes = await future
                except OSError as error:
                    if future.status == "error" or worker not in self._workers:  # the task raised it, or it is no use
                        raise
                    log.warning("worker %s does not give the answer of %s: %s", worker, sent.attempt_id, error)
                    await asyncio.sleep(AGAIN_S)
                else:
                    return content
        finally:
            future.release()

    async def _kill(self, worker: str, attempt_id: str) -> None:
        if await self._have_done(worker, dask_worker.kill_attempt, attempt_id):
            self.events.put(AttemptKilled(attempt_id))

    async def _have_done(self, worker: str, function: Callable[..., object], *arguments: object) -> bool:
        """Whether a worker did something for this engine: it is asked until it has, or is gone."""
        while worker in self._workers:
            try:
                await self._client.run(function, self.engine_id, *arguments, workers=[worker])
            except OSError as error:  # it may be gone, which is told elsewhere
                log.warning("worker %s does not answer: %s", worker, error)
                await asyncio.sleep(AGAIN_S)
            else:
                return True
        return False

    def _take_stray(self, _: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
        """An error that nobody awaits; the client of Dask leaves some behind when it is closed."""
        level = logging.DEBUG if self._is_closing else logging.WARNING
        log.log(level, "%s: %r", context.get("message"), context.get("exception"))

    async def _shut(self) -> None:
        await self._cancel(self._tasks)
        if self._client.status == "running" and self._workers:
            call = self._client.run(
                dask_worker.close_room, self.engine_id, workers=sorted(self._workers), on_error="ignore"
            )
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(call, ANSWER_S)
        with contextlib.suppress(TimeoutError):
            await self._client.close(timeout=ANSWER_S)
        await self._cancel(asyncio.all_tasks() - {asyncio.current_task()})  # what the client leaves

    async def _cancel(self, tasks: Set[asyncio.Task[None] | None]) -> None:
        found = [task for task in tasks if task is not None]
        for task in found:
            task.cancel()
        await asyncio.gather(*found, return_exceptions=True)

    def _take_begun(self, event: tuple[float, str]) -> None:
        self.events.put(AttemptBegun(event[1]))


async def _connected(access: ClusterAccess) -> Client:
    try:
        return await Client(
            access.scheduler,
            asynchronous=True,
            security=_security_of(access),
            timeout=CONNECT_S,
            set_as_default=False,
        )
    except (OSError, TimeoutError) as error:
        raise _unreachable(access, error) from None


def _unreachable(access: ClusterAccess, error: Exception) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"no scheduler answers at {access.scheduler}: {error}; start one there, or correct --scheduler; by TLS both "
        "sides need certificates that the other's authority signed",
        reason="SCHEDULER_UNREACHABLE",
        metadata={"scheduler": access.scheduler},
    )


def _security_of(access: ClusterAccess) -> Security | None:
    if not access.is_encrypted:
        return None
    return Security(
        require_encryption=True,
        tls_ca_file=str(access.tls_ca),
        tls_client_cert=str(access.tls_cert),
        tls_client_key=str(access.tls_key),
    )


def _require_same(who: str, content: bytes) -> str:
    """The process id of one that has the same versions as this side."""
    theirs = msgspec.msgpack.decode(content, type=Worked)
    ours = msgspec.msgpack.decode(dask_worker.describe(), type=Worked).versions
    differences = [
        f"{name} {theirs.versions.get(name, 'none')} where this side has {ours[name]}"
        for name in ours
        if theirs.versions.get(name) != ours[name]
    ]
    if differences:
        raise _differs(who, ", ".join(differences))
    return theirs.process


def _differs(who: str, why: str) -> Conflict:
    return Conflict(
        f"{who} is not as this side is: {why}; plans depend on versions: install the same ones on both sides",
        reason="CLUSTER_DIFFERS",
        metadata={"who": who},
    )
