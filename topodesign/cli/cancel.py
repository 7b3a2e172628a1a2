"""``topodesign cancel``: ends a job of the service."""

from typing import Annotated

import typer

from topodesign.cli.client_options import DEFAULT_SERVER, JobName, Server, connected
from topodesign.cli.output import emit_json, say

EXAMPLE = "Example: topodesign cancel operations/p-4f1c --server localhost:50051"


def cancel(
    name: JobName,
    server: Server = DEFAULT_SERVER,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON document: name, state.")] = False,
) -> None:
    """Ask a job to end; its best plan so far is kept and can be fetched. A job that has ended stays as it is."""

    with connected(server) as client:
        job = client.job(name)
        job.cancel()
        status = job.status()
    if json_output:
        emit_json({"name": status.name, "state": status.state})
    else:
        say(f"{status.name}: {status.state}")
