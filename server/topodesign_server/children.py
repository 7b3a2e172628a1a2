"""Child processes: forked from a clean process, killable, dying with the server. One for each computation, or one for
many small ones.

The process that they are forked from (the fork server) is started before gRPC makes threads in this one, and has the
heavy libraries loaded already, so that a child starts in milliseconds. Should it be killed, a new one takes its place.
"""

import contextlib
import enum
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext

import structlog

from topodesign.domain.errors import ServiceUnavailable
from topodesign.processes.groups import GroupUsage, group_usage, process_start, proportional_bytes
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.tasks import run_task
from topodesign_server.warm_tasks import answer_tasks
from topodesign_server.watchdog import Watchdog

log = structlog.get_logger("topodesign_server")

EXIT_WAIT_S = 5.0
POLL_S = 0.01
MOST_STARTS = 5
MOST_PROCESSES = 64
"""Of one child with all that it starts: what the libraries may need is a few, more is a fork bomb."""
FORK_SERVER_LOST = 255
"""Exit code of a child whose end nobody saw, as the process that would have told died with it."""
TASKS = "topodesign_server.tasks"
PRELOADED = (
    "topodesign_server.dying_with_parent",  # first: it ties fork server and children to their parents
    "topodesign_server.growing_heap",  # before what is heavy
    "topodesign_server.tasks",
    "topodesign_server.incidents",
    "topodesign_server.catalog_in_memory",
    "topodesign.api",
    "topodesign.making",
    "topodesign.fabric",
    "topodesign.planning.solve",
    "topodesign.verify",
    "topodesign.sweeps.course",
    "topodesign.sweeps.messages",
    "topodesign.sweeps.solving",
    "topodesign_server.settled_heap",  # last
)


class Excess(enum.Enum):
    """Which limit a child was ended for."""

    TIME = "time"
    MEMORY = "memory"
    PROCESSES = "processes"


class ChildFactory:
    """Starts children. Make one before gRPC is initialized, in the main thread.

    Parameters
    ----------
    preload : sequence of str
        Modules that every child finds loaded.
    tasks : str
        Module whose mapping ``TASKS`` names what children do.
    """

    def __init__(self, preload: Sequence[str] = PRELOADED, *, tasks: str = TASKS) -> None:
        self._tasks = tasks
        self._watchdog = Watchdog()
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        # The fork server dies with the thread that started it (see dying_with_parent): a later one must not depend on
        # a thread that ends before the process does.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="fork-server")
        # A SIGTERM to the whole process group is for the server alone: it decides what becomes of its children. The
        # fork server and all that it forks inherit the blocked signal; here one that comes meanwhile is only put off.
        resource_tracker.ensure_running()  # starting it unblocks the signal
        earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, earlier)

    def start(
        self, task: str, payload: tuple[bytes, ...], *, memory_bytes: int | None = None, niceness: int = 0
    ) -> "Child":
        """Start a child that runs a task in at most ``memory_bytes``, so much after the server where cores are short.

        Raises
        ------
        ServiceUnavailable
            When the fork server does not stay alive.
        """
        return self._started(task, run_task, (self._tasks, task, payload, niceness), memory_bytes)

    def start_warm(self, *, memory_bytes: int, niceness: int = 0) -> "Child":
        """Start a child that answers one task after the other, each in at most ``memory_bytes``; see :meth:`Child.ask`.

        Raises
        ------
        ServiceUnavailable
            When the fork server does not stay alive.
        """
        return self._started("small tasks", answer_tasks, (self._tasks, niceness), memory_bytes)

    def _started(
        self, task: str, body: Callable[..., None], arguments: tuple[object, ...], memory_bytes: int | None
    ) -> "Child":
        for attempt in range(1, MOST_STARTS + 1):
            self._starter.submit(forkserver.ensure_running).result()
            try:
                return Child(self._context, body, arguments, memory_bytes, self._watchdog)
            except (OSError, EOFError) as error:  # it was killed since; the next one is started
                log.warning("fork_server_lost", attempt=attempt, error=repr(error))
        raise ServiceUnavailable(
            f"the service cannot start a process for {task}, {MOST_STARTS} times in a row; try again, and tell the "
            "operator when that does not help",
            reason="CHILDREN_UNAVAILABLE",
            metadata={"task": task, "starts": str(MOST_STARTS)},
        )


class Child:
    """One running child. ``receive`` and ``close`` belong to one thread; everything else may come from any."""

    def __init__(
        self,
        context: ForkServerContext,
        body: Callable[..., None],
        arguments: tuple[object, ...],
        memory_bytes: int | None,
        watchdog: Watchdog,
    ) -> None:
        self.memory_bytes = memory_bytes
        self.usage = GroupUsage()
        """The most that was seen of it."""
        self.excess: Excess | None = None
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_gone = False
        self._kill_at_s: float | None = None
        self._connection, remote = context.Pipe(duplex=False)
        # A pipe and no multiprocessing.Event: a child that is stopped or killed while it asks would keep the lock of
        # an event, and with it whoever wants to stop it.
        told, self._tell = context.Pipe(duplex=False)
        self._process = context.Process(target=body, args=(*arguments, remote, told, memory_bytes), daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._connection.close()
            self._tell.close()
            raise
        finally:
            remote.close()
            told.close()
        pid = self._process.pid
        assert pid is not None
        self.pid = pid
        self._start = process_start(pid)
        self._watchdog = watchdog
        watchdog.watch(self)

    @property
    def exit_code(self) -> int | None:
        """Of a child whose pipe has ended; negative: the number of the signal that ended it."""
        self._await_exit()
        with self._lock:
            return self._process.exitcode

    def receive(self, timeout_s: float | None) -> Frame | None:
        """The next frame, ``None`` when none came in time; kind ``END`` when the child is gone."""
        try:
            if not self._connection.poll(timeout_s):
                return None
            return Frame.unpacked(self._connection.recv_bytes())
        except (EOFError, OSError):
            return Frame(FrameKind.END, b"")

    def ask(self, request: bytes, *, within_s: float | None = None) -> None:
        """Give a warm child its next task; it is watched until it rests. One that is large is waited for to be read.

        Parameters
        ----------
        request : bytes
        within_s : float, optional
            Seconds after which it is ended when it still runs.

        Raises
        ------
        OSError
            When it is gone.
        """
        with self._lock:
            self._kill_at_s = None if within_s is None else time.monotonic() + within_s
        self._watchdog.watch(self)
        self._tell.send_bytes(request)

    def rest(self) -> None:
        """A warm child waits for its next task: nothing of it needs to be watched."""
        self._watchdog.forget(self)

    def ask_to_stop(self) -> None:
        """Ask the task to return the best it has."""
        with self._lock, contextlib.suppress(OSError):  # it may have ended
            if not self._is_closed:
                self._tell.send_bytes(b"stop")

    def kill_within(self, seconds: float) -> None:
        """End it when it still runs in so many seconds; the earliest such request counts."""
        at_s = time.monotonic() + seconds
        with self._lock:
            self._kill_at_s = at_s if self._kill_at_s is None else min(at_s, self._kill_at_s)

    def kill(self) -> None:
        """End the child and whatever it started, at once."""
        with self._lock:
            if not self._is_closed:
                self._kill()

    def end(self) -> None:
        """End what is left of it, and return when all of its processes are gone; its exit code is kept."""
        self.kill()
        self._await_exit()
        until_s = time.monotonic() + EXIT_WAIT_S
        while not self._has_gone() and time.monotonic() < until_s:
            time.sleep(POLL_S)
        if self._has_gone():
            self._watchdog.forget(self)

    def close(self) -> None:
        """Kill it if it still runs, and give its resources back."""
        self._watchdog.forget(self)
        with self._lock:
            self._is_closed = True
            self._kill()
        self._await_exit()
        self._connection.close()
        self._tell.close()
        with self._lock:
            if self._process.is_alive():
                log.error("child_not_reaped", pid=self.pid)
            else:
                self._process.close()

    def enforce_time(self, now_s: float) -> None:
        with self._lock:
            if self._kill_at_s is not None and now_s >= self._kill_at_s:
                self._end_for(Excess.TIME)

    def enforce_usage(self, usage: GroupUsage) -> None:
        with self._lock:
            self.usage = GroupUsage(
                pids=max(self.usage.pids, usage.pids, key=len),
                mapped_bytes=max(self.usage.mapped_bytes, usage.mapped_bytes),
                resident_bytes=max(self.usage.resident_bytes, usage.resident_bytes),
            )
            if usage.processes > MOST_PROCESSES:
                self._end_for(Excess.PROCESSES)
            elif self._is_too_large(usage):
                self._end_for(Excess.MEMORY)

    def _is_too_large(self, usage: GroupUsage) -> bool:
        if self.memory_bytes is None or usage.resident_bytes <= self.memory_bytes:
            return False
        return usage.processes == 1 or proportional_bytes(usage.pids) > self.memory_bytes

    def _await_exit(self) -> None:
        """Without the lock that whoever looks at the process holds: two that read its exit code at once spoil it."""
        wait((self._process.sentinel,), EXIT_WAIT_S)

    def _has_gone(self) -> bool:
        with self._lock:
            return self._look_whether_gone()

    def _look_whether_gone(self) -> bool:
        """Whether nothing of it is left: its id may then be another's, and is never used again."""
        if not self._is_gone:
            start = process_start(self.pid)
            if start is not None:
                self._is_gone = start != self._start
            else:  # while the group has a member the kernel gives its id to nobody else
                self._is_gone = not self._process.is_alive() and not group_usage((self.pid,))
        return self._is_gone

    def _end_for(self, excess: Excess) -> None:
        if not self._is_closed and not self._look_whether_gone():
            self.excess = self.excess or excess
            self._kill()

    def _kill(self) -> None:
        if self._look_whether_gone():
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        # Before it has made its own group, the child is only to be had by its own id.
        if self._process.is_alive():
            self._process.kill()
