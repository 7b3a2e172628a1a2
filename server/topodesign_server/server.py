"""Puts the service together and runs it until SIGTERM or SIGINT."""

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

import grpc
import structlog
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from topodesign.v1 import (
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    fabric_service_pb2,
    fabric_service_pb2_grpc,
    optics_service_pb2,
    optics_service_pb2_grpc,
    planning_service_pb2,
    planning_service_pb2_grpc,
    scenario_service_pb2,
    scenario_service_pb2_grpc,
    training_service_pb2,
    training_service_pb2_grpc,
)
from topodesign_server.answers import Answers
from topodesign_server.attempt_observer import AttemptObserver
from topodesign_server.attempt_store import AttemptStore
from topodesign_server.authentication import Authentication
from topodesign_server.calls import Calls
from topodesign_server.catalog_servicer import CatalogServicer
from topodesign_server.children import ChildFactory
from topodesign_server.database import Database, open_database
from topodesign_server.fabric_servicer import FabricServicer
from topodesign_server.health import Health, StoreProbe
from topodesign_server.incidents import status_of
from topodesign_server.interceptor import BoundaryInterceptor
from topodesign_server.job_store import JobStore
from topodesign_server.listening import bind, certificates_of, channel_options, requires_authentication
from topodesign_server.metrics import Metrics, MetricsPage
from topodesign_server.observing import ObservingInterceptor
from topodesign_server.offloading import Offloader
from topodesign_server.operations_servicer import OperationsServicer
from topodesign_server.optics_servicer import OpticsServicer
from topodesign_server.paging import Pager
from topodesign_server.planning_servicer import PlanningServicer
from topodesign_server.polling import ChangePoller
from topodesign_server.queue_room import QueueLimits
from topodesign_server.quotas import Quotas
from topodesign_server.request_gate import RequestGate
from topodesign_server.retention import Periods, Retention
from topodesign_server.scenario_servicer import ScenarioServicer
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.settings import ServerSettings
from topodesign_server.sources import ScenarioReader
from topodesign_server.stopping import StopSignals
from topodesign_server.tenant_calls import TenantCalls
from topodesign_server.token_store import TokenStore
from topodesign_server.tracing import Tracing
from topodesign_server.training_servicer import TrainingServicer
from topodesign_server.watchers import Watchers
from topodesign_server.workers import Workers

log = structlog.get_logger("topodesign_server")

ENDED_WITHOUT_STORE = 1
SENDING_S = 0.5
"""Time for the last bytes of answers to leave; streams of the standard services are cut off after it."""

WITH_STORE = (
    planning_service_pb2.DESCRIPTOR.services_by_name["PlanningService"],
    scenario_service_pb2.DESCRIPTOR.services_by_name["ScenarioService"],
    operations_pb2.DESCRIPTOR.services_by_name["Operations"],
)
WITHOUT_STORE = (
    fabric_service_pb2.DESCRIPTOR.services_by_name["FabricService"],
    optics_service_pb2.DESCRIPTOR.services_by_name["OpticsService"],
    training_service_pb2.DESCRIPTOR.services_by_name["TrainingService"],
    catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"],
)
STANDARD = (
    health_pb2.DESCRIPTOR.services_by_name["Health"],
    reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"],
)
SERVICES = tuple(service.full_name for service in (*WITH_STORE, *WITHOUT_STORE))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a running server consists of, for taking it apart again."""

    server: grpc.aio.Server
    observed: ObservingInterceptor
    health: Health
    probe: StoreProbe
    workers: Workers
    watchers: Watchers
    calls: Calls
    offload: Offloader
    designs: Offloader
    admission: Offloader
    tokens: Offloader
    poller: ChangePoller
    retention: Retention


async def serve(
    settings: ServerSettings,
    children: ChildFactory,
    *,
    stop: StopSignals,
    tracing: Tracing,
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
        parts = _assemble(settings, database, children, metrics=metrics, tracing=tracing)
        address = bind(parts.server, settings, certificates)
        if settings.metrics_port is not None:
            page = MetricsPage(metrics, host=settings.metrics_host, port=settings.metrics_port)
            open_parts.enter_context(page)
            log.info("metrics", host=settings.metrics_host, port=page.port)
        stopped = stop.event()
        await parts.offload(parts.workers.start)
        await parts.server.start()
        await parts.health.open()
        background = _in_background(parts, settings, is_shared=database.is_shared)
        _announce(address, settings)
        if on_address is not None:
            on_address(address)
        await stopped.wait()
        await _drain(parts, settings, background)


def _in_background(parts: _Parts, settings: ServerSettings, *, is_shared: bool) -> list[asyncio.Task[None]]:
    works = [_sweep(parts.retention, settings), parts.probe.run()]
    if is_shared:
        works.append(parts.poller.run())
    return [asyncio.create_task(work) for work in works]


def _assemble(
    settings: ServerSettings, database: Database, children: ChildFactory, *, metrics: Metrics, tracing: Tracing
) -> _Parts:
    offload, watchers, pager = Offloader(), Watchers(), Pager(database.signing_key)
    admission = Offloader(threads=1, name="admission")  # its own, so that refusals are quick whatever the rest does
    tokens = Offloader(threads=2, name="token")
    designs = Offloader(threads=2, name="design")  # its own, so that links and estimates never hold up the store
    quotas = _quotas(settings)
    jobs = JobStore(database, queue=_queue_limits(settings), quotas=quotas, cache_bytes=settings.plan_cache_bytes)
    scenarios = ScenarioStore(database, quotas)
    workers = Workers(
        jobs=jobs,
        attempts=AttemptStore(
            database,
            owner=_owner(),
            lease_s=settings.lease_s,
            max_attempts=settings.max_attempts,
            retry_pause_s=settings.retry_pause_s,
        ),
        children=children,
        settings=settings,
        observer=AttemptObserver(metrics, tracing),
        is_shared=database.is_shared,
        on_change=watchers.notify,
    )
    poller = ChangePoller(jobs=jobs, workers=workers, watchers=watchers, offload=offload, poll_s=settings.poll_s)
    calls = Calls(
        children,
        slots=settings.call_slots,
        queue_limit=settings.call_queue_limit,
        limit_s=settings.call_limit_s,
        memory_bytes=settings.plan_memory_bytes,
    )
    answers = Answers(calls, metrics, cache_bytes=settings.answer_cache_bytes)
    reader = ScenarioReader(offload, calls)
    observed = ObservingInterceptor(
        metrics=metrics, tracing=tracing, ours=_methods(*WITH_STORE, *WITHOUT_STORE), standard=_methods(*STANDARD)
    )
    server = grpc.aio.server(
        interceptors=(
            observed,
            BoundaryInterceptor(
                watchers,
                _authentication(settings, database, tokens),
                TenantCalls(per_s=settings.tenant_calls_per_s, at_once=settings.tenant_calls_at_once),
                RequestGate(designs),
                message_bytes=settings.message_bytes,
            ),
        ),
        options=channel_options(settings),
    )
    planning_service_pb2_grpc.add_PlanningServiceServicer_to_server(
        PlanningServicer(
            jobs=jobs,
            scenarios=scenarios,
            reader=reader,
            workers=workers,
            watchers=watchers,
            calls=calls,
            pager=pager,
            offload=offload,
            admission=admission,
            tracing=tracing,
        ),
        server,
    )
    scenario_service_pb2_grpc.add_ScenarioServiceServicer_to_server(
        ScenarioServicer(scenarios, reader, pager, offload), server
    )
    fabric_service_pb2_grpc.add_FabricServiceServicer_to_server(
        FabricServicer(answers, limit_s=settings.fabric_limit_s, memory_bytes=settings.fabric_memory_bytes), server
    )
    optics_service_pb2_grpc.add_OpticsServiceServicer_to_server(OpticsServicer(pager, designs), server)
    training_service_pb2_grpc.add_TrainingServiceServicer_to_server(TrainingServicer(pager, designs), server)
    catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(pager), server)
    operations_pb2_grpc.add_OperationsServicer_to_server(
        OperationsServicer(jobs=jobs, workers=workers, watchers=watchers, pager=pager, offload=offload), server
    )
    reported = Health(
        metrics,
        with_store=[service.full_name for service in WITH_STORE],
        without_store=[service.full_name for service in WITHOUT_STORE],
    )
    health_pb2_grpc.add_HealthServicer_to_server(reported.servicer, server)
    if settings.reflection:
        reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    metrics.running.set_function(lambda: len(workers.numbers()))
    metrics.watch_streams.set_function(watchers.count)
    metrics.answers_waiting.set_function(calls.waiting)
    return _Parts(
        server=server,
        observed=observed,
        health=reported,
        probe=StoreProbe(
            jobs=jobs,
            health=reported,
            metrics=metrics,
            every_s=settings.health_s,
            timeout_s=settings.health_timeout_s,
        ),
        workers=workers,
        watchers=watchers,
        calls=calls,
        offload=offload,
        designs=designs,
        admission=admission,
        tokens=tokens,
        poller=poller,
        retention=Retention(database, _periods(settings)),
    )


def _methods(*services: ServiceDescriptor) -> list[str]:
    """The methods of services as gRPC names them in calls."""
    return [f"/{service.full_name}/{method.name}" for service in services for method in service.methods]


def _authentication(settings: ServerSettings, database: Database, tokens: Offloader) -> Authentication:
    return Authentication(
        TokenStore(database),
        tokens,
        is_required=requires_authentication(settings),
        has_certificates=settings.tls_client_ca is not None,
        named_by=settings.certificate_tenant,
    )


def _quotas(settings: ServerSettings) -> Quotas:
    return Quotas(scenarios=settings.tenant_scenarios, plans=settings.tenant_plans, bytes=settings.tenant_bytes)


def _owner() -> str:
    """A name for this process that no other has, and that tells its operator where to look."""
    return f"{socket.gethostname()[:100]}:{os.getpid()}:{secrets.token_hex(8)}"


def _queue_limits(settings: ServerSettings) -> QueueLimits:
    return QueueLimits(total=settings.queue_limit, of_tenant=settings.tenant_queue_limit)


def _periods(settings: ServerSettings) -> Periods:
    return Periods(
        operations_days=settings.keep_operations_days,
        histories_days=settings.keep_histories_days,
        unnamed_plans_days=settings.keep_unnamed_plans_days,
        request_ids_days=settings.keep_request_ids_days,
    )


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


def _end_anyway() -> None:
    log.error("drain_incomplete", advice="the store hangs; jobs that ran here start again when their leases end")
    os._exit(ENDED_WITHOUT_STORE)


async def _drain(parts: _Parts, settings: ServerSettings, background: list[asyncio.Task[None]]) -> None:
    """Say so, refuse new work, give jobs back, let running calls end.

    A store that hangs could hold this up for ever, and the end of the interpreter, too: then the process ends without
    it, and its jobs are taken over when their leases have run out.
    """
    log.info("draining")
    longest_s = settings.drain_delay_s + settings.store_timeout_s + 2 * settings.drain_grace_s + SENDING_S
    watchdog = threading.Timer(longest_s, _end_anyway)
    watchdog.daemon = True
    watchdog.start()
    await parts.health.drain()
    parts.retention.stop()
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    parts.probe.close()
    await asyncio.sleep(settings.drain_delay_s)
    parts.watchers.drain()
    await parts.offload(parts.workers.drain)
    # Until here, and while calls end, new ones are told SERVER_DRAINING; a stopped server says nothing but good-bye.
    await parts.observed.wait_for_calls(settings.drain_grace_s)
    await parts.server.stop(min(SENDING_S, settings.drain_grace_s))
    parts.calls.close()
    parts.offload.close()
    parts.designs.close()
    parts.admission.close()
    parts.tokens.close()
    log.info("stopped")
