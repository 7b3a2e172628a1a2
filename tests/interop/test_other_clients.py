"""Clients that are not ours agree with the service: grpc-js, buf by reflection, and Google's operation futures."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core import operation as operation_futures
from google.api_core.operations_v1 import OperationsClient
from needed_tools import missing
from served.running_server import ROOT, RunningServer
from served.small_scenarios import two_sites, wide_grid

import topodesign as td
from topodesign.client import Client
from topodesign.v1 import plan_pb2, planning_service_pb2_grpc, scenario_pb2
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.wire import to_proto

HERE = Path(__file__).resolve().parent


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


@pytest.fixture(scope="module")
def node_project(pytestconfig: pytest.Config) -> Path:
    """The script beside its packages, installed from the lock file once and kept with pytest's cache."""
    if shutil.which("npm") is None:
        missing("Node.js and npm")
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    assert pytestconfig.cache is not None
    directory = pytestconfig.cache.mkdir(f"interop-{digest}")
    for name in ("package.json", "package-lock.json", "talk.js"):
        shutil.copy(HERE / name, directory / name)
    stamp = directory / "installed"
    if not stamp.exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=directory, check=True, capture_output=True)
        stamp.touch()
    return Path(directory)


def test_a_node_client_makes_a_plan_follows_it_and_understands_an_error(
    server: RunningServer, node_project: Path
) -> None:
    command = ["node", "talk.js", server.address, str(ROOT / "protos"), str(ROOT / "sample_sites" / "two-campus")]
    run = subprocess.run(command, cwd=node_project, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads(run.stdout)

    assert answer["state"] == "PLAN_STATE_SUCCEEDED"
    assert answer["sequences"] == list(range(1, len(answer["sequences"]) + 1))
    with Client(server.address) as client:
        plan = client.get_plan(answer["stored"]["name"])
    assert answer["stored"]["plan"]["cost_usd"] == plan.cost_usd == 6_950_934.12  # worked out in its README
    assert [site["id"] for site in answer["stored"]["plan"]["sites"]] == ["campus-a", "campus-b"]

    design = td.design_link(500, capacity_gbps=1e6)
    assert (answer["link"]["cheapest"], answer["link"]["gsnr_db"]) == (design.cheapest, design.gsnr_db)
    assert [mode["margin_db"] for mode in answer["link"]["modes"]] == [mode.margin_db for mode in design.modes]
    assert [mode["id"] for mode in answer["modes"]["modes"]] == [mode.id for mode in td.list_modes()[:2]]
    assert answer["modes"]["next_page_token"]

    assert answer["refused"]["code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    info, bad_request = answer["refused"]["details"]
    assert (info["reason"], info["domain"]) == ("SCENARIO_INVALID", "topodesign")
    assert [violation["field"] for violation in bad_request["field_violations"]] == [
        "scenario.sites[0].lat",
        "scenario.sites[1].lat",
    ]


def buf_curl(server: RunningServer, method: str, request: dict[str, object]) -> subprocess.CompletedProcess[str]:
    buf = Path(sys.executable).with_name("buf")
    url = f"http://{server.address}/{method}"
    command = [str(buf), "curl", "--http2-prior-knowledge", "--protocol", "grpc", "--data", json.dumps(request), url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_buf_finds_the_methods_by_reflection(server: RunningServer) -> None:
    found = buf_curl(server, "topodesign.v1.ScenarioService/CheckScenario", {"scenario": {"name": "empty"}})
    assert found.returncode == 0, found.stderr
    problems = json.loads(found.stdout)["problems"]
    assert {problem["field"] for problem in problems} == {"scenario.workload", "scenario.size"}


def test_buf_designs_a_link_and_lists_modes(server: RunningServer) -> None:
    designed = buf_curl(server, "topodesign.v1.OpticsService/DesignLink", {"length_km": 500})
    assert designed.returncode == 0, designed.stderr
    assert json.loads(designed.stdout)["explanation"] == list(td.design_link(500).explanation)
    listed = buf_curl(server, "topodesign.v1.OpticsService/ListModes", {"rate_gbps": 400})
    assert [mode["id"] for mode in json.loads(listed.stdout)["modes"]] == [
        mode.id for mode in td.list_modes(rate_gbps=400)
    ]


def test_buf_gets_the_status_and_its_details(server: RunningServer) -> None:
    refused = buf_curl(server, "topodesign.v1.PlanningService/GetPlan", {"name": "plans/nothing"})
    assert refused.returncode == 8 * grpc.StatusCode.NOT_FOUND.value[0]
    assert json.loads(refused.stderr)["details"][0]["type"] == "google.rpc.ErrorInfo"


def start(channel: grpc.Channel, request: pb.CreatePlanRequest) -> operation_futures.Operation:
    started = planning_service_pb2_grpc.PlanningServiceStub(channel).CreatePlan(request)
    return operation_futures.from_gapic(
        started, OperationsClient(channel), pb.StoredPlan, metadata_type=pb.CreatePlanMetadata
    )


def request_for(scenario: object, **limits: float) -> pb.CreatePlanRequest:
    message = to_proto(scenario)
    assert isinstance(message, scenario_pb2.Scenario)
    request = pb.CreatePlanRequest(scenario=message)
    for name, value in limits.items():
        setattr(request.limits, name, value)
    return request


def test_googles_operation_future_gets_plan_and_metadata(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        future = start(channel, request_for(two_sites()))
        stored = future.result(timeout=120)
        assert stored.plan.scenario_name == "two sites"
        assert future.metadata.plan == stored.name
        assert future.metadata.state == pb.PLAN_STATE_SUCCEEDED


def test_googles_operation_future_cancels(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        future = start(channel, request_for(wide_grid(), time_limit_s=600.0, gap=0.0))
        server.wait_for_attempt()
        assert future.cancel()
        # A cancelled job keeps its best plan, so the future has a result and no error.
        assert future.result(timeout=90).plan.stopped_by == plan_pb2.STOPPED_BY_CANCELLED


def test_googles_operations_client_lists_page_by_page(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        start(channel, request_for(two_sites())).result(timeout=120)
        start(channel, request_for(two_sites())).result(timeout=120)
        names = [item.name for item in OperationsClient(channel).list_operations("operations", "")]
    assert len(names) >= 2
    assert len(set(names)) == len(names)
