"""Progress of a solve on a terminal: one line that is written over; nothing at all in a pipe."""

from types import TracebackType
from typing import Self, TextIO

from topodesign.domain.plan import PlanEvent


class ProgressLine:
    """Shows phase, best cost, bound and gap of the latest event on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shows = stream.isatty()
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()

    def show(self, event: PlanEvent) -> None:
        """Write an event over the one before it."""
        if self._shows:
            self._write(progress_text(event))

    def _write(self, text: str) -> None:
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)


def progress_text(event: PlanEvent) -> str:
    """One line: seconds, phase, incumbent, bound, gap."""

    def million(usd: float | None) -> str:
        return "-" if usd is None else f"{usd / 1e6:,.1f}"

    gap = "-" if event.gap is None else f"{event.gap * 100:.2f} %"
    return (
        f"{event.wall_s:6.1f} s  {event.phase:<12} best {million(event.incumbent_usd)}  "
        f"bound {million(event.bound_usd)} million USD  gap {gap}"
    )
