"""The page of a stress: one HTML file in the look of a sweep's; it needs no network."""

import math

from topodesign.domain.stress import PartImpact, ShareEstimate, StressCheck, StressReport
from topodesign.outputs.inline_svg import inline_chart
from topodesign.outputs.report_sections import section
from topodesign.outputs.report_tables import NOTHING, Cell, Figure, bullet_list, gbps, percent, seconds, table
from topodesign.sweeps.page import cards_html, page_html
from topodesign.uncertainty.page import paragraph
from topodesign.uncertainty.stress_chart import NOTE, TITLE, shares

SIX_DIGITS = ".6g"


def render_stress_page(report: StressReport, chart: bytes) -> str:
    """HTML 5; the same for the same report. ``chart`` is SVG."""
    return page_html(
        title=f"{report.scenario_name}: stress",
        summary=stress_words(report),
        cards=cards_html(_cards(report)),
        sections=[
            section(TITLE, paragraph(NOTE) + inline_chart(chart, TITLE, prefix="stress")),
            section("Shares of states", _shares(report)),
            section("What is left in bad states", _quantiles(report)),
            section("Parts", _parts(report)),
            section("States that lose something", _states(report)),
            section("Checked against enumerated states", _checks(report)),
            section("What this rests on", bullet_list(report.assumptions)),
        ],
        attribution=report.attribution,
    )


def stress_words(report: StressReport) -> str:
    """One or two sentences for page and command line."""
    return (
        f"{report.samples:,} random states (seed {report.seed}), {report.distinct_states:,} of them different: all "
        f"{report.accelerators:,} accelerators run in one job at the target in "
        f"{share_words(report.whole_job_at_target)} of them; on average {report.mean_accelerators:,.1f} run in one job "
        f"({report.mean_lower:,.1f} to {report.mean_upper:,.1f})."
    )


def share_words(estimate: ShareEstimate) -> str:
    """``99.2% (99.0% to 99.4%)``."""
    return f"{estimate.share:.4%} ({estimate.lower:.4%} to {estimate.upper:.4%})"


def strength_words(value: float) -> str:
    return "one site" if math.isinf(value) else gbps(value)


def _cards(report: StressReport) -> list[tuple[str, str, str]]:
    interval = f"{report.confidence:.0%} intervals"
    cards = [(words.capitalize(), f"{item.share:.3%}", share_words(item)) for words, item in shares(report).items()]
    return [*cards, ("Accelerators in one job", f"{report.mean_share:.3%}", f"on average; {interval}")]


def _shares(report: StressReport) -> str:
    rows: list[tuple[Cell, ...]] = [
        (words, Figure(f"{item.share:.4%}", item.share), f"{item.lower:.4%}", f"{item.upper:.4%}")
        for words, item in shares(report).items()
    ]
    return table(("In how many states", "Share", "At least", "At most"), rows, numbers=(1, 2, 3))


def _quantiles(report: StressReport) -> str:
    head = ("Share of states that is worse", "Accelerators in one job", "Strength", "One all-reduce")
    rows = [
        (
            f"at most {item.worse_share:.2%}",
            f"{item.accelerators:,}",
            strength_words(item.strength_gbps),
            "nothing runs" if math.isinf(item.sync_time_s) else seconds(item.sync_time_s),
        )
        for item in report.quantiles
    ]
    return table(head, rows, numbers=(1, 2, 3))


def _parts(report: StressReport) -> str:
    head = (
        "Part", "Probability", "Drawn out", "Accelerators lost when out", "Target missed when out",
        "Of the mean loss, due to it", "Where the probability comes from",
    )  # fmt: skip
    return table(head, [_part(item) for item in report.parts], numbers=(1, 2, 3, 4, 5), whole=(0,), sortable=True)


def _part(item: PartImpact) -> tuple[Cell, ...]:
    lost = item.lost_accelerators_when_out
    return (
        f"{item.kind} {item.id}",
        Figure(format(item.probability, SIX_DIGITS), item.probability),
        Figure(f"{item.drawn_out:,}", item.drawn_out),
        NOTHING if lost is None else Figure(f"{lost:,.1f}", lost),
        percent(item.missed_when_out),
        percent(item.avoidable_share),
        item.basis,
    )


def _states(report: StressReport) -> str:
    head = ("Out", "Drawn", "Accelerators in one job", "Strength", "Target")
    rows = [
        (
            ", ".join(item.out),
            Figure(f"{item.drawn:,}", item.drawn),
            f"{item.accelerators:,}",
            strength_words(item.strength_gbps),
            "kept" if item.keeps_target else "missed",
        )
        for item in report.worst_states
    ]
    return table(head, rows, numbers=(1, 2, 3), sortable=True)


def _checks(report: StressReport) -> str:
    rows = [(item.what, *check_words(item), "yes" if item.agrees else "no") for item in report.checks]
    return table(("What", "Not so, drawn", "Not so, enumerated", "The intervals meet"), rows)


def check_words(check: StressCheck) -> tuple[str, str]:
    """How often something is *not* so, drawn and enumerated: shares near 1 would all look alike."""
    drawn = check.drawn
    return (
        f"{1 - drawn.share:.3g} ({1 - drawn.upper:.3g} to {1 - drawn.lower:.3g})",
        f"{1 - check.exact_upper:.4g} to {1 - check.exact_lower:.4g}",
    )
