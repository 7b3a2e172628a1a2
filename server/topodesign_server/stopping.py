"""SIGTERM and SIGINT: noticed from the first moment on; the second one ends the process at once."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """The wish that the server ends. Enter it in the main thread, before anything that takes time.

    After the first signal the system's own handling is in force again: a second one ends the process whatever it is
    doing, and the kernel its children with it. Nothing that was acknowledged is lost by that.
    """

    def __init__(self) -> None:
        self.is_set = False
        self._earlier: dict[signal.Signals, Any] = {}
        self._tell: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self._earlier = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def event(self) -> asyncio.Event:
        """An event of the running loop that is set once a signal came, or has come already."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(event.set)

        self._tell = tell
        if self.is_set:
            event.set()
        return event

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.is_set = True
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        if self._tell is not None:
            self._tell()
