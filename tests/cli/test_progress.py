"""The progress display on a real pseudo-terminal: wide and narrow, without color, dumb; and nothing in a pipe."""

import io
import os
import re

import pytest
from pseudo_terminal import PseudoTerminal

from topodesign.cli.progress import ProgressDisplay
from topodesign.domain.plan import PlanEvent

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOR = re.compile(r"\x1b\[[0-9;]*3[0-9]m|\x1b\[[0-9;]*9[0-9]m")
NEWS = (
    PlanEvent(phase="candidates", wall_s=0.0),
    PlanEvent(phase="relaxation", wall_s=0.5, bound_usd=90e6),
    PlanEvent(phase="incumbent", wall_s=1.0, incumbent_usd=100e6, bound_usd=90e6, gap=0.1),
    PlanEvent(phase="branching", wall_s=2.0, incumbent_usd=100e6, bound_usd=99e6, gap=0.01),
)


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def drawn(columns: int = 80, title: str = "campus") -> str:
    """All that is drawn of the news, then the display is gone."""
    with PseudoTerminal(columns) as terminal:
        with (
            pytest.MonkeyPatch.context() as patch,
            os.fdopen(os.dup(terminal.end), "w", encoding="utf-8") as stream,
            ProgressDisplay(stream, title=title, time_limit_s=60, gap=0.002) as display,
        ):
            # asked for is the width of what the tests write to, which is no terminal
            patch.setenv("COLUMNS", str(columns))
            for event in NEWS:
                display.show(event)
        return terminal.all_drawn()


def last_frame(text: str) -> list[str]:
    """The lines of the last drawing; each begins after the lines of the one before were cleared."""
    frames = re.split(r"(?:\x1b\[2K\x1b\[1A)+\x1b\[2K", text)
    whole = [frame for frame in frames if "branching" in frame]
    return [ESCAPE.sub("", line).rstrip() for line in whole[-1].splitlines()]


def test_phase_incumbent_bound_gap_time_limit_and_news_are_shown() -> None:
    lines = last_frame(drawn())
    assert lines[0] == "campus: branching"
    assert re.fullmatch(r"  time       [2-9]\.\d s of 60 s", lines[1])
    assert lines[2:6] == [
        "  incumbent  100.00 million USD",
        "  bound      99.00 million USD",
        "  gap        1.00 % (stops at 0.2 %)",
        "  news       4 reports, 1 better plan",
    ]


def test_before_there_is_a_plan_it_says_so() -> None:
    assert "plan       none yet" in drawn()


def test_nothing_is_left_of_it_when_the_result_comes() -> None:
    text = drawn()
    assert text.rstrip().endswith("\x1b[2K")  # the last thing is to clear the last line
    assert "\x1b[?25h" in text  # and the cursor is back


def test_a_terminal_of_40_columns_is_not_wrapped() -> None:
    text = drawn(columns=40, title="a-scenario-with-a-name-that-is-longer-than-the-terminal")
    for line in ESCAPE.sub("", text).replace("\r", "\n").splitlines():
        assert len(line) <= 40, line


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert COLOR.search(drawn())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOR.search(drawn())


def test_a_dumb_terminal_gets_a_line_for_each_new_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    text = drawn()
    assert "\x1b" not in text
    assert text.splitlines() == [
        "0.0 s candidates",
        "0.5 s relaxation, bound 90.00 million USD",
        "1.0 s incumbent, incumbent 100.00, bound 90.00 million USD, gap 10.00 %",
        "2.0 s branching, incumbent 100.00, bound 99.00 million USD, gap 1.00 %",
    ]


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["closed", "pipe"])
def test_in_a_pipe_there_is_nothing(stream: io.StringIO | None) -> None:
    with ProgressDisplay(stream, title="campus") as display:
        for event in NEWS:
            display.show(event)
    assert stream is None or stream.getvalue() == ""
