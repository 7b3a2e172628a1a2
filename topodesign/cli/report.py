"""``topodesign report``: makes a plan's report and charts again, with an explanation if asked for."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.given_paths import path
from topodesign.cli.interrupt import StopRequest
from topodesign.cli.output import emit_json, note, say
from topodesign.cli.planned import load_planned

if TYPE_CHECKING:
    from topodesign.domain.explanation import Explanation
    from topodesign.domain.plan import Plan
    from topodesign.domain.scenario import Scenario

EXAMPLE = "Example: topodesign report plan-out --explain --time-limit 60"


def report(
    plan_dir: Annotated[Path, typer.Argument(parser=path, help="Folder that `plan --out` or `fetch` wrote.")],
    scenario: Annotated[
        Path | None,
        typer.Option(
            "--scenario", parser=path, help="Scenario folder; by default the scenario.json in the plan's folder."
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Solve again to say what binds the plan, and put that into the report.")
    ] = False,
    time_limit: Annotated[
        float, typer.Option("--time-limit", help="Seconds for all re-solves of --explain together.", min=1.0)
    ] = 300.0,
    sites: Annotated[int, typer.Option("--sites", help="Unused sites that --explain looks at.", min=0)] = 8,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make the report, charts, map layers and bills in a plan's folder again.

    With --explain the report also says which limits bind and what a step more of each would save; that is kept as
    explanation.json, which later reports take up. Ctrl-C keeps what was found so far.
    """
    import topodesign
    from topodesign.outputs import rebuild
    from topodesign.outputs.target import require_usable_target

    require_usable_target(plan_dir)
    given, found = None, None
    if explain:
        given, plan = load_planned(plan_dir, scenario)  # refuses another plan's scenario before minutes are spent
        found = explained(given, plan, time_limit_s=time_limit, most_sites=sites)
    elif scenario is not None:
        given = topodesign.load_scenario(scenario)
    # reads the plan once more: one that was written there since is not replaced by the one that was explained
    files = rebuild(plan_dir, scenario=given, explanation=found)
    if json_output:
        emit_json({"files": [str(file) for file in files]})
    else:
        say(f"written to {plan_dir}: {', '.join(sorted(file.name for file in files))}")


def explained(scenario: "Scenario", plan: "Plan", *, time_limit_s: float, most_sites: int) -> "Explanation":
    """What binds the plan; after Ctrl-C what was found until then."""
    import topodesign

    stop = StopRequest("the report will have what was found so far")
    with stop.on_interrupt():
        found = topodesign.explain(
            scenario,
            plan,
            time_limit_s=time_limit_s,
            most_sites=most_sites,
            should_stop=stop,
        )
    if stop.is_set:
        note("interrupted; the report has what was found until then")
    return found
