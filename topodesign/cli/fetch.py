"""``topodesign fetch``: writes the result of a job."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from topodesign.cli.output import ExitCode, emit_json, say

EXAMPLE = "Example: topodesign fetch plans/p-4f1c --out plan-out --server localhost:50051"

EXIT_CODES = {"infeasible": ExitCode.INFEASIBLE, "limit": ExitCode.LIMIT}


def fetch(
    name: Annotated[str, typer.Argument(help="Name of the job (operations/... or plans/...).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the whole plan; with --format the file to write.")],
    file_format: Annotated[
        Literal["geojson", "plan-json", "bom-csv", "gpkg", "report-html"] | None,
        typer.Option("--format", help="Fetch this one file only."),
    ] = None,
    timeout: Annotated[float | None, typer.Option("--timeout", help="Seconds to wait for the job to end.")] = None,
    server: Annotated[
        str, typer.Option("--server", envvar="TOPODESIGN_SERVER", help="HOST:PORT of the service.")
    ] = "localhost:50051",
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document: name, status, cost_usd, gap, verified, files.")
    ] = False,
) -> None:
    """Wait for a job to end and write its plan: a folder as `topodesign plan` writes it, or a single file.

    Exits with 3 when the scenario is infeasible and with 5 when a limit was reached before there was a plan.
    """
    from topodesign.client import Client

    with Client(server, retry_for_s=3.0) as client:
        job = client.job(name)
        plan = job.result(timeout)
        if file_format is not None:
            out.write_bytes(client.export_plan(job.plan_name, file_format))
            files = [out]
        else:
            files = list(plan.save(out))
    if json_output:
        emit_json(
            {
                "name": job.plan_name,
                "status": plan.status,
                "cost_usd": plan.cost_usd,
                "gap": plan.gap,
                "verified": plan.verified,
                "files": [str(path) for path in files],
            }
        )
    else:
        say(f"{job.plan_name}: {plan.status}; wrote {', '.join(str(path) for path in files)}")
    if plan.status in EXIT_CODES:
        raise typer.Exit(EXIT_CODES[plan.status])
