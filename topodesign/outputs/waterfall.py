"""Waterfalls: parts that add up to a whole, drawn one after the other on one scale."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from topodesign.outputs.chart_style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    chart_style,
    new_figure,
    quiet_axes,
    without_zeros,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR_IN = 0.34
ROOM_FOR_TEXT = 1.24
"""Axis end over the whole: values are written behind the bars."""
NOTE_WIDTH = 165


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """One panel: parts from the top by name, and the whole, which is their sum."""

    title: str
    parts: Mapping[str, float]
    total: str


def waterfall_chart(
    whole: Waterfall, enlarged: Waterfall, *, written: Callable[[float], str], note: str = ""
) -> "Figure":
    """Two waterfalls side by side: the whole, and one of its parts on a scale of its own.

    Parts of nothing are no bars; a line below names them.

    Parameters
    ----------
    whole, enlarged : Waterfall
    written : callable
        A value with its unit.
    note : str
        What the figures are, below the chart.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown and not saved.
    """
    rows = max(len(_shown(panel)) for panel in (whole, enlarged)) + 1
    with chart_style():
        figure = new_figure(9.6, 1.2 + BAR_IN * rows)
        left, right = figure.subplots(1, 2, width_ratios=[1.1, 1])
        _draw(left, whole, ORANGE, written)
        _draw(right, enlarged, BLUE, written)
        words = [note] if note else []
        nothing = [name for panel in (whole, enlarged) for name, value in panel.parts.items() if value == 0]
        if nothing:
            words.append(f"Nothing for: {', '.join(nothing)}.")
        if words:
            figure.supxlabel(_wrapped(" ".join(words)), x=0.01, ha="left", fontsize=8, color=FAINT)
    return figure


def _wrapped(text: str) -> str:
    import textwrap

    return textwrap.fill(text, NOTE_WIDTH)


def _shown(panel: Waterfall) -> dict[str, float]:
    return {name: value for name, value in panel.parts.items() if value != 0}


def _draw(axes: "Axes", panel: Waterfall, color: str, written: Callable[[float], str]) -> None:
    parts = _shown(panel)
    start = 0.0
    total = math.fsum(parts.values())
    for row, value in enumerate(parts.values()):
        _bar(axes, row, start, value, color, written)
        start += value
        axes.plot([start, start], [row + 0.31, row + 0.69], color=FAINT, linewidth=0.6)
    _bar(axes, len(parts), 0.0, total, GREEN, written)
    axes.set_yticks(range(len(parts) + 1), [*parts, panel.total])
    axes.get_yticklabels()[-1].set_fontweight("bold")
    axes.invert_yaxis()
    axes.set_title(panel.title, loc="left")
    _set_scale(axes, total, written)


def _bar(axes: "Axes", row: int, start: float, value: float, color: str, written: Callable[[float], str]) -> None:
    # with an edge, so that a bar thinner than a pixel is still a line
    axes.barh(row, value, left=start, color=color, edgecolor=color, linewidth=0.8, height=0.62)
    end = max(start, start + value)
    axes.annotate(written(value), (end, row), (4, 0), textcoords="offset points", va="center", fontsize=8, color=INK)


def _set_scale(axes: "Axes", total: float, written: Callable[[float], str]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0, total * ROOM_FOR_TEXT if total > 0 else 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: without_zeros(written(value))))
    axes.tick_params(axis="x", labelsize=7.5)
    quiet_axes(axes, grid_along="x")
