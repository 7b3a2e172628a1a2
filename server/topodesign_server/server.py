"""Puts the service together and runs it until SIGTERM or SIGINT."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from dataclasses import dataclass

import grpc
import structlog
from google.longrunning import operations_pb2, operations_pb2_grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from topodesign.domain.errors import InvalidInput
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
from topodesign_server.attempt_store import AttemptStore
from topodesign_server.calls import Calls
from topodesign_server.catalog_servicer import CatalogServicer
from topodesign_server.children import ChildFactory
from topodesign_server.database import Database, open_database
from topodesign_server.fabric_servicer import FabricServicer
from topodesign_server.incidents import status_of
from topodesign_server.interceptor import BoundaryInterceptor
from topodesign_server.job_store import JobStore
from topodesign_server.offloading import Offloader
from topodesign_server.operations_servicer import OperationsServicer
from topodesign_server.optics_servicer import OpticsServicer
from topodesign_server.paging import Pager
from topodesign_server.planning_servicer import PlanningServicer
from topodesign_server.polling import ChangePoller
from topodesign_server.queue_room import QueueLimits
from topodesign_server.retention import Periods, Retention
from topodesign_server.scenario_servicer import ScenarioServicer
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.settings import ServerSettings
from topodesign_server.sources import ScenarioReader
from topodesign_server.training_servicer import TrainingServicer
from topodesign_server.watchers import Watchers
from topodesign_server.workers import Workers

log = structlog.get_logger("topodesign_server")

LOOPBACK = ("127.0.0.1", "::1", "localhost")

SERVICES = (
    planning_service_pb2.DESCRIPTOR.services_by_name["PlanningService"].full_name,
    scenario_service_pb2.DESCRIPTOR.services_by_name["ScenarioService"].full_name,
    fabric_service_pb2.DESCRIPTOR.services_by_name["FabricService"].full_name,
    optics_service_pb2.DESCRIPTOR.services_by_name["OpticsService"].full_name,
    training_service_pb2.DESCRIPTOR.services_by_name["TrainingService"].full_name,
    catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name,
    operations_pb2.DESCRIPTOR.services_by_name["Operations"].full_name,
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a running server consists of, for taking it apart again."""

    server: grpc.aio.Server
    health: health.aio.HealthServicer
    workers: Workers
    watchers: Watchers
    calls: Calls
    offload: Offloader
    designs: Offloader
    admission: Offloader
    poller: ChangePoller
    retention: Retention


async def serve(settings: ServerSettings, children: ChildFactory) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Parameters
    ----------
    settings : ServerSettings
    children : ChildFactory
        Made before gRPC was initialized.

    Raises
    ------
    Conflict
        When another server uses the data directory.
    InvalidInput
        When the address cannot be bound.
    ServiceUnavailable
        When the database does not answer.
    """
    database = open_database(
        settings.data_directory, url=settings.database_url, lock_timeout_s=settings.store_timeout_s
    )
    try:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        parts = _assemble(settings, database, children)
        address = _bind(parts.server, settings)
        await parts.offload(parts.workers.start)
        await parts.server.start()
        for service in ("", *SERVICES):
            await parts.health.set(service, health_pb2.HealthCheckResponse.SERVING)
        background = [asyncio.create_task(_sweep(parts.retention, settings))]
        if database.is_shared:
            background.append(asyncio.create_task(parts.poller.run()))
        _announce(address, settings)
        await stop.wait()
        parts.retention.stop()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await _drain(parts, settings)
    finally:
        database.close()


def _assemble(settings: ServerSettings, database: Database, children: ChildFactory) -> _Parts:
    offload, watchers, pager = Offloader(), Watchers(), Pager(database.signing_key)
    admission = Offloader(threads=1, name="admission")  # its own, so that refusals are quick whatever the rest does
    designs = Offloader(threads=2, name="design")  # its own, so that links and estimates never hold up the store
    jobs, scenarios = JobStore(database, queue=_queue_limits(settings)), ScenarioStore(database)
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
    reader = ScenarioReader(offload, calls)
    server = grpc.aio.server(
        interceptors=(BoundaryInterceptor(watchers, message_bytes=settings.message_bytes),),
        options=(
            ("grpc.max_receive_message_length", settings.message_bytes),
            ("grpc.max_send_message_length", settings.message_bytes),
            ("grpc.so_reuseport", 0),
        ),
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
        ),
        server,
    )
    scenario_service_pb2_grpc.add_ScenarioServiceServicer_to_server(
        ScenarioServicer(scenarios, reader, pager, offload), server
    )
    fabric_service_pb2_grpc.add_FabricServiceServicer_to_server(
        FabricServicer(calls, limit_s=settings.fabric_limit_s, memory_bytes=settings.fabric_memory_bytes), server
    )
    optics_service_pb2_grpc.add_OpticsServiceServicer_to_server(OpticsServicer(pager, designs), server)
    training_service_pb2_grpc.add_TrainingServiceServicer_to_server(TrainingServicer(pager, designs), server)
    catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(pager), server)
    operations_pb2_grpc.add_OperationsServicer_to_server(
        OperationsServicer(jobs=jobs, workers=workers, watchers=watchers, pager=pager, offload=offload), server
    )
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    retention = Retention(database, _periods(settings))
    return _Parts(server, health_servicer, workers, watchers, calls, offload, designs, admission, poller, retention)


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


def _bind(server: grpc.aio.Server, settings: ServerSettings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        port = server.add_insecure_port(f"{host}:{settings.port}")
    except RuntimeError as error:
        raise InvalidInput(
            f"address {host}:{settings.port} cannot be bound: {error}; choose another host or port (0: any free one)",
            reason="ADDRESS_UNUSABLE",
            field_path="port",
            metadata={"address": f"{host}:{settings.port}"},
        ) from None
    return f"{host}:{port}"


def _announce(address: str, settings: ServerSettings) -> None:
    if settings.address_file is not None:
        partial = settings.address_file.with_name(settings.address_file.name + ".partial")
        partial.write_text(address + "\n", encoding="utf-8")
        partial.replace(settings.address_file)
    if settings.host not in LOOPBACK:
        log.warning(
            "open_to_the_network", address=address, advice="anyone who reaches it may use it; put it behind a proxy"
        )
    sys.stderr.write(f"topodesign serves on {address}\n")
    sys.stderr.flush()


async def _drain(parts: _Parts, settings: ServerSettings) -> None:
    log.info("draining")
    await parts.health.enter_graceful_shutdown()
    parts.watchers.drain()
    await parts.offload(parts.workers.drain)
    await parts.server.stop(settings.drain_grace_s)
    parts.calls.close()
    parts.offload.close()
    parts.designs.close()
    parts.admission.close()
    log.info("stopped")
