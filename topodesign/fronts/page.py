"""The page of a front: one HTML file with chart and tables, in the look of a plan's report; it needs no network."""

from collections.abc import Mapping
from html import escape

from topodesign.domain.pareto_front import FrontPoint, ParetoFront
from topodesign.domain.proven_figures import gap_percent
from topodesign.domain.scenario import Scenario
from topodesign.fronts.charts import chart_words
from topodesign.fronts.tables import limited_goals
from topodesign.fronts.telling import (
    NAMES,
    STATUS_WORDS,
    amount,
    amount_at_least,
    end_words,
    knee_words,
    proof_words,
)
from topodesign.outputs.inline_svg import inline_chart
from topodesign.outputs.report_sections import section
from topodesign.outputs.report_tables import NOTHING, Cell, Figure, gap_words, table
from topodesign.sweeps.page import cards_html, page_html


def render_page(scenario: Scenario, front: ParetoFront, charts: Mapping[str, bytes]) -> str:
    """HTML 5; the same for the same front. ``charts`` are SVG by name."""
    sections = [section("What is proven", _proof(front))]
    for name, svg in charts.items():
        words = chart_words(front)
        chart = f'<p class="note">{escape(words)} Prices are indicative.</p>{inline_chart(svg, words, prefix=name)}'
        sections.append(section("The front", chart))
    if front.points:
        sections.append(section("Plans", _points_table(front)))
    if front.open_cells:
        sections.append(section("Where better plans may hide", _cells_table(front)))
    goals = ", ".join(NAMES[goal].lower() for goal in front.goals)
    return page_html(
        title=f"{scenario.name}: Pareto front",
        summary=f"{len(front.points):,} plans that weigh {goals}; {STATUS_WORDS[front.status]}.",
        cards=cards_html(_cards(front)),
        sections=sections,
        attribution=scenario.attribution,
    )


def _cards(front: ParetoFront) -> list[tuple[str, str, str]]:
    cards = [("Plans", f"{len(front.points):,}", f"of {front.asked:,} solves")]
    for end in front.ends:
        upper = end.least.upper
        reached = NOTHING if upper is None else amount(end.goal, upper)
        cards.append((f"Least: {NAMES[end.goal].lower()}", reached, end_words(end)))
    if front.knee is not None:
        point = front.points[front.knee - 1]
        values = ", ".join(amount(goal, value) for goal, value in zip(front.goals, point.values, strict=True))
        cards.append(("Knee", f"point {point.number}", values))
    if front.staircases is not None:
        share = front.staircases
        cards.append(
            (
                "Dominated",
                f"{share.hypervolume_lower:.1%}",
                f"of the rectangle between the ends; at most {share.hypervolume_upper:.1%} is possible",
            )
        )
    return cards


def _proof(front: ParetoFront) -> str:
    """In words, as a list; also what is not known."""
    goals = ", ".join(NAMES[goal].lower() for goal in limited_goals(front))
    lines = [
        f"The {NAMES[front.minimized].lower()} is minimized within limits on {goals}; each solve has a bound that is "
        f"proven, and ends within {gap_percent(front.gap)}% of it unless the time was over.",
        proof_words(front),
        *(f"{NAMES[end.goal]}: {end_words(end)}." for end in front.ends),
        "Bounds are relative to what each plan says of its own (bound_basis in front.csv).",
        knee_words(front),
        *front.notes,
        "" if front.infeasibility is None else front.infeasibility.message,
    ]
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines if line)}</ul>"


def _points_table(front: ParetoFront) -> str:
    names = [NAMES[goal] for goal in front.goals]
    asked = [f"Asked: {NAMES[goal].lower()}" for goal in limited_goals(front)]
    head = ("Point", *names, f"Bound: {NAMES[front.minimized].lower()}", "Gap", *asked, "Sites", "Plan")
    rows = [_point_row(front, point) for point in front.points]
    note = (
        "Values are what the plan achieves, measured as the verifier does. The bound is on every plan that is as good "
        "in all other goals. Asked: the limits under which it was found."
    )
    count = len(head) - 2
    shown = table(head, rows, numbers=range(count), whole=(count + 1,), sortable=True)
    return f'<p class="note">{note}</p>{shown}'


def _point_row(front: ParetoFront, point: FrontPoint) -> list[Cell]:
    limits = dict(zip(front.goals, point.limits, strict=True))
    mark = " (knee)" if point.number == front.knee else ""
    asked = [(goal, limits[goal]) for goal in limited_goals(front)]
    return [
        Figure(f"{point.number}{mark}", point.number),
        *(Figure(amount(goal, value), value) for goal, value in zip(front.goals, point.values, strict=True)),
        Figure(amount_at_least(front.minimized, point.bound), point.bound),
        Figure(gap_words(point.gap), point.gap),
        *(NOTHING if limit is None else Figure(amount(goal, limit), limit) for goal, limit in asked),
        ", ".join(point.site_ids),
        point.plan_digest[:12],
    ]


def _cells_table(front: ParetoFront) -> str:
    limited = limited_goals(front)
    head = (
        *(NAMES[goal] for goal in limited),
        "Best known",
        "Bound",
        "Could be better by",
        "Share of the box",
        "Narrow",
    )
    rows = []
    for cell in front.open_cells:
        ranges = [
            f"{amount(goal, low)} to {'no limit' if high == float('inf') else amount(goal, high)}"
            for goal, low, high in zip(limited, cell.tightest, cell.loosest, strict=True)
        ]
        best = NOTHING if cell.best is None else amount(front.minimized, cell.best)
        bound, narrow = amount_at_least(front.minimized, cell.bound), "yes" if cell.is_narrow else "no"
        rows.append([*ranges, best, bound, gap_words(cell.gap), f"{cell.share:.2%}", narrow])
    return table(head, rows, numbers=range(len(limited), len(head)))
