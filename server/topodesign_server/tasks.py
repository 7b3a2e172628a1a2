"""What child processes do: every computation of the service that takes more than a moment.

A task gets serialized messages and gives one back. It runs alone in its process, so it may block and be killed.
"""

import importlib
import os
import resource
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from topodesign.processes.memory import lift_memory_limit, limit_memory, mapped_bytes
from topodesign_server.fabric_tasks import compare_fabrics, estimate_slice_goodput, evaluate_fabric
from topodesign_server.frames import Frame, FrameKind
from topodesign_server.memory import memory_refused
from topodesign_server.sweep_tasks import check_sweep, export_sweep, find_course, solve_point

BEGUN_AGAIN = (
    "the search began again from the best plan of an attempt that was interrupted: one that is not interrupted may end "
    "with another plan within the same gap"
)
"""Assumption of a plan that was not made in one go."""


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a task can say and be told while it runs: progress, what to keep should it be ended, and whether to stop."""

    emit: Callable[[bytes], None]
    keep: Callable[[bytes], None]
    should_stop: Callable[[], bool]


Task = Callable[[tuple[bytes, ...], TaskContext], bytes]


def run_task(
    tasks: str,
    name: str,
    payload: tuple[bytes, ...],
    niceness: int,
    connection: Connection,
    told: Connection,
    memory_bytes: int | None = None,
) -> None:
    """Body of a child process: runs one task, in at most so much memory, and writes its frames.

    Parameters
    ----------
    tasks : str
        Module that has the task in its ``TASKS``.
    niceness : int
        Added to the server's own (see nice(2)): a task that computes for minutes leaves the cores to who answers calls.
    connection, told : Connection
        Where frames go, and where something comes when the task is to stop.
    """
    isolate()
    os.nice(niceness)
    from topodesign_server.incidents import status_of
    from topodesign_server.logs import configure_logs

    configure_logs()

    writing = threading.Lock()  # solvers report from threads of their own

    def send(kind: FrameKind, content: bytes) -> None:
        with writing:
            connection.send_bytes(Frame(kind, content).packed())

    context = TaskContext(
        emit=lambda event: send(FrameKind.EVENT, event),
        keep=lambda snapshot: send(FrameKind.SNAPSHOT, snapshot),
        should_stop=lambda: told.poll(0),
    )

    if memory_bytes is not None:
        limit_memory(memory_bytes)
    try:
        task: Task = importlib.import_module(tasks).TASKS[name]
        frame = Frame(FrameKind.RESULT, task(payload, context))
    except MemoryError as error:
        mapped = mapped_bytes()
        lift_memory_limit()
        refused = error if memory_bytes is None else memory_refused(name, limit_bytes=memory_bytes, mapped=mapped)
        frame = Frame(FrameKind.FAULT, status_of(refused, during=name).SerializeToString())
    except Exception as error:  # noqa: BLE001 - the process boundary: every error becomes a status
        frame = Frame(FrameKind.FAULT, status_of(error, during=name).SerializeToString())
    with writing:
        connection.send_bytes(frame.packed())
        connection.close()


def make_plan(payload: tuple[bytes, ...], context: TaskContext) -> bytes:
    """``Scenario``, ``SolveLimits``, ``Plan``, ``Plan`` -> ``Plan``, with ``PlanEvent`` and snapshots on the way.

    The first plan is what the caller gave to begin from, the second what an earlier attempt found; each may be empty.
    """
    from topodesign.api import plan
    from topodesign.domain.plan import Plan, PlanEvent, SolveLimits
    from topodesign.domain.scenario import Scenario
    from topodesign.v1 import plan_pb2, scenario_pb2
    from topodesign.wire import from_proto, to_proto

    scenario = from_proto(scenario_pb2.Scenario.FromString(payload[0]), Scenario, path="scenario")
    limits = from_proto(plan_pb2.SolveLimits.FromString(payload[1]), SolveLimits, path="limits")
    given = payload[3] or payload[2]  # what was found began from what was given
    start = from_proto(plan_pb2.Plan.FromString(given), Plan, path="start_plan") if given else None
    said = (BEGUN_AGAIN,) if payload[3] else ()

    def message(found: Plan) -> bytes:
        return bytes(to_proto(replace(found, assumptions=(*found.assumptions, *said))).SerializeToString())

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
        on_plan=lambda found: context.keep(message(found)),
    )
    return message(result)


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


def verify_given_plan(payload: tuple[bytes, ...], _: TaskContext) -> bytes:
    """``Scenario``, ``Plan`` of a request, neither of them checked yet -> ``Verification``."""
    from topodesign.domain.plan import Plan
    from topodesign.v1 import plan_pb2, scenario_pb2
    from topodesign.verify import verify_plan as verified
    from topodesign.wire import from_proto, to_proto
    from topodesign_server.scenario_checks import checked_scenario

    scenario = checked_scenario(scenario_pb2.Scenario.FromString(payload[0]))
    plan = from_proto(plan_pb2.Plan.FromString(payload[1]), Plan, path="plan")
    return to_proto(verified(scenario, plan)).SerializeToString()


def check_rules(payload: tuple[bytes, ...], _: TaskContext) -> bytes:
    """Name and bytes of a request -> nothing, when it breaks no rule of its definition."""
    from topodesign_server.rule_checks import REQUESTS, breach, naming_the_rest

    fault = breach(REQUESTS[payload[0].decode("ascii")].FromString(payload[1]))
    if fault is not None:
        raise naming_the_rest(fault)
    return b""


def check_scenario(payload: tuple[bytes, ...], _: TaskContext) -> bytes:
    """``Scenario`` of a request -> :class:`~topodesign_server.scenario_checks.ScenarioContent`, packed."""
    from topodesign.v1 import scenario_pb2
    from topodesign_server.scenario_checks import canonical_content

    return canonical_content(scenario_pb2.Scenario.FromString(payload[0])).packed()


def read_files(payload: tuple[bytes, ...], _: TaskContext) -> bytes:
    """``ScenarioFiles`` -> :class:`~topodesign_server.scenario_checks.ScenarioContent`, packed."""
    from topodesign.scenario import read_scenario_files
    from topodesign.v1 import scenario_service_pb2
    from topodesign_server.scenario_checks import content_of_files

    files = scenario_service_pb2.ScenarioFiles.FromString(payload[0]).files
    return content_of_files(read_scenario_files(dict(files))).packed()


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
    "verify_given_plan": verify_given_plan,
    "check_rules": check_rules,
    "check_scenario": check_scenario,
    "read_files": read_files,
    "evaluate_fabric": evaluate_fabric,
    "compare_fabrics": compare_fabrics,
    "estimate_slice_goodput": estimate_slice_goodput,
    "export_plan": export_plan,
    "check_sweep": check_sweep,
    "find_course": find_course,
    "solve_point": solve_point,
    "export_sweep": export_sweep,
}


def isolate() -> None:
    """An own process group, so that the whole of it can be killed; Ctrl-C and SIGTERM are for the server alone.

    Who ends a service often signals all of its processes: were SIGTERM to end a child, the server could not tell that
    from a crash. It asks a child to stop by the pipe, and kills it when that takes too long.
    """
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crashed solver's gigabytes are no help on a full disk
