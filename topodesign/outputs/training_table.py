"""The report's section on training: what the plan achieves beside torus, Clos and one site, and what that rests on."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from topodesign.domain.training_report import PlanTraining, Recovery, TrainingColumn, TrainingYield
from topodesign.outputs.chart_style import dollars, with_prefix
from topodesign.outputs.report_tables import NOTHING, bullet_list, percent, seconds, table
from topodesign.outputs.training_words import (
    ARRANGEMENT_WORDS,
    RECOVERY_SHORT,
    RECOVERY_WORDS,
    lasting,
    side_by_side_sentences,
)

NEVER = "never"
NOT_VALID = "not valid"
"""To first order: where more would be lost than there is."""
Row = tuple[str, ...]


def training_section(found: PlanTraining, *, chart: str = "") -> str:
    """One table for each part of the story, with the same columns, and the assumptions; the chart is HTML."""
    header = ("", *(ARRANGEMENT_WORDS[column.arrangement] for column in found.columns))
    parts = [
        f'<p class="note">{escape(_summary(found))}</p>',
        table(header, _glance_rows(found), numbers=range(1, len(header))),
        *(f"<p>{escape(sentence)}</p>" for sentence in side_by_side_sentences(found)),
        chart,
    ]
    for title, rows in _groups(found):
        parts.append(f"<h3>{escape(title)}</h3>{table(header, rows, numbers=range(1, len(header)))}")
    reasons = dict.fromkeys(
        f"{ARRANGEMENT_WORDS[column.arrangement]}: {reason}" for column in found.columns for reason in column.unknown
    )
    if reasons:
        parts.append(f"<h3>Why figures are missing</h3>{bullet_list(tuple(reasons))}")
    parts.append(f"<h3>What training figures rest on</h3>{bullet_list(found.assumptions)}")
    return "".join(parts)


def yield_of(column: TrainingColumn, recovery: Recovery) -> TrainingYield | None:
    """What a column yields with one way to recover, where it has that."""
    return next((item for item in column.yields if item.recovery == recovery), None)


def _summary(found: PlanTraining) -> str:
    return (
        f"One step trains on {found.tokens_per_step:,.4g} tokens with {found.flop_per_step:.4g} FLOP. Estimates from "
        "formulas, not measurements; the single site is hypothetical, and what is an upper bound says so."
    )


def _groups(found: PlanTraining) -> Iterator[tuple[str, list[Row]]]:
    columns = found.columns
    yield "Accelerators and fabrics", _size_rows(columns)
    yield "One step", _step_rows(columns)
    yield "Interruptions and checkpoints", _interruption_rows(columns)
    for recovery, words in RECOVERY_WORDS.items():
        if any(yield_of(column, recovery) for column in columns):
            yield words, _yield_rows(columns, recovery)


def _glance_rows(found: PlanTraining) -> list[Row]:
    """What decides, with the way to recover that is shown; everything else is in the tables below."""
    columns = found.columns

    def shown(name: str, cell: Callable[[TrainingYield], str]) -> Row:
        return _row(name, columns, lambda column: cell(found.shown(column)))

    return [
        _row("One step", columns, lambda column: seconds(column.step.wall_s)),
        _row("Utilization, no failures counted", columns, lambda column: percent(column.step.utilization)),
        shown("After an interruption", lambda item: RECOVERY_SHORT[item.recovery]),
        shown("Goodput: time that failures leave", lambda item: percent(item.goodput)),
        shown("Effective exaFLOP/s", lambda item: _number(item.effective_exaflops, ",.4g")),
        shown(
            "Per effective exaFLOP-day, all included",
            lambda item: _dollars(item.usd_per_exaflop_day_with_fabrics),
        ),
        shown("MWh per 10^24 FLOP", lambda item: _number(item.mwh_per_1e24_flop, ",.1f")),
        shown("Tonnes of CO2 per 10^24 FLOP", lambda item: _number(item.carbon_t_per_1e24_flop, ",.1f")),
    ]


def _row(name: str, columns: Sequence[TrainingColumn], cell: Callable[[TrainingColumn], str]) -> Row:
    return (name, *(cell(column) for column in columns))


def _size_rows(columns: Sequence[TrainingColumn]) -> list[Row]:
    return [
        _row("Sites", columns, lambda column: f"{column.sites:,}"),
        _row("Accelerators", columns, lambda column: f"{column.accelerators:,}"),
        _row("MW at the meters", columns, lambda column: f"{column.power_mw:,.1f}"),
        _row("Fabric of a site", columns, lambda column: column.fabric),
        _row("Its switches", columns, lambda column: _number(column.fabric_switches, ",d")),
        _row("Cost of the fabrics, beside the plan's", columns, lambda column: _dollars(column.fabric_cost_usd)),
        _row("MW of the fabrics, beside the plan's", columns, lambda column: _number(column.fabric_power_mw, ",.1f")),
    ]


def _step_rows(columns: Sequence[TrainingColumn]) -> list[Row]:
    return [
        _row("Computation", columns, lambda column: seconds(column.step.compute_s)),
        _row("All-reduce inside a site", columns, lambda column: seconds(column.step.in_site_allreduce_s)),
        _row("Exchange between sites: transfer", columns, lambda column: seconds(column.step.transfer_s)),
        _row("Exchange between sites: latency, at most", columns, lambda column: seconds(column.step.latency_s)),
        _row("Stall inside sites", columns, lambda column: seconds(column.step.in_site_stall_s)),
        _row(
            "Stall between sites, with that latency", columns, lambda column: seconds(column.step.between_sites_stall_s)
        ),
        _row("Waiting for the slowest site", columns, lambda column: seconds(column.step.straggler_s)),
        _row("One step", columns, lambda column: seconds(column.step.wall_s)),
        _row("Utilization", columns, lambda column: percent(column.step.utilization)),
        _row(
            "Utilization without the stall inside sites",
            columns,
            lambda column: percent(column.step.between_sites_utilization),
        ),
        _row("Factor of compute for the same loss", columns, lambda column: f"{column.compute_penalty:.2f}"),
    ]


def _interruption_rows(columns: Sequence[TrainingColumn]) -> list[Row]:
    names = dict.fromkeys(item.name for column in columns for item in column.interruptions if item.rate_per_h > 0)
    return [
        _row("Mean time to interrupt", columns, _between_interruptions),
        *(_row(f"By {name}", columns, _share_of(name)) for name in names),
        _row("Best interval of checkpoints", columns, lambda column: _interval(column.checkpoints.interval_s)),
        _row("Young's", columns, lambda column: _interval(column.checkpoints.young_interval_s)),
        _row("Daly's", columns, lambda column: _interval(column.checkpoints.daly_interval_s)),
        _row(
            "Goodput of a restart, to first order",
            columns,
            _first_order,
        ),
    ]


def _first_order(column: TrainingColumn) -> str:
    found = column.checkpoints.first_order_goodput
    return NOT_VALID if found is None and column.mtti_h is not None else percent(found)


def _share_of(name: str) -> Callable[[TrainingColumn], str]:
    def cell(column: TrainingColumn) -> str:
        share = next((item.share for item in column.interruptions if item.name == name), None)
        return NOTHING if share is None else f"{share:.2%}"

    return cell


def _yield_rows(columns: Sequence[TrainingColumn], recovery: Recovery) -> list[Row]:
    def row(name: str, cell: Callable[[TrainingYield], str]) -> Row:
        found = [yield_of(column, recovery) for column in columns]
        return (name, *(NOTHING if item is None else cell(item) for item in found))

    day = "Per effective exaFLOP-day"
    return [
        row("Goodput", lambda item: percent(item.goodput)),
        row("Effective exaFLOP/s", lambda item: _number(item.effective_exaflops, ",.4g")),
        row("Tokens a day", lambda item: _number(item.tokens_per_day, ",.4g")),
        row(f"{day}: sites and network", lambda item: _dollars(item.usd_per_exaflop_day)),
        row(f"{day}: with accelerators", lambda item: _dollars(item.usd_per_exaflop_day_with_purchase)),
        row(f"{day}: with fabrics, too", lambda item: _dollars(item.usd_per_exaflop_day_with_fabrics)),
        row("MWh per 10^24 FLOP", lambda item: _number(item.mwh_per_1e24_flop, ",.1f")),
        row(
            "MWh per 10^24 FLOP with fabrics, at most",
            lambda item: _number(item.mwh_per_1e24_flop_with_fabrics, ",.1f"),
        ),
        row("Tonnes of CO2 per 10^24 FLOP", lambda item: _number(item.carbon_t_per_1e24_flop, ",.1f")),
        row(
            "Tonnes of CO2 with fabrics, at most",
            lambda item: _number(item.carbon_t_per_1e24_flop_with_fabrics, ",.1f"),
        ),
    ]


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)


def _dollars(value: float | None) -> str:
    return NOTHING if value is None else dollars(value)


def _interval(value: float | None) -> str:
    return NEVER if value is None else with_prefix(value, "s")


def _between_interruptions(column: TrainingColumn) -> str:
    return NEVER if column.mtti_h is None else lasting(column.mtti_h)
