"""The outermost door, on real servers of gRPC: what is too much is refused with a time to come again."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import grpc
import h2.config
import h2.connection
import h2.events
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status
from topodesign_server.admission import (
    CALM_S,
    LONGEST_S,
    SHORTEST_S,
    SPREAD,
    AdmissionInterceptor,
    EdgeLimits,
    Refusals,
)
from topodesign_server.arrivals import LOOK_S, Arrivals
from topodesign_server.metrics import Metrics

MANY = 1000
ARRIVING = 40


class Door:
    """A server behind the door, on a loop in a thread of its own; its loop can be held up.

    ``/t/Hold`` keeps the loop itself busy until it is let go, ``/t/Park`` and the stream ``/t/Watch`` wait without
    keeping it, ``/t/Echo`` and ``/t/Health`` answer at once.
    """

    def __init__(self, *, waiting: int = MANY, calls: int = MANY, streams: int = MANY) -> None:
        self.limits = EdgeLimits(calls_waiting=waiting, calls=calls, streams=streams)
        self.metrics = Metrics()
        self.is_held = threading.Event()
        self.let_go = threading.Event()
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> "Door":
        self._thread.start()
        assert self._is_ready.wait(60)
        self.channel = grpc.insecure_channel(self.address)
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go.set()
        self.channel.close()
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def call(self, name: str) -> grpc.Future:
        return self.channel.unary_unary(f"/t/{name}").future(b"x", timeout=60)

    def watch(self) -> Iterator[bytes]:
        answers: Iterator[bytes] = self.channel.unary_stream("/t/Watch")(b"x", timeout=60)
        return answers

    def release(self) -> None:
        """End what is parked."""
        self.loop.call_soon_threadsafe(self._parked.set)

    def refusals(self) -> float:
        value = self.metrics.registry.get_sample_value("topodesign_refusals_total", {"reason": "SERVER_BUSY"})
        assert value is not None
        return value

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop, self._parked = asyncio.Event(), asyncio.Event()
        self.edge = AdmissionInterceptor(self.limits, self.metrics, streams=("/t/Watch",), exempt=("/t/Health",))
        server = grpc.aio.server(interceptors=(self.edge,))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t", self._handlers()),))
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        self._is_ready.set()
        await self._stop.wait()
        await server.stop(0)

    def _handlers(self) -> dict[str, Any]:
        async def hold(data: bytes, _: object) -> bytes:
            self.is_held.set()
            assert self.let_go.wait(60)  # on purpose on the loop
            return data

        async def park(data: bytes, _: object) -> bytes:
            await self._parked.wait()
            return data

        async def echo(data: bytes, _: object) -> bytes:
            return data

        async def watch(data: bytes, context: Any) -> None:
            await context.write(data)
            await self._parked.wait()

        unary: dict[str, Callable[[bytes, object], Awaitable[bytes]]] = {
            "Hold": hold,
            "Park": park,
            "Echo": echo,
            "Health": echo,
        }
        made: dict[str, Any] = {name: grpc.unary_unary_rpc_method_handler(one) for name, one in unary.items()}
        return {**made, "Watch": grpc.unary_stream_rpc_method_handler(watch)}


def require_busy(error: grpc.RpcError, option: str) -> RetryInfo:
    """The refusal has every detail that a caller goes by."""
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    status = rpc_status.from_call(error)
    info, retry = ErrorInfo(), RetryInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert any(detail.Unpack(retry) for detail in status.details)
    assert (info.domain, info.reason, info.metadata["option"]) == ("topodesign", "SERVER_BUSY", option)
    assert retry.retry_delay.ToMilliseconds() > 0
    return retry


def test_calls_that_pile_up_in_front_of_a_busy_loop_are_refused_and_health_is_answered() -> None:
    with Door(waiting=4) as door:
        held = door.call("Hold")
        assert door.is_held.wait(60)
        begun_s = time.monotonic()
        asked = [door.call("Echo") for _ in range(ARRIVING)]
        health = [door.call("Health") for _ in range(5)]
        arrivals = Arrivals()
        # nothing that the loop does tells: it stands still, and one call runs
        while arrivals.waiting(taken=1) < ARRIVING + 5 or time.monotonic() - begun_s < 2 * LOOK_S:
            time.sleep(0.001)
        door.let_go.set()
        assert held.result() == b"x"
        assert [call.result() for call in health] == [b"x"] * 5
        refused = [call.exception() for call in asked if call.exception() is not None]
        assert 0 < len(refused) < ARRIVING  # the queue is shortened, not emptied
        for error in refused:
            assert isinstance(error, grpc.RpcError)
            require_busy(error, "calls_waiting")
        assert door.refusals() == len(refused)
        assert door.call("Echo").result() == b"x"  # the pile is gone


REQUEST_HEADERS = ((":scheme", "http"), (":authority", "x"))
NO_CALLS = {
    "a GET": ((":method", "GET"), (":path", "/"), *REQUEST_HEADERS),
    "no content type": ((":method", "POST"), (":path", "/t/Echo"), *REQUEST_HEADERS),
    "no path": ((":method", "POST"), *REQUEST_HEADERS, ("content-type", "application/grpc"), ("te", "trailers")),
}
"""Requests that gRPC's core drops by itself and counts as calls that never end (a GET is what probes send)."""


def drop(address: str, headers: Sequence[tuple[str, str]], *, times: int) -> None:
    """Make a request so often, and wait until each was answered or given up."""
    host, port = address.split(":")
    state = h2.connection.H2Connection(
        config=h2.config.H2Configuration(client_side=True, validate_outbound_headers=False)
    )
    state.initiate_connection()
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        for turn in range(times):
            state.send_headers(2 * turn + 1, headers, end_stream=True)
        connection.sendall(state.data_to_send())
        ended: set[int | None] = set()
        while len(ended) < times:
            data = connection.recv(65536)
            assert data, "the server left"
            for event in state.receive_data(data):
                if isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                    ended.add(event.stream_id)
            connection.sendall(state.data_to_send())


def test_requests_that_never_become_calls_are_not_waited_for() -> None:
    with Door(waiting=4) as door:
        assert door.call("Echo").result() == b"x"
        for headers in NO_CALLS.values():
            drop(door.address, headers, times=60)
        for _ in range(20):  # traffic that does not pause
            assert door.call("Echo").result() == b"x"
        assert door.edge.waiting() == 0
        assert door.refusals() == 0


def test_after_calls_that_never_were_a_pile_is_refused_all_the_same() -> None:
    with Door(waiting=4) as door:
        drop(door.address, NO_CALLS["a GET"], times=60)
        held = door.call("Hold")
        assert door.is_held.wait(60)
        begun_s = time.monotonic()
        asked = [door.call("Echo") for _ in range(ARRIVING)]
        arrivals = Arrivals()
        while arrivals.waiting(taken=1) != ARRIVING or time.monotonic() - begun_s < 2 * LOOK_S:
            time.sleep(0.001)
        door.let_go.set()
        assert held.result() == b"x"
        refused = [call for call in asked if call.exception() is not None]
        assert 0 < len(refused) < ARRIVING
        assert door.call("Echo").result() == b"x"


def test_no_more_calls_run_than_may_and_streams_are_counted_apart() -> None:
    with Door(calls=2, streams=1) as door:
        stream = door.watch()
        assert next(stream) == b"x"
        parked = [door.call("Park") for _ in range(2)]
        while door.edge.running() != (2, 1):
            time.sleep(0.001)
        error = door.call("Echo").exception()
        assert isinstance(error, grpc.RpcError)
        require_busy(error, "calls_at_once")
        with pytest.raises(grpc.RpcError) as caught:
            next(door.watch())
        require_busy(caught.value, "streams_at_once")
        assert door.call("Health").result() == b"x"
        door.release()
        assert [call.result() for call in parked] == [b"x", b"x"]
        assert list(stream) == []
        assert door.call("Echo").result() == b"x"


def test_callers_that_leave_give_their_places_back() -> None:
    with Door(calls=1, streams=1) as door:
        for _ in range(3):
            call = door.call("Park")
            while door.edge.running() != (1, 0):
                time.sleep(0.001)
            call.cancel()
            while door.edge.running() != (0, 0):
                time.sleep(0.001)
        assert door.call("Echo").result() == b"x"
        assert door.edge.waiting() == 0


def test_the_delay_grows_while_refusing_goes_on_and_begins_anew_after_a_calm() -> None:
    now_s = [100.0]
    refusals = Refusals(clock=lambda: now_s[0])

    def next_delays() -> list[float]:
        return [refusals.next_delay_s("calls_at_once", 1) for _ in SPREAD]

    first = next_delays()
    assert sorted(first) == pytest.approx(sorted(SHORTEST_S * share for share in SPREAD))
    while now_s[0] < 102.0:  # 2 s on: half of that is 1 s, four times the first delay
        now_s[0] += CALM_S / 2
        later = next_delays()
    assert sorted(later) == pytest.approx(sorted(4 * delay for delay in first))
    while now_s[0] < 200.0:
        now_s[0] += CALM_S / 2
        last = next_delays()
    assert max(last) == pytest.approx(LONGEST_S * max(SPREAD))
    now_s[0] += 1.01 * CALM_S
    assert sorted(next_delays()) == pytest.approx(sorted(first))
