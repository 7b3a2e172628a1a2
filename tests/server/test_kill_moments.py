"""Servers killed at random moments around CreatePlan: what was acknowledged is there, and nothing is there twice."""

import os
import random
import threading
import time
import uuid
from pathlib import Path

import grpc
import sqlalchemy as sa
from served.running_server import RunningServer
from served.small_scenarios import two_sites
from served.store_place import StorePlace, job_store, kept_blobs, listed
from topodesign_server.job_rows import FINAL, SUCCEEDED
from topodesign_server.tables import DEFAULT_TENANT as TENANT
from topodesign_server.tables import requests

from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import planning_service_pb2_grpc, scenario_pb2
from topodesign.wire import to_proto

MOMENTS = int(os.environ.get("TOPODESIGN_KILL_MOMENTS", "5"))
LONGEST_S = 0.25
CALLERS = 3


def request(request_id: str) -> pb.CreatePlanRequest:
    scenario = to_proto(two_sites(name=f"scenario of {request_id[0]}"))
    assert isinstance(scenario, scenario_pb2.Scenario)
    return pb.CreatePlanRequest(scenario=scenario, request_id=request_id)


class Caller(threading.Thread):
    """Creates one plan after another until its server is gone; notes what it asked, and what it was told."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.asked: list[str] = []
        self.told: dict[str, str] = {}
        self.begun = threading.Event()

    def run(self) -> None:
        with grpc.insecure_channel(self.address) as channel:
            stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
            while True:
                request_id = str(uuid.uuid4())
                self.asked.append(request_id)
                self.begun.set()
                try:
                    self.told[request_id] = stub.CreatePlan(request(request_id), timeout=60).name
                except grpc.RpcError:
                    return


def test_nothing_acknowledged_is_lost_and_nothing_is_made_twice(tmp_path: Path) -> None:
    moments = random.Random(2026)
    told: dict[str, str] = {}
    unanswered: list[str] = []
    for _ in range(MOMENTS):
        with RunningServer(tmp_path, queue_limit=100_000, tenant_queue_limit=100_000, max_attempts=100_000) as server:
            ask_again(server, told, unanswered)
            callers = [Caller(server.address) for _ in range(CALLERS)]
            for caller in callers:
                caller.start()
            for caller in callers:
                assert caller.begun.wait(60)
            time.sleep(moments.uniform(0, LONGEST_S))
            server.kill()
        for caller in callers:
            caller.join()
            told |= caller.told
            unanswered += [request_id for request_id in caller.asked if request_id not in caller.told]
    assert told, "no request was answered: the moments came too early to test anything"
    check_the_store(tmp_path, told, unanswered)


def ask_again(server: RunningServer, told: dict[str, str], unanswered: list[str]) -> None:
    """What was acknowledged is acknowledged again, by the same name; what was not is made now, if it was not then."""
    with grpc.insecure_channel(server.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        for request_id in random.Random(len(told)).sample(sorted(told), min(len(told), 5)):
            assert stub.CreatePlan(request(request_id), timeout=60).name == told[request_id]
        for request_id in unanswered:
            try:
                told[request_id] = stub.CreatePlan(request(request_id), timeout=60).name
            except grpc.RpcError as error:
                raise AssertionError(f"{error}\n{''.join(server.lines)}") from error
    unanswered.clear()


def check_the_store(directory: Path, told: dict[str, str], unanswered: list[str]) -> None:
    with StorePlace(directory) as place:
        database = place.open()
        jobs = job_store(database)
        with database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            made = {row.request_id: row.resource_id for row in connection.execute(sa.select(requests))}
        assert {key: f"operations/{made[key]}" for key in told} == told
        assert set(made) <= set(told) | set(unanswered)
        rows = listed(jobs)
        assert sorted(row.id for row in rows) == sorted(made.values())
        for row in rows:
            history = jobs.history(TENANT, row.id, after=0, most=1_000_000)[1]
            assert [entry.sequence for entry in history] == list(range(1, row.sequence + 1))
            assert sum(entry.state in FINAL for entry in history) == (1 if row.is_final else 0)
            assert not row.is_final or (row.state, jobs.plan(TENANT, row.id).content != b"") == (SUCCEEDED, True)
        kept_blobs(database)
