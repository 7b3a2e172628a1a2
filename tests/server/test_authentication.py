"""Tokens over the wire, what stays open, and what is never logged."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from served.guarded_server import GuardedServer, all_methods, call, new_request, reason_of
from served.small_scenarios import two_sites, wide_grid
from topodesign_server.database import FILE_NAME, open_beside_server
from topodesign_server.tables import blobs
from topodesign_server.token_store import TokenStore

from topodesign.client import Access, AsyncClient, Client
from topodesign.domain.errors import InternalError, InvalidInput, Unauthenticated

LIST = next(method for method in all_methods() if method.name == "ListScenarios")
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@pytest.fixture
def channel(guarded: GuardedServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(guarded.address) as opened:
        yield opened


def refusal(channel: grpc.Channel, *headers: str) -> str:
    metadata = [("authorization", header) for header in headers]
    with pytest.raises(grpc.RpcError) as caught:
        call(channel, LIST, new_request(LIST), metadata=metadata)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    return reason_of(caught.value).reason


def test_a_call_needs_one_well_formed_valid_token(guarded: GuardedServer, channel: grpc.Channel) -> None:
    _, text = guarded.new_token("forms")
    assert call(channel, LIST, new_request(LIST), metadata=[("authorization", f"bearer  {text} ")])
    assert refusal(channel) == "TOKEN_MISSING"
    for header in ("", "Bearer", "Bearer ", text, f"Basic {text}", f"Bearer {text}x", f"Bearer {text[:-1]}"):
        assert refusal(channel, header) == "TOKEN_INVALID"
    assert refusal(channel, f"Bearer {text}", f"Bearer {text}") == "TOKEN_INVALID"


def test_a_token_is_refused_as_soon_as_it_is_revoked(guarded: GuardedServer) -> None:
    row, text = guarded.new_token("revoked")
    with guarded.client(text) as client:
        assert client.list_scenarios() == ()
        guarded.revoke(row.id)
        with pytest.raises(Unauthenticated, match=row.id) as caught:
            client.list_scenarios()
    assert caught.value.reason == "TOKEN_REVOKED"


def test_the_asynchronous_client_shows_its_token_too(guarded: GuardedServer) -> None:
    _, text = guarded.new_token("asynchronous")

    async def listed(access: Access) -> object:
        async with AsyncClient(guarded.address, access=access) as client:
            return await client.list_scenarios()

    assert asyncio.run(listed(Access(token=text))) == ()
    with pytest.raises(Unauthenticated) as caught:
        asyncio.run(listed(Access()))
    assert caught.value.reason == "TOKEN_MISSING"


def test_a_call_that_is_refused_is_logged_without_a_tenant(guarded: GuardedServer, channel: grpc.Channel) -> None:
    _, text = guarded.new_token("logged")
    for metadata in ([], [("authorization", f"Bearer {text}")]):
        named = [("x-request-id", f"logged-{len(metadata)}"), *metadata]
        with contextlib.suppress(grpc.RpcError):
            call(channel, LIST, new_request(LIST), metadata=named)
    first, second = (
        json.loads(guarded.wait_for(lambda line, number=number: f"logged-{number}" in line and '"rpc"' in line))  # type: ignore[misc]
        for number in (0, 1)
    )
    assert (first["code"], first.get("tenant")) == ("UNAUTHENTICATED", None)
    assert (second["code"], second["tenant"]) == ("OK", "logged")


def test_a_stream_ends_when_its_token_is_revoked(guarded: GuardedServer) -> None:
    row, text = guarded.new_token("streaming")
    _, other = guarded.new_token("streaming")
    with guarded.client(text) as client, guarded.client(other) as owner:
        name = client.submit_plan(wide_grid(), time_limit_s=600).name
        events = client.job(name).watch()
        next(iter(events))
        guarded.revoke(row.id)
        owner.job(name).cancel()  # which the stream would tell
        with pytest.raises(Unauthenticated):
            list(events)


def test_the_use_of_a_token_is_noted(guarded: GuardedServer) -> None:
    row, text = guarded.new_token("noted")
    with guarded.client(text) as client:
        client.list_scenarios()
    database = open_beside_server(guarded.data_directory)
    try:
        store = TokenStore(database)
        # noted beside the call: after at most as many calls as it takes the note to be written
        with guarded.client(text) as client:
            for _ in range(1000):
                if store.rows("noted")[0].use_time is not None:
                    break
                client.list_scenarios()
        (noted,) = store.rows("noted")
    finally:
        database.close()
    assert noted.id == row.id
    assert noted.use_time is not None and noted.use_time >= noted.create_time


def test_health_is_open_to_all_but_its_streams_are_not(channel: grpc.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    assert stub.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        next(stub.Watch(health_pb2.HealthCheckRequest(), timeout=30))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_health_may_be_watched_with_a_token(guarded: GuardedServer, channel: grpc.Channel) -> None:
    metadata = [("authorization", f"Bearer {guarded.new_token('health')[1]}")]
    watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=30, metadata=metadata)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


def test_reflection_is_off_unless_it_is_asked_for(guarded: GuardedServer, channel: grpc.Channel) -> None:
    metadata = [("authorization", f"Bearer {guarded.new_token('curious')[1]}")]
    with pytest.raises(grpc.RpcError) as caught:
        list(channel.stream_stream(REFLECTION)(iter([b""]), timeout=30, metadata=metadata))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    with pytest.raises(grpc.RpcError) as caught:
        list(channel.stream_stream(REFLECTION)(iter([b""]), timeout=30))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_client_never_sends_its_token_in_plain_text_to_another_machine() -> None:
    with pytest.raises(InvalidInput, match="plain text") as caught:
        Client("planning.example:50051", access=Access(token="secret-token"))
    assert "secret-token" not in caught.value.message
    assert "secret-token" not in repr(Access(token="secret-token"))
    for target in ("localhost:1", "127.0.0.1:1", "[::1]:1"):
        Client(target, access=Access(token="x")).close()


def test_refusals_of_many_callers_at_once_disturb_nobody(guarded: GuardedServer) -> None:
    _, text = guarded.new_token("undisturbed")

    def knock(number: int) -> str:
        with grpc.insecure_channel(guarded.address) as channel:
            return refusal(channel, f"Bearer topodesign_{number:012x}_{'A' * 43}")

    with ThreadPoolExecutor(8) as threads, guarded.client(text) as client:
        refused = threads.map(knock, range(200))
        assert all(client.list_scenarios() == () for _ in range(20))
        assert set(refused) == {"TOKEN_INVALID"}


def test_logs_carry_no_secret_also_when_a_call_meets_a_defect(guarded: GuardedServer) -> None:
    row, text = guarded.new_token("quiet")
    other, revoked = guarded.new_token("quiet")
    guarded.revoke(other.id)
    with guarded.client(text) as client, grpc.insecure_channel(guarded.address) as channel:
        client.create_scenario(two_sites(name="of-nobodys-concern"), scenario_id="broken")
        for header in (f"Bearer {text}x", f"Basic {text}", f"Bearer {revoked}"):
            refusal(channel, header)
        with sqlite3.connect(guarded.data_directory / FILE_NAME) as damaging:
            damaging.execute(f"UPDATE {blobs.name} SET content = x'ffff' WHERE tenant = 'quiet'")
        with pytest.raises(InternalError) as caught:
            client.get_scenario("scenarios/broken")
    incident = caught.value.metadata["incident_id"]
    told = guarded.wait_for(lambda line: incident in line)
    frames = [frame for fault in json.loads(told)["exception"] for frame in fault["frames"]]
    assert "resources.py" in told and len(frames) > 2  # with its trace,
    assert not any(frame.get("locals") for frame in frames)  # and not what was in it
    assert '"tenant": "quiet"' in told
    logged = "".join(guarded.lines)
    secrets = [token.rpartition("_")[2] for token in (text, revoked)] + [text.removeprefix(f"topodesign_{row.id}_")]
    for private in (*secrets, "Bearer", "authorization", "of-nobodys-concern", text):
        assert private not in logged
