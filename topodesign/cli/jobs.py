"""``topodesign jobs``: lists the jobs of the service."""

import os
from typing import Annotated

import typer

from topodesign.cli.output import emit_json, say

EXAMPLE = "Example: topodesign jobs --server localhost:50051 --json"


def jobs(
    server: Annotated[
        str, typer.Option("--server", envvar="TOPODESIGN_SERVER", help="HOST:PORT of the service.")
    ] = "localhost:50051",
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: jobs.")] = False,
) -> None:
    """List the jobs, the newest first, with their state and latest gap."""
    from topodesign.client import Access, Client

    with Client(server, retry_for_s=3.0, access=Access.from_environment(os.environ)) as client:
        found = client.jobs()
    if json_output:
        emit_json({"jobs": list(found)})
        return
    for status in found:
        gap = status.progress.gap if status.progress is not None else None
        shown = "-" if gap is None else f"{gap:.2%}"
        say(f"{status.name}  {status.state:<10}  gap {shown:>7}  created {status.created:%Y-%m-%d %H:%M:%S} UTC")
