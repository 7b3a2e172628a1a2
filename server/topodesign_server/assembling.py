"""Puts the parts of a server together."""

import os
import secrets
import socket
from dataclasses import dataclass

import grpc
from google.longrunning import operations_pb2_grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from topodesign.v1 import (
    catalog_service_pb2_grpc,
    fabric_service_pb2_grpc,
    optics_service_pb2_grpc,
    planning_service_pb2,
    planning_service_pb2_grpc,
    scenario_service_pb2_grpc,
    sweep_service_pb2,
    sweep_service_pb2_grpc,
    training_service_pb2_grpc,
)
from topodesign_server.admission import AdmissionInterceptor, EdgeLimits
from topodesign_server.answers import Answers
from topodesign_server.attempt_observer import AttemptObserver
from topodesign_server.attempt_store import AttemptStore
from topodesign_server.authentication import Authentication
from topodesign_server.call_children import CALL_NICENESS, OneEach, WarmChildren
from topodesign_server.calls import Calls
from topodesign_server.catalog_servicer import CatalogServicer
from topodesign_server.children import ChildFactory
from topodesign_server.database import Database
from topodesign_server.early_refusal import EarlyRefusal
from topodesign_server.fabric_servicer import FabricServicer
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.health import Health, StoreProbe
from topodesign_server.histories import Histories
from topodesign_server.interceptor import BoundaryInterceptor, Reading
from topodesign_server.job_making import JobMaker
from topodesign_server.job_store import JobStore
from topodesign_server.listening import channel_options, requires_authentication
from topodesign_server.metrics import Metrics
from topodesign_server.observing import ObservingInterceptor
from topodesign_server.offloading import Offloader
from topodesign_server.operations_servicer import OperationsServicer
from topodesign_server.optics_servicer import OpticsServicer
from topodesign_server.paging import Pager
from topodesign_server.planning_servicer import PlanningServicer
from topodesign_server.polling import ChangePoller
from topodesign_server.queue_door import QueueDoor
from topodesign_server.queue_room import QueueLimits
from topodesign_server.quotas import Quotas
from topodesign_server.readings import READER_BYTES, Readings
from topodesign_server.request_gate import RequestGate
from topodesign_server.request_reading import RequestBytes, RequestReader
from topodesign_server.retention import Periods, Retention
from topodesign_server.scenario_servicer import ScenarioServicer
from topodesign_server.scenario_source import ScenarioSource
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.services import SERVICES, STANDARD, WITH_STORE, WITHOUT_STORE, methods_of
from topodesign_server.settings import ServerSettings
from topodesign_server.sources import ScenarioReader
from topodesign_server.sweep_requests import SweepLimits
from topodesign_server.sweep_servicer import SweepServicer
from topodesign_server.sweep_store import PointStore, SweepStore
from topodesign_server.tenant_calls import TenantCalls
from topodesign_server.token_store import TokenStore
from topodesign_server.token_uses import TokenUses
from topodesign_server.tracing import Tracing
from topodesign_server.training_servicer import TrainingServicer
from topodesign_server.watchers import Watchers
from topodesign_server.workers import Workers

WAITING_CALLS = ("/google.longrunning.Operations/WaitOperation",)
"""Calls with one answer that last as long as their callers like."""
LASTING = frozenset((*methods_of(*WITH_STORE, *WITHOUT_STORE, *STANDARD, only_streams=True), *WAITING_CALLS))
CREATE_PLAN = "/topodesign.v1.PlanningService/CreatePlan"
CREATE_SWEEP = "/topodesign.v1.SweepService/CreateSweep"
LOOKED_AFTER = ("/grpc.health.v1.Health/Check",)


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads for short blocking work, each kind its own, so that none holds up another."""

    store: Offloader
    designs: FairOffloader
    """Links, estimates, and checks of large requests."""
    tokens: Offloader
    token_uses: Offloader
    scenarios: FairOffloader
    """Checks of scenarios that are not large, and what else is done with whole requests."""

    def close(self) -> None:
        for one in (self.store, self.designs, self.tokens, self.token_uses, self.scenarios):
            one.close()


@dataclass(frozen=True, slots=True)
class Computing:
    """Answers that are computed in children while their callers wait."""

    calls: Calls
    small_calls: Calls
    reader: Calls
    answers: Answers

    @property
    def readings(self) -> Readings:
        return Readings(self.calls, self.reader)

    def waiting(self) -> int:
        return self.calls.waiting() + self.small_calls.waiting() + self.reader.waiting()

    def close(self) -> None:
        self.calls.close()
        self.small_calls.close()
        self.reader.close()


@dataclass(frozen=True, slots=True)
class Planning:
    """What makes plans and keeps them."""

    jobs: JobStore
    sweeps: SweepStore
    scenarios: ScenarioStore
    door: QueueDoor
    workers: Workers
    watchers: Watchers
    poller: ChangePoller
    retention: Retention


@dataclass(frozen=True, slots=True)
class Parts:
    """What a running server consists of, for taking it apart again."""

    server: grpc.aio.Server
    observed: ObservingInterceptor
    health: Health
    probe: StoreProbe
    planning: Planning
    computing: Computing
    threads: Threads


def assemble(
    settings: ServerSettings, database: Database, children: ChildFactory, *, metrics: Metrics, tracing: Tracing
) -> Parts:
    """The parts of a server that does not listen yet. Call it on the event loop."""
    threads = Threads(
        store=Offloader(),
        designs=FairOffloader(threads=2, name="design"),
        tokens=Offloader(threads=2, name="token"),
        token_uses=Offloader(threads=1, name="token-use"),
        scenarios=FairOffloader(threads=2, name="scenario"),
    )
    planning = _planning(settings, database, children, threads, AttemptObserver(metrics, tracing))
    computing = _computing(settings, children, metrics)
    gate = RequestGate(computing.readings)
    observed = ObservingInterceptor(
        metrics=metrics, tracing=tracing, ours=methods_of(*WITH_STORE, *WITHOUT_STORE), standard=methods_of(*STANDARD)
    )
    edge = _edge(settings, metrics)
    boundary = BoundaryInterceptor(
        planning.watchers,
        _authentication(settings, database, threads),
        _tenant_calls(settings),
        Reading(
            reader=RequestReader(message_bytes=settings.message_bytes),
            room=RequestBytes(settings.request_bytes),
            gate=gate,
            early={
                CREATE_PLAN: EarlyRefusal(
                    planning.door, "CreatePlan", planning_service_pb2.CreatePlanRequest.DESCRIPTOR
                ),
                CREATE_SWEEP: EarlyRefusal(
                    planning.door, "CreateSweep", sweep_service_pb2.CreateSweepRequest.DESCRIPTOR
                ),
            },
        ),
        metrics,
        lasting=LASTING,
        message_bytes=settings.message_bytes,
    )
    server = grpc.aio.server(interceptors=(edge, observed, boundary), options=channel_options(settings))
    pager = Pager(database.signing_key)
    _add_stored(server, settings, planning, computing, threads, pager, gate, tracing)
    _add_computed(server, settings, computing, threads, pager)
    reported = _add_standard(server, settings, metrics)
    _show(metrics, edge, planning, computing)
    probe = StoreProbe(
        jobs=planning.jobs,
        health=reported,
        metrics=metrics,
        every_s=settings.health_s,
        timeout_s=settings.health_timeout_s,
    )
    return Parts(
        server=server,
        observed=observed,
        health=reported,
        probe=probe,
        planning=planning,
        computing=computing,
        threads=threads,
    )


def _planning(
    settings: ServerSettings, database: Database, children: ChildFactory, threads: Threads, observer: AttemptObserver
) -> Planning:
    limits, quotas, watchers = _queue_limits(settings), _quotas(settings), Watchers()
    jobs = JobStore(database, queue=limits, quotas=quotas, cache_bytes=settings.plan_cache_bytes)
    workers = Workers(
        jobs=jobs,
        attempts=AttemptStore(
            database,
            owner=_owner(),
            lease_s=settings.lease_s,
            max_attempts=settings.max_attempts,
            retry_pause_s=settings.retry_pause_s,
        ),
        points=PointStore(database),
        children=children,
        settings=settings,
        observer=observer,
        is_shared=database.is_shared,
        on_change=watchers.notify,
    )
    return Planning(
        jobs=jobs,
        sweeps=SweepStore(database),
        scenarios=ScenarioStore(database, quotas),
        door=QueueDoor(jobs, limits),
        workers=workers,
        watchers=watchers,
        poller=ChangePoller(
            jobs=jobs, workers=workers, watchers=watchers, offload=threads.store, poll_s=settings.poll_s
        ),
        retention=Retention(database, _periods(settings)),
    )


def _computing(settings: ServerSettings, children: ChildFactory, metrics: Metrics) -> Computing:
    calls = Calls(
        OneEach(children),
        slots=settings.call_slots,
        queue_limit=settings.call_queue_limit,
        limit_s=settings.call_limit_s,
        memory_bytes=settings.plan_memory_bytes,
    )
    small_calls = Calls(
        WarmChildren(children) if settings.warm_children else OneEach(children),
        slots=settings.warm_children or settings.call_slots,
        queue_limit=settings.call_queue_limit,
        limit_s=settings.fabric_limit_s,
        memory_bytes=settings.fabric_memory_bytes,
    )
    reader = Calls(
        WarmChildren(children, niceness=CALL_NICENESS),
        slots=1,
        queue_limit=settings.call_queue_limit,
        limit_s=settings.call_limit_s,
        memory_bytes=READER_BYTES,
    )
    answers = Answers(calls, small_calls, metrics, cache_bytes=settings.answer_cache_bytes)
    return Computing(calls=calls, small_calls=small_calls, reader=reader, answers=answers)


def _edge(settings: ServerSettings, metrics: Metrics) -> AdmissionInterceptor:
    limits = EdgeLimits(
        calls_waiting=settings.calls_waiting, calls=settings.calls_at_once, streams=settings.streams_at_once
    )
    return AdmissionInterceptor(limits, metrics, streams=LASTING, exempt=LOOKED_AFTER)


def _add_stored(
    server: grpc.aio.Server,
    settings: ServerSettings,
    planning: Planning,
    computing: Computing,
    threads: Threads,
    pager: Pager,
    gate: RequestGate,
    tracing: Tracing,
) -> None:
    """The services that need the store."""
    reader = ScenarioReader(threads.scenarios, computing.readings)
    source = ScenarioSource(planning.scenarios, reader, threads.store)
    maker = JobMaker(
        jobs=planning.jobs,
        workers=planning.workers,
        door=planning.door,
        gate=gate,
        offload=threads.store,
        reading=threads.scenarios,
    )
    histories = Histories(planning.jobs, planning.watchers, threads.store)
    planning_service_pb2_grpc.add_PlanningServiceServicer_to_server(
        PlanningServicer(
            jobs=planning.jobs,
            source=source,
            reader=reader,
            maker=maker,
            histories=histories,
            calls=computing.calls,
            pager=pager,
            offload=threads.store,
            tracing=tracing,
        ),
        server,
    )
    sweep_service_pb2_grpc.add_SweepServiceServicer_to_server(
        SweepServicer(
            sweeps=planning.sweeps,
            source=source,
            maker=maker,
            histories=histories,
            calls=computing.calls,
            pager=pager,
            offload=threads.store,
            reading=threads.scenarios,
            limits=SweepLimits(points=settings.sweep_points, point_s=settings.sweep_point_s),
            tracing=tracing,
        ),
        server,
    )
    scenario_service_pb2_grpc.add_ScenarioServiceServicer_to_server(
        ScenarioServicer(planning.scenarios, reader, pager, threads.store), server
    )
    operations_pb2_grpc.add_OperationsServicer_to_server(
        OperationsServicer(
            jobs=planning.jobs,
            workers=planning.workers,
            watchers=planning.watchers,
            pager=pager,
            offload=threads.store,
        ),
        server,
    )


def _add_computed(
    server: grpc.aio.Server, settings: ServerSettings, computing: Computing, threads: Threads, pager: Pager
) -> None:
    """The services that need no store."""
    fabric_service_pb2_grpc.add_FabricServiceServicer_to_server(
        FabricServicer(computing.answers, limit_s=settings.fabric_limit_s, memory_bytes=settings.fabric_memory_bytes),
        server,
    )
    optics_service_pb2_grpc.add_OpticsServiceServicer_to_server(OpticsServicer(pager, threads.designs), server)
    training_service_pb2_grpc.add_TrainingServiceServicer_to_server(TrainingServicer(pager, threads.designs), server)
    catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(pager), server)


def _add_standard(server: grpc.aio.Server, settings: ServerSettings, metrics: Metrics) -> Health:
    reported = Health(
        metrics,
        with_store=[service.full_name for service in WITH_STORE],
        without_store=[service.full_name for service in WITHOUT_STORE],
    )
    health_pb2_grpc.add_HealthServicer_to_server(reported.servicer, server)
    if settings.reflection:
        reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    return reported


def _show(metrics: Metrics, edge: AdmissionInterceptor, planning: Planning, computing: Computing) -> None:
    """The gauges that are read when somebody looks at the page."""
    metrics.running.set_function(lambda: len(planning.workers.numbers()))
    metrics.watch_streams.set_function(planning.watchers.count)
    metrics.answers_waiting.set_function(computing.waiting)
    metrics.calls_waiting.set_function(edge.waiting)


def _authentication(settings: ServerSettings, database: Database, threads: Threads) -> Authentication:
    tokens = TokenStore(database)
    return Authentication(
        tokens,
        threads.tokens,
        TokenUses(tokens, threads.token_uses),
        is_required=requires_authentication(settings),
        has_certificates=settings.tls_client_ca is not None,
        named_by=settings.certificate_tenant,
        look_s=settings.poll_s,
    )


def _tenant_calls(settings: ServerSettings) -> TenantCalls:
    has_others = requires_authentication(settings)  # a tenant that is the only one has all the room
    return TenantCalls(
        per_s=settings.tenant_calls_per_s,
        at_once=settings.tenant_calls_at_once,
        streams_at_once=settings.tenant_streams_at_once,
        calls=settings.calls_at_once if has_others else None,
        streams=settings.streams_at_once if has_others else None,
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
