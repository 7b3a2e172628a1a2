"""A pseudo-terminal that is always read, as a real one is: a program that draws on it never waits."""

import contextlib
import fcntl
import os
import pty
import struct
import termios
import threading
from types import TracebackType
from typing import Self


class PseudoTerminal:
    """Pass ``end`` to a process as one of its streams; what it drew is in ``drawn``."""

    def __init__(self, columns: int = 80) -> None:
        self._ours, self.end = pty.openpty()
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._drawn = b""
        self._news = threading.Condition()
        self._is_over = False
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_end()
        self._reader.join(30)
        os.close(self._ours)

    def close_end(self) -> None:
        """Leave the other end to the process alone, so that the terminal ends with it."""
        if self.end >= 0:
            os.close(self.end)
            self.end = -1

    def wait_for(self, text: str, timeout_s: float = 60.0) -> None:
        """Until that was drawn; fails when the process ends without."""
        with self._news:
            self._news.wait_for(lambda: text.encode() in self._drawn or self._is_over, timeout_s)
        assert text in self.drawn, self.drawn[-2000:]

    @property
    def drawn(self) -> str:
        """Everything so far."""
        with self._news:
            return self._drawn.decode("utf-8", errors="replace")

    def all_drawn(self) -> str:
        """Everything, once the process is over."""
        self.close_end()
        self._reader.join(60)
        return self.drawn

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # Linux tells the end of a terminal so
            while piece := os.read(self._ours, 4096):
                with self._news:
                    self._drawn += piece
                    self._news.notify_all()
        with self._news:
            self._is_over = True
            self._news.notify_all()
