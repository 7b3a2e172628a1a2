"""``topodesign check``: reads and validates a scenario and lists every problem found."""

from collections.abc import Sequence
from typing import Annotated

import typer

from topodesign.cli.given_paths import ScenarioFolder
from topodesign.cli.output import ExitCode, emit_json, error_document, note, say
from topodesign.domain.errors import InvalidScenario
from topodesign.domain.scenario import Scenario

EXAMPLE = "Example: topodesign check sample_sites/us-multi-region --json"


def check(
    scenario_dir: ScenarioFolder,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: ok, problems.")] = False,
) -> None:
    """Read a scenario, check it, and list every problem with its file, row, field and remedy.

    Exits with 0 when the scenario is sound and with 2 when it has problems.
    """
    from topodesign.scenario import load_scenario

    try:
        scenario = load_scenario(scenario_dir)
    except InvalidScenario as error:
        if json_output:
            document = error_document(error)
            emit_json({"ok": False, "problems": list(error.problems), **document})
        else:
            note(error.message)
        raise typer.Exit(ExitCode.BAD_INPUT) from None
    if json_output:
        emit_json({"ok": True, "problems": [], **_summary(scenario), "assumptions": list(scenario.assumptions)})
        return
    say(
        f"{scenario_dir}: sound; {_counted(scenario.sites, 'site')}, {_counted(scenario.zones, 'power zone')}, "
        f"{_counted(scenario.junctions, 'junction')}, {_counted(scenario.segments, 'fiber segment')}"
    )
    for assumption in scenario.assumptions:
        say(f"  assumed: {assumption}")


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things):,} {noun}{'' if len(things) == 1 else 's'}"


def _summary(scenario: Scenario) -> dict[str, object]:
    return {
        "name": scenario.name,
        "sites": len(scenario.sites),
        "zones": len(scenario.zones),
        "junctions": len(scenario.junctions),
        "segments": len(scenario.segments),
    }
