"""What an engine's tasks are on the workers of a Dask cluster: a child process that solves, and a thread that waits.

Dask cannot end a task that runs. So a task does not solve: it has a child process solve, which can be killed from the
worker's event loop, or by the task itself as soon as nobody waits for it any more (its engine was killed, its worker
is to close). Children of an engine stay warm for its next tasks, and end with it, with their worker, or when they had
nothing to do for a while. Everything here is called by its name from :mod:`topodesign.sweeps.dask_link`.
"""

import asyncio
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

import dask
import msgspec
from distributed import Status, Worker, get_worker

from topodesign.sweeps.child_process import LOOK_S, AttemptEnd, ChildProcess, Watch
from topodesign.sweeps.engine import EngineTask
from topodesign.sweeps.versions import planner_versions

BEGUN_TOPIC = "topodesign-begun"
IDLE_S = 30.0
"""Seconds after which an engine that asks nothing of a worker has nothing there any more."""
TASK_PACKAGES = "topodesign.task-packages"
"""Setting of Dask on a worker: packages whose functions tasks may be, besides our own."""
CLOSING = (Status.closing, Status.closed, Status.failed)
PROCESS = uuid.uuid4().hex
"""Tells this process from an earlier one at the same address."""


class SentPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a payload: itself, or the ``digest`` of one that was sent before."""

    content: bytes = b""
    digest: str = ""


class SentTask(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt on its way to a worker."""

    attempt_id: str
    engine_id: str
    process: str
    function: str
    payload: tuple[SentPart, ...]
    wall_s: float
    memory_bytes: int


class SentEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended; nothing when it did not begin: it ``lacks_parts``, or else this process is not the one meant."""

    end: AttemptEnd | None = None
    lacks_parts: bool = False


class Worked(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker or scheduler says of itself."""

    process: str
    versions: dict[str, str]


@dataclass(slots=True, eq=False)
class _Room:
    """All that one engine has in this process."""

    engine_id: str
    idle: list[ChildProcess] = field(default_factory=list)
    running: dict[str, ChildProcess] = field(default_factory=dict)
    condemned: set[str] = field(default_factory=set)
    parts: dict[str, bytes] = field(default_factory=dict)
    timer: threading.Timer | None = None


_rooms: dict[str, _Room] = {}
_lock = threading.Lock()
"""Of the rooms: tasks run in threads, everything else in the event loop."""


def describe() -> bytes:
    """An encoded :class:`Worked`."""
    versions = {**planner_versions(), "distributed": version("distributed")}
    return msgspec.msgpack.encode(Worked(process=PROCESS, versions=versions))


def keep_parts(engine_id: str, parts: Mapping[str, bytes], dropped: Iterable[str]) -> None:
    """Keep parts of payloads by their digests, so that a scenario is sent once and not with every task."""
    with _lock:
        room = _room(engine_id)
        for digest in dropped:
            room.parts.pop(digest, None)
        room.parts.update(parts)


def run_attempt(content: bytes) -> bytes:
    """Run an encoded :class:`SentTask` in a child and wait for it; gives an encoded :class:`SentEnd`."""
    sent = msgspec.msgpack.decode(content, type=SentTask)
    return msgspec.msgpack.encode(_run(sent, get_worker()))


async def kill_attempt(engine_id: str, attempt_id: str) -> None:
    """Kill an attempt with all that it started; one that has not begun here never will."""
    with _lock:
        room = _room(engine_id)
        room.condemned.add(attempt_id)
        child = room.running.get(attempt_id)
        if child is not None:
            child.kill()
    if child is not None:
        await asyncio.to_thread(child.wait_gone)


async def close_room(engine_id: str) -> None:
    """End all that an engine has here."""
    with _lock:
        room = _emptied(engine_id)
    if room is not None:
        await asyncio.to_thread(_see_gone, room)


def _run(sent: SentTask, worker: Worker) -> SentEnd:
    refusal = _refusal_of(sent.function)
    if refusal is not None:
        return SentEnd(end=refusal)
    with _lock:
        room = _room(sent.engine_id)
        if sent.process != PROCESS:
            return SentEnd()
        if sent.attempt_id in room.condemned:
            return SentEnd(end=AttemptEnd(state="canceled", reason="CANCELED", message="before it began"))
        if not all(part.digest in room.parts for part in sent.payload if part.digest):
            return SentEnd(lacks_parts=True)  # nothing was asked of this room for a while, and it was cleared
        payload = tuple(room.parts[part.digest] if part.digest else part.content for part in sent.payload)
        child = room.idle.pop() if room.idle else ChildProcess()
        room.running[sent.attempt_id] = child
    task = EngineTask(
        task_id=sent.attempt_id,
        function=sent.function,
        payload=payload,
        wall_s=sent.wall_s,
        memory_bytes=sent.memory_bytes,
    )
    worker.log_event(BEGUN_TOPIC, sent.attempt_id)
    try:
        child.begin(task)
        return SentEnd(end=_awaited(child, sent.attempt_id, worker))
    finally:
        _let_go(room, sent.attempt_id)


def _let_go(room: _Room, attempt_id: str) -> None:
    """Keep the child of an attempt for the next one, if it can be and its engine has not been closed."""
    with _lock:
        child = room.running.pop(attempt_id)
        is_kept = _rooms.get(room.engine_id) is room and child.task is None and not child.has_ended
        if is_kept:
            room.idle.append(child)
    if not is_kept:
        child.end()


def _awaited(child: ChildProcess, key: str, worker: Worker) -> AttemptEnd:
    watch = Watch()
    while _is_wanted(key, worker):
        for _, end in watch.ended([child], LOOK_S):
            return end
    return child.give_up("lost", "", "the end of its worker")  # told to nobody, unless somebody waits after all


def _is_wanted(key: str, worker: Worker) -> bool:
    """Whether somebody still waits for this task: Dask notes at once when its client is gone, but lets it run on."""
    if worker.status in CLOSING:
        return False
    state = worker.state.tasks.get(key)
    return state is not None and state.state == "executing"


def _refusal_of(function: str) -> AttemptEnd | None:
    package = function.partition(":")[0].partition(".")[0]
    allowed = ("topodesign", *dask.config.get(TASK_PACKAGES, default=()))
    if package in allowed:
        return None
    message = (
        f"{function} is no function of topodesign, and this worker runs no other; see {TASK_PACKAGES} in its settings"
    )
    return AttemptEnd(state="fault", reason="FUNCTION_REFUSED", message=message)


def _room(engine_id: str) -> _Room:
    """The room of an engine, which is cleared when nothing is asked of it for a while; under the lock."""
    room = _rooms.setdefault(engine_id, _Room(engine_id))
    if room.timer is not None:
        room.timer.cancel()
    room.timer = threading.Timer(IDLE_S, _clear_if_idle, (room,))
    room.timer.daemon = True
    room.timer.start()
    return room


def _clear_if_idle(room: _Room) -> None:
    with _lock:
        if _rooms.get(room.engine_id) is not room:
            return
        if room.running:
            _room(room.engine_id)  # later
            return
        _emptied(room.engine_id)
    _see_gone(room)


def _emptied(engine_id: str) -> _Room | None:
    """Kill all children of an engine and forget it; under the lock."""
    room = _rooms.pop(engine_id, None)
    if room is not None:
        if room.timer is not None:
            room.timer.cancel()
        for child in (*room.idle, *room.running.values()):
            child.kill()
    return room


def _see_gone(room: _Room) -> None:
    for child in room.idle:
        child.end()
    for child in tuple(room.running.values()):  # who waits for one of these lets go of it
        child.wait_gone()
