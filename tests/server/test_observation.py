"""What an operator sees: metrics with bounded labels, a line for each call, health of each service."""

import json
import re
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import grpc
import pytest
from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client.parser import text_string_to_metric_families
from served.running_server import RunningServer
from served.small_scenarios import two_sites
from topodesign_server.metrics import OUTCOMES, STORE_REASONS, Metrics

from topodesign.client import Client
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import planning_service_pb2_grpc, scenario_pb2
from topodesign.wire import to_proto

OPERATIONS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
PLANNING = "/topodesign.v1.PlanningService/"
Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("observed"), metrics_port=0) as server:
        yield server


@pytest.fixture(scope="module")
def page(observed: RunningServer) -> str:
    """Address of the metrics page; it is announced before the server's own."""
    line = next(line for line in observed.lines if '"event": "metrics"' in line)
    return f"http://127.0.0.1:{json.loads(line)['port']}/metrics"


def samples(page: str) -> Samples:
    with urllib.request.urlopen(page) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def calls(found: Samples, method: str, code: str) -> float:
    return found.get(("topodesign_calls_total", (("code", code), ("method", method))), 0.0)


def test_calls_jobs_and_plans_are_counted_by_method_code_and_outcome(observed: RunningServer, page: str) -> None:
    before = samples(page)
    with Client(observed.address) as client:
        job = client.submit_plan(two_sites(), time_limit_s=60)
        plan = job.result(120)
        client.get_plan(job.plan_name)
    with grpc.insecure_channel(observed.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        with pytest.raises(grpc.RpcError):
            stub.GetPlan(pb.GetPlanRequest(name="plans/none"))
    succeeded = ("topodesign_attempts_total", (("outcome", "succeeded"),))
    refused = ("topodesign_calls_total", (("code", "NOT_FOUND"), ("method", PLANNING + "GetPlan")))
    after = samples(page)
    # counted after the result is there for all to see, and after the caller was told
    while any(after.get(key, 0.0) == before.get(key, 0.0) for key in (succeeded, refused)):
        after = samples(page)

    def grown(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after[key] - before.get(key, 0.0)

    assert grown("topodesign_calls_total", method=PLANNING + "CreatePlan", code="OK") == 1
    assert grown("topodesign_calls_total", method=PLANNING + "GetPlan", code="NOT_FOUND") == 1
    assert grown("topodesign_call_seconds_count", method=PLANNING + "CreatePlan") == 1
    assert grown("topodesign_attempts_total", outcome="succeeded") == 1
    for histogram in ("job_seconds", "job_wait_seconds", "attempt_seconds", "plan_gap_ratio"):
        assert grown(f"topodesign_{histogram}_count") == 1
    assert plan.gap is not None
    assert grown("topodesign_plan_gap_ratio_sum") == pytest.approx(plan.gap)
    assert after["topodesign_store_up", ()] == after["topodesign_serving", ()] == 1
    assert after["topodesign_jobs_running", ()] == 0
    assert after["process_open_fds", ()] > 0
    assert after["process_resident_memory_bytes", ()] > 0


def test_streams_that_wait_are_a_gauge(tmp_path: Path) -> None:
    with RunningServer(tmp_path, workers=0, metrics_port=0, health_s=0.05) as server:
        line = next(line for line in server.lines if '"event": "metrics"' in line)
        address = f"http://127.0.0.1:{json.loads(line)['port']}/metrics"
        with Client(server.address) as client, grpc.insecure_channel(server.address) as channel:
            job = client.submit_plan(two_sites())
            stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
            streams = [stub.WatchPlan(pb.WatchPlanRequest(name=job.plan_name)) for _ in range(3)]
            for stream in streams:
                next(stream)
            watching = (("method", PLANNING + "WatchPlan"),)
            while samples(address)["topodesign_jobs_queued", ()] != 1:  # the next look at the store brings it
                pass
            found = samples(address)
            assert found["topodesign_watch_streams", ()] == 3
            assert found["topodesign_calls_running", watching] == 3
            job.cancel()
            for stream in streams:
                list(stream)
        assert samples(address)["topodesign_watch_streams", ()] == 0


def test_names_that_callers_make_up_are_no_labels(observed: RunningServer, page: str) -> None:
    with grpc.insecure_channel(observed.address) as channel:
        for method in ("/topodesign.v1.PlanningService/Nothing", f"/x{uuid.uuid4().hex}.Y/Z"):
            with pytest.raises(grpc.RpcError):
                channel.unary_unary(method)(b"")
    until_s = time.monotonic() + 30
    found = samples(page)
    while calls(found, "unknown", "UNIMPLEMENTED") < 2:  # a call is counted after its caller was told
        assert time.monotonic() < until_s, found
        found = samples(page)
    labels = {value for _, pairs in found for label, value in pairs if label == "method"}
    assert all(re.fullmatch(r"unknown|/(topodesign|google|grpc)\.[\w.]+/\w+", label) for label in labels), labels


def test_the_page_of_the_operations_guide_lists_every_metric() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (\w+) \| ([^|]*)\| ([^|]+) \|$", OPERATIONS_PAGE.read_text(), re.MULTILINE)
    documented = {name: (kind, labels.strip(), meaning.strip()) for name, kind, labels, meaning in rows}
    existing = {}
    metrics = Metrics()
    for family in metrics.registry.collect():
        suffix = "_total" if family.type == "counter" and not family.name.startswith("process_") else ""
        suffix = suffix or ("_total" if family.name == "process_cpu_seconds" else "")
        existing[family.name + suffix] = (family.type, family.documentation)
    assert {name: kind for name, (kind, _, _) in documented.items()} == {
        name: kind for name, (kind, _) in existing.items()
    }
    for name, (_, _, meaning) in documented.items():
        assert meaning == existing[name][1], name
    labelled = {
        "method": "",
        "code": "",
        "outcome": " ".join(OUTCOMES),
        "reason": " ".join(STORE_REASONS),
        "source": "",
    }
    assert {label.strip("`") for _, labels, _ in documented.values() for label in labels.split(", ") if label} <= set(
        labelled
    )


def logged(server: RunningServer, request_id: str) -> Mapping[str, object]:
    """The line of the call with an id."""
    line = server.wait_for(lambda text: '"event": "rpc"' in text and request_id in text)
    found: Mapping[str, object] = json.loads(line)
    return found


def test_a_call_is_one_line_with_the_id_that_came_with_it(observed: RunningServer) -> None:
    request_id = f"test-{uuid.uuid4()}"
    with grpc.insecure_channel(observed.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.GetPlan(pb.GetPlanRequest(name="plans/some-name"), metadata=(("x-request-id", request_id),))
        assert dict(caught.value.trailing_metadata())["x-request-id"] == request_id
    line = logged(observed, request_id)
    assert (line["method"], line["code"]) == (PLANNING + "GetPlan", "NOT_FOUND")
    assert (line["tenant"], line["job"], line["level"]) == ("default", "some-name", "info")
    assert float(str(line["duration_ms"])) > 0


def test_the_line_of_a_call_that_makes_a_job_names_it_and_nothing_of_the_scenario(observed: RunningServer) -> None:
    request_id = f"test-{uuid.uuid4()}"
    scenario = to_proto(two_sites(name="confidential expansion"))
    assert isinstance(scenario, scenario_pb2.Scenario)
    with grpc.insecure_channel(observed.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        operation, call = stub.CreatePlan.with_call(
            pb.CreatePlanRequest(scenario=scenario, plan_id="named-here"), metadata=(("x-request-id", request_id),)
        )
        assert dict(call.trailing_metadata())["x-request-id"] == request_id
    assert isinstance(operation, operations_pb2.Operation)
    assert logged(observed, request_id)["job"] == "named-here"
    assert not any("confidential" in line for line in observed.lines)


@pytest.mark.parametrize("unsound", ["", "a b", "x" * 65, '"}'])
def test_an_unsound_id_is_replaced(observed: RunningServer, unsound: str) -> None:
    with grpc.insecure_channel(observed.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        _, call = stub.ListPlans.with_call(pb.ListPlansRequest(), metadata=(("x-request-id", unsound),))
    made = dict(call.trailing_metadata())["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert logged(observed, made)["code"] == "OK"


def test_health_checks_are_answered_and_not_logged(observed: RunningServer) -> None:
    with grpc.insecure_channel(observed.address) as channel:
        for service in ("", "ready", "live"):
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert not any("grpc.health" in line for line in observed.lines)
