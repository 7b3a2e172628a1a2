"""What child processes do: every computation of the service that takes more than a moment.

A task gets serialized messages and gives one back. It runs alone in its process, so it may block and be killed.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection

from topodesign_server.frames import Frame, FrameKind
from topodesign_server.logs import LogOptions

DEFAULT_MESSAGE_BYTES = 1e9


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a task can say and be told while it runs."""

    emit: Callable[[bytes], None]
    should_stop: Callable[[], bool]


Task = Callable[[tuple[bytes, ...], TaskContext], bytes]


def run_task(
    name: str, payload: tuple[bytes, ...], connection: Connection, should_stop: Callable[[], bool], logs: LogOptions
) -> None:
    """Body of a child process: runs one task and writes its frames."""
    _isolate()
    from topodesign_server.incidents import status_of
    from topodesign_server.logs import configure_logs

    configure_logs(logs)

    writing = threading.Lock()  # solvers report from threads of their own

    def emit(event: bytes) -> None:
        with writing:
            connection.send_bytes(Frame(FrameKind.EVENT, event).packed())

    try:
        frame = Frame(FrameKind.RESULT, TASKS[name](payload, TaskContext(emit, should_stop)))
    except Exception as error:  # noqa: BLE001 - the process boundary: every error becomes a status
        frame = Frame(FrameKind.FAULT, status_of(error, during=name).SerializeToString())
    with writing:
        connection.send_bytes(frame.packed())
        connection.close()


def make_plan(payload: tuple[bytes, ...], context: TaskContext) -> bytes:
    """``Scenario``, ``SolveLimits``, a ``Plan`` to begin from (or nothing) -> ``Plan``, ``PlanEvent`` on the way."""
    from topodesign.api import plan
    from topodesign.domain.plan import Plan, PlanEvent, SolveLimits
    from topodesign.domain.scenario import Scenario
    from topodesign.v1 import plan_pb2, scenario_pb2
    from topodesign.wire import from_proto, to_proto

    scenario = from_proto(scenario_pb2.Scenario.FromString(payload[0]), Scenario, path="scenario")
    limits = from_proto(plan_pb2.SolveLimits.FromString(payload[1]), SolveLimits, path="limits")
    start = from_proto(plan_pb2.Plan.FromString(payload[2]), Plan, path="start_plan") if payload[2] else None

    def report(event: PlanEvent) -> None:
        context.emit(to_proto(event).SerializeToString())

    result = plan(
        scenario,
        time_limit_s=limits.time_limit_s,
        gap=limits.gap,
        seed=limits.seed,
        threads=limits.threads,
        objective=limits.objective,
        start=start,
        on_progress=report,
        should_stop=context.should_stop,
    )
    return to_proto(result).SerializeToString()


def verify_plan(payload: tuple[bytes, ...], _: TaskContext) -> bytes:
    """``Scenario``, ``Plan`` -> ``Verification``."""
    from topodesign.domain.plan import Plan
    from topodesign.domain.scenario import Scenario
    from topodesign.v1 import plan_pb2, scenario_pb2
    from topodesign.verify import verify_plan as verified
    from topodesign.wire import from_proto, to_proto

    scenario = from_proto(scenario_pb2.Scenario.FromString(payload[0]), Scenario, path="scenario")
    plan = from_proto(plan_pb2.Plan.FromString(payload[1]), Plan, path="plan")
    return to_proto(verified(scenario, plan)).SerializeToString()


def read_files(payload: tuple[bytes, ...], _: TaskContext) -> bytes:
    """``ScenarioFiles`` -> ``Scenario``."""
    from topodesign.scenario import read_scenario_files
    from topodesign.v1 import scenario_service_pb2
    from topodesign.wire import to_proto

    files = scenario_service_pb2.ScenarioFiles.FromString(payload[0]).files
    return to_proto(read_scenario_files(dict(files))).SerializeToString()


def evaluate_fabrics(payload: tuple[bytes, ...], _: TaskContext) -> bytes:
    """``CompareFabricsRequest`` -> ``CompareFabricsResponse``."""
    from topodesign.fabric import evaluate_fabric
    from topodesign.v1 import fabric_pb2, fabric_service_pb2
    from topodesign.wire import fabric_from_proto, to_proto

    request = fabric_service_pb2.CompareFabricsRequest.FromString(payload[0])
    response = fabric_service_pb2.CompareFabricsResponse()
    message_bytes = request.message_bytes if request.HasField("message_bytes") else DEFAULT_MESSAGE_BYTES
    for index, message in enumerate(request.fabrics):
        evaluation = to_proto(
            evaluate_fabric(fabric_from_proto(message, path=f"fabrics[{index}]"), message_bytes=message_bytes)
        )
        assert isinstance(evaluation, fabric_pb2.FabricEvaluation)
        response.fabrics.append(evaluation)
    return response.SerializeToString()


def export_plan(payload: tuple[bytes, ...], _: TaskContext) -> bytes:
    """``Scenario``, ``Plan``, name of an ``ExportFormat`` -> the file."""
    from topodesign.domain.plan import Plan
    from topodesign.domain.scenario import Scenario
    from topodesign.v1 import plan_pb2, scenario_pb2
    from topodesign.wire import from_proto
    from topodesign_server.exports import export

    scenario = from_proto(scenario_pb2.Scenario.FromString(payload[0]), Scenario, path="scenario")
    plan = from_proto(plan_pb2.Plan.FromString(payload[1]), Plan, path="plan")
    return export(scenario, plan, payload[2].decode("ascii"))


TASKS: Mapping[str, Task] = {
    "make_plan": make_plan,
    "verify_plan": verify_plan,
    "read_files": read_files,
    "evaluate_fabrics": evaluate_fabrics,
    "export_plan": export_plan,
}


def _isolate() -> None:
    """An own process group, so that the whole of it can be killed; Ctrl-C is for the server alone."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
