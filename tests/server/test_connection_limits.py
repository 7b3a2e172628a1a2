"""What a server takes of a client before it closes the door: headers, connections, streams, pings."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import h2.config
import h2.connection
import h2.events
import pytest
from served.guarded_server import all_methods, call, new_request
from served.running_server import RunningServer
from topodesign_server.listening import channel_options
from topodesign_server.settings import ServerSettings

PATIENCE_S = 60
CONNECTIONS = 4
STREAMS = 7
TOO_MANY_PINGS = 11  # ENHANCE_YOUR_CALM, RFC 9113 section 7
LIST = next(method for method in all_methods() if method.name == "ListScenarios")


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(
        tmp_path_factory.mktemp("narrow"), connection_limit=CONNECTIONS, streams_per_connection=STREAMS
    ) as running:
        yield running


class Http2:
    """A connection of an HTTP/2 stack that is not gRPC's."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._state = h2.connection.H2Connection(config=h2.config.H2Configuration(client_side=True))
        self._state.initiate_connection()
        self.send()

    def __enter__(self) -> "Http2":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ping(self) -> None:
        self._state.ping(b"12345678")
        self.send()

    def begin(self, path: str) -> None:
        """Begin a call; no message comes."""
        headers = ((":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", path))
        self._state.send_headers(1, (*headers, ("content-type", "application/grpc"), ("te", "trailers")))
        self.send()

    def send(self) -> None:
        self._socket.sendall(self._state.data_to_send())

    def next_of(self, kind: type[h2.events.Event]) -> h2.events.Event | None:
        """The next event of a kind, ``None`` when the server closes the connection without one."""
        while True:
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            for byte in data:  # each by itself: what follows a good-bye is a fault to this stack, which would hide it
                for event in self._state.receive_data(bytes([byte])):
                    if isinstance(event, kind):
                        return event


@contextmanager
def connected(server: RunningServer) -> Iterator[grpc.Channel]:
    """A channel, once the server has seen that others left and takes it."""
    with grpc.insecure_channel(server.address) as channel:
        grpc.channel_ready_future(channel).result(PATIENCE_S)
        yield channel


def test_on_loopback_nobody_needs_a_token_and_a_wrong_one_is_refused_all_the_same(narrow: RunningServer) -> None:
    with connected(narrow) as channel:
        assert call(channel, LIST, new_request(LIST))
        with pytest.raises(grpc.RpcError) as caught:
            call(channel, LIST, new_request(LIST), token="topodesign_wrong")
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_headers_above_the_limit_are_refused(narrow: RunningServer) -> None:
    with connected(narrow) as channel:
        assert call(channel, LIST, new_request(LIST), metadata=[("x-note", "a" * 8_000)])
        with pytest.raises(grpc.RpcError) as caught:
            call(channel, LIST, new_request(LIST), metadata=[("x-note", "a" * 20_000)])
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_server_says_how_many_streams_it_takes(narrow: RunningServer) -> None:
    with Http2(narrow.port) as client:
        settings = client.next_of(h2.events.RemoteSettingsChanged)
    assert settings is not None
    code = h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS
    assert settings.changed_settings[code].new_value == STREAMS


def test_a_flood_of_pings_ends_the_connection(narrow: RunningServer) -> None:
    with Http2(narrow.port) as client:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):  # it ended already
            for _ in range(20):
                client.ping()
        ended = client.next_of(h2.events.ConnectionTerminated)
    assert ended is None or ended.error_code == TOO_MANY_PINGS
    with connected(narrow) as channel:
        assert call(channel, LIST, new_request(LIST))


def test_clients_that_are_gone_or_want_nothing_keep_no_connection() -> None:
    """The server's options as they are, with times that a test can wait for."""
    options = dict(channel_options(ServerSettings()))
    assert options["grpc.max_connection_idle_ms"] == 300_000  # with no call
    assert (options["grpc.keepalive_time_ms"], options["grpc.http2.ping_timeout_ms"]) == (60_000, 20_000)
    times = ("grpc.max_connection_idle_ms", "grpc.keepalive_time_ms", "grpc.http2.ping_timeout_ms")
    options |= dict.fromkeys((*times, "grpc.keepalive_timeout_ms"), 100)

    async def attempt() -> None:
        async def watch(_: object, context: Any) -> None:
            await asyncio.Event().wait()

        server = grpc.aio.server(options=tuple(options.items()))
        handlers = {"Watch": grpc.stream_stream_rpc_method_handler(watch)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            await asyncio.to_thread(leave, port)
        finally:
            await server.stop(0)

    def leave(port: int) -> None:
        with Http2(port) as idle, Http2(port) as mute:
            mute.begin("/t/Watch")
            assert mute.next_of(h2.events.PingReceived)  # it is asked, and does not answer
            mute.next_of(h2.events.ConnectionTerminated)  # returns on a good-bye, or on none but the end
            idle.next_of(h2.events.ConnectionTerminated)

    asyncio.run(attempt())


def test_connections_above_the_limit_are_closed_and_the_others_served(narrow: RunningServer) -> None:
    opened: list[Http2] = []
    try:
        for _ in range(CONNECTIONS + 3):
            opened.append(Http2(narrow.port))
        answers = [client.next_of(h2.events.RemoteSettingsChanged) for client in opened]
        assert sum(answer is not None for answer in answers) <= CONNECTIONS
        assert any(answer is None for answer in answers)
    finally:
        for client in opened:
            client.__exit__()
    with connected(narrow) as channel:
        assert call(channel, LIST, new_request(LIST))


def test_bytes_that_are_no_http2_do_no_harm(narrow: RunningServer) -> None:
    for data in (b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 16, b"PRI * HTTP/2.0\r\n"):
        with socket.create_connection(("127.0.0.1", narrow.port), timeout=PATIENCE_S) as plain:
            plain.sendall(data)
    with connected(narrow) as channel:
        assert call(channel, LIST, new_request(LIST))
