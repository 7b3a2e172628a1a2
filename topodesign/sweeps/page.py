"""The page of a sweep: one HTML file with charts and tables, in the look of a plan's report; it needs no network."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib import metadata, resources
from string import Template

from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult, SweepAxis, SweepDefinition
from topodesign.outputs.chart_style import dollars
from topodesign.outputs.inline_svg import inline_chart
from topodesign.outputs.page_files import page_file, script_sources
from topodesign.outputs.report_sections import section
from topodesign.outputs.report_tables import NOTHING, Cell, Figure, gap_words, table
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
    """HTML 5; the same for the same results. ``charts`` are SVG by name. A content policy forbids requests, and
    any script but the one that sorts tables.
    """
    sections = [section("What was varied", _axes_table(definition))]
    for name, svg in charts.items():
        title, note = CHART_WORDS[name]
        chart = f'<p class="note">{note} Prices are indicative.</p>{inline_chart(svg, title, prefix=name)}'
        sections.append(section(title, chart))
    sections.append(section("Points", _points_table(definition, results)))
    without = [result for result in results if result.status in NO_PLAN]
    if without:
        sections.append(section("Points without a plan", _why_table(definition, without)))
    return page_html(
        title=f"{scenario.name}: sweep",
        summary=_summary(definition, results),
        cards=cards_html(_cards(definition, results)),
        sections=sections,
        attribution=scenario.attribution,
    )


def page_html(*, title: str, summary: str, cards: str, sections: Sequence[str], attribution: str) -> str:
    """The page around its sections; ``cards`` and ``sections`` are HTML, all else is escaped here."""
    template = resources.files("topodesign.sweeps").joinpath("page.html").read_text(encoding="utf-8")
    script = page_file("tables.js")
    return Template(template).substitute(
        title=escape(title),
        styles=page_file("report.css") + page_file("tables.css"),
        scripts=script_sources(script),
        script=script,
        summary=escape(summary),
        cards=cards,
        sections="\n".join(sections),
        footer=escape(f"Made with topodesign {metadata.version('topodesign')}. Prices are indicative. {attribution}"),
    )


def cards_html(cards: Sequence[tuple[str, str, str]]) -> str:
    """Names, values and notes as the cards at the head of the page."""
    return "\n".join(
        f'<div class="card"><dt>{escape(name)}</dt><dd>{escape(value)}</dd><p>{escape(note)}</p></div>'
        for name, value, note in cards
    )


def _summary(definition: SweepDefinition, results: Sequence[PointResult]) -> str:
    limits = definition.limits
    return (
        f"{len(results):,} of {definition.count:,} points, {DESIGN_WORDS[definition.design]}; every plan is verified "
        f"independently and proven within {limits.gap * 100:.3g}% of its bound, unless its search ended at "
        f"{limits.time_limit_s:g} s."
    )


def _cards(definition: SweepDefinition, results: Sequence[PointResult]) -> list[tuple[str, str, str]]:
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
    return cards + [(f"{status.capitalize()} points", f"{count:,}", "") for status, count in counts if count]


def _axes_table(definition: SweepDefinition) -> str:
    return table(("Figure", "Values"), [(axis.name, _values_of(axis)) for axis in definition.axes])


def _values_of(axis: SweepAxis) -> str:
    if axis.values:
        return ", ".join(shown(value) for value in axis.values)
    drawn = "logarithm drawn evenly" if axis.is_logarithmic else "drawn evenly"
    return f"{axis.low:g} to {axis.high:g}, {drawn}"


def _points_table(definition: SweepDefinition, results: Sequence[PointResult]) -> str:
    axes = [axis.name for axis in definition.axes]
    head = ("Point", *axes, "Status", "Cost", "Gap", "Sites", "MW", "Sync s", "Site CO2 t/year", "From", "Seconds")
    rows = [[*_place(result), result.status, *_figures(result)] for result in results]
    note = (
        "From: the point whose plan the search began from; with a star its proven bound holds here too, as its limits "
        "are no tighter."
    )
    return f'<p class="note">{note}</p>{table(head, rows, numbers=range(len(head)), sortable=True)}'


def _place(result: PointResult) -> list[Cell]:
    """Number and values of a point."""
    return [str(result.number), *(shown(value) for value in result.values)]


def _figures(result: PointResult) -> list[Cell]:
    figures = result.figures
    plan: list[Cell] = [NOTHING] * 6
    if figures is not None:
        plan = [
            Figure(dollars(figures.cost_usd), figures.cost_usd),
            gap_words(figures.gap),
            str(figures.site_count),
            f"{figures.power_mw:,.0f}",
            NOTHING if figures.sync_time_s is None else f"{figures.sync_time_s:.4g}",
            f"{figures.site_carbon_t_per_year:,.0f}",
        ]
    return [*plan, _start(result), f"{result.solve_s:.2f}"]


def _start(result: PointResult) -> Cell:
    if result.started_from is None:
        return NOTHING
    star = "" if result.bound_from is None else "*"
    return Figure(f"{result.started_from}{star}", result.started_from)


def _why_table(definition: SweepDefinition, results: Sequence[PointResult]) -> str:
    head = ("Point", *(axis.name for axis in definition.axes), "Status", "Why")
    rows = [[*_place(result), result.status, result.message] for result in results]
    return table(head, rows, numbers=range(len(head) - 2), sortable=True)
