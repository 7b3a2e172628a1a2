"""The engine on this machine: as many warm processes as asked for, each of which can be killed."""

import collections
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

import msgspec

from topodesign.domain.checks import require_number
from topodesign.domain.errors import Conflict
from topodesign.processes.groups import group_usage, proportional_bytes
from topodesign.sweeps.child import Answer, Order
from topodesign.sweeps.engine import MOST_ATTEMPTS, EngineTask, OutcomeState, TaskOutcome

MOST_WORKERS = 256
LOOK_S = 0.25
"""Seconds between two looks at the memory of all processes."""
EXIT_WAIT_S = 5.0
GIB = 2.0**30


class LocalEngine:
    """An :class:`~topodesign.sweeps.engine.Engine` of child processes of this one.

    Processes start with the first tasks and stay for the next ones: importing the solvers takes longer than many a
    solve. They are killed with this process, also by SIGKILL (on Linux), and when the thread ends that submits and
    takes results. A context manager: leaving it closes it.

    Parameters
    ----------
    workers : int
        Processes, 1 to 256.
    """

    def __init__(self, workers: int = 2) -> None:
        require_number(workers, field="workers", at_least=1, at_most=MOST_WORKERS)
        self._workers = workers
        self._queue: collections.deque[tuple[EngineTask, int]] = collections.deque()
        self._children: list[_Child] = []
        self._outcomes: list[TaskOutcome] = []
        self._known: set[str] = set()
        self._is_closed = False
        self._next_look_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def workers(self) -> int:
        return self._workers

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes that there are now."""
        return tuple(child.pid for child in self._children)

    def submit(self, task: EngineTask) -> None:
        if self._is_closed:
            raise Conflict("the engine is closed; make another", reason="ENGINE_CLOSED")
        if task.task_id in self._known:
            raise Conflict(
                f"task {task.task_id!r} was submitted before; give every task an id of its own", reason="TASK_REPEATED"
            )
        self._known.add(task.task_id)
        self._queue.append((task, 1))
        self._dispatch()

    def results(self, timeout_s: float) -> tuple[TaskOutcome, ...]:
        until_s = time.monotonic() + timeout_s
        while not self._outcomes:
            busy = [child for child in self._children if child.task is not None]
            left_s = until_s - time.monotonic()
            if left_s <= 0 or not busy:
                break
            self._await(busy, min(left_s, LOOK_S))
            self._dispatch()
        told, self._outcomes = tuple(self._outcomes), []
        return told

    def cancel(self, task_id: str) -> None:
        for entry in list(self._queue):
            if entry[0].task_id == task_id:
                self._queue.remove(entry)
                self._tell(entry[0], "canceled", attempts=entry[1] - 1, reason="CANCELED", message="before it began")
        for child in list(self._children):
            if child.task is not None and child.task.task_id == task_id:
                self._end(child, "canceled", "CANCELED", "while it ran")
        self._dispatch()

    def close(self) -> None:
        self._is_closed = True
        self._queue.clear()
        for child in self._children:  # all of them before any is waited for
            child.kill()
        while self._children:
            self._children.pop().end()

    def _dispatch(self) -> None:
        """Give waiting tasks to idle processes, and start processes as long as there may be more."""
        while self._queue:
            idle = next((child for child in self._children if child.task is None), None)
            if idle is None:
                if len(self._children) >= self._workers:
                    return
                idle = _Child()
                self._children.append(idle)
            task, attempt = self._queue.popleft()
            idle.begin(task, attempt)

    def _await(self, busy: "list[_Child]", timeout_s: float) -> None:
        """Take what the processes say, and end those that take too much."""
        nearest_s = min(child.ends_at_s for child in busy) - time.monotonic()
        by_connection = {child.connection: child for child in busy}
        for ready in wait(list(by_connection), max(0.0, min(timeout_s, nearest_s))):
            assert isinstance(ready, Connection)
            self._take_answer(by_connection[ready])
        now_s = time.monotonic()
        for child in [item for item in self._children if item.task is not None and now_s >= item.ends_at_s]:
            assert child.task is not None
            message = f"it ran for more than the {child.task.wall_s:g} s that it may have"
            self._end(child, "time", "TASK_TIME_EXCEEDED", message)
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + LOOK_S
            self._enforce_memory()

    def _take_answer(self, child: "_Child") -> None:
        try:
            answer = msgspec.msgpack.decode(child.connection.recv_bytes(), type=Answer)
        except (EOFError, OSError):
            self._retry(child)
            return
        task = child.task
        assert task is not None  # only busy ones are listened to
        state: OutcomeState = "done" if answer.state == "done" else "memory" if answer.state == "memory" else "fault"
        self._tell(
            task,
            state,
            content=answer.content,
            reason=answer.reason,
            message=answer.message,
            attempts=child.attempt,
            run_s=child.run_s,
        )
        child.task = None
        if state == "memory":  # what it holds on to is not for the next task to pay for
            self._children.remove(child)
            child.end()

    def _retry(self, child: "_Child") -> None:
        """Its process died by another hand: once more, before what waits, or never again."""
        task, attempt, run_s = child.task, child.attempt, child.run_s
        assert task is not None  # only busy ones are listened to
        self._children.remove(child)
        code = child.end()
        if attempt < MOST_ATTEMPTS:
            self._queue.appendleft((task, attempt + 1))
            return
        how = _ending_of(code)
        message = (
            f"its process ended {attempt} times, the last time by {how}; most often that is for want of memory: run "
            "fewer at once, or make the scenario smaller"
        )
        self._tell(task, "lost", reason="WORKER_LOST", message=message, attempts=attempt, run_s=run_s)

    def _enforce_memory(self) -> None:
        usage = group_usage(self.pids)
        for child in [item for item in self._children if item.task is not None and item.pid in usage]:
            assert child.task is not None
            limit, used = child.task.memory_bytes, usage[child.pid]
            if used.resident_bytes > limit and (used.processes == 1 or proportional_bytes(used.pids) > limit):
                message = (
                    f"it had {used.resident_bytes / GIB:.2f} GiB, more than the {limit / GIB:.2f} that it may have"
                )
                self._end(child, "memory", "OUT_OF_MEMORY", message)

    def _end(self, child: "_Child", state: OutcomeState, reason: str, message: str) -> None:
        """Kill a process for good; its task has this outcome."""
        assert child.task is not None
        self._children.remove(child)
        task, run_s = child.task, child.run_s
        child.end()
        self._tell(task, state, reason=reason, message=message, attempts=child.attempt, run_s=run_s)

    def _tell(
        self,
        task: EngineTask,
        state: OutcomeState,
        *,
        content: bytes = b"",
        reason: str = "",
        message: str = "",
        attempts: int,
        run_s: float = 0.0,
    ) -> None:
        self._outcomes.append(
            TaskOutcome(
                task_id=task.task_id,
                state=state,
                content=content,
                reason=reason,
                message=message,
                attempts=attempts,
                run_s=run_s,
            )
        )


class _Child:
    """One process: idle, or at a task."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "topodesign.sweeps.child", str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(place or os.curdir for place in sys.path)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # ours may hold a document; what goes wrong is told on stderr
                start_new_session=True,
            )
        self.connection: Connection = Connection(ours.detach())
        self.task: EngineTask | None = None
        self.attempt = 0
        self._began_s = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def run_s(self) -> float:
        return time.monotonic() - self._began_s

    @property
    def ends_at_s(self) -> float:
        return float("inf") if self.task is None else self._began_s + self.task.wall_s

    def begin(self, task: EngineTask, attempt: int) -> None:
        self.task, self.attempt, self._began_s = task, attempt, time.monotonic()
        order = Order(task.function, task.payload, task.memory_bytes)
        with contextlib.suppress(OSError):  # a process that is gone is noticed when its answer is awaited
            self.connection.send_bytes(msgspec.msgpack.encode(order))

    def kill(self) -> None:
        """Kill it and whatever it started, without waiting for that."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> int | None:
        """Kill it and whatever it started; its exit code, ``None`` where the kernel takes long to let go of it."""
        self.kill()
        self.connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(EXIT_WAIT_S)
        return None


def _ending_of(code: int | None) -> str:
    if code is None:
        return "a kill that takes long"
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
