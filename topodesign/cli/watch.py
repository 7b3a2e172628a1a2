"""``topodesign watch``: follows a job of the service."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.output import emit_json, exit_code_of, note, say

if TYPE_CHECKING:
    from topodesign.domain.plan import PlanEvent

EXAMPLE = "Example: topodesign watch operations/p-4f1c --server localhost:50051"


def watch(
    name: Annotated[str, typer.Argument(help="Name of the job (operations/... or plans/...).")],
    server: Annotated[
        str, typer.Option("--server", envvar="TOPODESIGN_SERVER", help="HOST:PORT of the service.")
    ] = "localhost:50051",
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document at the end: name, state, events, error.")
    ] = False,
) -> None:
    """Show the progress of a job until it ends. Leaving with Ctrl-C does not stop the job.

    When the job failed, its error is shown, and the exit code is that of the error.
    """
    from topodesign.client import Access, Client

    with Client(server, retry_for_s=3.0, access=Access.from_environment(os.environ)) as client:
        job = client.job(name)
        events = []
        for event in job.watch():
            events.append(event)
            if not json_output:
                say(_line(event))
        status = job.status()
        failure = job.failure()
    if json_output:
        emit_json({"name": status.name, "state": status.state, "events": events, "error": status.error})
    else:
        say(f"{status.name}: {status.state}")
        if status.error:
            note(f"error: {status.error}")
    if failure is not None:
        raise typer.Exit(exit_code_of(failure))


def _line(event: "PlanEvent") -> str:
    parts = [f"{event.wall_s:8.1f} s  {event.phase:<12}"]
    if event.incumbent_usd is not None:
        parts.append(f"cost {event.incumbent_usd / 1e6:,.2f} MUSD")
    if event.bound_usd is not None:
        parts.append(f"bound {event.bound_usd / 1e6:,.2f} MUSD")
    if event.gap is not None:
        parts.append(f"gap {event.gap:.2%}")
    if event.message:
        parts.append(event.message)
    return "  ".join(parts)
