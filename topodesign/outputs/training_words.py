"""Training on a plan in words: its arrangements, its ways to recover, and what their side by side says."""

from collections.abc import Iterator, Mapping

from topodesign.domain.durations import SECONDS_PER_HOUR
from topodesign.domain.training_report import Arrangement, PlanTraining, Recovery, TrainingColumn
from topodesign.outputs.chart_style import with_prefix

ARRANGEMENT_WORDS: Mapping[Arrangement, str] = {
    "as-planned": "As planned",
    "torus": "Torus at every site",
    "clos": "Clos at every site",
    "single-site": "One site (hypothetical)",
}
RECOVERY_WORDS: Mapping[Recovery, str] = {
    "restart": "All restart from the last checkpoint",
    "without-site": "The others go on without the site that is hit",
    "without-replica": "The others go on without the replica that is hit",
}
RECOVERY_SHORT: Mapping[Recovery, str] = {
    "restart": "all restart",
    "without-site": "other sites go on",
    "without-replica": "other replicas go on",
}


def side_by_side_sentences(found: PlanTraining) -> Iterator[str]:
    """What the figures of the plan and of one site mean, what of them is a bound, and what is hypothetical."""
    planned, single = found.column("as-planned"), found.column("single-site")
    if planned is None:
        return
    yield _recovery_sentence(found, planned)
    if single is not None and planned.sites > 1:
        yield _spread_sentence(found, planned, single)
        yield (
            "Stalls hold an upper bound on the latency between sites. One site is hypothetical: no grid there is known "
            f"to give its {single.power_mw:,.0f} MW."
        )


def _recovery_sentence(found: PlanTraining, planned: TrainingColumn) -> str:
    """How often the job is interrupted, what each way to recover leaves of its time, and which one is shown."""
    if planned.mtti_h is None:
        return "Nothing interrupts the job, so that all of its time is kept."
    ways = "; ".join(f"{_lower(RECOVERY_WORDS[item.recovery])}: {item.goodput:.1%}" for item in planned.yields)
    shown = RECOVERY_WORDS[found.shown(planned).recovery]
    why = "as training.recovery says" if found.rules.recovery else "as it keeps the most"
    return (
        f"Goodput is the share of time that failures leave. On average the job is interrupted every "
        f"{lasting(planned.mtti_h)}. As planned this leaves, by what happens then: {ways}. Shown is "
        f'"{_lower(shown)}", {why}.'
    )


def _spread_sentence(found: PlanTraining, planned: TrainingColumn, single: TrainingColumn) -> str:
    own, other = found.shown(planned).effective_exaflops, found.shown(single).effective_exaflops
    if own is None or other is None or other == 0:
        return "Of several sites against one nothing can be told: what is missing has its reason beside it."
    change = own / other - 1
    than = "as much as" if abs(change) < 5e-4 else f"{abs(change):.1%} {'more' if change > 0 else 'less'} than"
    return (
        f"Over {planned.sites} sites the job trains {than} the same accelerators would at one: {own:,.4g} against "
        f"{other:,.4g} effective exaFLOP/s, each with its own way to recover."
    )


def lasting(hours: float) -> str:
    """A time between interruptions in the unit that suits it: ``76 s``, ``5.2 min``, ``3.24 h``, ``12 days``."""
    seconds = hours * SECONDS_PER_HOUR
    if seconds < 120:
        return with_prefix(seconds, "s")
    if hours < 2:
        return f"{seconds / 60:,.3g} min"
    return f"{hours:,.3g} h" if hours < 72 else f"{hours / 24:,.3g} days"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
