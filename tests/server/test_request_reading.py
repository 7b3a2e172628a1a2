"""Messages that come late, or never, or are too many: who sends them harms nobody else."""

import asyncio
import itertools
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from served.guarded_server import GuardedServer, all_methods, call, new_request, path_of, reason_of
from topodesign_server.request_reading import RequestBytes, RequestReader

from topodesign.domain.errors import CapacityError, InvalidInput, TopoDesignError

PATIENCE_S = 60
LIST = next(method for method in all_methods() if method.name == "ListScenarios")
GET = next(method for method in all_methods() if method.name == "GetPlan")
CHECK = "/grpc.health.v1.Health/Check"
AT_ONCE = 3
MANY = 1000
ANSWERED = 20


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    with GuardedServer(
        tmp_path_factory.mktemp("narrow"), calls_at_once=AT_ONCE + 1, tenant_calls_at_once=AT_ONCE, reflection=True
    ) as running:
        yield running


@contextmanager
def silent_calls(channel: grpc.Channel, path: str, times: int, token: str) -> Iterator[None]:
    """Calls that have begun and whose message does not come."""
    over = threading.Event()

    def nothing() -> Iterator[bytes]:
        over.wait(PATIENCE_S)
        yield from ()

    bearer = (("authorization", f"Bearer {token}"),)
    begun = [channel.stream_stream(path)(nothing(), timeout=PATIENCE_S, metadata=bearer) for _ in range(times)]
    try:
        yield
    finally:
        for one in begun:
            one.cancel()
        over.set()


def outcomes(channel: grpc.Channel, token: str) -> Iterator[str]:
    """Of calls one after the other: why they were refused, or that they were not."""
    while True:
        try:
            call(channel, LIST, new_request(LIST), token=token)
            yield "answered"
        except grpc.RpcError as error:
            yield reason_of(error).reason


def test_calls_without_a_message_are_counted_and_lock_nobody_else_out(narrow: GuardedServer) -> None:
    greedy, other, modest = (narrow.new_token(tenant)[1] for tenant in ("greedy", "other", "modest"))
    with (
        grpc.insecure_channel(narrow.address) as channel,
        silent_calls(channel, path_of(GET), 10 * AT_ONCE, greedy),
        silent_calls(channel, path_of(GET), 10 * AT_ONCE, other),
    ):
        # until the server has seen them; those beyond the quota hold a place for as long as it takes to refuse them
        for token in (greedy, other):
            assert "TENANT_QUOTA" in itertools.islice(outcomes(channel, token), MANY)
        in_a_row = 0
        for outcome in itertools.islice(outcomes(channel, modest), MANY):
            in_a_row = in_a_row + 1 if outcome == "answered" else 0
            if in_a_row == ANSWERED:
                break
        assert in_a_row == ANSWERED


def test_a_call_that_ends_without_a_message_is_told_so(narrow: GuardedServer) -> None:
    token = narrow.new_token("empty")[1]
    with grpc.insecure_channel(narrow.address) as channel:
        for path in (path_of(GET), path_of(LIST), CHECK):
            with pytest.raises(grpc.RpcError) as caught:
                channel.stream_unary(path)(
                    iter(()), timeout=PATIENCE_S, metadata=(("authorization", f"Bearer {token}"),)
                )
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert reason_of(caught.value).reason == "MESSAGE_MISSING"


def test_a_stream_of_reflection_ends_when_its_token_is_revoked(narrow: GuardedServer) -> None:
    row, text = narrow.new_token("curious")
    ask = reflection_pb2.ServerReflectionRequest(list_services="")
    questions: queue.Queue[reflection_pb2.ServerReflectionRequest | None] = queue.Queue()
    with grpc.insecure_channel(narrow.address) as channel:
        answers = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter(questions.get, None), timeout=PATIENCE_S, metadata=(("authorization", f"Bearer {text}"),)
        )
        questions.put(ask)
        assert next(answers).list_services_response.service
        narrow.revoke(row.id)
        questions.put(ask)
        with pytest.raises(grpc.RpcError) as caught:
            next(answers)
        assert reason_of(caught.value).reason == "TOKEN_REVOKED"
        questions.put(None)


Reads = Callable[[Any], Awaitable[bytes]]


@asynccontextmanager
async def reading(read: Reads, faults: "asyncio.Queue[TopoDesignError]") -> AsyncIterator[grpc.aio.Channel]:
    """A real server whose one method reads; what it could not read it tells the test."""

    async def method(_: object, context: Any) -> bytes:
        try:
            return await read(context)
        except TopoDesignError as error:
            await faults.put(error)
            await context.abort(grpc.StatusCode.UNKNOWN, error.reason)
            raise

    server = grpc.aio.server()
    handlers = {"Read": grpc.stream_unary_rpc_method_handler(method)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(0)


def test_a_message_that_does_not_come_ends_its_call_and_the_server_goes_on() -> None:
    room = RequestBytes(1000)
    reader = RequestReader(message_bytes=10, message_s=0.05, open_s=0.05)

    async def read(context: Any) -> bytes:
        with room.share("a") as share:
            return await reader.read(context, share)

    async def attempt(how: Reads) -> None:
        faults: asyncio.Queue[TopoDesignError] = asyncio.Queue()
        async with reading(how, faults) as channel:
            silent = channel.stream_unary("/t/Read")()
            fault = await asyncio.wait_for(faults.get(), PATIENCE_S)
            assert isinstance(fault, InvalidInput)
            assert fault.reason == "MESSAGE_MISSING"
            assert await silent.code() is grpc.StatusCode.UNKNOWN
            assert await channel.unary_unary("/t/Read")(b"whole") == b"whole"

    for how in (read, reader.read_of_anybody):
        asyncio.run(attempt(how))


def test_a_message_that_comes_slowly_counts_as_the_largest() -> None:
    room = RequestBytes(1000)
    reader = RequestReader(message_bytes=900, prompt_s=0.0)
    tenants = iter("abc")

    async def read(context: Any) -> bytes:
        with room.share(next(tenants)) as share:
            return await reader.read(context, share)

    async def attempt() -> None:
        faults: asyncio.Queue[TopoDesignError] = asyncio.Queue()
        async with reading(read, faults) as channel:
            slow = [channel.stream_unary("/t/Read")() for _ in range(2)]
            fault = await asyncio.wait_for(faults.get(), PATIENCE_S)  # of the second: 2 x 900 is more than 1,000
            assert isinstance(fault, CapacityError)
            assert (fault.reason, fault.retry_after_s) == ("SERVER_BUSY", 1.0)
            for one in slow:
                one.cancel()

    asyncio.run(attempt())


def test_a_tenant_has_a_quarter_of_the_room_and_one_message_in_any_case() -> None:
    room = RequestBytes(1000)
    with room.share("a") as first, room.share("a") as second, room.share("b") as other:
        first.resize(600)
        with pytest.raises(CapacityError, match="would exceed 250"):
            second.resize(1)
        other.resize(400)
        with pytest.raises(CapacityError, match="would exceed 1000"), room.share("c") as third:
            third.resize(1)
        first.resize(100)
        second.resize(150)
    with room.share("d") as alone:
        alone.resize(5000)
