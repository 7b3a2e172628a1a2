"""``topodesign diff``: what changes from one plan to another, and what it costs."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.compared_report import write_compared_report
from topodesign.cli.completion import plan_folders, scenario_folders
from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json
from topodesign.cli.planned import load_given_plan, load_planned
from topodesign.domain.errors import NotFound

if TYPE_CHECKING:
    from topodesign.domain.plan import Plan

EXAMPLE = (
    "Example: topodesign diff out/us-2025 out/us-2026\n\n"
    "On one map: topodesign diff out/us-2025 out/us-2026 --report diff.html"
)


def diff(
    before: Annotated[
        Path,
        typer.Argument(
            parser=path, autocompletion=plan_folders, help="plan.json, or the folder that `plan --out` wrote."
        ),
    ],
    after: Annotated[
        Path, typer.Argument(parser=path, autocompletion=plan_folders, help="The plan to compare it with.")
    ],
    scenario_dir: Annotated[
        Path | None,
        typer.Option(
            "--scenario",
            parser=path,
            autocompletion=scenario_folders,
            help="Scenario folder of the second plan, to price the conversion; default: as kept in the plan's folder.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(parser=path, help="Write a page with both plans on one map to this file."),
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: inputs, sites, links, segments, costs, proof, ...")
    ] = False,
) -> None:
    """Show what changes from one plan to another: inputs, sites, links, fiber pairs, costs, proof, and the works.

    Sites and segments are matched by id. Costs are differences of net present value over the horizon. The conversion
    is what an owner of the first network must buy to have the second, priced where the scenario is known.
    """
    import topodesign

    first, second = _with_scenario(before), _with_scenario(after)
    scenario = second.scenario if scenario_dir is None else topodesign.load_scenario(scenario_dir)
    catalog = None if scenario is None else topodesign.load_catalog(scenario.catalog_overrides)
    found = topodesign.diff_plans(first, second, scenario=scenario, catalog=catalog)
    if report is not None:
        write_compared_report(report, first, second, scenario)
    if json_output:
        emit_json(found)
    else:
        from topodesign.cli.diff_words import describe_diff

        describe_diff(found)


def _with_scenario(place: Path) -> "Plan":
    """The plan with its scenario, as far as there is one: a plan file alone can be compared too."""
    try:
        scenario, plan = load_planned(place, None)
    except NotFound as error:
        if error.reason != "SCENARIO_NOT_FOUND":
            raise
        return load_given_plan(place)
    return dataclasses.replace(plan, scenario=scenario)
