"""``topodesign plan``: the main job, from a scenario folder to a folder with the plan, map, tables and charts."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.cli.progress import ProgressLine
from topodesign.domain.codec import to_builtins

if TYPE_CHECKING:
    from topodesign.domain.plan import Infeasibility, Plan, Sync

EXAMPLE = "Example: topodesign plan sample_sites/us-multi-region --out out/us --time-limit 120 --json"

SUMMARY_KEYS = (
    "scenario_name", "status", "stopped_by", "cost_usd", "lower_bound_usd", "gap", "network_cost_usd", "network_gap",
    "accelerator_purchase_usd", "wall_s", "seed", "sites", "links", "sync", "verified", "cost_items",
)  # fmt: skip
"""What ``--json`` prints; the rest is in plan.json."""


class Objective(StrEnum):
    """What is optimised."""

    COST = "cost"


class StopRequest:
    """Set by the first Ctrl-C: the search ends with its best plan. A second Ctrl-C ends the program at once."""

    def __init__(self) -> None:
        self.is_set = False

    def __call__(self) -> bool:
        return self.is_set

    @contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Handle SIGINT for the duration of the block."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            if self.is_set:
                raise KeyboardInterrupt
            self.is_set = True
            note("stopping: the best plan so far will be written (press Ctrl-C again to stop at once)")

        previous = signal.signal(signal.SIGINT, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)


def plan(
    scenario_dir: Annotated[Path, typer.Argument(help="Scenario folder (sites, power zones, fiber, scenario.toml).")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write the plan, map, tables and charts into.")],
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds, model building included.")] = 60.0,
    gap: Annotated[float, typer.Option("--gap", help="Relative gap to stop at; 0.002 is 0.2 %.")] = 0.002,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the solvers.")] = 0,
    threads: Annotated[int, typer.Option("--threads", help="Most threads to use.")] = 2,
    objective: Annotated[  # noqa: ARG001  (one goal so far; the option is part of the contract)
        Objective, typer.Option("--objective", help="What to optimise.")
    ] = Objective.COST,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document with the plan's summary.")
    ] = False,
) -> None:
    """Place clusters and size the optical links of a scenario at least cost, with a proven bound.

    The plan is checked by the independent verifier before anything is written. Exits with 3 when no plan exists (and
    says why), 5 when the time was too short for any plan, 130 when interrupted (the best plan so far is written first).
    """
    import topodesign

    scenario = topodesign.load_scenario(scenario_dir)
    stop = StopRequest()
    with stop.on_interrupt(), ProgressLine(sys.stderr) as progress:
        found = topodesign.plan(
            scenario,
            time_limit_s=time_limit,
            gap=gap,
            seed=seed,
            threads=threads,
            on_progress=progress.show,
            should_stop=stop,
        )
    if found.status == "infeasible":
        _report_infeasible(found, json_output)
        raise typer.Exit(ExitCode.INFEASIBLE)
    if found.status == "limit":
        _report_limit(found, stop, json_output)
        raise typer.Exit(ExitCode.INTERRUPTED if stop.is_set else ExitCode.LIMIT)
    files = found.save(out)
    if json_output:
        emit_json(summary_document(found, files))
    else:
        describe_plan(found)
        say(f"written to {out}: {', '.join(sorted(file.name for file in files))}")
    if stop.is_set:
        raise typer.Exit(ExitCode.INTERRUPTED)


def summary_document(plan: "Plan", files: tuple[Path, ...] = ()) -> dict[str, object]:
    """The JSON document of a plan: the keys of the contract, and where the rest was written."""
    complete = to_builtins(plan)
    return {**{key: complete[key] for key in SUMMARY_KEYS}, "files": [str(file) for file in files]}


def describe_plan(plan: "Plan") -> None:
    """The plan for people, on stdout."""
    assert plan.cost_usd is not None and plan.gap is not None and plan.lower_bound_usd is not None
    say(
        f"{plan.scenario_name}: {plan.status}, verified; {plan.cost_usd / 1e6:,.2f} million USD over the horizon, "
        f"proven within {plan.gap * 100:.3g} % (bound {plan.lower_bound_usd / 1e6:,.2f}); "
        f"stopped by {plan.stopped_by} after {plan.wall_s:.1f} s"
    )
    if plan.network_cost_usd is not None and plan.network_gap is not None:
        say(
            f"network (fiber, line systems, transceivers, power): {plan.network_cost_usd / 1e6:,.2f} million USD; "
            f"the gap is {plan.network_gap * 100:.3g} % of it; prices are indicative"
        )
    say("")
    say(f"  {'site':<14}{'pods':>6}{'accelerators':>14}{'power MW':>12}")
    for site in plan.sites:
        say(f"  {site.id:<14}{site.pods:>6,}{site.accelerators:>14,}{site.power_mw:>12,.1f}")
    if plan.links:
        say("")
        say(f"  {'link':<26}{'mode':<18}{'lightpaths':>10}{'Tbit/s':>9}{'km':>9}")
        for link in plan.links:
            capacity = link.capacity_gbps / 1e3
            say(
                f"  {link.a + ' - ' + link.z:<26}{link.mode:<18}{link.lightpaths:>10,}{capacity:>9,.1f}"
                f"{link.length_km:>9,.1f}"
            )
    if plan.sync is not None:
        _describe_sync(plan.sync)


def _describe_sync(sync: "Sync") -> None:
    if sync.strength_gbps is None or sync.time_s is None:
        return
    say("")
    say(
        f"all-reduce between sites: needs {sync.demand_gbps / 1e3:,.1f} Tbit/s, strength "
        f"{sync.strength_gbps / 1e3:,.1f} Tbit/s ({sync.time_s * 1e3:,.1f} ms per exchange)"
    )
    if sync.worst_failure is not None and sync.worst_strength_gbps is not None:
        say(f"worst failure: {sync.worst_failure}, {sync.worst_strength_gbps / 1e3:,.1f} Tbit/s left")


def infeasible_document(why: "Infeasibility") -> dict[str, object]:
    """The JSON document of exit code 3."""
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


def _report_infeasible(plan: "Plan", json_output: bool) -> None:
    why = plan.infeasibility
    assert why is not None  # an infeasible plan says why
    if json_output:
        emit_json(infeasible_document(why))
        return
    note(f"infeasible: {why.message}")
    for clash in why.clashing:
        note(f"  clashes: {clash.limit} {clash.id} {clash.value:,.6g} {clash.unit}".replace("  ", " ", 1))
    for item in why.relief:
        note(f"  relief: {item.limit} {item.id} from {item.from_value:,.6g} to {item.to_value:,.6g} {item.unit}")


def _report_limit(plan: "Plan", stop: StopRequest, json_output: bool) -> None:
    if json_output:
        emit_json(summary_document(plan))
        return
    reason = "interrupted" if stop.is_set else f"the time limit was reached after {plan.wall_s:.1f} s"
    note(f"no plan yet: {reason}; nothing was written. Give more time with --time-limit")
