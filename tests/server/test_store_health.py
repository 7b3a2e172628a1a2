"""A database that does not answer takes the services that need it out of service, and brings them back."""

import signal
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from served.real_postgres import RealPostgres
from served.running_server import RunningServer

from topodesign.client import Client

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
PLANNING, FABRICS = "topodesign.v1.PlanningService", "topodesign.v1.FabricService"


def test_health_follows_the_store_and_services_that_do_without_it_stay(tmp_path: Path) -> None:
    with RealPostgres() as postgres:
        url = postgres.url(postgres.new_database())
        # neither of the two clocks is waited for more than once
        settings = {
            "database_url": url,
            "health_s": 0.1,
            "health_timeout_s": 0.5,
            "store_timeout_s": 1.0,
            "drain_grace_s": 0.1,
        }
        with (
            RunningServer(tmp_path, workers=0, **settings) as server,
            Client(server.address) as client,
            grpc.insecure_channel(server.address) as channel,
        ):
            health = health_pb2_grpc.HealthStub(channel)
            heard = {
                service: health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=120)
                for service in ("", "ready", PLANNING)
            }
            assert {next(stream).status for stream in heard.values()} == {SERVING}
            children = signal_all(postgres, signal.SIGSTOP)
            assert {next(stream).status for stream in heard.values()} == {NOT_SERVING}
            for service in (FABRICS, "live"):
                assert health.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING
            signal_all(postgres, signal.SIGCONT, children)
            assert {next(stream).status for stream in heard.values()} == {SERVING}
            assert client.jobs() == ()
            # a store that hangs does not keep the server from its end
            signal_all(postgres, signal.SIGSTOP, children)
            assert {next(stream).status for stream in heard.values()} == {NOT_SERVING}
            assert server.terminate() == 1
            assert any("drain_incomplete" in line for line in server.lines)
            signal_all(postgres, signal.SIGCONT, children)


def signal_all(postgres: RealPostgres, number: signal.Signals, extra: list[int] | None = None) -> list[int]:
    """To the postmaster and to every process of it; new connections find nobody."""
    import psutil

    parent = psutil.Process(postgres.process.pid)
    found = [child.pid for child in parent.children(recursive=True)] if extra is None else extra
    for pid in (postgres.process.pid, *found):
        if psutil.pid_exists(pid):
            psutil.Process(pid).send_signal(number)
    return found
