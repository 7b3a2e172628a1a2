"""``topodesign watch``: follows a job of the service."""

import sys
from typing import Annotated

import typer

from topodesign.cli.client_options import DEFAULT_SERVER, JobName, Server, connected, leave
from topodesign.cli.interrupt import own_interrupt
from topodesign.cli.output import emit_json, exit_code_of, note, say
from topodesign.cli.progress import ProgressDisplay
from topodesign.cli.sweep_job import follow_sweep

EXAMPLE = "Example: topodesign watch operations/p-4f1c --server localhost:50051"


def watch(
    name: JobName,
    after_sequence: Annotated[
        int,
        typer.Option("--after-sequence", min=0, help="Leave out what came up to this sequence (of an earlier watch)."),
    ] = 0,
    server: Server = DEFAULT_SERVER,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON document at the end: name, state, events, sequence, error.")
    ] = False,
) -> None:
    """Show the progress of a job until it ends; from any terminal, from several at a time. In a pipe only the end.

    Of a sweep the finished points are shown; its document has counts instead of events.

    Leaving with Ctrl-C does not stop the job (exit code 130); watch it again to go on.

    When the job failed, its error is shown, and the exit code is that of the error.
    """
    with connected(server) as client:
        job = client.job(name)
        if job.status().kind == "sweep":
            follow_sweep(client.sweep(name), server, after_sequence=after_sequence, json_output=json_output)
            return
        stream, events = job.watch(after_sequence=after_sequence), []
        is_left = False
        try:
            with own_interrupt(), ProgressDisplay(sys.stderr, title=job.name) as progress:
                for event in stream:
                    events.append(event)
                    progress.show(event)
        except KeyboardInterrupt:
            is_left = True
        status = job.status()
        failure = job.failure()
    if json_output:
        told = {"name": status.name, "state": status.state, "events": events}
        emit_json({**told, "sequence": stream.sequence, "error": status.error})
    else:
        say(f"{status.name}: {status.state}")
        if status.error:
            note(f"error: {status.error}")
    if is_left and not status.is_done:
        raise leave(status.name, server)
    if failure is not None:
        raise typer.Exit(exit_code_of(failure))
