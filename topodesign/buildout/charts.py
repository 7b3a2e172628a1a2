"""The timeline of a build-out: MW by site, and dollars spent and paid, year by year."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topodesign.buildout.scaled_prices import CAPITAL_ITEMS, RUNNING_ITEMS
from topodesign.domain.buildout import Buildout, BuildoutYear
from topodesign.outputs.chart_style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    OTHER_COLORS,
    PURPLE,
    SKY,
    VERMILION,
    chart_style,
    dollars,
    new_figure,
    quiet_axes,
)
from topodesign.outputs.cost_chart import SITE_ITEMS
from topodesign.outputs.static_map import short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SITE_COLORS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, *OTHER_COLORS)
"""Sites beyond these, the smallest ones, are joined."""
JOINED = "other sites"
Band = tuple[str, list[float]]
"""A name, and its value in each year."""


def timeline(buildout: Buildout) -> "Figure":
    """Two panels over the listed years: MW at the meter by site; capital spent by site, and running cost a year."""
    labels = [_label(item) for item in buildout.years]
    with chart_style():
        figure = new_figure(max(7.2, 2.4 + 0.9 * len(labels)), 5.8)
        above, below = figure.subplots(2, 1)
        _power(above, buildout.years, labels)
        _money(below, buildout.years, labels)
        return figure


def _label(item: BuildoutYear) -> str:
    last = item.year + item.stands_years - 1
    return f"{item.year}" if last == item.year else f"{item.year} to {last}"


def _shown(years: Sequence[BuildoutYear]) -> tuple[list[str], list[str]]:
    """Sites in order of their MW in the last year, as many as have colors; and the others, which are joined."""
    order = [site.id for site in sorted(years[-1].plan.sites, key=lambda site: (-site.power_mw, site.id))]
    most = len(SITE_COLORS) if len(order) <= len(SITE_COLORS) else len(SITE_COLORS) - 1
    return order[:most], order[most:]


def _bands(years: Sequence[BuildoutYear], by_site: Sequence[Mapping[str, float]]) -> list[Band]:
    """A value for each year, by site."""
    shown, rest = _shown(years)
    bands = [(short_name(site_id), [values.get(site_id, 0.0) for values in by_site]) for site_id in shown]
    if rest:
        bands.append((JOINED, [sum(values.get(site_id, 0.0) for site_id in rest) for values in by_site]))
    return bands


def _power(axes: "Axes", years: Sequence[BuildoutYear], labels: Sequence[str]) -> None:
    bands = _bands(years, [{site.id: site.power_mw for site in item.plan.sites} for item in years])
    _stack(axes, labels, bands, SITE_COLORS)
    axes.set_title("Power at the meter by site, MW")


def _money(axes: "Axes", years: Sequence[BuildoutYear], labels: Sequence[str]) -> None:
    from matplotlib.ticker import FuncFormatter

    bands = _bands(years, [item.site_capital_usd for item in years])
    network = [name for name in CAPITAL_ITEMS if name not in SITE_ITEMS]
    spent = [sum(item.capital_usd[name] for name in network) for item in years]
    _stack(axes, labels, [*bands, ("the network", spent)], [*SITE_COLORS[: len(bands)], INK])
    running = [sum(item.running_usd_per_year[name] for name in RUNNING_ITEMS) for item in years]
    axes.plot(range(len(labels)), running, color=FAINT, marker="o", markersize=4, label="running, a year")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: dollars(value)))
    axes.set_title("Spent by site, and running cost; dollars of the year, not discounted, indicative")


def _stack(axes: "Axes", labels: Sequence[str], bands: Sequence[Band], colors: Sequence[str]) -> None:
    places = range(len(labels))
    foot = [0.0] * len(labels)
    for (name, heights), color in zip(bands, colors, strict=False):
        axes.bar(places, heights, bottom=foot, width=0.6, color=color, label=name)
        foot = [low + height for low, height in zip(foot, heights, strict=True)]
    axes.set_xticks(list(places), list(labels))
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5)
    axes.tick_params(axis="both", labelsize=7.5, colors=FAINT)
    quiet_axes(axes, grid_along="y")
