"""``topodesign jobs``: lists the jobs of the service."""

from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.client_options import DEFAULT_SERVER, Server, connected
from topodesign.cli.output import emit_json, say
from topodesign.cli.sweep_job import counts_of
from topodesign.domain.proven_figures import gap_percent

if TYPE_CHECKING:
    from topodesign.client import JobStatus

EXAMPLE = "Example: topodesign jobs --server localhost:50051 --json"


def jobs(
    server: Server = DEFAULT_SERVER,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: jobs.")] = False,
) -> None:
    """List the jobs, the newest first: plans with their latest gap, sweeps with their finished points."""

    with connected(server) as client:
        found = client.jobs()
    if json_output:
        emit_json({"jobs": list(found)})
        return
    for status in found:
        created = f"created {status.created:%Y-%m-%d %H:%M:%S} UTC"
        say(f"{status.name}  {status.kind:<5}  {status.state:<10}  {_progress(status):<24}  {created}")


def _progress(status: "JobStatus") -> str:
    if status.kind == "sweep":
        return counts_of(status)
    gap = status.progress.gap if status.progress is not None else None
    return f"gap {'-' if gap is None else f'{gap_percent(gap)}%'}"
