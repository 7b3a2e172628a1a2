"""Ctrl-C: noticed by the program as a whole, and by a search that ends with its best plan."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from topodesign.cli.output import note


class Interrupt:
    """Remembers that Ctrl-C ended a command, since typer makes an exit code of it and nothing else."""

    def __init__(self) -> None:
        self.is_set = False

    @contextmanager
    def watched(self) -> Iterator[Self]:
        """Handle SIGINT for the duration of the block, in the main thread and unless it is ignored (``nohup``)."""
        in_main_thread = threading.current_thread() is threading.main_thread()
        if not in_main_thread or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            yield self
            return

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.is_set = True
            raise KeyboardInterrupt

        previous = signal.signal(signal.SIGINT, handle)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, previous)


@contextmanager
def own_interrupt() -> Iterator[None]:
    """Let Ctrl-C end the block as a plain ``KeyboardInterrupt``, for a command that says itself what becomes of it."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


class StopRequest:
    """Set by the first Ctrl-C: the search ends with its best plan. A second Ctrl-C ends the program at once."""

    def __init__(self, outcome: str = "the best plan so far will be written") -> None:
        self.is_set = False
        self._outcome = outcome

    def __call__(self) -> bool:
        return self.is_set

    @contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Handle SIGINT for the duration of the block, the writing of the plan included."""
        previous = signal.getsignal(signal.SIGINT)

        def handle(number: int, frame: FrameType | None) -> None:
            if self.is_set:
                note("stopping at once")
                if callable(previous):
                    previous(number, frame)  # remembers it, and raises
                raise KeyboardInterrupt
            self.is_set = True
            note(f"stopping: {self._outcome} (press Ctrl-C again to stop at once)")

        signal.signal(signal.SIGINT, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)
