"""``topodesign serve``: runs the gRPC service."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topodesign.cli.given_paths import path
from topodesign.cli.output import emit_json, note, say

if TYPE_CHECKING:
    from topodesign_server.configuration import Configuration

EXAMPLE = "Example: topodesign serve --config server.toml --port 50051"


def serve(
    config: Annotated[
        Path | None,
        typer.Option("--config", parser=path, help="TOML file with options; server/deploy/server.toml lists all."),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on; without it this machine only.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port (50051); 0 takes any free one.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", parser=path, help="Folder that keeps scenarios, jobs and plans (topodesign-data)."),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            "--database-url",
            help="PostgreSQL that several servers may share, instead of --data: postgresql://user@host/database. "
            "Others see command lines: give one with a password as TOPODESIGN_DATABASE_URL.",
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=0, max=256, help="Plans made at a time (1).")] = None,
    queue_limit: Annotated[int | None, typer.Option("--queue-limit", min=1, help="Plans that may wait (1000).")] = None,
    tenant_queue_limit: Annotated[
        int | None, typer.Option("--tenant-queue-limit", min=1, help="Plans of one tenant that may wait (100).")
    ] = None,
    plan_memory_gib: Annotated[
        float | None,
        typer.Option("--plan-memory-gib", min=0.5, help="Memory that the making of one plan may take (8)."),
    ] = None,
    cancel_grace_s: Annotated[
        float | None,
        typer.Option("--cancel-grace-s", min=0, help="Time that a cancelled solve has to end by itself (0.5)."),
    ] = None,
    fabric_memory_gib: Annotated[
        float | None,
        typer.Option("--fabric-memory-gib", min=0.5, help="Memory that one evaluation of fabrics may take (4)."),
    ] = None,
    tls_certificate: Annotated[
        Path | None,
        typer.Option("--tls-certificate", parser=path, help="PEM file of the server's certificate and its chain."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", parser=path, help="PEM file of the certificate's key.")
    ] = None,
    tls_client_ca: Annotated[
        Path | None,
        typer.Option("--tls-client-ca", parser=path, help="Every client needs a certificate of this authority."),
    ] = None,
    certificate_tenant: Annotated[
        str | None,
        typer.Option(
            "--certificate-tenant",
            help="What of a client's certificate names its tenant: uri (spiffe://.../tenant/NAME) or common_name.",
        ),
    ] = None,
    auth: Annotated[
        bool | None,
        typer.Option("--auth/--no-auth", help="Ask for a token (topodesign token create) on loopback too."),
    ] = None,
    insecure: Annotated[
        bool | None,
        typer.Option("--insecure/--no-insecure", help="Plain text beyond this machine, where something else encrypts."),
    ] = None,
    reflection: Annotated[
        bool | None,
        typer.Option(
            "--reflection/--no-reflection", help="Describe the service to tools that ask (grpcurl, buf curl)."
        ),
    ] = None,
    address_file: Annotated[
        Path | None,
        typer.Option("--address-file", parser=path, help="File that gets HOST:PORT once the service answers."),
    ] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other option; may be repeated.")
    ] = None,
    print_config: Annotated[
        bool,
        typer.Option(
            "--print-config", help="Print the options that would be used, and where they are from; serve nothing."
        ),
    ] = False,
    json_output: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON document: address, once the service answers; with --print-config options."
        ),
    ] = False,
) -> None:
    """Serve until SIGTERM or Ctrl-C; the address is printed on stderr when the service answers.

    Options come from the file of --config, the environment (TOPODESIGN_PORT for port) and the command line, each
    overriding those before. Accepted jobs outlive the service: those that were running are started again by the next
    one on the same data.
    """
    from topodesign_server.stopping import StopSignals

    with StopSignals() as stop:  # first of all: a SIGTERM at start-up ends the service in order, too
        from topodesign_server.configuration import PREFIX, read_configuration
        from topodesign_server.settings import GIB

        named = {
            "host": host,
            "port": port,
            "data_directory": data,
            "database_url": database_url,
            "workers": workers,
            "queue_limit": queue_limit,
            "address_file": address_file,
            "tls_certificate": tls_certificate,
            "tls_key": tls_key,
            "tls_client_ca": tls_client_ca,
            "certificate_tenant": certificate_tenant,
            "auth": auth,
            "insecure": insecure,
            "reflection": reflection,
            "tenant_queue_limit": tenant_queue_limit,
            "cancel_grace_s": cancel_grace_s,
            "plan_memory_bytes": None if plan_memory_gib is None else int(plan_memory_gib * GIB),
            "fabric_memory_bytes": None if fabric_memory_gib is None else int(fabric_memory_gib * GIB),
        }
        configuration = read_configuration(
            config,
            environment=os.environ,
            given={name: value for name, value in named.items() if value is not None},
            assignments=assignments or (),
        )
        if print_config:
            _print(configuration, json_output=json_output)
            return
        if configuration.ignored:
            note(f"not options, and ignored: {', '.join(configuration.ignored)} (options begin with {PREFIX} as well)")
        from topodesign_server.ending import Deadline
        from topodesign_server.running import run_server

        tell = _tell_address if json_output else None
        run_server(configuration.settings, stop=stop, on_address=tell, deadline=Deadline())


def _tell_address(address: str) -> None:
    emit_json({"address": address})


def _print(configuration: "Configuration", *, json_output: bool) -> None:
    from topodesign_server.configuration_text import effective, effective_document

    if json_output:
        emit_json({"options": effective_document(configuration)})
    else:
        say(effective(configuration).rstrip("\n"))
