"""Progress of a solve on a terminal: one line that is written over; nothing at all in a pipe."""

from types import TracebackType
from typing import Self, TextIO

from topodesign.domain.plan import PlanEvent


class ProgressLine:
    """Shows phase, best cost, bound and gap of the latest event on a terminal."""

    def __init__(self, stream: TextIO | None) -> None:
        self._terminal = stream if stream is not None and stream.isatty() else None
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._write("")
            self._write("")  # leaves the cursor at the start of the line

    def show(self, event: PlanEvent) -> None:
        """Write an event over the one before it."""
        self._write(progress_text(event))

    def tell(self, text: str) -> None:
        """Write a text over the one before it."""
        self._write(text)

    def _write(self, text: str) -> None:
        if self._terminal is not None:
            self._terminal.write("\r" + text.ljust(self._width))
            self._terminal.flush()
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
