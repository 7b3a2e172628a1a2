"""The page of two-stage siting: one HTML file in the look of a sweep's; it needs no network."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from topodesign.domain.uncertain_plan import CostRange, CostRisk, FutureOutcome, UncertainPlan
from topodesign.outputs.chart_style import dollars
from topodesign.outputs.inline_svg import inline_chart
from topodesign.outputs.report_sections import section
from topodesign.outputs.report_tables import NOTHING, Cell, Figure, bullet_list, gap_words, table
from topodesign.sweeps.page import cards_html, page_html
from topodesign.uncertainty.charts import CHART_WORDS

DOLLARS_SHOWN = 10_000
"""A hundredth of a million."""
BRACKET_NOTE = (
    "Every figure lies between what is proven, which stands in brackets, and what a verified plan costs. Net present "
    "US dollars without the purchase of accelerators; prices are indicative."
)


def render_page(plan: UncertainPlan, charts: Mapping[str, bytes]) -> str:
    """HTML 5; the same for the same answer. ``charts`` are SVG by name."""
    sections = []
    if plan.without_plan:
        rows = [(item.name, item.message) for item in plan.without_plan]
        sections.append(section("Futures without a plan", table(("Future", "Why"), rows)))
    if plan.objective is not None:
        sections += [
            section("Measures of the cost", paragraph(BRACKET_NOTE) + _measures(plan)),
            *(_chart(name, svg) for name, svg in charts.items()),
            section("Futures", _futures(plan)),
            section("Sites", _sites(plan)),
            section("Choices of sites that were weighed", _choices(plan)),
        ]
    sections.append(section("What this rests on", bullet_list(plan.assumptions)))
    return page_html(
        title=f"{plan.scenario_name}: sites for an uncertain future",
        summary=summary_words(plan),
        cards=cards_html(_cards(plan)),
        sections=sections,
        attribution=plan.attribution,
    )


def summary_words(plan: UncertainPlan) -> str:
    """One or two sentences for page and command line."""
    if plan.objective is None:
        names = ", ".join(repr(item.name) for item in plan.without_plan)
        return f"No choice of sites has a plan in every future{f': {names}' if names else ''}."
    gap = gap_words(plan.objective.gap)
    return (
        f"Commit to {len(plan.committed)} sites: {', '.join(plan.committed) or 'none'}. Objective "
        f"{range_words(plan.objective)}, gap {gap}; {len(plan.choices)} choices of sites were weighed in "
        f"{len(plan.futures)} futures."
    )


def range_words(cost: CostRange | None) -> str:
    """``12.34 million USD (at least 12.11)``, with what is proven rounded down."""
    if cost is None:
        return NOTHING
    return f"{_millions(cost.upper_usd, math.ceil)} million USD (at least {_millions(cost.lower_usd, math.floor)})"


def between_words(cost: CostRange | None) -> str:
    """``0.12 to 0.34 million USD``: of a difference, of which neither end is a plan's."""
    if cost is None:
        return NOTHING
    return f"{_millions(cost.lower_usd, math.floor)} to {_millions(cost.upper_usd, math.ceil)} million USD"


def _millions(usd: float, rounding: Callable[[float], int]) -> str:
    """Outwards, so that a bracket never seems narrower than it is."""
    return f"{rounding(usd / DOLLARS_SHOWN) * DOLLARS_SHOWN / 1e6:,.2f}"


def paragraph(text: str) -> str:
    """A remark above a table or chart, escaped."""
    return f'<p class="note">{escape(text)}</p>'


def _chart(name: str, svg: bytes) -> str:
    title, note = CHART_WORDS[name]
    return section(title, f"{paragraph(note)}{inline_chart(svg, title, prefix=name)}")


def _cards(plan: UncertainPlan) -> list[tuple[str, str, str]]:
    if plan.objective is None:
        return [("Status", plan.status, "")]
    return [
        (
            "Objective",
            dollars(plan.objective.upper_usd),
            range_words(plan.objective),
        ),
        ("Committed sites", f"{len(plan.committed)}", ", ".join(plan.committed)),
        ("Value of the stochastic solution", between_words(plan.stochastic_value), "against the deterministic sites"),
        ("Value of perfect information", between_words(plan.information_value), "most that a forecast is worth"),
        ("Largest regret", between_words(plan.largest_regret), "of the deterministic sites, in one future"),
    ]


def _measures(plan: UncertainPlan) -> str:
    columns = (plan.two_stage, plan.deterministic, plan.wait_and_see)
    rows: list[tuple[Cell, ...]] = [
        (name, *(_range_cell(None if risk is None else _measure(risk, key)) for risk in columns))
        for name, key in (
            ("Expected cost", "expected"),
            (f"Mean of the worst {1 - plan.cvar_level:.3g} (CVaR)", "cvar"),
            ("Greatest cost", "worst"),
            (f"Objective, risk weight {plan.risk_weight:.3g}", "objective"),
        )
    ]
    head = ("Measure", "Committed sites", "Sites of the deterministic plan", "Future known beforehand")
    why_not = paragraph(plan.deterministic_reason) if plan.deterministic is None else ""
    return table(head, rows, numbers=(1, 2, 3)) + why_not


def _measure(risk: CostRisk, key: str) -> CostRange:
    found: CostRange = getattr(risk, key)
    return found


def _range_cell(cost: CostRange | None) -> Cell:
    return NOTHING if cost is None else Figure(range_words(cost), cost.upper_usd)


def _between_cell(cost: CostRange | None) -> Cell:
    return NOTHING if cost is None else Figure(between_words(cost), cost.upper_usd)


def _futures(plan: UncertainPlan) -> str:
    head = (
        "Future", "Probability", "What is other", "Known beforehand", "Committed sites", "Opened late", "Not used",
        "Deterministic sites", "Their regret",
    )  # fmt: skip
    return table(head, [_future_row(item) for item in plan.futures], numbers=(1, 3, 4, 7, 8), sortable=True)


def _future_row(item: FutureOutcome) -> Sequence[Cell]:
    two, plain = item.two_stage, item.deterministic
    return (
        item.name,
        Figure(f"{item.probability:.4g}", item.probability),
        ", ".join(item.settings) or "nothing",
        _range_cell(item.known),
        _range_cell(None if two is None else two.cost),
        NOTHING if two is None else ", ".join(two.opened_late) or NOTHING,
        NOTHING if two is None else ", ".join(two.idle) or NOTHING,
        _range_cell(None if plain is None else plain.cost),
        _between_cell(None if plain is None else plain.regret),
    )


def _sites(plan: UncertainPlan) -> str:
    head = (
        "Site", "Committed", "In the deterministic plan", "Fixed capex", "Used by plans that know the future",
        "Used after the commitment",
    )  # fmt: skip
    count = len(plan.futures)
    rows = [
        (
            item.site_id,
            "yes" if item.is_committed else "no",
            "yes" if item.is_deterministic else "no",
            Figure(dollars(item.fixed_capex_usd), item.fixed_capex_usd),
            Figure(_share(item.known_futures, count, item.known_probability), item.known_probability),
            Figure(_share(item.used_futures, count, item.used_probability), item.used_probability),
        )
        for item in plan.sites
    ]
    return table(head, rows, numbers=(3, 4, 5), whole=(0,), sortable=True)


def _share(futures: int, count: int, probability: float) -> str:
    return f"{futures} of {count} futures, probability {probability:.3g}"


def _choices(plan: UncertainPlan) -> str:
    head = ("Sites", "Objective", "How it was found", "Why it is out")
    rows = [
        (", ".join(item.site_ids) or "none", _range_cell(item.objective), item.origin, item.reason or NOTHING)
        for item in plan.choices
    ]
    return table(head, rows, numbers=(1,), sortable=True)
