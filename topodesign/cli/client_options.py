"""What the commands that talk to a service have in common."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.output import ExitCode, note
from topodesign.domain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from topodesign.client import Client

DEFAULT_SERVER = "localhost:50051"
RETRY_FOR_S = 3.0
"""A person who waits is told soon that nobody answers."""

Server = Annotated[str, typer.Option("--server", envvar="TOPODESIGN_SERVER", help="HOST:PORT of the service.")]
JobName = Annotated[str, typer.Argument(help="Name of the job (operations/..., plans/... or sweeps/...).")]


@contextmanager
def connected(server: str) -> Iterator["Client"]:
    """A client of the service at ``server``; says where the address comes from when nobody answers there."""
    from topodesign.client import Access, Client

    access = Access.from_environment(os.environ)
    with Client(server, retry_for_s=RETRY_FOR_S, access=access) as client:
        try:
            yield client
        except ServiceUnavailable as error:
            if error.reason != ServiceUnavailable.default_reason:
                raise
            raise ServiceUnavailable(
                f"{error.message}. The address is that of --server, else of TOPODESIGN_SERVER, else {DEFAULT_SERVER}",
                metadata={**error.metadata, "server": server},
            ) from None


def leave(name: str, server: str) -> typer.Exit:
    """Say that a job goes on without the command that waited for it; to be raised."""
    note(
        f"left {name}, which goes on; see it again with 'topodesign watch {name} --server {server}', "
        f"end it with 'topodesign cancel {name} --server {server}'"
    )
    return typer.Exit(ExitCode.INTERRUPTED)
