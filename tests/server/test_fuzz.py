"""Whatever is sent, the service answers or refuses as docs/errors.md promises, and its memory stays bounded.

``TOPODESIGN_FUZZ_S`` is how long in seconds; ``TOPODESIGN_FUZZ_SEED`` draws other requests (`make fuzz`: new ones).
"""

import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from served.fuzzing import Method, methods, request_bytes
from served.running_server import RunningServer
from served.small_scenarios import two_sites

from topodesign.v1 import (
    catalog_service_pb2,
    fabric_kinds_pb2,
    fabric_pb2,
    fabric_service_pb2,
    optics_service_pb2,
    plan_pb2,
    planning_service_pb2_grpc,
    scenario_pb2,
    scenario_service_pb2_grpc,
    sweep_pb2,
    sweep_service_pb2_grpc,
    training_service_pb2,
)
from topodesign.v1 import planning_service_pb2 as plans
from topodesign.v1 import scenario_service_pb2 as scenarios
from topodesign.v1 import sweep_service_pb2 as sweeps
from topodesign.wire import to_proto

SECONDS = float(os.environ.get("TOPODESIGN_FUZZ_S", "4"))
SEED = int(os.environ.get("TOPODESIGN_FUZZ_SEED", "0"))
SENDERS = 4
MOST_GROWTH_BYTES = 300 * 2**20
DOCUMENTED = set(re.findall(r"^\| `(\w+)` \|", (Path(__file__).parents[2] / "docs" / "errors.md").read_text(), re.M))
DEFECTS = {"INTERNAL", "CALL_CRASHED", "CATALOG_INVALID", "FABRIC_INCONSISTENT", "SOLVER_FAILED", "VERIFICATION_FAILED"}
WAITING = {"WatchPlan", "WaitOperation", "ExportPlan", "VerifyPlan", "WatchSweep", "ExportSweep", "CreateSweep"}
"""Methods whose answer may take longer than a call of this test: they wait, or compute while the caller does."""
CALL_S = 20.0


@dataclass
class Findings:
    """What came back, and what should not have."""

    codes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"fabric_limit_s": 3.0, "fabric_memory_bytes": 2**31, "queue_limit": 3, "overrun_s": 5.0}
    with RunningServer(tmp_path_factory.mktemp("fuzz"), **settings) as server:
        yield server


def sound_requests(server: RunningServer) -> list[Message]:
    """Requests that are answered; what is drawn from them comes further than what is drawn from nothing."""
    scenario, spec = to_proto(two_sites()), fabric_pb2.FabricSpec
    assert isinstance(scenario, scenario_pb2.Scenario)
    with grpc.insecure_channel(server.address) as channel:
        scenario_service_pb2_grpc.ScenarioServiceStub(channel).CreateScenario(
            scenarios.CreateScenarioRequest(scenario=scenario, scenario_id="kept")
        )
        planning = planning_service_pb2_grpc.PlanningServiceStub(channel)
        planning.CreatePlan(plans.CreatePlanRequest(scenario=scenario, plan_id="kept"))
        list(planning.WatchPlan(plans.WatchPlanRequest(name="plans/kept"), timeout=120))
        sweeping = sweep_service_pb2_grpc.SweepServiceStub(channel)
        definition = sweep_pb2.SweepDefinition(axes=["policy.max_sites=1,2"], limits=plan_pb2.SolveLimits(gap=0.0))
        sweep = sweeps.CreateSweepRequest(scenario=scenario, definition=definition)
        sweeping.CreateSweep(sweeps.CreateSweepRequest(scenario=scenario, definition=definition, sweep_id="kept-sweep"))
        list(sweeping.WatchSweep(sweeps.WatchSweepRequest(name="sweeps/kept-sweep"), timeout=120))
        plan = planning.GetPlan(plans.GetPlanRequest(name="plans/kept")).plan
    jellyfish = fabric_kinds_pb2.Jellyfish(switches=20, network_ports=4, server_ports=2)
    fabrics = [
        spec(torus=fabric_pb2.Torus(shape=[4, 4])),
        spec(clos=fabric_pb2.Clos(accelerators=64, radix=16)),
        spec(jellyfish=jellyfish),
    ]
    limits = plan_pb2.SolveLimits(time_limit_s=1)
    return [
        catalog_service_pb2.ListEquipmentRequest(page_size=3),
        optics_service_pb2.DesignLinkRequest(length_km=160, spans_km=[80, 80], capacity_gbps=800, channels=40),
        training_service_pb2.EstimateTrainingRequest(sites=2, parameters=1e12, step_s=1, gbps=1e5),
        training_service_pb2.EstimateTrainingRequest(
            sites=3, model="llama-3-405b", accelerators=16384, utilization=0.9
        ),
        training_service_pb2.EstimateGoodputRequest(write_s=30, restart_s=180, accelerators=16384, interruptions=100),
        training_service_pb2.PlanShardingRequest(
            model="llama-3-405b", accelerator="h100-sxm", pods={"east": 4, "west": 4}, pod_accelerators=4096
        ),
        *(fabric_service_pb2.EvaluateFabricRequest(fabric=fabric) for fabric in fabrics),
        fabric_service_pb2.CompareFabricsRequest(fabrics=fabrics),
        fabric_service_pb2.EstimateSliceGoodputRequest(
            blocks=64, hosts_per_block=16, slice_blocks=8, host_availability=0.999
        ),
        scenarios.CreateScenarioRequest(scenario=scenario),
        scenarios.CheckScenarioRequest(scenario=scenario),
        scenarios.GetScenarioRequest(name="scenarios/kept"),
        plans.CreatePlanRequest(scenario=scenario, limits=limits),
        plans.CreatePlanRequest(scenario_name="scenarios/kept", limits=limits, validate_only=True),
        plans.GetPlanRequest(name="plans/kept"),
        plans.VerifyPlanRequest(plan=plan, scenario=scenario),
        plans.ExportPlanRequest(name="plans/kept", format=plans.EXPORT_FORMAT_GEOJSON),
        plans.WatchPlanRequest(name="plans/kept"),
        sweep,
        sweeps.CreateSweepRequest(scenario_name="scenarios/kept", definition=definition, validate_only=True),
        sweeps.GetSweepRequest(name="sweeps/kept-sweep"),
        sweeps.WatchSweepRequest(name="sweeps/kept-sweep"),
        sweeps.ListSweepPointsRequest(parent="sweeps/kept-sweep"),
        sweeps.FetchSweepPlanRequest(name="sweeps/kept-sweep", point=1),
        sweeps.ExportSweepRequest(name="sweeps/kept-sweep", format=sweeps.SWEEP_FORMAT_CSV),
        operations_pb2.WaitOperationRequest(name="operations/kept"),
    ]


def test_no_request_makes_a_defect_and_memory_stays_bounded(hardened: RunningServer) -> None:
    seeds = sound_requests(hardened)
    found = Findings()
    with grpc.insecure_channel(hardened.address) as channel:
        _send(channel, seeds, found, until=time.monotonic() + min(2.0, SECONDS / 2), first=0)  # what is loaded once
        before = resident_bytes(hardened.process.pid)
        _send(channel, seeds, found, until=time.monotonic() + SECONDS, first=1_000_000)
    growth = resident_bytes(hardened.process.pid) - before
    summary = f"{dict(found.codes)}\n{dict(found.reasons)}\ngrowth {growth / 2**20:.0f} MiB"
    assert found.wrong == [], "\n".join([*found.wrong[:20], summary])
    assert not [line for line in hardened.lines if '"event": "defect"' in line]
    assert hardened.process.poll() is None
    assert found.codes["OK"] and found.codes["INVALID_ARGUMENT"], summary
    assert growth < MOST_GROWTH_BYTES, summary
    sys.stderr.write(summary)


def _send(channel: grpc.Channel, seeds: list[Message], found: Findings, *, until: float, first: int) -> None:
    """Every method in turn, until time is over and each had one request."""
    all_methods = methods()

    def one(number: int) -> None:
        method = all_methods[number % len(all_methods)]
        if time.monotonic() > until and number >= first + len(all_methods):
            return
        data = request_bytes(method, seeds, random.Random(f"{SEED} {number}"))
        _judge(channel, method, data, number, found)

    with ThreadPoolExecutor(SENDERS) as senders:
        number = first
        while time.monotonic() < until or number < first + len(all_methods):
            list(senders.map(one, range(number, number + 4 * SENDERS)))
            number += 4 * SENDERS


def _judge(channel: grpc.Channel, method: Method, data: bytes, number: int, found: Findings) -> None:
    name = method.path.rpartition("/")[2]
    try:
        if method.is_streaming:
            list(channel.unary_stream(method.path)(data, timeout=CALL_S))
        else:
            channel.unary_unary(method.path)(data, timeout=CALL_S)
        found.codes["OK"] += 1
    except grpc.RpcError as raised:
        error: Any = raised
        code, info = error.code(), reason_of(error)
        found.codes[code.name] += 1
        found.reasons[info.reason] += 1
        if code is grpc.StatusCode.DEADLINE_EXCEEDED and name in WAITING:
            return
        if info.domain != "topodesign" or info.reason not in DOCUMENTED - DEFECTS:
            found.wrong.append(
                f"seed {SEED}, number {number}, {name}: {code.name} {error.details()} for {data[:400]!r}"
            )


def reason_of(error: Any) -> ErrorInfo:
    info = ErrorInfo()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in Status.FromString(value).details:
                detail.Unpack(info)
    return info


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    assert match is not None
    return int(match[1]) * 1024
