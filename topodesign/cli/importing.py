"""``topodesign import``: a scenario folder out of tables, maps and networks of others."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json, say

if TYPE_CHECKING:
    from topodesign.scenario.importing import ImportReport

EXAMPLE = (
    "Example: topodesign import sites-csv campuses.csv --out my-scenario --column site_id=Code --column power_mw=MW"
)


def import_(
    kind: Annotated[
        Literal["sites-csv", "fiber-kml", "fiber-shapefile", "graphml", "sndlib"],
        typer.Argument(help="What the sources are; fiber-kml takes KMZ too, sndlib its text and its XML."),
    ],
    sources: Annotated[list[Path], typer.Argument(parser=path, metavar="SOURCE...", help="One or more files.")],
    out: Annotated[
        Path,
        typer.Option("--out", parser=path, help="Scenario folder; may hold sites already, which lines are joined to."),
    ],
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="OURS=THEIRS", help="Where a column is found, as power_mw=MW; repeatable."),
    ] = None,
    tolerance_m: Annotated[
        float, typer.Option("--tolerance-m", help="Ends of lines are joined to sites and points within so many meters.")
    ] = 100.0,
    cut: Annotated[
        bool, typer.Option("--cut", help="Cut lines where they pass sites, points, ends of others.")
    ] = False,
    nodes: Annotated[
        Literal["sites", "junctions"] | None,
        typer.Option("--nodes", help="What points and nodes become; default: sites, if the folder has none yet."),
    ] = None,
    power_mw: Annotated[
        float | None, typer.Option("--power-mw", help="MW of every site whose source gives none.")
    ] = None,
    zone_headroom_mw: Annotated[
        float | None,
        typer.Option("--zone-headroom-mw", help="Make one power zone of so many MW for all sites without."),
    ] = None,
    demand_gbps_per_unit: Annotated[
        float | None, typer.Option("--demand-gbps-per-unit", help="Gbit/s of one unit of an SNDlib demand.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files of an earlier import.")] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: files, counts, notes, ok, problems.")
    ] = False,
) -> None:
    """Make scenario files of a table of sites, fiber routes, a GraphML or an SNDlib network; say what is still missing.

    Everything that was assumed, joined, renamed or left out is listed. All files are written, or none.
    """
    from topodesign.scenario.importing import ImportOptions, import_files, parse_columns

    options = ImportOptions(
        columns=parse_columns(column or ()),
        tolerance_m=tolerance_m,
        cut=cut,
        nodes=nodes,
        power_mw=power_mw,
        zone_headroom_mw=zone_headroom_mw,
        gbps_per_unit=demand_gbps_per_unit,
        replace=force,
    )
    report = import_files(kind, sources, out, options)
    if json_output:
        emit_json(_document(report))
    else:
        _describe(report, out)


def _document(report: "ImportReport") -> dict[str, object]:
    return {
        "files": [str(file) for file in report.files],
        "sites": report.sites,
        "junctions": report.junctions,
        "segments": report.segments,
        "demands": report.demands,
        "tolerance_m": report.tolerance_m,
        "notes": list(report.notes),
        "assumptions": list(report.assumptions),
        "ok": not report.problems,
        "problems": list(report.problems),
    }


def _describe(report: "ImportReport", out: Path) -> None:
    counts = {"sites": report.sites, "junctions": report.junctions, "fiber segments": report.segments}
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    say(f"{out}: wrote {', '.join(file.name for file in report.files)}; {told}")
    for note in report.notes:
        say(f"  {note}")
    for assumption in report.assumptions:
        say(f"  assumed: {assumption}")
    if not report.problems:
        say(f"{out} is a sound scenario; topodesign plan {out} --out PLAN_DIR plans it")
        return
    say("still missing before it can be planned (topodesign check says the same):")
    for problem in report.problems:
        say(f"  {problem}")
