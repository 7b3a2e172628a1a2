"""A real server in a process of its own, on a loopback port, with a real SQLite file."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120
ANNOUNCEMENT = "topodesign serves on "


class RunningServer:
    """A server process. Everything it writes to stderr is kept in ``lines``."""

    def __init__(self, data_directory: Path, *, script: str = "serve_in_child.py", **settings: Any) -> None:
        options = {"data_directory": str(data_directory), "port": 0, **settings}
        path = os.pathsep.join([str(ROOT), str(ROOT / "server"), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(script)), json.dumps(options)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._new_lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        line = self.wait_for(lambda text: text.startswith(ANNOUNCEMENT))
        self.address = line.removeprefix(ANNOUNCEMENT).strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def wait_for(self, matches: Callable[[str], bool]) -> str:
        """The next stderr line that matches; fails when the server ends without one."""
        while True:
            line = self._new_lines.get(timeout=PATIENCE_S)
            assert line is not None, f"the server ended without the line; stderr:\n{''.join(self.lines)}"
            if matches(line):
                return line

    def wait_for_attempt(self, job_name: str = "operations/") -> int:
        """Process id of the next child that solves a plan, or that of one operation."""
        job = f'"job": "{job_name.removeprefix("operations/")}'
        line = self.wait_for(lambda text: '"event": "attempt"' in text and job in text)
        return int(json.loads(line)["pid"])

    def wait_for_point(self) -> int:
        """Process id of the next child that begins to solve a point of a sweep."""
        return int(json.loads(self.wait_for(_is_point))["pid"])

    @property
    def begun_points(self) -> int:
        """How many points of sweeps it has begun to solve, as far as it was read."""
        return sum(map(_is_point, self.lines))

    def wait_for_snapshot(self, job_name: str) -> None:
        """Return when the store has the next snapshot of an operation."""
        job = f'"job": "{job_name.removeprefix("operations/")}'
        self.wait_for(lambda text: '"event": "snapshot"' in text and job in text)

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """SIGKILL: the machine loses the server."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            self._new_lines.put(line)
        self._new_lines.put(None)


def _is_point(line: str) -> bool:
    return '"task": "solve_point"' in line


def wait_until_gone(pid: int) -> None:
    """Return once no process has this id (or only its remains have)."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            import select

            readable, _, _ = select.select([descriptor], [], [], PATIENCE_S)
            assert readable, f"process {pid} still runs"
        finally:
            os.close(descriptor)
