"""Promise 5 and 6 where the service itself is hit: what it started does not outlive it, nor a caller that has left."""

import json
from pathlib import Path

import grpc
import pytest
from served.chaos_tasks import ENDLESS
from served.running_server import RunningServer
from served.small_scenarios import two_sites

from topodesign.client import Client
from topodesign.domain.fabric import Torus
from topodesign.processes.groups import group_usage
from topodesign.v1 import fabric_service_pb2, fabric_service_pb2_grpc
from topodesign.wire import fabric_to_proto

LOOKS = 2000


def until_gone(group: int) -> None:
    """Return when a process group is gone; it fails when it does not go."""
    for _ in range(LOOKS):
        if not group_usage({group}):
            return
    raise AssertionError(f"processes of {group} are left: {group_usage({group})}")


def test_a_solver_and_its_children_die_with_the_server(tmp_path: Path) -> None:
    with RunningServer(tmp_path, tasks="chaos_tasks") as server, Client(server.address) as client:
        job = client.submit_plan(two_sites(name="family"), time_limit_s=600)
        child = server.wait_for_attempt(job.name)
        while group_usage({child}).get(child) is None or group_usage({child})[child].processes < 4:
            assert server.process.poll() is None
        server.kill()
        until_gone(child)


def test_the_work_of_a_call_ends_at_its_deadline(tmp_path: Path) -> None:
    small = fabric_service_pb2.EvaluateFabricRequest(fabric=fabric_to_proto(Torus(shape=(4, 4))))
    # One child for all: were the first evaluation still running, the second could not be answered.
    with (
        RunningServer(tmp_path, tasks="chaos_tasks", warm_children=1) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        stub = fabric_service_pb2_grpc.FabricServiceStub(channel)
        stub.EvaluateFabric(small)  # connected, so that the deadline passes during the work and not before it
        server.wait_for(lambda text: '"event": "call"' in text)
        call = stub.EvaluateFabric.future(ENDLESS, timeout=4.0)
        child = json.loads(server.wait_for(lambda text: '"event": "call"' in text))["pid"]
        with pytest.raises(grpc.RpcError) as caught:
            call.result()
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        until_gone(child)
        other = fabric_service_pb2.EvaluateFabricRequest(fabric=fabric_to_proto(Torus(shape=(4, 5))))
        assert stub.EvaluateFabric(other, timeout=60).accelerators == 20
        resting = json.loads(server.wait_for(lambda text: '"event": "call"' in text))["pid"]
    until_gone(resting)  # with the server, which was killed
