"""An end in time: a store that hangs could keep threads, and with them the interpreter, for ever."""

import os
import threading

import structlog

log = structlog.get_logger("topodesign_server")

ENDED_WITHOUT_STORE = 1


class Deadline:
    """Ends the whole process when it is still there at a time that was set."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def arm(self, seconds: float) -> None:
        """End the process in so many seconds."""
        self.disarm()
        self._timer = threading.Timer(seconds, _end_anyway)
        self._timer.daemon = True
        self._timer.start()

    def disarm(self) -> None:
        """Let the process go on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            self._timer = None


def _end_anyway() -> None:
    log.error("drain_incomplete", advice="the store hangs; jobs that ran here start again when their leases end")
    os._exit(ENDED_WITHOUT_STORE)
