"""The report's section on limits that bind: what a step more of each would save, and what unused sites would cost."""

from collections.abc import Callable, Mapping
from html import escape

from topodesign.domain.explanation import BindingLimit, Explanation, UnusedSite
from topodesign.domain.plan import Plan
from topodesign.domain.proven_figures import dollars_at_least, dollars_at_most
from topodesign.domain.scenario import Scenario
from topodesign.outputs.chart_style import dollars
from topodesign.outputs.cost_chart import ITEM_NAMES
from topodesign.outputs.report_tables import NOTHING, Figure, table

LIMIT_WORDS: Mapping[str, str] = {
    "site.power_mw": "Power at a site",
    "zone.headroom_mw": "Headroom of a power zone",
    "fiber.pairs_available": "Fiber pairs on a segment",
    "policy.max_sites": "Most sites",
    "policy.min_sites": "Least sites",
    "policy.max_rtt_ms": "Longest round trip",
    "policy.max_zone_share": "Largest share of one zone",
}
HOW_TO_GET = (
    "Not looked at, as it takes the solver's time: <code>topodesign report PLAN_DIR --explain</code> finds out and "
    "puts it here."
)
NOT_FOR_GOALS = (
    "Plans for a goal under a budget are not explained: relief of a limit would change what is bought, not only the "
    "cost. Explain a plan of the same size for the least cost."
)
"""What a report without an explanation says instead, as HTML."""


def explanation_section(scenario: Scenario, plan: Plan, found: Explanation | None) -> str:
    """Tables of an explanation; a line on how to get one, or why there is none, where it is absent."""
    if found is None:
        return f'<p class="note">{HOW_TO_GET if plan.goal is None else NOT_FOR_GOALS}</p>'
    parts = [f'<p class="note">{escape(_sentence(found.basis))}</p>', _limit_table(scenario, found.binding)]
    if found.unused:
        parts.append(f"<h3>Sites that the plan leaves out</h3>{_site_table(scenario, found.unused)}")
    return "".join(parts)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _limit_table(scenario: Scenario, limits: tuple[BindingLimit, ...]) -> str:
    if not limits:
        return "<p>No limit binds: more of any one of them would save nothing.</p>"
    rows = [
        (
            LIMIT_WORDS.get(limit.limit, limit.limit),
            _whose(scenario, limit),
            Figure(f"{limit.used:,.4g} of {limit.value:,.4g} {limit.unit}", limit.used),
            f"{limit.step:+,.4g} {limit.unit}",
            Figure(dollars(limit.saving_usd), limit.saving_usd),
            Figure(dollars_at_most(limit.saving_upper_usd), limit.saving_upper_usd),
        )
        for limit in limits
    ]
    header = ("Limit", "Of", "In use", "With", "would save (found)", "at most (proven)")
    return table(header, rows, numbers=(2, 3, 4, 5), sortable=True)


def _whose(scenario: Scenario, limit: BindingLimit) -> str:
    site, zone = scenario.site_by_id.get(limit.id), scenario.zone_by_id.get(limit.id)
    name = site.name if site is not None else zone.name if zone is not None else ""
    return f"{name} ({limit.id})" if name and name != limit.id else limit.id or NOTHING


def _site_table(scenario: Scenario, sites: tuple[UnusedSite, ...]) -> str:
    rows = [
        (
            scenario.site_by_id[site.site_id].name or site.site_id
            if site.site_id in scenario.site_by_id
            else site.site_id,
            _signed(site.extra_usd),
            _signed(site.extra_lower_usd, dollars_at_least),
            _reason(site.reason),
        )
        for site in sites
    ]
    return table(("Site", "Using it adds (found)", "at least (proven)", "Why"), rows, numbers=(1, 2), sortable=True)


def _reason(text: str) -> str:
    """With cost items by the names that the cost table has: ``Building for power grows by ...``."""
    item, space, rest = text.partition(" ")
    return f"{ITEM_NAMES.get(item, item)}{space}{rest}"


def _signed(usd: float | None, words: Callable[[float], str] = dollars) -> str | Figure:
    if usd is None:
        return NOTHING
    return Figure(f"{'+' if usd > 0 else ''}{words(usd)}", usd)
