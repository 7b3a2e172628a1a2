"""SIGTERM: health says so first, new work is refused, running calls end, jobs are given back, exit code 0."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from served.running_server import ROOT, RunningServer, wait_until_gone
from served.small_scenarios import wide_grid

import topodesign as td
from topodesign.client import Client
from topodesign.v1 import fabric_pb2, fabric_service_pb2, fabric_service_pb2_grpc, planning_service_pb2
from topodesign.v1 import planning_service_pb2_grpc as planning_grpc
from topodesign.wire import fabric_to_proto

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
ROUNDS = int(os.environ.get("TOPODESIGN_DRAIN_ROUNDS", "2"))


def evaluation() -> fabric_service_pb2.EvaluateFabricRequest:
    return fabric_service_pb2.EvaluateFabricRequest(fabric=fabric_to_proto(td.Torus(shape=(4, 4, 4))))


def held_call(
    server: RunningServer, channel: grpc.Channel
) -> tuple["grpc.CallFuture[fabric_pb2.FabricEvaluation]", int]:
    """A call whose computation stands still, and the process to let go on."""
    stub = fabric_service_pb2_grpc.FabricServiceStub(channel)
    call = stub.EvaluateFabric.future(evaluation(), timeout=120)
    pid = int(json.loads(server.wait_for(lambda text: '"event": "call"' in text))["pid"])
    while os.getpgid(pid) != pid:  # stopped before it is tied to its parent it could not die with it
        time.sleep(0.001)
    os.kill(pid, signal.SIGSTOP)
    return call, pid


def told_by_health(channel: grpc.Channel, service: str) -> Iterator[int]:
    request = health_pb2.HealthCheckRequest(service=service)
    return (answer.status for answer in health_pb2_grpc.HealthStub(channel).Watch(request, timeout=120))


def test_running_calls_end_new_ones_are_refused_and_jobs_are_given_back(tmp_path: Path) -> None:
    with RunningServer(tmp_path, drain_grace_s=100.0, drain_delay_s=3.0) as server, Client(server.address) as client:
        job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        solver = server.wait_for_attempt()
        with grpc.insecure_channel(server.address) as channel:
            planning = planning_grpc.PlanningServiceStub(channel)
            call, computing = held_call(server, channel)
            heard = {service: told_by_health(channel, service) for service in ("ready", "topodesign.v1.FabricService")}
            assert {next(statuses) for statuses in heard.values()} == {SERVING}
            server.process.send_signal(signal.SIGTERM)
            assert {next(statuses) for statuses in heard.values()} == {NOT_SERVING}
            # for drain_delay_s after that, calls are still answered
            planning.ListPlans(planning_service_pb2.ListPlansRequest(), timeout=60)
            refused = first_refusal(planning)
            details = rpc_status.from_call(refused).details  # type: ignore[union-attr]
            info, delay = ErrorInfo(), RetryInfo()
            assert any(detail.Unpack(info) for detail in details)
            assert info.reason == "SERVER_DRAINING"
            assert any(detail.Unpack(delay) for detail in details)
            assert delay.retry_delay.seconds > 0
            alive = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="live"))
            assert alive.status == SERVING  # nobody is to end it for draining
            wait_until_gone(solver)
            os.kill(computing, signal.SIGCONT)
            assert call.result().accelerators == 64
        assert server.process.wait(60) == 0
        assert not any('"event": "defect"' in line for line in server.lines), server.lines
    with RunningServer(tmp_path) as second, Client(second.address) as client:
        second.wait_for_attempt()
        assert client.job(job.name).status().attempts == 1


def first_refusal(planning: planning_grpc.PlanningServiceStub) -> grpc.Call:
    while True:
        try:
            planning.ListPlans(planning_service_pb2.ListPlansRequest(), timeout=60)
        except grpc.RpcError as error:
            assert isinstance(error, grpc.Call)
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            return error
        time.sleep(0.05)


def test_a_second_sigterm_ends_the_server_at_once_and_its_children_with_it(tmp_path: Path) -> None:
    with RunningServer(tmp_path, drain_grace_s=600.0) as server, grpc.insecure_channel(server.address) as channel:
        _, computing = held_call(server, channel)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for(lambda text: "draining" in text)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == -signal.SIGTERM
        wait_until_gone(computing)


def test_a_call_that_outlives_its_grace_is_cut_off(tmp_path: Path) -> None:
    with RunningServer(tmp_path, drain_grace_s=0.2) as server, grpc.insecure_channel(server.address) as channel:
        call, computing = held_call(server, channel)
        assert server.terminate() == 0
        with pytest.raises(grpc.RpcError) as caught:
            call.result()
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        wait_until_gone(computing)


ARMED = """
import sys
from pathlib import Path
from topodesign_server.stopping import StopSignals
with StopSignals() as stop:
    print("armed", flush=True)
    from topodesign_server.running import run_server
    from topodesign_server.settings import ServerSettings
    run_server(ServerSettings(data_directory=Path(sys.argv[1]), port=0), stop=stop)
"""


@pytest.mark.parametrize("delay_s", [0.0, 0.4])
def test_sigterm_while_the_server_starts_ends_it_in_order(tmp_path: Path, delay_s: float) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    process = subprocess.Popen(
        [sys.executable, "-c", ARMED, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "armed\n"
        time.sleep(delay_s)
        os.killpg(process.pid, signal.SIGTERM)  # the fork server and its like must not fall over it either
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert '"event": "defect"' not in said


GOES_ON = """
import os
import signal
import sys
import threading
from pathlib import Path
from topodesign_server.running import run_server
from topodesign_server.settings import ServerSettings

def stop(_: str) -> None:
    os.kill(os.getpid(), signal.SIGTERM)

run_server(ServerSettings(data_directory=Path(sys.argv[1]), port=0, workers=0), on_address=stop)
print([thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)])
"""


def test_a_program_may_go_on_when_its_server_has_ended(tmp_path: Path) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    done = subprocess.run(
        [sys.executable, "-c", GOES_ON, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout == "[]\n"  # nothing is left that would end it later


def test_drains_at_any_moment_under_load_lose_nothing_and_count_no_attempt(tmp_path: Path) -> None:
    moments = random.Random(7)
    name = ""
    for _ in range(ROUNDS):
        with RunningServer(tmp_path) as server, Client(server.address) as client:
            name = name or client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0).name
            codes: set[grpc.StatusCode] = set()
            callers = [threading.Thread(target=call_until_refused, args=(server.address, codes)) for _ in range(3)]
            for caller in callers:
                caller.start()
            server.wait_for_attempt()
            time.sleep(moments.uniform(0, 0.3))
            assert server.terminate() == 0
            for caller in callers:
                caller.join()
            assert codes == {grpc.StatusCode.UNAVAILABLE}
            assert not any('"event": "defect"' in line for line in server.lines), server.lines
    with RunningServer(tmp_path) as server, Client(server.address) as client:
        server.wait_for_attempt()
        assert client.job(name).status().attempts == 1


def call_until_refused(address: str, codes: set[grpc.StatusCode]) -> None:
    with grpc.insecure_channel(address) as channel:
        stub = planning_grpc.PlanningServiceStub(channel)
        while True:
            try:
                stub.ListPlans(planning_service_pb2.ListPlansRequest(), timeout=60)
            except grpc.RpcError as error:
                assert isinstance(error, grpc.Call)
                codes.add(error.code())
                return
