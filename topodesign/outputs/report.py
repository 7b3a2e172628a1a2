"""The report: one HTML file with map, tables and charts that opens without a network."""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from html import escape
from importlib import resources
from string import Template

from topodesign.catalog import load_catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs import report_tables as tables
from topodesign.outputs.availability_table import availability_section
from topodesign.outputs.base_layer import BASE_CREDIT
from topodesign.outputs.chart_style import svg_bytes
from topodesign.outputs.charts_of_plan import charts_of_plan
from topodesign.outputs.comparison_tables import comparison_section
from topodesign.outputs.goal_words import goal_sentence
from topodesign.outputs.legend import legend
from topodesign.outputs.page_files import map_script, page_file
from topodesign.outputs.report_map import ReportMap, payload, report_map
from topodesign.outputs.static_map import static_map
from topodesign.outputs.training_table import training_section

CHART_WORDS: Mapping[str, str] = {
    "cost": "Cost items as a waterfall",
    "fabrics": "Fabrics compared inside sites and across them",
    "training": "Utilization over bandwidth and distance, and time that failures leave over the number of accelerators",
}


def render_report(
    scenario: Scenario, plan: Plan, *, charts: Mapping[str, bytes] | None = None, compared: Plan | None = None
) -> str:
    """One HTML page: summary, map, tables and charts; it needs no network and asks for none.

    The page carries its map library and data. A content security policy in it forbids any request and any script but
    its own two; text from the scenario is escaped. Where WebGL or scripts are missing, and on paper, a drawn map takes
    the interactive one's place. A plan without sites shows why there is none, over the candidate sites.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
    charts : mapping of str to bytes, optional
        SVG of :func:`~topodesign.outputs.charts_of_plan.charts_of_plan`, where they have been drawn already.
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
    if charts is None:
        figures = charts_of_plan(scenario, plan, load_catalog(scenario.catalog_overrides))
        charts = {name: svg_bytes(figure) for name, figure in figures.items()}
    drawn = report_map(scenario, plan, compared=compared)
    library, script = _library(), map_script()
    title = f"{scenario.name}: site and network plan"
    return Template(page_file("report.html")).substitute(
        policy=_policy(library, script),
        title=escape(title),
        map_styles=_vendored("maplibre-gl.css"),
        styles=page_file("report.css") + page_file("map/map.css"),
        map_controls=page_file("map/controls.html"),
        status="good" if plan.status in ("optimal", "feasible") else "bad",
        status_words=escape(tables.STATUS_WORDS[plan.status]),
        verified="good" if plan.verified else "bad",
        verified_words="Independently verified" if plan.verified else "Not verified",
        summary=escape(_summary(plan)),
        cards=tables.cards(plan),
        infeasibility=tables.infeasibility_tables(plan),
        drawing=static_map(drawn, title=f"Map of {scenario.name}"),
        drawn_plan="" if compared is None else " A (this report's)",
        legend=legend(drawn),
        attribution=escape(_attribution(scenario, plan)),
        comparison=comparison_section(scenario, plan, compared),
        sections="\n".join(_sections(scenario, plan, drawn, charts)),
        footer=escape(f"Made with topodesign {plan.provenance.topodesign_version}. Prices are indicative."),
        data=_embedded(payload(drawn)),
        library=library,
        script=script,
    )


def _summary(plan: Plan) -> str:
    if plan.goal is not None:
        sentence = goal_sentence(plan.goal)
        return f"{sentence[0].upper()}{sentence[1:]}."
    if plan.gap is None or plan.cost_usd is None:
        return ""
    if plan.status == "optimal":
        return "Proven: within the solver's tolerance no plan of the same candidate lightpaths is cheaper."
    return f"Proven: no plan of the same candidate lightpaths can be more than {plan.gap:.2%} cheaper."


def _attribution(scenario: Scenario, plan: Plan) -> str:
    data = plan.attribution or scenario.attribution
    return " · ".join(part for part in (f"Data: {data}" if data else "", BASE_CREDIT, "Map: MapLibre GL JS") if part)


def _sections(scenario: Scenario, plan: Plan, drawn: ReportMap, charts: Mapping[str, bytes]) -> list[str]:
    inline = {name: _chart(svg, CHART_WORDS[name], name) for name, svg in charts.items()}
    used_mw = {
        feature["properties"]["zone_id"]: feature["properties"]["used_mw"] for feature in drawn.layers["power_zones"]
    }
    parts = []
    if plan.sites:
        parts += [
            _section("Clusters", tables.site_table(scenario, plan)),
            _section("Links between clusters", tables.link_table(scenario, plan)),
            _section("Power zones", tables.zone_table(scenario, used_mw)),
        ]
    if plan.cost_items:
        note = "Net present US dollars over the horizon, without the purchase of accelerators. Prices are indicative."
        chart = inline.get("cost", "")
        parts.append(_section("Cost", f'<p class="note">{note}</p>{chart}{tables.cost_table(plan)}'))
    if plan.fabrics is not None and plan.fabrics.sites:
        note = "The same accelerators at each site under every fabric. Pale bars: known only to lie in that interval."
        chart = inline.get("fabrics", "")
        details = f"<h3>Inside each site</h3>{tables.fabric_table(plan.fabrics)}"
        parts.append(_section("Torus against Clos", f'<p class="note">{note}</p>{chart}{details}'))
    if plan.training is not None:
        parts.append(_section("Training", training_section(plan.training, chart=inline.get("training", ""))))
    if plan.verification is not None and plan.verification.failures:
        note = "Bandwidth that is left for the all-reduce between sites, derived again by the independent verifier."
        parts.append(_section("Failures", f'<p class="note">{note}</p>{tables.failure_table(plan)}'))
    if plan.availability is not None and plan.availability.pairs:
        parts.append(_section("Availability", availability_section(plan.availability)))
    parts.append(_section("Assumptions", tables.bullet_list(plan.assumptions or scenario.assumptions)))
    parts.append(_section("Provenance", tables.provenance_table(plan)))
    return parts


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _chart(svg: bytes, description: str, prefix: str) -> str:
    """The chart inline: no XML prologue, ids of its own, a description for those who cannot see it."""
    text = svg.decode()
    text = text[text.index("<svg") :]
    text = (
        text.replace('id="', f'id="{prefix}-')
        .replace("url(#", f"url(#{prefix}-")
        .replace('href="#', f'href="#{prefix}-')
    )
    text = text.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1)
    return f'<div class="chart">{text}</div>'


def _embedded(document: object) -> str:
    """JSON inside a script element: without ``<`` no text in it can end the element or open a comment."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _policy(*scripts: str) -> str:
    """Nothing may be fetched; only the scripts with these digests run, and the map library's worker from memory."""
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return (
        f"default-src 'none'; script-src {digests}; worker-src blob:; style-src 'unsafe-inline'; "
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
