"""Traces: the call, the job that it makes, and the attempt at the job are one trace, also across servers."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
from needed_tools import missing
from served.running_server import ROOT, RunningServer
from served.small_scenarios import two_sites
from topodesign_server.settings import ServerSettings

from topodesign.client import Client
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import planning_service_pb2_grpc, scenario_pb2
from topodesign.wire import to_proto

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"  # the example of W3C Trace Context, section 3.2


def spans(directory: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((directory / "spans.json").read_text())
    return found


def named(found: list[dict[str, Any]], name: str) -> dict[str, Any]:
    matching = [span for span in found if span["name"] == name]
    assert len(matching) == 1, [span["name"] for span in found]
    return matching[0]


def test_call_job_and_attempt_are_one_trace_though_another_server_makes_the_attempt(tmp_path: Path) -> None:
    if importlib.util.find_spec("opentelemetry.sdk") is None:
        missing("topodesign[telemetry]")
    scenario = to_proto(two_sites(name="confidential expansion"))
    assert isinstance(scenario, scenario_pb2.Scenario)
    with RunningServer(tmp_path, script="traced_server.py", workers=0) as first:
        with grpc.insecure_channel(first.address) as channel:
            stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
            parent = (("traceparent", f"00-{TRACE}-{PARENT}-01"),)
            stub.CreatePlan(pb.CreatePlanRequest(scenario=scenario, plan_id="traced"), metadata=parent)
        assert first.terminate() == 0, first.lines
    asked = spans(tmp_path)
    with RunningServer(tmp_path, script="traced_server.py") as second:
        with Client(second.address) as client:
            client.job("operations/traced").result(120)
        assert second.terminate() == 0
    made = spans(tmp_path)
    call = named(asked, "topodesign.v1.PlanningService/CreatePlan")
    job = named(asked, "job")
    attempt = named(made, "attempt")
    assert {span["context"]["trace_id"] for span in (call, job, attempt)} == {f"0x{TRACE}"}
    assert call["parent_id"] == f"0x{PARENT}"
    assert job["parent_id"] == call["context"]["span_id"]
    assert attempt["parent_id"] == job["context"]["span_id"]
    assert (call["kind"], job["kind"], attempt["kind"]) == ("SpanKind.SERVER", "SpanKind.PRODUCER", "SpanKind.CONSUMER")
    assert attempt["attributes"] == {
        "topodesign.job": "traced",
        "topodesign.attempt": 1,
        "topodesign.outcome": "succeeded",
    }
    assert call["attributes"]["rpc.grpc.status_code"] == 0
    assert "confidential" not in json.dumps([asked, made])


def test_nothing_of_opentelemetry_is_imported_by_a_server_that_does_not_trace() -> None:
    program = (
        "import sys\n"
        "import topodesign_server.server\n"
        "from topodesign_server.settings import ServerSettings\n"
        "from topodesign_server.tracing import NoTracing, tracing_of\n"
        "assert isinstance(tracing_of(ServerSettings()), NoTracing)\n"
        "sys.exit(','.join(name for name in sys.modules if name.startswith('opentelemetry')) or 0)\n"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stderr.strip() == ""
    assert done.returncode == 0


def test_an_endpoint_makes_an_exporter() -> None:
    from topodesign_server.tracing import tracing_of

    settings = ServerSettings(traces_endpoint="http://localhost:1")
    try:
        import opentelemetry.exporter.otlp.proto.grpc  # noqa: F401
    except ModuleNotFoundError:
        missing("topodesign[telemetry]")
    tracing = tracing_of(settings)
    assert type(tracing).__name__ == "Telemetry"
    tracing.close()
