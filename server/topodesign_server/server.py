"""Runs a server until SIGTERM or SIGINT."""

import asyncio
import contextlib
import sys
from collections.abc import Callable

import structlog

from topodesign_server.assembling import Parts, assemble
from topodesign_server.children import ChildFactory
from topodesign_server.database import open_database
from topodesign_server.ending import Deadline
from topodesign_server.incidents import status_of
from topodesign_server.listening import bind, certificates_of
from topodesign_server.metrics import Metrics, MetricsPage
from topodesign_server.retention import Retention
from topodesign_server.settings import ServerSettings
from topodesign_server.settled_heap import settle_heap
from topodesign_server.stopping import StopSignals
from topodesign_server.tracing import Tracing

log = structlog.get_logger("topodesign_server")

SENDING_S = 0.5
"""Time for the last bytes of answers to leave; streams of the standard services are cut off after it."""


async def serve(
    settings: ServerSettings,
    children: ChildFactory,
    *,
    stop: StopSignals,
    tracing: Tracing,
    deadline: Deadline,
    on_address: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Parameters
    ----------
    settings : ServerSettings
    children : ChildFactory
        Made before gRPC was initialized.
    stop : StopSignals
        The signals, caught already.
    tracing : Tracing
        Closed at the end.
    deadline : Deadline
        Armed when the drain begins, and left so: what comes after may be held up as well.
    on_address : callable, optional
        Gets HOST:PORT once the service answers.

    Raises
    ------
    Conflict
        When another server uses the data directory.
    InvalidInput
        When an address cannot be bound, or may not be without TLS, or the files for TLS are unusable.
    ServiceUnavailable
        When the database does not answer.
    """
    certificates = certificates_of(settings)
    metrics = Metrics()
    database = open_database(
        settings.data_directory,
        url=settings.database_url,
        lock_timeout_s=settings.store_timeout_s,
        on_fault=metrics.store_failed,
    )
    with contextlib.ExitStack() as open_parts:
        open_parts.callback(tracing.close)
        open_parts.callback(database.close)
        if stop.is_set:
            return
        parts = assemble(settings, database, children, metrics=metrics, tracing=tracing)
        address = bind(parts.server, settings, certificates)
        if settings.metrics_port is not None:
            page = MetricsPage(metrics, host=settings.metrics_host, port=settings.metrics_port)
            open_parts.enter_context(page)
            log.info("metrics", host=settings.metrics_host, port=page.port)
        stopped = stop.event()
        await parts.threads.store(parts.planning.workers.start)
        await parts.server.start()
        await parts.health.open()
        background = _in_background(parts, settings, is_shared=database.is_shared)
        settle_heap()
        _announce(address, settings)
        if on_address is not None:
            on_address(address)
        await stopped.wait()
        await _drain(parts, settings, background, deadline)


def _in_background(parts: Parts, settings: ServerSettings, *, is_shared: bool) -> list[asyncio.Task[None]]:
    works = [_sweep(parts.planning.retention, settings), parts.probe.run()]
    if is_shared:
        works.append(parts.planning.poller.run())
    return [asyncio.create_task(work) for work in works]


async def _sweep(retention: Retention, settings: ServerSettings) -> None:
    while True:
        try:
            await asyncio.to_thread(retention.sweep)
        except Exception as error:  # noqa: BLE001 - one sweep may fail, the next comes
            status_of(error, during="retention")
        await asyncio.sleep(settings.sweep_s)


def _announce(address: str, settings: ServerSettings) -> None:
    if settings.address_file is not None:
        partial = settings.address_file.with_name(settings.address_file.name + ".partial")
        partial.write_text(address + "\n", encoding="utf-8")
        partial.replace(settings.address_file)
    sys.stderr.write(f"topodesign serves on {address}\n")
    sys.stderr.flush()


async def _drain(
    parts: Parts, settings: ServerSettings, background: list[asyncio.Task[None]], deadline: Deadline
) -> None:
    """Say so, refuse new work, give jobs back, let running calls end.

    A store that hangs could hold this up for ever, and the end of the interpreter, too: then the process ends without
    it, and its jobs are taken over when their leases have run out.
    """
    log.info("draining")
    longest_s = settings.drain_delay_s + settings.store_timeout_s + 2 * settings.drain_grace_s + SENDING_S
    deadline.arm(longest_s)
    await parts.health.drain()
    parts.planning.retention.stop()
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    parts.probe.close()
    await asyncio.sleep(settings.drain_delay_s)
    parts.planning.watchers.drain()
    await parts.threads.store(parts.planning.workers.drain)
    # Until here, and while calls end, new ones are told SERVER_DRAINING; a stopped server says nothing but good-bye.
    await parts.observed.wait_for_calls(settings.drain_grace_s)
    await parts.server.stop(min(SENDING_S, settings.drain_grace_s))
    parts.computing.close()
    parts.planning.door.close()
    parts.threads.close()
    log.info("stopped")
