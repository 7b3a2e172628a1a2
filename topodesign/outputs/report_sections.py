"""Everything below the report's map, section by section, each where the plan has what it shows."""

from collections.abc import Iterator, Mapping
from html import escape

from topodesign.domain.equipment import Catalog
from topodesign.domain.explanation import Explanation
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs import report_tables as tables
from topodesign.outputs.availability_table import availability_section
from topodesign.outputs.bill_by_year import bill_by_year
from topodesign.outputs.bill_of_materials import bill_of_materials
from topodesign.outputs.bill_table import bill_section
from topodesign.outputs.chart_words import CHART_WORDS
from topodesign.outputs.explanation_table import explanation_section
from topodesign.outputs.inline_svg import inline_chart
from topodesign.outputs.summary_words import summary_sentences
from topodesign.outputs.training_table import training_section

COST_NOTE = "Net present US dollars over the horizon, without the purchase of accelerators. Prices are indicative."
FABRIC_NOTE = "The same accelerators at each site under every fabric. Pale bars: known only to lie in that interval."
FAILURE_NOTE = "Bandwidth that is left for the all-reduce between sites, derived again by the independent verifier."
NETWORK_NOTE = "A diagram: directions between sites are kept, distances are not. Parallel links of a pair are joined."
POWER_NOTE = "Rated power of everything that the plan runs, cooling and losses at sites included."
PROGRESS_NOTE = (
    "The cost of the best plan falls and the proven bound rises as the search goes on; the least cost lies between."
)


def summary_section(scenario: Scenario, plan: Plan) -> str:
    """The plan in words; empty where there is none."""
    sentences = summary_sentences(scenario, plan)
    if not sentences:
        return ""
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f'<section class="summary" aria-label="In plain words"><h2>In plain words</h2><div>{words}</div></section>'


def report_sections(
    scenario: Scenario,
    plan: Plan,
    catalog: Catalog,
    *,
    used_mw: dict[str, float],
    charts: Mapping[str, bytes],
    explanation: Explanation | None = None,
) -> list[str]:
    """All sections in their order, as HTML.

    Parameters
    ----------
    scenario, plan, catalog
        The catalogue after the scenario's overrides.
    used_mw : dict of str to float
        MW at the meters by zone.
    charts : mapping of str to bytes
        SVG by name; see :data:`~topodesign.outputs.chart_words.CHART_WORDS`.
    explanation : Explanation, optional
        Of this plan.
    """
    inline = {name: inline_chart(svg, CHART_WORDS[name], prefix=name) for name, svg in charts.items()}
    parts: list[str] = []
    if plan.sites:
        parts += _places(scenario, plan, used_mw, inline)
        parts += _money_and_power(scenario, plan, catalog, inline, explanation)
    parts += _evaluations(plan, inline)
    parts.append(section("Assumptions", tables.bullet_list(plan.assumptions or scenario.assumptions)))
    search = f'<p class="note">{PROGRESS_NOTE}</p>{inline["progress"]}' if "progress" in inline else ""
    parts.append(section("Provenance", f"{search}{tables.provenance_table(plan)}"))
    return parts


def section(title: str, content: str) -> str:
    """A part of the page with a heading."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _places(scenario: Scenario, plan: Plan, used_mw: dict[str, float], inline: Mapping[str, str]) -> Iterator[str]:
    yield section("Clusters", tables.site_table(scenario, plan))
    diagram = f'<p class="note">{NETWORK_NOTE}</p>{inline["network"]}' if "network" in inline else ""
    yield section("Links between clusters", f"{diagram}{tables.link_table(scenario, plan)}")
    yield section("Power zones", tables.zone_table(scenario, used_mw))


def _money_and_power(
    scenario: Scenario, plan: Plan, catalog: Catalog, inline: Mapping[str, str], explanation: Explanation | None
) -> Iterator[str]:
    if plan.cost_items:
        chart = inline.get("cost", "")
        yield section("Cost", f'<p class="note">{COST_NOTE}</p>{chart}{tables.cost_table(plan)}')
    if "power" in inline:
        yield section("Power", f'<p class="note">{POWER_NOTE}</p>{inline["power"]}')
    yield section("Limits that bind", explanation_section(scenario, plan, explanation))
    bill = bill_section(bill_of_materials(scenario, plan, catalog), bill_by_year(scenario, plan, catalog))
    yield section("Bill of materials", bill)


def _evaluations(plan: Plan, inline: Mapping[str, str]) -> Iterator[str]:
    if plan.fabrics is not None and plan.fabrics.sites:
        chart = inline.get("fabrics", "")
        details = f"<h3>Inside each site</h3>{tables.fabric_table(plan.fabrics)}"
        yield section("Torus against Clos", f'<p class="note">{FABRIC_NOTE}</p>{chart}{details}')
    if plan.training is not None:
        yield section("Training", training_section(plan.training, chart=inline.get("training", "")))
    elif "training" in inline:
        yield section("Training", inline["training"])
    if plan.verification is not None and plan.verification.failures:
        yield section("Failures", f'<p class="note">{FAILURE_NOTE}</p>{tables.failure_table(plan)}')
    if plan.availability is not None and plan.availability.pairs:
        yield section("Availability", availability_section(plan.availability))
