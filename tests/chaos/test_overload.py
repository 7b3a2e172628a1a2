"""Promise 7: what is too much is refused with a time to come again, and what was accepted ends well."""

import json
import os
import re
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.longrunning import operations_pb2
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status
from served.running_server import RunningServer
from served.small_scenarios import two_sites
from topodesign_server.running_attempt import JOB_NICENESS

from topodesign.client import Client
from topodesign.domain.plan import SolveLimits
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import planning_service_pb2_grpc
from topodesign.wire import to_proto

CAPACITY = 3
PATIENCE_S = 60.0
ASKED = 10 * CAPACITY
ASKED_BEFORE = str(uuid.uuid4())
CREATE_PLAN = "/topodesign.v1.PlanningService/CreatePlan"


def refusals_counted(server: RunningServer, reason: str) -> float:
    """What the metrics page says of refusals for one reason."""
    line = next(line for line in server.lines if '"event": "metrics"' in line)
    with urllib.request.urlopen(f"http://127.0.0.1:{json.loads(line)['port']}/metrics") as page:
        rows = page.read().decode()
    found = re.search(rf'^topodesign_refusals_total{{reason="{reason}"}} (\S+)$', rows, re.MULTILINE)
    assert found is not None
    return float(found[1])


def wait_for_niceness(pid: int, expected: int) -> None:
    """A job comes after the service itself where cores are short: said by its process as soon as it begins."""
    until_s = time.monotonic() + PATIENCE_S
    while os.getpriority(os.PRIO_PROCESS, pid) != expected:
        assert time.monotonic() < until_s
        time.sleep(0.01)


def large_requests_are_refused_by_their_first_fields(channel: grpc.Channel) -> None:
    """While the queue is full: their scenarios are not decoded, unless the request may need no place."""

    def told(**fields: object) -> str:
        head = pb.CreatePlanRequest(**fields)
        broken = b"\x12\x80\x80\x02" + b"\xff" * 2**15  # the field "scenario" with 32 KiB that are no scenario
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(CREATE_PLAN)(head.SerializeToString() + broken, timeout=60)
        info = ErrorInfo()
        assert any(detail.Unpack(info) for detail in rpc_status.from_call(refused.value).details)
        return info.reason

    assert told() == told(request_id=str(uuid.uuid4())) == "QUEUE_FULL"
    assert told(validate_only=True) == told(request_id="no UUID") == "MESSAGE_UNDECODABLE"
    assert told(request_id=ASKED_BEFORE) == "MESSAGE_UNDECODABLE"


def test_ten_times_what_the_service_holds_is_refused_and_the_rest_ends_well(tmp_path: Path) -> None:
    request = pb.CreatePlanRequest(scenario=to_proto(two_sites()), limits=to_proto(SolveLimits(time_limit_s=120)))
    with (
        RunningServer(tmp_path, tasks="chaos_tasks", queue_limit=CAPACITY, metrics_port=0) as server,
        Client(server.address) as client,
        grpc.insecure_channel(server.address) as channel,
    ):
        # its worker is busy until it is told otherwise, so that the queue holds exactly its limit
        holder = client.submit_plan(two_sites(name="deaf sleeper"), time_limit_s=600, request_id=ASKED_BEFORE)
        pid = server.wait_for_attempt(holder.name)
        wait_for_niceness(pid, os.getpriority(os.PRIO_PROCESS, server.process.pid) + JOB_NICENESS)
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)

        def ask(_: int) -> operations_pb2.Operation | grpc.RpcError:
            try:
                return stub.CreatePlan(request, timeout=120)
            except grpc.RpcError as error:
                return error

        with ThreadPoolExecutor(ASKED) as callers:
            answers = list(callers.map(ask, range(ASKED)))
        refused = [answer for answer in answers if isinstance(answer, grpc.RpcError)]
        accepted = [answer.name for answer in answers if isinstance(answer, operations_pb2.Operation)]
        assert (len(accepted), len(refused)) == (CAPACITY, ASKED - CAPACITY)
        for error in refused:
            status = rpc_status.from_call(error)
            info, retry = ErrorInfo(), RetryInfo()
            assert any(detail.Unpack(info) for detail in status.details)
            assert (error.code(), info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
            assert any(detail.Unpack(retry) for detail in status.details)
            assert retry.retry_delay.seconds >= 1
        assert refusals_counted(server, "QUEUE_FULL") == len(refused)
        large_requests_are_refused_by_their_first_fields(channel)
        holder.cancel()
        for name in accepted:
            assert client.job(name).result(120).status in ("optimal", "feasible")
