"""Calls that last end when whoever makes them may no longer call, though nobody says a word in them."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from served.guarded_server import PATIENCE_S, GuardedServer, reason_of
from served.small_scenarios import two_sites
from server.test_observation import samples
from topodesign_server.database import FILE_NAME
from topodesign_server.standing_calls import StandingCalls

from topodesign.domain.errors import Unauthenticated
from topodesign.v1 import planning_service_pb2, planning_service_pb2_grpc

REVOKED = Unauthenticated("revoked", reason="TOKEN_REVOKED")


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    """A server that makes no plan: nothing happens to a job that waits there."""
    with GuardedServer(tmp_path_factory.mktemp("silent"), workers=0, metrics_port=0) as running:
        yield running


def watch_plan(channel: grpc.Channel, metadata: Any, job: str) -> None:
    request = planning_service_pb2.WatchPlanRequest(name=f"plans/{job}")
    stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
    for _ in stub.WatchPlan(request, timeout=PATIENCE_S, metadata=metadata):
        pass


def wait_operation(channel: grpc.Channel, metadata: Any, job: str) -> None:
    request = operations_pb2.WaitOperationRequest(name=f"operations/{job}")
    operations_pb2_grpc.OperationsStub(channel).WaitOperation(request, timeout=PATIENCE_S, metadata=metadata)


def waiting(server: GuardedServer) -> float:
    """Calls that wait for a job, as the server counts them."""
    line = next(line for line in server.lines if '"event": "metrics"' in line)
    return samples(f"http://127.0.0.1:{json.loads(line)['port']}/metrics")["topodesign_watch_streams", ()]


def expire(server: GuardedServer, token_id: str) -> None:
    with sqlite3.connect(server.data_directory / FILE_NAME) as changing:
        changing.execute("UPDATE tokens SET expire_time = 1 WHERE id = ?", (token_id,))


@pytest.mark.parametrize(
    ("end", "reason"), [(GuardedServer.revoke, "TOKEN_REVOKED"), (expire, "TOKEN_EXPIRED")], ids=["revoked", "expired"]
)
def test_silent_calls_end_soon_after_their_token_does(
    silent: GuardedServer, end: Callable[[GuardedServer, str], None], reason: str
) -> None:
    row, text = silent.new_token("ended")
    _, other = silent.new_token("ended")
    with silent.client(text) as client:
        job = client.submit_plan(two_sites(), time_limit_s=60).name.removeprefix("operations/")
    with ThreadPoolExecutor(2) as threads, grpc.insecure_channel(silent.address) as channel:
        metadata = (("authorization", f"Bearer {text}"),)
        health = health_pb2_grpc.HealthStub(channel)
        ending, staying = (
            health.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE_S, metadata=(("authorization", bearer),))
            for bearer in (f"Bearer {text}", f"Bearer {other}")
        )
        for watch in (ending, staying):
            assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        calls = [threads.submit(behavior, channel, metadata, job) for behavior in (watch_plan, wait_operation)]
        while waiting(silent) != len(calls):
            pass
        end(silent, row.id)
        calls.append(threads.submit(next, ending))
        for call in calls:
            refused = call.exception(PATIENCE_S)
            assert isinstance(refused, grpc.RpcError)
            assert refused.code() is grpc.StatusCode.UNAUTHENTICATED
            assert reason_of(refused).reason == reason
        assert staying.is_active()  # its token is valid
        staying.cancel()


class Refusing:
    """A store in which a token is revoked when the test says so."""

    def __init__(self) -> None:
        self.refused: dict[str, Unauthenticated] = {}
        self.looks = 0

    async def __call__(self, ids: Collection[str]) -> Mapping[str, Unauthenticated]:
        self.looks += 1
        return {token: why for token, why in self.refused.items() if token in ids}


def test_a_message_on_its_way_has_until_the_next_look() -> None:
    async def run() -> list[str]:
        store, seen = Refusing(), []
        calls = StandingCalls(store, look_s=60)

        async def stream() -> None:
            async with calls.standing(token_id="a", certificate_end=None):
                with calls.sending():
                    seen.append("sends")
                    await asyncio.sleep(PATIENCE_S)

        task = asyncio.create_task(stream())
        await asyncio.sleep(0)
        store.refused["a"] = REVOKED
        await calls.look()
        await asyncio.sleep(0)
        assert not task.done()
        await calls.look()
        with pytest.raises(Unauthenticated) as caught:
            await task
        assert caught.value is REVOKED
        return seen

    assert asyncio.run(run()) == ["sends"]


def test_calls_end_with_their_certificate_and_nobody_looks_for_those_that_cannot_end() -> None:
    async def run() -> None:
        store = Refusing()
        calls = StandingCalls(store, look_s=60)
        async with calls.standing(token_id=None, certificate_end=None):
            await calls.look()
        with pytest.raises(Unauthenticated, match="1970-01-01T00:00:07") as caught:
            async with calls.standing(token_id=None, certificate_end=7.0):
                await calls.look()
                await asyncio.sleep(PATIENCE_S)
        assert caught.value.reason == "CERTIFICATE_EXPIRED"
        with pytest.raises(TimeoutError):  # what ends for another reason keeps it
            async with calls.standing(token_id="a", certificate_end=None), asyncio.timeout(0):
                await asyncio.sleep(PATIENCE_S)
        assert store.looks == 0

    asyncio.run(run())
