"""A process that runs tasks one after the other, held by the one that started it: fed, watched and killed from here.

Every engine runs its tasks in such processes, on this machine or on the workers of a cluster.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

import msgspec

from topodesign.processes.groups import group_usage, proportional_bytes
from topodesign.sweeps.child import Answer, Order
from topodesign.sweeps.engine import EngineTask, OutcomeState

LOOK_S = 0.25
"""Seconds between two looks at the memory of all processes."""
EXIT_WAIT_S = 5.0
GIB = 2.0**30


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """How one attempt at a task ended. ``lost``: its process died by another hand, which ``message`` names."""

    state: OutcomeState
    content: bytes = b""
    reason: str = ""
    message: str = ""
    run_s: float = 0.0


class ChildProcess:
    """One process: idle, at a task, or ended for good. It dies with the thread that made it (on Linux)."""

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
        self._began_s = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether :meth:`end` was called: it takes no other task."""
        return self.connection.closed

    @property
    def run_s(self) -> float:
        return time.monotonic() - self._began_s

    @property
    def ends_at_s(self) -> float:
        return float("inf") if self.task is None else self._began_s + self.task.wall_s

    def begin(self, task: EngineTask) -> None:
        self.task, self._began_s = task, time.monotonic()
        order = Order(task.function, task.payload, task.memory_bytes)
        with contextlib.suppress(OSError):  # a process that is gone is noticed when its answer is awaited
            self.connection.send_bytes(msgspec.msgpack.encode(order))

    def take_answer(self) -> AttemptEnd:
        """What it says of its task, once there is something to read. It is idle then, or has ended."""
        run_s, self.task = self.run_s, None
        try:
            answer = msgspec.msgpack.decode(self.connection.recv_bytes(), type=Answer)
        except (EOFError, OSError):
            return AttemptEnd(state="lost", message=_ending_of(self.end()), run_s=run_s)
        state: OutcomeState = "done" if answer.state == "done" else "memory" if answer.state == "memory" else "fault"
        if state == "memory":  # what it holds on to is not for the next task to pay for
            self.end()
        return AttemptEnd(
            state=state, content=answer.content, reason=answer.reason, message=answer.message, run_s=run_s
        )

    def give_up(self, state: OutcomeState, reason: str, message: str) -> AttemptEnd:
        """Kill it for good; its task ended in this way."""
        run_s, self.task = self.run_s, None
        self.end()
        return AttemptEnd(state=state, reason=reason, message=message, run_s=run_s)

    def kill(self) -> None:
        """Kill it and whatever it started, without waiting for that."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def wait_gone(self) -> int | None:
        """Wait until a killed process is gone; its exit code, ``None`` where the kernel takes long to let go of it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(EXIT_WAIT_S)
        return None

    def end(self) -> int | None:
        """Kill it and whatever it started; its exit code as :meth:`wait_gone`."""
        self.kill()
        self.connection.close()
        return self.wait_gone()


class Watch:
    """Looks after busy processes: takes what they say, and kills those that take too much time or memory."""

    def __init__(self) -> None:
        self._next_look_s = 0.0

    def ended(self, busy: Sequence[ChildProcess], timeout_s: float) -> list[tuple[ChildProcess, AttemptEnd]]:
        """Attempts that ended; returns after so many seconds or :data:`LOOK_S`, or as soon as one has."""
        nearest_s = min(child.ends_at_s for child in busy) - time.monotonic()
        by_connection = {child.connection: child for child in busy}
        found = []
        for ready in wait(list(by_connection), max(0.0, min(timeout_s, LOOK_S, nearest_s))):
            assert isinstance(ready, Connection)
            found.append((by_connection[ready], by_connection[ready].take_answer()))
        now_s = time.monotonic()
        for child in [item for item in busy if item.task is not None and now_s >= item.ends_at_s]:
            assert child.task is not None
            message = f"it ran for more than the {child.task.wall_s:g} s that it may have"
            found.append((child, child.give_up("time", "TASK_TIME_EXCEEDED", message)))
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + LOOK_S
            found += _over_memory([item for item in busy if item.task is not None])
        return found


def _over_memory(busy: Sequence[ChildProcess]) -> list[tuple[ChildProcess, AttemptEnd]]:
    found = []
    usage = group_usage([child.pid for child in busy])
    for child in [item for item in busy if item.pid in usage]:
        assert child.task is not None
        limit, used = child.task.memory_bytes, usage[child.pid]
        if used.resident_bytes > limit and (used.processes == 1 or proportional_bytes(used.pids) > limit):
            message = f"it had {used.resident_bytes / GIB:.2f} GiB, more than the {limit / GIB:.2f} that it may have"
            found.append((child, child.give_up("memory", "OUT_OF_MEMORY", message)))
    return found


def _ending_of(code: int | None) -> str:
    if code is None:
        return "a kill that takes long"
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
