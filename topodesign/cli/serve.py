"""``topodesign serve``: runs the gRPC service."""

from pathlib import Path
from typing import Annotated

import typer

from topodesign.cli.given_paths import path

EXAMPLE = "Example: topodesign serve --port 50051 --data topodesign-data"


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on; the default serves this machine only.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes any free one.")] = 50051,
    data: Annotated[
        Path, typer.Option("--data", parser=path, help="Folder that keeps scenarios, jobs and plans.")
    ] = Path("topodesign-data"),
    database_url: Annotated[
        str | None,
        typer.Option(
            "--database-url",
            envvar="TOPODESIGN_DATABASE_URL",
            help="PostgreSQL that several servers may share, instead of --data: postgresql://user@host/database.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="Plans made at a time.")] = 1,
    queue_limit: Annotated[int, typer.Option("--queue-limit", min=1, help="Plans that may wait.")] = 1000,
    tenant_queue_limit: Annotated[
        int, typer.Option("--tenant-queue-limit", min=1, help="Plans of one tenant that may wait.")
    ] = 100,
    plan_memory_gib: Annotated[
        float, typer.Option("--plan-memory-gib", min=0.75, help="Memory that the making of one plan may take.")
    ] = 8.0,
    cancel_grace_s: Annotated[
        float, typer.Option("--cancel-grace-s", min=0, help="Time that a cancelled solve has to return its best plan.")
    ] = 0.5,
    fabric_memory_gib: Annotated[
        float, typer.Option("--fabric-memory-gib", min=0.5, help="Memory that one evaluation of fabrics may take.")
    ] = 4.0,
    address_file: Annotated[
        Path | None,
        typer.Option("--address-file", parser=path, help="File that gets HOST:PORT once the service answers."),
    ] = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; the address is printed on stderr when the service answers.

    Accepted jobs outlive the service: those that were running are started again by the next one on the same data.
    """
    from topodesign_server.running import run_server
    from topodesign_server.settings import GIB, ServerSettings

    run_server(
        ServerSettings(
            host=host,
            port=port,
            data_directory=data,
            database_url=database_url,
            address_file=address_file,
            workers=workers,
            queue_limit=queue_limit,
            tenant_queue_limit=tenant_queue_limit,
            plan_memory_bytes=int(plan_memory_gib * GIB),
            cancel_grace_s=cancel_grace_s,
            fabric_memory_bytes=int(fabric_memory_gib * GIB),
        )
    )
