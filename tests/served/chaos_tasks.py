"""What children of a server under test do: a solver that goes wild as the name of its scenario says."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from topodesign_server.tasks import TASKS as REAL_TASKS
from topodesign_server.tasks import Task, TaskContext

from topodesign.domain.fabric import Torus
from topodesign.v1 import fabric_service_pb2, scenario_pb2
from topodesign.wire import fabric_to_proto

ENDLESS = fabric_service_pb2.EvaluateFabricRequest(fabric=fabric_to_proto(Torus(shape=(3, 3, 3))))
"""Never finished."""
MIB = 1024 * 1024
BLOCK = 32 * MIB
MOST_FORKS = 400  # were nothing to stop it


def _memory_bomb(*_: object) -> None:
    kept = []
    while True:
        kept.append(bytearray(BLOCK))


def _bombs_of_processes(*_: object) -> None:
    """Each within the limit of a process, all together beyond it."""
    for _number in range(4):
        if os.fork() == 0:
            kept = bytearray(b"x") * (400 * MIB)
            signal.pause()
            kept.clear()
    signal.pause()


def _endless_loop(*_: object) -> None:
    while True:
        pass


def _segmentation_fault(*_: object) -> None:
    ctypes.string_at(0)


def _crash_once(scenario: scenario_pb2.Scenario, _: TaskContext) -> None:
    """The attribution names a file that remembers."""
    marker = Path(scenario.attribution)
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def _fork_bomb(*_: object) -> None:
    for _number in range(MOST_FORKS):
        if os.fork() == 0:
            signal.pause()
    signal.pause()


def _family(*_: object) -> None:
    for _number in range(3):
        if os.fork() == 0:
            signal.pause()
    signal.pause()


def _half_a_message(_: scenario_pb2.Scenario, context: TaskContext) -> None:
    """Stopped while a message is in the pipe, which holds 64 KiB."""
    threading.Thread(target=context.emit, args=(bytes(64 * MIB),), daemon=True).start()
    os.kill(os.getpid(), signal.SIGSTOP)


def _flood(_: scenario_pb2.Scenario, context: TaskContext) -> None:
    """Far more progress than the store takes in the time."""
    from topodesign.v1 import plan_pb2

    for number in range(3000):
        context.emit(plan_pb2.PlanEvent(phase="flood", wall_s=float(number)).SerializeToString())


def _deaf_sleeper(*_: object) -> None:
    while True:
        time.sleep(60)


WILD: Mapping[str, Callable[[scenario_pb2.Scenario, TaskContext], None]] = {
    "memory bomb": _memory_bomb,
    "bombs of processes": _bombs_of_processes,
    "endless loop": _endless_loop,
    "segmentation fault": _segmentation_fault,
    "crash once": _crash_once,
    "fork bomb": _fork_bomb,
    "family": _family,
    "half a message": _half_a_message,
    "flood": _flood,
    "deaf sleeper": _deaf_sleeper,
}


def make_plan(payload: tuple[bytes, ...], context: TaskContext) -> bytes:
    scenario = scenario_pb2.Scenario.FromString(payload[0])
    if scenario.name == "deaf with a plan":  # the one to begin from is the best that it finds
        context.keep(payload[2])
        _deaf_sleeper()
    if scenario.name in WILD:
        WILD[scenario.name](scenario, context)
    return REAL_TASKS["make_plan"](payload, context)


def solve_point(payload: tuple[bytes, ...], context: TaskContext) -> bytes:
    scenario = scenario_pb2.Scenario.FromString(payload[0])
    if scenario.name in WILD:
        WILD[scenario.name](scenario, context)
    return REAL_TASKS["solve_point"](payload, context)


def evaluate_fabric(payload: tuple[bytes, ...], context: TaskContext) -> bytes:
    if payload[0] == ENDLESS.SerializeToString():
        _endless_loop()
    return REAL_TASKS["evaluate_fabric"](payload, context)


TASKS: Mapping[str, Task] = {
    **REAL_TASKS,
    "make_plan": make_plan,
    "evaluate_fabric": evaluate_fabric,
    "solve_point": solve_point,
}
