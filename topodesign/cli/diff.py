"""``topodesign diff``: what changes from one plan to another, and what it costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.completion import plan_folders, scenario_folders
from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json, say

if TYPE_CHECKING:
    from topodesign.domain.comparison import Conversion, PlanDiff

EXAMPLE = "Example: topodesign diff out/us-2025 out/us-2026"


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
            help="Scenario folder of the second plan, to price the conversion.",
        ),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what changes from one plan to another: sites, fiber pairs, lightpaths, costs, and the works it takes.

    Sites and segments are matched by id. Costs are differences of net present value over the horizon. The conversion
    is what an owner of the first network must buy to have the second, priced where the scenario is given.
    """
    import topodesign

    scenario = None if scenario_dir is None else topodesign.load_scenario(scenario_dir)
    catalog = None if scenario is None else topodesign.load_catalog(scenario.catalog_overrides)
    found = topodesign.diff_plans(
        topodesign.load_plan(before), topodesign.load_plan(after), scenario=scenario, catalog=catalog
    )
    if json_output:
        emit_json(found)
    else:
        _describe(found)


def _describe(found: "PlanDiff") -> None:
    if found.is_same:
        say("the plans use the same sites, fiber and lightpaths")
    for site in found.sites:
        say(
            f"  site {site.site_id}: {site.pods_before:,} -> {site.pods_after:,} pods, "
            f"{site.power_mw_before:,.1f} -> {site.power_mw_after:,.1f} MW"
        )
    for segment in found.segments:
        say(f"  segment {segment.segment_id}: {segment.pairs_before:,} -> {segment.pairs_after:,} fiber pairs")
    for item in found.lightpaths:
        say(
            f"  {item.a} - {item.z} {item.mode}: {item.count_before:,} -> {item.count_after:,} lightpaths "
            f"over {', '.join(item.segments)}"
        )
    for cost in found.costs:
        say(f"  {cost.item}: {cost.delta_usd / 1e6:+,.2f} million USD")
    works = found.works
    say(
        f"works: {works.sites_opened} sites opened and {works.sites_closed} closed, {works.pods_added:,} pods added "
        f"and {works.pods_removed:,} removed, {works.pairs_lit:,} fiber pairs lit and {works.pairs_darkened:,} "
        f"darkened, {works.lightpaths_added:,} lightpaths added and {works.lightpaths_removed:,} removed"
    )
    say(
        f"cost {found.cost_delta_usd / 1e6:+,.2f} million USD of present value, of which network "
        f"{found.network_cost_delta_usd / 1e6:+,.2f}"
    )
    if found.conversion is not None:
        _describe_conversion(found.conversion)


def _describe_conversion(found: "Conversion") -> None:
    bought = ", ".join(f"{count:,} x {mode}" for mode, count in sorted(found.transceivers_to_buy.items())) or "none"
    spare = ", ".join(f"{count:,} x {mode}" for mode, count in sorted(found.transceivers_left_over.items())) or "none"
    say(
        f"conversion: {found.new_pairs:,} fiber pairs and {found.new_amplifiers:,} amplifiers to buy; "
        f"transceivers to buy: {bought}; left over: {spare}"
    )
    if found.built_segments:
        say(f"  fiber to build: {', '.join(found.built_segments)}")
    if found.cost_usd is None or found.items_usd is None:
        say("  not priced: give the second plan's scenario with --scenario")
        return
    for name, usd in found.items_usd.items():
        if usd:
            say(f"  {name}: {usd / 1e6:,.3f} million USD")
    say(f"  together {found.cost_usd / 1e6:,.3f} million USD once, accelerators not counted")
