"""A child process that runs one task: it reports, can be asked to stop, can be killed, and dies with its parent.

A fresh interpreter, not a fork: a program with threads cannot be forked safely, and what ``multiprocessing`` starts
would run the program's own main module again where that has no guard.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection

from topodesign_server.frames import Frame, FrameKind

from topodesign.domain.errors import InternalError, TopoDesignError
from topodesign.wire import status_from_error

STOP = b"stop"
EXIT_WAIT_S = 5.0


class LocalChild:
    """One running child. ``receive`` belongs to one thread; ``ask_to_stop`` and ``kill`` may come from any."""

    def __init__(self, task: str, payload: tuple[bytes, ...]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # in a group of its own: Ctrl-C is for the program, which decides what becomes of its jobs
            self._process = subprocess.Popen(
                [sys.executable, "-m", "topodesign.local.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(place or str(os.curdir) for place in sys.path)},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._connection: Connection = Connection(ours.detach())
        self._sending = threading.Lock()
        self._kill_at: float | None = None
        self._send(task.encode("ascii"))
        self._send(str(len(payload)).encode("ascii"))
        for part in payload:
            self._send(part)

    @property
    def pid(self) -> int:
        return self._process.pid

    def receive(self, timeout_s: float) -> Frame | None:
        """The next frame, ``None`` when none came in time; kind ``END`` when the child is gone."""
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self.kill()
        try:
            if not self._connection.poll(timeout_s):
                return None
            return Frame.unpacked(self._connection.recv_bytes())
        except (EOFError, OSError):
            return Frame(FrameKind.END, b"")

    def ask_to_stop(self, *, grace_s: float) -> None:
        """Ask the task to return the best it has; once ``grace_s`` seconds are over :meth:`receive` ends it."""
        self._kill_at = time.monotonic() + grace_s
        self._send(STOP)

    def kill(self) -> None:
        """End the child and whatever it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> int:
        """Kill it if it still runs, and give its resources back; its exit code."""
        if self._process.poll() is None:
            self.kill()
        code = self._process.wait(EXIT_WAIT_S)
        self._connection.close()
        return code

    def _send(self, content: bytes) -> None:
        with self._sending, contextlib.suppress(OSError):  # a child that is gone is noticed by whoever reads
            self._connection.send_bytes(content)


def main(descriptor: int) -> None:
    """Body of the child: the task's name, its payload, then perhaps ``STOP`` come in; frames go out."""
    connection: Connection = Connection(descriptor)
    task = connection.recv_bytes().decode("ascii")
    payload = tuple(connection.recv_bytes() for _ in range(int(connection.recv_bytes())))
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(connection, stopping), daemon=True).start()
    sending = threading.Lock()  # solvers report from threads of their own

    def send(kind: FrameKind, content: bytes) -> None:
        with sending:
            connection.send_bytes(Frame(kind, content).packed())

    try:
        from topodesign_server.tasks import TASKS, TaskContext

        context = TaskContext(
            emit=lambda event: send(FrameKind.EVENT, event),
            keep=lambda snapshot: send(FrameKind.SNAPSHOT, snapshot),
            should_stop=stopping.is_set,
        )
        result = TASKS[task](payload, context)
    except TopoDesignError as error:
        send(FrameKind.FAULT, status_from_error(error).SerializeToString())
    except Exception as error:  # noqa: BLE001 - the process boundary: every error becomes a status
        traceback.print_exc(file=sys.stderr)
        defect = InternalError(f"{task} failed through a defect of topodesign: {error!r}; please report it")
        send(FrameKind.FAULT, status_from_error(defect).SerializeToString())
    else:
        send(FrameKind.RESULT, result)


def _listen(connection: Connection, stopping: threading.Event) -> None:
    """Notice what the parent wants, and when it is gone."""
    try:
        while connection.recv_bytes() == STOP:
            stopping.set()
    except (EOFError, OSError):
        os._exit(1)  # nobody is left to report to


if __name__ == "__main__":
    main(int(sys.argv[1]))
