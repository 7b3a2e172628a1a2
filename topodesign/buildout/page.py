"""The page of a build-out: one HTML file with the timeline, a map of every year and tables; it needs no network."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib import metadata, resources
from string import Template

from topodesign.buildout.tables import year_rows
from topodesign.domain.buildout import Buildout, BuildoutYear, Course
from topodesign.domain.proven_figures import dollars_at_least
from topodesign.domain.scenario import Scenario
from topodesign.outputs.chart_style import dollars
from topodesign.outputs.cost_chart import ITEM_NAMES, ordered
from topodesign.outputs.inline_svg import inline_chart
from topodesign.outputs.page_files import page_file, script_sources
from topodesign.outputs.report_map import report_map
from topodesign.outputs.report_sections import section
from topodesign.outputs.report_tables import NOTHING, STATUS_WORDS, Cell, Figure, bullet_list, gap_words, table
from topodesign.outputs.static_map import static_map

COURSE_WORDS: Mapping[Course, str] = {
    "year-by-year": "each year as if it were the last",
    "foresight": "sites and fiber that the last year's own plan has are preferred: only having them early counts",
    "union": "within the sites that any year's own plan uses",
}
MAP_STYLE = (
    ".years{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:16px}"
    ".years figure{margin:0}.years svg{display:block;width:100%;height:auto;border-radius:8px}"
)
MONEY_NOTE = (
    "Spending is of the beginning of a year, running cost of each of its years, neither discounted; net present cost "
    "is at the beginning of the first year. Purchases of accelerators are told beside it and are in no cost. Prices "
    "are indicative."
)
BOUND_NOTE = (
    "Each year's part of the net present cost as the bound has it, and what is proven of it: no build-out of these "
    "years has a part below. The parts, and the bounds, sum to the whole."
)


def render_page(scenarios: Sequence[Scenario], buildout: Buildout, timeline: bytes) -> str:
    """HTML 5, the same for the same build-out, which has years. ``timeline`` is SVG."""
    template = resources.files("topodesign.sweeps").joinpath("page.html").read_text(encoding="utf-8")
    script = page_file("tables.js")
    chart = inline_chart(timeline, "Power and dollars by year", prefix="timeline")
    sections = [
        section("Timeline", f'<p class="note">{MONEY_NOTE}</p>{chart}'),
        section("Maps", f'<div class="years">{"".join(_maps(scenarios, buildout))}</div>'),
        section("Years", _years_table(buildout)),
        section("What is new in each year", _new_table(buildout)),
        section("Net present cost by item", _items_table(buildout)),
        section(
            "What is proven", f'<p class="note">{BOUND_NOTE}</p>{_bounds_table(buildout)}{_courses_table(buildout)}'
        ),
        section("Assumptions", bullet_list(buildout.assumptions)),
    ]
    return Template(template).substitute(
        title=escape(f"{buildout.scenario_name}: build-out"),
        styles=page_file("report.css") + page_file("tables.css") + MAP_STYLE,
        scripts=script_sources(script),
        script=script,
        summary=escape(_summary(buildout)),
        cards=_cards(buildout),
        sections="\n".join(sections),
        footer=escape(
            f"Made with topodesign {metadata.version('topodesign')}. Prices are indicative. {buildout.attribution}"
        ),
    )


def _summary(buildout: Buildout) -> str:
    first, last = buildout.years[0].year, buildout.years[-1].year
    when = f"in {first}" if first == last else f"from {first} to {last}"
    return (
        f"{STATUS_WORDS[buildout.status]}. What to build {when} at least net present cost over "
        f"{buildout.horizon_years} years at {buildout.discount_rate:.1%} a year; every year is verified independently, "
        "and nothing that stands is dropped."
    )


def _cards(buildout: Buildout) -> str:
    assert buildout.npc_usd is not None and buildout.lower_bound_usd is not None  # it has years
    last = buildout.years[-1].plan
    accelerators = sum(site.accelerators for site in last.sites)
    power_mw = sum(site.power_mw for site in last.sites)
    cards = (
        (
            "Net present cost",
            dollars(buildout.npc_usd),
            f"at least {dollars_at_least(buildout.lower_bound_usd)}, proven",
        ),
        ("Gap of the cost to its bound", gap_words(buildout.gap), ""),
        ("Spent first", dollars(sum(buildout.years[0].capital_usd.values())), f"in {buildout.years[0].year}"),
        ("In the end", f"{len(last.sites)} clusters", f"{accelerators:,} accelerators, {power_mw:,.1f} MW"),
    )
    return "\n".join(
        f'<div class="card"><dt>{escape(name)}</dt><dd>{escape(value)}</dd><p>{escape(note)}</p></div>'
        for name, value, note in cards
    )


def _maps(scenarios: Sequence[Scenario], buildout: Buildout) -> list[str]:
    """Small multiples: the state of every year on the same map."""
    return [
        f"<figure><figcaption><strong>{item.year}</strong>: {escape(_new_words(item))}</figcaption>"
        f"{static_map(report_map(scenario, item.plan), title=f'The state of {item.year}')}</figure>"
        for scenario, item in zip(scenarios, buildout.years, strict=True)
    ]


def _new_words(item: BuildoutYear) -> str:
    new = item.new
    counts = (
        (len(new.sites), "site", "sites"),
        (sum(new.pods.values()), "pod", "pods"),
        (sum(new.pairs.values()), "fiber pair", "fiber pairs"),
        (sum(path.count for path in new.lightpaths), "lightpath", "lightpaths"),
    )
    words = [f"{count:,} {one if count == 1 else many}" for count, one, many in counts if count]
    return f"new: {', '.join(words)}" if words else "nothing new"


def _years_table(buildout: Buildout) -> str:
    head = (
        "Year",
        "Years",
        "Sites",
        "Pods",
        "Accelerators",
        "MW",
        "Spent",
        "Running a year",
        "Net present",
        "Accelerators bought",
    )
    rows: list[list[Cell]] = [
        [
            str(row["year"]),
            str(row["stands_years"]),
            str(row["sites"]),
            f"{row['pods']:,}",
            f"{row['accelerators']:,}",
            f"{row['power_mw']:,.1f}",
            *(
                _money(row[name])
                for name in ("capital_usd", "running_usd_per_year", "npc_usd", "accelerator_purchase_usd")
            ),
        ]
        for row in year_rows(buildout)
    ]
    return table(head, rows, numbers=range(len(head)), sortable=True)


def _money(usd: object) -> Figure:
    assert isinstance(usd, int | float)  # of a column of dollars
    return Figure(dollars(usd), float(usd))


def _new_table(buildout: Buildout) -> str:
    head = ("Year", "What", "Where", "More", "Unit")
    rows: list[list[Cell]] = []
    for item in buildout.years:
        year, new = str(item.year), item.new
        rows += [[year, "site", site, "1", "site"] for site in new.sites]
        rows += [[year, "pods", site, f"{pods:,}", "pods"] for site, pods in new.pods.items()]
        rows += [[year, "power", site, f"{mw:,.4g}", "MW"] for site, mw in new.power_mw.items()]
        rows += [[year, "new fiber", segment, "1", "segment"] for segment in new.built]
        rows += [[year, "fiber pairs", segment, f"{pairs:,}", "pairs"] for segment, pairs in new.pairs.items()]
        rows += [
            [year, "lightpaths", f"{path.a} - {path.z} over {', '.join(path.segments)}", f"{path.count:,}", path.mode]
            for path in new.lightpaths
        ]
    return table(head, rows, numbers=(0, 3), sortable=True)


def _items_table(buildout: Buildout) -> str:
    head = ("Item", *(str(item.year) for item in buildout.years), "All years")
    rows: list[list[Cell]] = [
        [
            ITEM_NAMES.get(name, name),
            *(_money(item.npc_items[name]) for item in buildout.years),
            _money(buildout.npc_items[name]),
        ]
        for name in ordered(buildout.npc_items)
    ]
    rows.append(["Total", *(_money(sum(item.npc_items.values())) for item in buildout.years), _money(buildout.npc_usd)])
    return table(head, rows, numbers=range(1, len(head)), has_total=True)


def _bounds_table(buildout: Buildout) -> str:
    head = ("Year", "Its part", "Proven", "Alone", "The bound holds for")
    parts = {item.year: item.term_usd for item in buildout.years}
    rows: list[list[Cell]] = [
        [str(item.year), _money(parts[item.year]), _money(item.lower_bound_usd), item.status, item.basis]
        for item in buildout.bounds
    ]
    return table(head, rows, numbers=range(3))


def _courses_table(buildout: Buildout) -> str:
    head = ("Course", "Each year", "Net present cost", "Why not")
    rows: list[list[Cell]] = [
        [
            f"{item.course} (taken)" if item.course == buildout.course else item.course,
            COURSE_WORDS[item.course],
            NOTHING if item.npc_usd is None else _money(item.npc_usd),
            item.message,
        ]
        for item in buildout.courses
    ]
    return table(head, rows, numbers=(2,))
