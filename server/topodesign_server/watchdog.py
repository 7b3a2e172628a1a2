"""Watches the children from a thread of its own: nothing that a child does, or leaves undone, keeps it from its limits.

The threads that read from children may be stuck with one (it was stopped in the middle of a message); this one reads
from none.
"""

import threading
import time
from typing import Protocol

import structlog

from topodesign.processes.groups import GroupUsage, group_usage

log = structlog.get_logger("topodesign_server")

TICK_S = 0.05
LOOK_S = 0.25


class Watched(Protocol):
    """A process group with limits."""

    @property
    def pid(self) -> int:
        """Of its first process, which names the group."""

    def enforce_time(self, now_s: float) -> None:
        """End it when its time is over, by the monotonic clock."""

    def enforce_usage(self, usage: GroupUsage) -> None:
        """End it when it takes too much."""


class Watchdog:
    """One thread for all children of a factory; it runs from the first child on, and sleeps while there is none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: set[Watched] = set()
        self._work = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, child: Watched) -> None:
        with self._lock:
            self._watched.add(child)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            self._work.set()

    def forget(self, child: Watched) -> None:
        with self._lock:
            self._watched.discard(child)
            if not self._watched:
                self._work.clear()

    def _run(self) -> None:
        next_look_s = 0.0
        while True:
            self._work.wait()
            now_s = time.monotonic()
            is_look = now_s >= next_look_s
            try:
                self._tick(now_s, is_look=is_look)
            except Exception:  # without it no child would have limits any more
                log.exception("defect", during="watchdog")
            if is_look:
                next_look_s = time.monotonic() + LOOK_S
            time.sleep(TICK_S)

    def _tick(self, now_s: float, *, is_look: bool) -> None:
        with self._lock:
            watched = list(self._watched)
        for child in watched:
            child.enforce_time(now_s)
        if is_look:
            usage = group_usage({child.pid for child in watched})
            for child in watched:
                if child.pid in usage:
                    child.enforce_usage(usage[child.pid])
