"""Progress of a solve: a display that is drawn over on a terminal, plain lines on a dumb one, nothing in a pipe."""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from topodesign.domain.proven_figures import gap_percent, millions_at_least

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

    from topodesign.domain.plan import PlanEvent

FRAMES_PER_S = 4
LABEL_WIDTH = 11
WIDEST_BAR = 30


class ProgressDisplay:
    """Shows phase, best plan, bound, gap, time and how much news there was.

    Parameters
    ----------
    stream : text stream or None
        Where it is shown, if that is a terminal; ``None``: nowhere.
    title : str
        What is being planned.
    time_limit_s, gap : float, optional
        Where the solve ends, as far as that is known: in seconds, and relative to the cost.
    """

    def __init__(
        self, stream: TextIO | None, *, title: str, time_limit_s: float | None = None, gap: float | None = None
    ) -> None:
        self._terminal = stream if stream is not None and stream.isatty() else None
        self._title = title
        self._time_limit_s = time_limit_s
        self._gap = gap
        self._event: PlanEvent | None = None
        self._heard_at = time.monotonic()
        self._reports = 0
        self._better_plans = 0
        self._console: Console | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._terminal is None:
            return self
        from rich.console import Console
        from rich.live import Live

        self._console = Console(file=self._terminal, highlight=False)
        if not self._console.is_dumb_terminal:
            self._live = Live(
                console=self._console,
                get_renderable=self._board,
                refresh_per_second=FRAMES_PER_S,
                transient=True,
                redirect_stdout=False,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, event: "PlanEvent") -> None:
        """Take news of the solve."""
        before = self._event
        is_better = event.incumbent_usd is not None and (before is None or event.incumbent_usd != before.incumbent_usd)
        self._event, self._heard_at = event, time.monotonic()
        self._reports += 1
        self._better_plans += is_better
        is_new = is_better or before is None or event.phase != before.phase
        if self._live is not None and is_new:
            self._live.refresh()
        elif self._live is None and self._console is not None and is_new:
            self._console.print(progress_text(event), no_wrap=True, overflow="ellipsis", markup=False)

    def _board(self) -> "RenderableType":
        from rich.console import Group
        from rich.text import Text

        lines = [Text(line, no_wrap=True, overflow="ellipsis") for line in self._lines()]
        lines[0].stylize("bold")
        bar = self._bar()
        return Group(*lines) if bar is None else Group(*lines, bar)

    def _lines(self) -> Iterator[str]:
        """What there is to tell, in lines that fit a narrow terminal."""
        event = self._event
        yield f"{self._title}: {'starting' if event is None else event.phase}"
        limit = "" if self._time_limit_s is None else f" of {self._time_limit_s:,.0f} s"
        yield _row("time", f"{self._elapsed_s():,.1f} s{limit}")
        if event is None or event.incumbent_usd is None:
            yield _row("plan", "none yet")
        else:
            yield _row("incumbent", f"{event.incumbent_usd / 1e6:,.2f} million USD")
        if event is not None and event.bound_usd is not None:
            yield _row("bound", f"{millions_at_least(event.bound_usd)} million USD")
        if event is not None and event.gap is not None:
            stop = "" if self._gap is None else f" (stops at {self._gap * 100:.3g} %)"
            yield _row("gap", f"{gap_percent(event.gap)} %{stop}")
        yield _row("news", f"{_counted(self._reports, 'report')}, {_counted(self._better_plans, 'better plan')}")

    def _elapsed_s(self) -> float:
        """Of the solve: as last heard, and what has gone by since."""
        known = 0.0 if self._event is None else self._event.wall_s
        return known + time.monotonic() - self._heard_at

    def _bar(self) -> "RenderableType | None":
        """The share of the time limit that is used."""
        if self._time_limit_s is None or self._console is None:
            return None
        from rich.progress_bar import ProgressBar

        width = min(WIDEST_BAR, self._console.width)
        return ProgressBar(total=self._time_limit_s, completed=min(self._elapsed_s(), self._time_limit_s), width=width)


def progress_text(event: "PlanEvent") -> str:
    """One line: seconds, phase, incumbent, bound, gap."""
    parts = [f"{event.wall_s:.1f} s {event.phase}"]
    if event.incumbent_usd is not None:
        parts.append(f"incumbent {event.incumbent_usd / 1e6:,.2f}")
    if event.bound_usd is not None:
        parts.append(f"bound {millions_at_least(event.bound_usd)} million USD")
    if event.gap is not None:
        parts.append(f"gap {gap_percent(event.gap)} %")
    return ", ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _row(label: str, value: str) -> str:
    return f"  {label:<{LABEL_WIDTH}}{value}"
