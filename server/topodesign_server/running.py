"""Starts a server in this process: children first, gRPC after."""

from __future__ import annotations  # OpenTelemetry is imported by those who trace only

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from topodesign_server.children import TASKS, ChildFactory
from topodesign_server.ending import Deadline
from topodesign_server.logs import LogOptions, configure_logs
from topodesign_server.settings import ServerSettings
from topodesign_server.stopping import StopSignals

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

SWITCH_S = 0.0005
"""How long a thread that reads a scenario may keep the event loop waiting, again and again (Python's default: 5 ms)."""


def run_server(
    settings: ServerSettings,
    *,
    tasks: str = TASKS,
    stop: StopSignals | None = None,
    span_exporter: SpanExporter | None = None,
    on_address: Callable[[str], None] | None = None,
    deadline: Deadline | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; returns when everything is drained. Call it in the main thread.

    Parameters
    ----------
    settings : ServerSettings
    tasks : str
        Module whose ``TASKS`` the children run.
    stop : StopSignals, optional
        Entered already, by a caller that does something before this.
    span_exporter : SpanExporter, optional
        Gets the traces in place of ``settings.traces_endpoint``.
    on_address : callable, optional
        Gets HOST:PORT once the service answers.
    deadline : Deadline, optional
        Of a program that ends after this: it stays armed, as threads that a store holds up keep the interpreter from
        its end. Without one this call alone has to end in time.

    Raises
    ------
    Conflict
        When another server uses the data directory.
    InvalidInput
        When an address cannot be bound, or traces are asked for and OpenTelemetry is not installed.
    ServiceUnavailable
        When the database does not answer.
    """
    if stop is None:
        with StopSignals() as entered:
            run_server(
                settings,
                tasks=tasks,
                stop=entered,
                span_exporter=span_exporter,
                on_address=on_address,
                deadline=deadline,
            )
        return
    configure_logs(LogOptions(level=settings.log_level, form=settings.log_format))
    sys.setswitchinterval(SWITCH_S)
    children = ChildFactory(tasks=tasks)
    # Imported here and not above: gRPC must not be initialized before the children's process exists.
    from topodesign_server.server import serve
    from topodesign_server.tracing import tracing_of

    tracing = tracing_of(settings, exporter=span_exporter)
    own = Deadline()
    try:
        asyncio.run(
            serve(settings, children, stop=stop, tracing=tracing, deadline=deadline or own, on_address=on_address)
        )
    finally:
        own.disarm()
