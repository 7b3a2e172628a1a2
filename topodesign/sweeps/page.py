"""The page of a sweep: one HTML file with charts and tables, in the look of a plan's report; it needs no network."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib import metadata, resources
from string import Template

from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepAxis, SweepDefinition
from topodesign.outputs.chart_style import dollars
from topodesign.sweeps.told import shown

CHART_WORDS: Mapping[str, tuple[str, str]] = {
    "cost": (
        "Cost over each axis",
        "Each dot is a plan, the line joins the cheapest at each value; a cross at the foot is a point without a plan.",
    ),
    "heat-map": ("Two axes together", "The least cost at each pair of values; blank: none of its points has a plan."),
}
DESIGN_WORDS = {"grid": "every combination", "random": "independent draws", "lhs": "a Latin hypercube"}
NO_PLAN = ("infeasible", "limit", "invalid", "failed")


def render_page(
    scenario: Scenario, definition: SweepDefinition, results: Sequence[PointResult], charts: Mapping[str, bytes]
) -> str:
    """HTML 5; the same for the same results. ``charts`` are SVG by name. A content policy forbids requests."""
    sections = [_section("What was varied", _axes_table(definition))]
    for name, svg in charts.items():
        title, note = CHART_WORDS[name]
        chart = f'<p class="note">{note} Prices are indicative.</p><div class="chart">{_inline(svg, title)}</div>'
        sections.append(_section(title, chart))
    sections.append(_section("Points", _points_table(definition, results)))
    without = [result for result in results if result.status in NO_PLAN]
    if without:
        sections.append(_section("Points without a plan", _why_table(definition, without)))
    return Template(_file("topodesign.sweeps", "page.html")).substitute(
        title=escape(f"{scenario.name}: sweep"),
        styles=_file("topodesign.outputs", "page/report.css"),
        summary=escape(_summary(definition, results)),
        cards=_cards(definition, results),
        sections="\n".join(sections),
        footer=escape(
            f"Made with topodesign {metadata.version('topodesign')}. Prices are indicative. {scenario.attribution}"
        ),
    )


def _summary(definition: SweepDefinition, results: Sequence[PointResult]) -> str:
    limits = definition.limits
    return (
        f"{len(results):,} of {definition.count:,} points, {DESIGN_WORDS[definition.design]}; every plan is verified "
        f"independently and proven within {limits.gap:.3g} of its bound, unless its search ended at "
        f"{limits.time_limit_s:g} s."
    )


def _cards(definition: SweepDefinition, results: Sequence[PointResult]) -> str:
    planned = [(result.figures.cost_usd, result) for result in results if result.figures is not None]
    cards = [("Points", f"{len(results):,}", f"of {definition.count:,}"), ("With a plan", f"{len(planned):,}", "")]
    if planned:
        cost, cheapest = min(planned, key=lambda item: (item[0], item[1].number))
        values = ", ".join(
            f"{axis.name} {shown(value)}" for axis, value in zip(definition.axes, cheapest.values, strict=True)
        )
        cards.append(("Least cost", dollars(cost), f"point {cheapest.number}: {values}"))
        cards.append(("Greatest cost", dollars(max(planned, key=lambda item: item[0])[0]), ""))
    counts = [(status, sum(result.status == status for result in results)) for status in NO_PLAN]
    cards += [(f"{status.capitalize()} points", f"{count:,}", "") for status, count in counts if count]
    return "\n".join(
        f'<div class="card"><dt>{escape(name)}</dt><dd>{escape(value)}</dd><p>{escape(note)}</p></div>'
        for name, value, note in cards
    )


def _axes_table(definition: SweepDefinition) -> str:
    return _table(("Figure", "Values"), [(axis.name, _values_of(axis)) for axis in definition.axes], numbers=())


def _values_of(axis: SweepAxis) -> str:
    if axis.values:
        return ", ".join(shown(value) for value in axis.values)
    drawn = "logarithm drawn evenly" if axis.is_logarithmic else "drawn evenly"
    return f"{axis.low:g} to {axis.high:g}, {drawn}"


def _points_table(definition: SweepDefinition, results: Sequence[PointResult]) -> str:
    axes = [axis.name for axis in definition.axes]
    head = ("Point", *axes, "Status", "Cost", "Gap", "Sites", "MW", "Sync s", "Site CO2 t/year", "From", "Seconds")
    rows = [
        (str(result.number), *(shown(value) for value in result.values), result.status, *_figures(result))
        for result in results
    ]
    note = (
        "From: the point whose plan the search began from; with a star its proven bound holds here too, as its limits "
        "are no tighter."
    )
    table = _table(head, rows, numbers=range(len(head)))
    return f'<p class="note">{note}</p><div class="scroll long">{table}</div>'


def _figures(result: PointResult) -> tuple[str, ...]:
    seconds = f"{result.solve_s:.2f}"
    figures = result.figures
    start = (
        "" if result.started_from is None else f"{result.started_from}{'*' if result.bound_from is not None else ''}"
    )
    if figures is None:
        return ("", "", "", "", "", "", start, seconds)
    return (
        dollars(figures.cost_usd),
        "" if figures.gap is None else f"{figures.gap:.2%}",
        str(figures.site_count),
        f"{figures.power_mw:,.0f}",
        "" if figures.sync_time_s is None else f"{figures.sync_time_s:.4g}",
        f"{figures.site_carbon_t_per_year:,.0f}",
        start,
        seconds,
    )


def _why_table(definition: SweepDefinition, results: Sequence[PointResult]) -> str:
    head = ("Point", *(axis.name for axis in definition.axes), "Status", "Why")
    rows = [
        (str(result.number), *(shown(value) for value in result.values), result.status, result.message)
        for result in results
    ]
    return f'<div class="scroll long">{_table(head, rows, numbers=range(len(head) - 2))}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        parts = [
            f'<{tag} class="number">{escape(cell)}</{tag}>' if place in numbers else f"<{tag}>{escape(cell)}</{tag}>"
            for place, cell in enumerate(cells)
        ]
        return f"<tr>{''.join(parts)}</tr>"

    body = "\n".join(row(cells, "td") for cells in rows)
    return f"<table><thead>{row(head, 'th')}</thead><tbody>\n{body}\n</tbody></table>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _inline(svg: bytes, title: str) -> str:
    """A drawing as part of the page: without the XML declaration, and with a name for those who do not see it."""
    text = svg.decode("utf-8")
    drawing = text[text.index("<svg") :]
    return re.sub("^<svg", f'<svg role="img" aria-label="{escape(title)}"', drawing, count=1)


def _file(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")
