"""The report: one HTML file with map, tables and charts that opens without a network."""

import functools
import json
from collections.abc import Mapping
from html import escape
from importlib import resources
from string import Template

from topodesign.catalog import load_catalog
from topodesign.domain.explanation import Explanation
from topodesign.domain.plan import Plan
from topodesign.domain.proven_figures import gap_percent
from topodesign.domain.scenario import Scenario
from topodesign.outputs import report_tables as tables
from topodesign.outputs.base_layer import BASE_CREDIT
from topodesign.outputs.chart_style import svg_bytes
from topodesign.outputs.charts_of_plan import charts_of_plan
from topodesign.outputs.comparison_tables import comparison_section
from topodesign.outputs.goal_words import goal_sentence
from topodesign.outputs.legend import legend
from topodesign.outputs.page_files import map_script, page_file, script_sources
from topodesign.outputs.report_map import ReportMap, payload, report_map
from topodesign.outputs.report_sections import report_sections, summary_section
from topodesign.outputs.static_map import static_map


def render_report(
    scenario: Scenario,
    plan: Plan,
    *,
    charts: Mapping[str, bytes] | None = None,
    explanation: Explanation | None = None,
    compared: Plan | None = None,
) -> str:
    """One HTML page: summary, map, tables and charts; it needs no network and asks for none.

    The page carries its map library and data. A content security policy in it forbids any request and any script but
    its own; text from the scenario is escaped. Where WebGL or scripts are missing, and on paper, a drawn map takes the
    interactive one's place. A plan without sites shows why there is none, over the candidate sites.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
    charts : mapping of str to bytes, optional
        SVG of :func:`~topodesign.outputs.charts_of_plan.charts_of_plan`, where they have been drawn already.
    explanation : Explanation, optional
        Of this plan: limits that bind, and what relief would save. Without it the page says how to get it.
    compared : Plan, optional
        Another plan over the same sites and segments: the map and a table then show what only ``plan`` (A) has, what
        only ``compared`` (B) has, and what both have.

    Returns
    -------
    str
        HTML 5; the same for the same scenario and plans.

    Raises
    ------
    InvalidInput
        When ``compared``, or a failure that the plan was verified against, names something that the scenario does not
        have (``REFERENCE_UNKNOWN``); when one of two plans to compare has no sites (``PLAN_EMPTY``).
    """
    catalog = load_catalog(scenario.catalog_overrides)
    if charts is None:
        figures = charts_of_plan(scenario, plan, catalog)
        charts = {name: svg_bytes(figure) for name, figure in figures.items()}
    drawn = report_map(scenario, plan, compared=compared)
    library, script, table_script = _library(), map_script(), page_file("tables.js")
    sections = report_sections(scenario, plan, catalog, used_mw=_used_mw(drawn), charts=charts, explanation=explanation)
    title = f"{scenario.name}: site and network plan"
    return Template(page_file("report.html")).substitute(
        policy=_policy(library, script, table_script),
        title=escape(title),
        map_styles=_vendored("maplibre-gl.css"),
        styles=page_file("report.css") + page_file("map/map.css") + page_file("tables.css"),
        map_controls=page_file("map/controls.html"),
        status="good" if plan.status in ("optimal", "feasible") else "bad",
        status_words=escape(tables.STATUS_WORDS[plan.status]),
        verified="good" if plan.verified else "bad",
        verified_words="Independently verified" if plan.verified else "Not verified",
        summary=escape(_summary(plan)),
        words=summary_section(scenario, plan),
        cards=tables.cards(plan),
        infeasibility=tables.infeasibility_tables(plan),
        drawing=static_map(drawn, title=f"Map of {scenario.name}"),
        drawn_plan="" if compared is None else " A (this report's)",
        legend=legend(drawn),
        attribution=escape(_attribution(scenario, plan)),
        comparison=comparison_section(scenario, plan, compared),
        sections="\n".join(sections),
        footer=escape(f"Made with topodesign {plan.provenance.topodesign_version}. Prices are indicative."),
        data=_embedded(payload(drawn)),
        library=library,
        script=script,
        table_script=table_script,
    )


def _summary(plan: Plan) -> str:
    if plan.goal is not None:
        sentence = goal_sentence(plan.goal)
        return f"{sentence[0].upper()}{sentence[1:]}."
    if plan.gap is None or plan.cost_usd is None:
        return ""
    if plan.status == "optimal":
        return "Proven: within the solver's tolerance no plan of the same candidate lightpaths is cheaper."
    return f"Proven: no plan of the same candidate lightpaths can be more than {gap_percent(plan.gap)}% cheaper."


def _attribution(scenario: Scenario, plan: Plan) -> str:
    data = plan.attribution or scenario.attribution
    return " · ".join(part for part in (f"Data: {data}" if data else "", BASE_CREDIT, "Map: MapLibre GL JS") if part)


def _used_mw(drawn: ReportMap) -> dict[str, float]:
    """MW at the meters by zone, as the map has them."""
    zones = (feature["properties"] for feature in drawn.layers["power_zones"])
    return {zone["zone_id"]: zone["used_mw"] for zone in zones}


def _embedded(document: object) -> str:
    """JSON inside a script element: without ``<`` no text in it can end the element or open a comment."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _policy(*scripts: str) -> str:
    """Nothing may be fetched; only the scripts with these digests run, and the map library's worker from memory."""
    return (
        f"default-src 'none'; script-src {script_sources(*scripts)}; worker-src blob:; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


@functools.cache
def _library() -> str:
    """The map library without the pointer to its source map, which a browser's tools would try to fetch."""
    lines = _vendored("maplibre-gl.js").splitlines()
    return "\n".join(line for line in lines if not line.startswith("//# sourceMappingURL"))


@functools.cache
def _vendored(name: str) -> str:
    return resources.files("topodesign.outputs").joinpath("vendor", "maplibre", name).read_text(encoding="utf-8")
