"""What is said of a plan: the summary in JSON, the same for people, and why there is none."""

from pathlib import Path
from typing import TYPE_CHECKING

from topodesign.cli.output import emit_json, note, say

if TYPE_CHECKING:
    from topodesign.domain.plan import Infeasibility, Plan, Sync
    from topodesign.domain.scenario import Demand
    from topodesign.domain.training_report import PlanTraining

SUMMARY_KEYS = (
    "scenario_name", "status", "stopped_by", "cost_usd", "lower_bound_usd", "gap", "network_cost_usd", "network_gap",
    "accelerator_purchase_usd", "wall_s", "seed", "goal", "sites", "links", "sync", "verified", "cost_items",
)  # fmt: skip
"""What ``--json`` prints; the rest is in plan.json. ``goal`` is there only where the goal was not the least cost."""


def summary_document(plan: "Plan", files: tuple[Path, ...] = ()) -> dict[str, object]:
    """The JSON document of a plan: the keys of the contract, and where the rest was written."""
    from topodesign.domain.codec import to_builtins

    complete = to_builtins(plan)
    keys = [key for key in SUMMARY_KEYS if key != "goal" or plan.goal is not None]
    return {**{key: complete[key] for key in keys}, "files": [str(file) for file in files]}


def describe_plan(plan: "Plan") -> None:
    """The plan for people, on stdout."""
    assert plan.cost_usd is not None and plan.gap is not None and plan.lower_bound_usd is not None
    from topodesign.domain.proven_figures import gap_percent_digits, millions_at_least

    say(
        f"{plan.scenario_name}: {plan.status}, verified; {plan.cost_usd / 1e6:,.2f} million USD over the horizon, "
        f"proven within {gap_percent_digits(plan.gap)} % (bound {millions_at_least(plan.lower_bound_usd)}); "
        f"stopped by {plan.stopped_by} after {plan.wall_s:.1f} s"
    )
    if plan.goal is not None:
        from topodesign.outputs.goal_words import goal_sentence

        say(goal_sentence(plan.goal))
    if plan.network_cost_usd is not None and plan.network_gap is not None:
        say(
            f"network (fiber, line systems, transceivers, power): {plan.network_cost_usd / 1e6:,.2f} million USD; "
            f"the gap is {gap_percent_digits(plan.network_gap)} % of it; prices are indicative"
        )
    say("")
    say(f"  {'site':<14}{'pods':>6}{'accelerators':>14}{'power MW':>12}")
    for site in plan.sites:
        say(f"  {site.id:<14}{site.pods:>6,}{site.accelerators:>14,}{site.power_mw:>12,.1f}")
    if plan.links:
        say("")
        say(f"  {'link':<26}{'mode':<18}{'lightpaths':>10}{'Tbit/s':>9}{'longest km':>12}{'margin dB':>11}{'pairs':>7}")
        for link in plan.links:
            capacity = link.capacity_gbps / 1e3
            margin = "-" if link.margin_db is None else f"{link.margin_db:.1f}"
            pairs = "-" if link.pairs is None else f"{link.pairs:,}"
            say(
                f"  {link.a + ' - ' + link.z:<26}{link.mode:<18}{link.lightpaths:>10,}{capacity:>9,.1f}"
                f"{link.length_km:>12,.1f}{margin:>11}{pairs:>7}"
            )
    if plan.sync is not None:
        demand = plan.scenario.workload.demand if plan.scenario is not None else "all-reduce"
        _describe_sync(plan.sync, demand)
    if plan.training is not None:
        _describe_training(plan.training)


def _describe_sync(sync: "Sync", demand: "Demand") -> None:
    if sync.strength_gbps is None:
        return
    say("")
    needs = f"needs {sync.demand_gbps / 1e3:,.1f} Tbit/s, strength {sync.strength_gbps / 1e3:,.1f} Tbit/s"
    if demand == "all-reduce":
        exchange = "" if sync.time_s is None else f" ({sync.time_s * 1e3:,.1f} ms per exchange)"
        say(f"all-reduce between sites: {needs}{exchange}")
    else:
        say(f"demand between sites ({demand}): {needs}")
    if sync.worst_failure is not None and sync.worst_strength_gbps is not None:
        say(f"worst failure: {sync.worst_failure}, {sync.worst_strength_gbps / 1e3:,.1f} Tbit/s left")


def _describe_training(training: "PlanTraining") -> None:
    """A line for each arrangement, with the way to recover that is shown, and what the figures mean."""
    from topodesign.outputs.training_words import ARRANGEMENT_WORDS, RECOVERY_SHORT, side_by_side_sentences

    say("")
    say(
        f"  {'training, estimated':<24}{'step s':>9}{'stall s':>9}{'goodput %':>11}{'effective':>11}{'USD per':>15}"
        f"{'MWh per':>11}{'t CO2 per':>11}  after an"
    )
    say(
        f"  {'':<24}{'':>9}{'':>9}{'':>11}{'EFLOP/s':>11}{'EFLOP-day':>15}{'10^24 FLOP':>11}{'10^24 FLOP':>11}"
        "  interruption"
    )
    for column in training.columns:
        step, shown = column.step, training.shown(column)
        stall = None if step.wall_s is None else step.wall_s - step.compute_s
        say(
            f"  {ARRANGEMENT_WORDS[column.arrangement]:<24}{_cell(step.wall_s, '.2f'):>9}{_cell(stall, '.2f'):>9}"
            f"{shown.goodput * 100:>11.1f}{_cell(shown.effective_exaflops, ',.4g'):>11}"
            f"{_cell(shown.usd_per_exaflop_day_with_fabrics, ',.0f'):>15}{_cell(shown.mwh_per_1e24_flop, ',.0f'):>11}"
            f"{_cell(shown.carbon_t_per_1e24_flop, ',.0f'):>11}  {RECOVERY_SHORT[shown.recovery]}"
        )
    for sentence in side_by_side_sentences(training):
        say(f"  {sentence}")
    say(
        "  EFLOP are effective: they end in the model. Dollars hold sites, network, accelerators and fabrics over the "
        "horizon and are indicative. All ways to recover are in the report."
    )


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def infeasible_document(why: "Infeasibility") -> dict[str, object]:
    """The JSON document of exit code 3."""
    from topodesign.domain.codec import to_builtins

    relief = [
        {"limit": item.limit, "id": item.id, "from": item.from_value, "to": item.to_value, "unit": item.unit}
        for item in why.relief
    ]
    return {
        "status": "infeasible",
        "message": why.message,
        "clashing": [to_builtins(clash) for clash in why.clashing],
        "relief": relief,
    }


def report_infeasible(plan: "Plan", *, json_output: bool) -> None:
    """Say why no plan exists, in the form that was asked for."""
    why = plan.infeasibility
    assert why is not None  # an infeasible plan says why
    if json_output:
        emit_json(infeasible_document(why))
        return
    note_infeasibility(why)


def note_infeasibility(why: "Infeasibility") -> None:
    """Say for people why no plan exists: the message, what clashes, and the relief."""
    from topodesign.domain.proven_figures import exact_figure

    note(f"infeasible: {why.message}")
    for clash in why.clashing:
        note(f"  clashes: {_whose(clash.limit, clash.id)} {exact_figure(clash.value)} {clash.unit}".rstrip())
    for item in why.relief:
        change = f"from {exact_figure(item.from_value)} to {exact_figure(item.to_value)} {item.unit}".rstrip()
        note(f"  relief: {_whose(item.limit, item.id)} {change}")


def _whose(limit: str, owner_id: str) -> str:
    """The limit and, for a limit that several things have, whose it is."""
    return f"{limit} {owner_id}" if owner_id else limit


def report_limit(plan: "Plan", reason: str, *, json_output: bool) -> None:
    """Say that a solve ended before it had a plan."""
    if json_output:
        emit_json(summary_document(plan))
    else:
        note(f"no plan yet: {reason}")
