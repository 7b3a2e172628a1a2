"""``buf curl``: knows the methods by reflection only."""

import json
import subprocess
import sys
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToDict
from needed_tools import missing
from served.running_server import RunningServer
from served.small_scenarios import two_sites

import topodesign as td
from topodesign.client import Client
from topodesign.wire import to_proto


def buf_curl(server: RunningServer, method: str, request: dict[str, object]) -> subprocess.CompletedProcess[str]:
    buf = Path(sys.executable).with_name("buf")
    if not buf.exists():
        missing("buf (buf-bin)")
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


def test_buf_makes_a_plan_and_watches_it(server: RunningServer) -> None:
    scenario = MessageToDict(to_proto(two_sites()))
    request: dict[str, object] = {"scenario": scenario, "limits": {"timeLimitS": 60}}
    started = buf_curl(server, "topodesign.v1.PlanningService/CreatePlan", request)
    assert started.returncode == 0, started.stderr
    operation = json.loads(started.stdout)
    assert operation["metadata"]["@type"] == "type.googleapis.com/topodesign.v1.CreatePlanMetadata"
    name = operation["metadata"]["plan"]
    watched = buf_curl(server, "topodesign.v1.PlanningService/WatchPlan", {"name": name})
    assert watched.returncode == 0, watched.stderr
    entries = documents(watched.stdout)
    assert [int(entry["sequence"]) for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[-1]["state"] == "PLAN_STATE_SUCCEEDED"
    got = buf_curl(server, "topodesign.v1.PlanningService/GetPlan", {"name": name})
    with Client(server.address) as client:
        assert json.loads(got.stdout)["plan"]["costUsd"] == client.get_plan(name).cost_usd


def documents(text: str) -> list[dict[str, str]]:
    """The JSON documents that follow one another in a text."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text):
        document, place = decoder.raw_decode(text, place)
        found.append(document)
        place += len(text[place:]) - len(text[place:].lstrip())
    return found
