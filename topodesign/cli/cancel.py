"""``topodesign cancel``: ends a job of the service."""

import os
from typing import Annotated

import typer

from topodesign.cli.output import emit_json, say

EXAMPLE = "Example: topodesign cancel operations/p-4f1c --server localhost:50051"


def cancel(
    name: Annotated[str, typer.Argument(help="Name of the job (operations/... or plans/...).")],
    server: Annotated[
        str, typer.Option("--server", envvar="TOPODESIGN_SERVER", help="HOST:PORT of the service.")
    ] = "localhost:50051",
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: name, state.")] = False,
) -> None:
    """Ask a job to end; its best plan so far is kept and can be fetched. A job that has ended stays as it is."""
    from topodesign.client import Access, Client

    with Client(server, retry_for_s=3.0, access=Access.from_environment(os.environ)) as client:
        job = client.job(name)
        job.cancel()
        status = job.status()
    if json_output:
        emit_json({"name": status.name, "state": status.state})
    else:
        say(f"{status.name}: {status.state}")
