"""``topodesign robust``: which sites to commit to before it is known which future comes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.engine_options import ChosenEngine, with_engine_options
from topodesign.cli.given_paths import ScenarioFolder, path
from topodesign.cli.interrupt import StopRequest
from topodesign.cli.output import ExitCode, emit_json, note, say
from topodesign.cli.plan_answer import infeasible_document, note_infeasibility
from topodesign.cli.solve_options import DEFAULTS, Gap, Seed, Threads, TimeLimit, require_in_range

if TYPE_CHECKING:
    from topodesign.domain.uncertain_plan import UncertainPlan

EXAMPLE = (
    "Example: topodesign robust sample_sites/regional-nova --futures docs/examples/nova-futures.toml --out out/robust"
)


@with_engine_options
def robust(
    scenario_dir: ScenarioFolder,
    futures: Annotated[
        Path,
        typer.Option("--futures", parser=path, help="TOML file with [[future]] or [[factor]] and probabilities."),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", parser=path, help="Folder of the answer; one that was begun there is gone on with."),
    ],
    risk_weight: Annotated[
        float, typer.Option("--risk-weight", help="0: expected cost; 1: conditional value at risk; between: both.")
    ] = 0.0,
    cvar_level: Annotated[
        float, typer.Option("--cvar-level", help="CVaR is the mean of the worst 1 minus this of all outcomes.")
    ] = 0.9,
    late_premium: Annotated[
        float,
        typer.Option(
            "--late-premium", help="What a site costs more that was not committed to; inf: it cannot be opened."
        ),
    ] = 0.5,
    gap: Gap = DEFAULTS.gap,
    max_candidates: Annotated[
        int, typer.Option("--max-candidates", help="Choices of sites that are weighed at most.")
    ] = 24,
    bound_rounds: Annotated[
        int, typer.Option("--bound-rounds", help="Rounds that raise the proven bound, at most.")
    ] = 8,
    *,
    engine: ChosenEngine,
    threads: Threads = 1,
    memory_gib: Annotated[float, typer.Option("--memory-gib", help="Memory that one plan may take.")] = 8.0,
    time_limit: TimeLimit = DEFAULTS.time_limit_s,
    seed: Seed = DEFAULTS.seed,
    json_output: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON document.")] = False,
) -> None:
    """Choose the sites to commit to now, with everything else decided once the future is known.

    Committed sites pay their fixed capex in every future; others can still be opened, for more. The answer has the
    expected cost, the conditional value at risk, what the sites of the deterministic plan would cost in the same
    futures, and a proven bound. Writes robust.json, tables, a chart and robust.html beside the plans. The same command
    goes on with what was interrupted. Time limit and threads are of each plan, which is made within half of the gap.
    Exits with 3 when some future has no plan, with 5 when none was found within the limits, with 130 when interrupted.
    """
    import topodesign
    from topodesign.domain.plan import SolveLimits
    from topodesign.uncertainty.risk import RiskMeasure
    from topodesign.uncertainty.saving import require_robust_folder, save_uncertain_plan
    from topodesign.uncertainty.two_stage import SitingOptions

    require_in_range(time_limit=time_limit, gap=gap, seed=seed, threads=threads)
    options = SitingOptions(
        risk=RiskMeasure(weight=risk_weight, level=cvar_level),
        late_premium=late_premium,
        gap=gap,
        max_candidates=max_candidates,
        bound_rounds=bound_rounds,
        memory_gib=memory_gib,
        limits=SolveLimits(time_limit_s=time_limit, seed=seed, threads=threads),
    )
    given = topodesign.read_futures(futures)
    require_robust_folder(out)
    scenario = topodesign.load_scenario(scenario_dir)
    stop = StopRequest("what was found is written, and the same command goes on")
    with stop.on_interrupt(), engine as running:
        found = topodesign.plan_under_uncertainty(
            scenario, given, options, folder=out, engine=running, on_progress=note, should_stop=stop
        )
        files = save_uncertain_plan(out, found)
    _tell(found, out, files, json_output=json_output)


def _tell(found: "UncertainPlan", out: Path, files: tuple[Path, ...], *, json_output: bool) -> None:
    """The answer, and the exit code that goes with it."""
    if found.status == "infeasible":
        _tell_infeasible(found, json_output=json_output)
        raise typer.Exit(ExitCode.INFEASIBLE)
    if json_output:
        emit_json({**_document(found), "files": [str(file) for file in files]})
    else:
        _describe(found, out, files)
    if found.stopped_by == "interrupted":
        raise typer.Exit(ExitCode.INTERRUPTED)
    if found.status == "limit":
        raise typer.Exit(ExitCode.LIMIT)


def _document(found: "UncertainPlan") -> dict[str, object]:
    from topodesign.domain.codec import to_builtins

    document: dict[str, object] = to_builtins(found)
    return document


def _tell_infeasible(found: "UncertainPlan", *, json_output: bool) -> None:
    first = next(item for item in found.without_plan if item.infeasibility is not None)
    assert first.infeasibility is not None  # chosen so
    names = [item.name for item in found.without_plan]
    if json_output:
        emit_json({**infeasible_document(first.infeasibility), "future": first.name, "futures_without_plan": names})
        return
    note(f"no plan in {len(names)} futures, whatever sites are committed to: {', '.join(names)}; of {first.name!r}:")
    note_infeasibility(first.infeasibility)


def _describe(found: "UncertainPlan", out: Path, files: tuple[Path, ...]) -> None:
    """For people: what to commit to, what it costs, and what it is better than."""
    from topodesign.uncertainty.page import between_words, range_words, summary_words

    say(summary_words(found))
    for item in found.without_plan:
        note(f"future {item.name!r}: {item.message}")
    if found.two_stage is not None:
        say(f"  expected cost   {range_words(found.two_stage.expected)}")
        say(f"  CVaR {found.cvar_level:<10g} {range_words(found.two_stage.cvar)}")
        say(f"  greatest cost   {range_words(found.two_stage.worst)}")
    if found.deterministic is not None:
        say(f"  the scenario's own plan commits to {', '.join(found.deterministic_site_ids)}:")
        say(f"  its expected cost {range_words(found.deterministic.expected)}")
        say(f"  objective better by {between_words(found.stochastic_value)}")
        say(f"  its regret: expected {between_words(found.regret)}, largest {between_words(found.largest_regret)}")
    elif found.deterministic_reason:
        say(f"  the scenario's own plan is no choice: {found.deterministic_reason}")
    if found.information_value is not None:
        say(f"  knowing the future beforehand would be worth {between_words(found.information_value)}")
    say(f"written to {out}: {', '.join(file.name for file in files)}; prices are indicative")
    if found.stopped_by == "interrupted":
        note("interrupted; the same command goes on")
