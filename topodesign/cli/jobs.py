"""``topodesign jobs``: lists the jobs of the service."""

from typing import Annotated

import typer

from topodesign.cli.client_options import DEFAULT_SERVER, Server, connected
from topodesign.cli.output import emit_json, say
from topodesign.domain.proven_figures import gap_percent

EXAMPLE = "Example: topodesign jobs --server localhost:50051 --json"


def jobs(
    server: Server = DEFAULT_SERVER,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: jobs.")] = False,
) -> None:
    """List the jobs, the newest first, with their state and latest gap."""

    with connected(server) as client:
        found = client.jobs()
    if json_output:
        emit_json({"jobs": list(found)})
        return
    for status in found:
        gap = status.progress.gap if status.progress is not None else None
        shown = "-" if gap is None else f"{gap_percent(gap)}%"
        say(f"{status.name}  {status.state:<10}  gap {shown:>7}  created {status.created:%Y-%m-%d %H:%M:%S} UTC")
