"""``topodesign plan``: the main job, from a scenario folder to a folder with the plan, map, tables and charts."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.completion import plan_folders
from topodesign.cli.given_paths import ScenarioFolder, path
from topodesign.cli.interrupt import StopRequest
from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.cli.plan_answer import describe_plan, report_infeasible, report_limit, summary_document
from topodesign.cli.progress import ProgressDisplay
from topodesign.cli.solve_options import DEFAULTS, Gap, ObjectiveName, Seed, Threads, TimeLimit, require_in_range

if TYPE_CHECKING:
    from topodesign.domain.plan import Plan

EXAMPLE = "Example: topodesign plan sample_sites/us-multi-region --out out/us --time-limit 120 --json"


def plan(
    scenario_dir: ScenarioFolder,
    out: Annotated[
        Path, typer.Option("--out", parser=path, help="Folder to write the plan, map, tables and charts into.")
    ],
    time_limit: TimeLimit = DEFAULTS.time_limit_s,
    gap: Gap = DEFAULTS.gap,
    seed: Seed = DEFAULTS.seed,
    threads: Threads = DEFAULTS.threads,
    objective: ObjectiveName = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start",
            parser=path,
            autocompletion=plan_folders,
            help="Earlier plan (folder or plan.json) to begin from, of this or a like scenario.",
        ),
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document with the plan's summary.")
    ] = False,
) -> None:
    """Place clusters and size the optical links of a scenario at least cost, with a proven bound.

    The plan is checked by the independent verifier before anything is written. Exits with 3 when no plan exists (and
    says why), 5 when the time was too short for any plan, 130 when interrupted (the best plan so far is written first).
    """
    import topodesign
    from topodesign.outputs.target import require_usable_target

    require_in_range(time_limit=time_limit, gap=gap, seed=seed, threads=threads)
    require_usable_target(out)
    scenario = topodesign.load_scenario(scenario_dir)
    earlier = None if start is None else topodesign.load_plan(start)
    stop = StopRequest()
    with stop.on_interrupt():
        with ProgressDisplay(sys.stderr, title=scenario.name, time_limit_s=time_limit, gap=gap) as progress:
            found = topodesign.plan(
                scenario,
                time_limit_s=time_limit,
                gap=gap,
                seed=seed,
                threads=threads,
                objective=objective,
                start=earlier,
                on_progress=progress.show,
                should_stop=stop,
            )
        _answer(found, out, json_output=json_output, is_interrupted=stop.is_set)
        # Ctrl-C may also come while the files are made: then they are finished first
    if stop.is_set:
        note("interrupted; the plan that was written is the best one found until then")
        raise typer.Exit(ExitCode.INTERRUPTED)


def _answer(found: "Plan", out: Path, *, json_output: bool, is_interrupted: bool) -> None:
    """Write the plan and tell of it, or say why there is none and end with that code."""
    if found.status == "infeasible":
        report_infeasible(found, json_output=json_output)
        raise typer.Exit(ExitCode.INFEASIBLE)
    if found.status == "limit":
        reason = "interrupted" if is_interrupted else f"the time limit was reached after {found.wall_s:.1f} s"
        remedy = "Let it run on" if is_interrupted else "Give more time with --time-limit"
        report_limit(found, f"{reason}; nothing was written. {remedy}", json_output=json_output)
        raise typer.Exit(ExitCode.INTERRUPTED if is_interrupted else ExitCode.LIMIT)
    files = found.save(out)
    if json_output:
        emit_json(summary_document(found, files))
    else:
        describe_plan(found)
        say(f"written to {out}: {', '.join(sorted({file.relative_to(out).parts[0] for file in files}))}")
