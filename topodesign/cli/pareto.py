"""``topodesign pareto``: what one goal costs in terms of another, with proof between the plans."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from topodesign.cli.engine_options import ChosenEngine, with_engine_options
from topodesign.cli.given_paths import ScenarioFolder, path
from topodesign.cli.interrupt import StopRequest
from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.cli.plan_answer import infeasible_document, note_infeasibility
from topodesign.cli.solve_options import DEFAULTS, Seed, Threads, TimeLimit, require_in_range
from topodesign.domain.front_goals import GOALS, GoalName

if TYPE_CHECKING:
    from topodesign.domain.pareto_front import ParetoFront

EXAMPLE = "Example: topodesign pareto sample_sites/two-campus --goals cost,sync-time --points 12 --out out/front"


@with_engine_options
def pareto(
    scenario_dir: ScenarioFolder,
    out: Annotated[
        Path,
        typer.Option("--out", parser=path, help="Folder of the front; one that was begun there is gone on with."),
    ],
    goals: Annotated[
        str, typer.Option("--goals", help=f"Two or three of {', '.join(GOALS)}, with commas between them.")
    ] = "cost,sync-time",
    points: Annotated[int, typer.Option("--points", help="Problems to solve between the ends, at most.")] = 12,
    gap: Annotated[
        float, typer.Option("--gap", help="Relative gap of each solve, and up to which the front counts as closed.")
    ] = 0.01,
    time_limit: TimeLimit = DEFAULTS.time_limit_s,
    seed: Seed = DEFAULTS.seed,
    threads: Threads = 1,
    *,
    engine: ChosenEngine,
    memory_gib: Annotated[float, typer.Option("--memory-gib", help="Memory that one solve may take.")] = 8.0,
    json_output: Annotated[bool, typer.Option("--json", help="Print the front as one JSON document.")] = False,
) -> None:
    """Weigh two or three goals against each other: plans of which none is better in all, and bounds between them.

    Where the cost is among the goals it is minimized within limits on the others, else the first goal is. Every
    stretch between two plans has a proven bound: it is closed, or it is told by how much a plan there could be better.
    Writes front.json, tables, a chart and front.html beside the plans. The same command goes on with what was
    interrupted; a front that was finished there stays until the new one is. Time limit and threads are of each
    solve. Exits with 3 when there is no plan, with 5 when none was found within the limits, with 130 when
    interrupted.
    """
    import topodesign
    from topodesign.domain.pareto_front import FrontRequest
    from topodesign.domain.plan import SolveLimits
    from topodesign.fronts.running import run_front
    from topodesign.fronts.saving import save_front
    from topodesign.fronts.target import require_front_folder

    require_in_range(time_limit=time_limit, gap=gap, seed=seed, threads=threads)
    request = FrontRequest(
        goals=cast("tuple[GoalName, ...]", tuple(item.strip() for item in goals.split(","))),  # it looks at them
        points=points,
        gap=gap,
        limits=SolveLimits(time_limit_s=time_limit, gap=gap, seed=seed, threads=threads),
    )
    require_front_folder(out)
    scenario = topodesign.load_scenario(scenario_dir)
    stop = StopRequest("what is known will be kept, and the same command goes on")
    with stop.on_interrupt(), engine as running:
        front = run_front(
            scenario,
            request,
            folder=out,
            engine=running,
            memory_gib=memory_gib,
            on_progress=lambda solves, plans: note(f"{solves} solves, {plans} plans"),
            should_stop=stop,
        )
        files = save_front(out, scenario, front)
    _tell(front, out, files, json_output=json_output)


def _tell(front: "ParetoFront", out: Path, files: tuple[Path, ...], *, json_output: bool) -> None:
    """The answer, and the exit code that goes with it."""
    if front.infeasibility is not None:
        if json_output:
            emit_json(infeasible_document(front.infeasibility))
        else:
            note_infeasibility(front.infeasibility)
        raise typer.Exit(ExitCode.INFEASIBLE)
    if json_output:
        emit_json(_document(front, files))
    else:
        _describe(front, out, files)
    if front.status == "interrupted":
        raise typer.Exit(ExitCode.INTERRUPTED)
    if front.status == "limit":
        raise typer.Exit(ExitCode.LIMIT)


def _document(front: "ParetoFront", files: tuple[Path, ...]) -> dict[str, object]:
    from topodesign.domain.codec import to_builtins

    document: dict[str, object] = to_builtins(front)
    return {**document, "files": [str(file) for file in files]}


def _describe(front: "ParetoFront", out: Path, files: tuple[Path, ...]) -> None:
    """For people: the plans, what is proven, and where the front bends."""
    from topodesign.domain.proven_figures import gap_percent
    from topodesign.fronts.telling import NAMES, STATUS_WORDS, end_words, knee_words, proof_words, values_words

    say(f"{len(front.points):,} plans from {front.asked:,} solves: {STATUS_WORDS[front.status]}")
    for point in front.points:
        say(f"  {point.number:>4}  {values_words(front, point)}; gap {gap_percent(point.gap)}%")
    for end in front.ends:
        say(f"least {NAMES[end.goal].lower()}: {end_words(end)}")
    if front.points:
        say(proof_words(front))
    if front.knee is not None:
        say(knee_words(front))
    for text in front.notes:
        note(text)
    if files:
        say(f"written to {out}: {', '.join(file.name for file in files)}; prices are indicative")
    else:
        say(f"the files in {out} are of a front that was finished, and stay as they are; prices are indicative")
    if front.status == "interrupted":
        note("interrupted; the same command goes on")
