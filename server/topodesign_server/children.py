"""Child processes, one for each computation: forked from a clean process, killable, dying with the server.

The process that they are forked from (the fork server) is started before gRPC makes threads in this one, and has the
heavy libraries loaded already, so that a child starts in milliseconds.
"""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Sequence
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext

from topodesign_server.frames import Frame, FrameKind
from topodesign_server.tasks import run_task

EXIT_WAIT_S = 5.0
PRELOADED = (
    "topodesign_server.dying_with_parent",  # first: it ties fork server and children to their parents
    "topodesign_server.tasks",
    "topodesign_server.incidents",
    "topodesign_server.catalog_in_memory",
    "topodesign.api",
    "topodesign.fabric",
    "topodesign.planning.solve",
    "topodesign.verify",
)


class ChildFactory:
    """Starts children. Make one before gRPC is initialized, in the main thread.

    Parameters
    ----------
    preload : sequence of str
        Modules that every child finds loaded.
    """

    def __init__(self, preload: Sequence[str] = PRELOADED) -> None:
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        # A SIGTERM to the whole process group is for the server alone: it decides what becomes of its children. The
        # fork server and all that it forks inherit the blocked signal; here one that comes meanwhile is only put off.
        resource_tracker.ensure_running()  # starting it unblocks the signal
        earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, earlier)

    def start(self, task: str, payload: tuple[bytes, ...], *, memory_bytes: int | None = None) -> "Child":
        """Start a child that runs one of :data:`topodesign_server.tasks.TASKS`, in at most ``memory_bytes``."""
        return Child(self._context, task, payload, memory_bytes)


class Child:
    """One running child. ``receive`` belongs to one thread; ``ask_to_stop`` and ``kill`` may come from any."""

    def __init__(
        self, context: ForkServerContext, task: str, payload: tuple[bytes, ...], memory_bytes: int | None
    ) -> None:
        self._connection, remote = context.Pipe(duplex=False)
        self._stop = context.Event()
        arguments = (task, payload, remote, self._stop.is_set, memory_bytes)
        self._process = context.Process(target=run_task, args=arguments, daemon=True)
        self._process.start()
        remote.close()

    @property
    def pid(self) -> int:
        pid = self._process.pid
        assert pid is not None
        return pid

    @property
    def exit_code(self) -> int | None:
        """Of a child whose pipe has ended; negative: the number of the signal that ended it."""
        self._process.join(EXIT_WAIT_S)
        return self._process.exitcode

    def receive(self, timeout_s: float | None) -> Frame | None:
        """The next frame, ``None`` when none came in time; kind ``END`` when the child is gone."""
        try:
            if not self._connection.poll(timeout_s):
                return None
            return Frame.unpacked(self._connection.recv_bytes())
        except (EOFError, OSError):
            return Frame(FrameKind.END, b"")

    def ask_to_stop(self) -> None:
        """Ask the task to return the best it has."""
        self._stop.set()

    def kill(self) -> None:
        """End the child and whatever it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        # Before it has made its own group, the child is only to be had by its own id.
        if self._process.is_alive():
            self._process.kill()

    def close(self) -> None:
        """Kill it if it still runs, and give its resources back."""
        self.kill()
        self._process.join()
        self._connection.close()
        self._process.close()
