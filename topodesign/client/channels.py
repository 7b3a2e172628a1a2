"""gRPC channels: the one place that opens connections to servers."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

import grpc
import grpc.aio
from google.protobuf.message import Message

from topodesign.client.call import Method
from topodesign.client.failure import MESSAGE_BYTES, CallFailed, failure_of
from topodesign.client.options import ConnectionOptions

METADATA_BYTES = 64 * 1024
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    ("grpc.max_metadata_size", METADATA_BYTES),
    ("grpc.enable_retries", 0),  # ours know which calls may be repeated
)


class Transport(Protocol):
    """What carries calls out, one attempt each."""

    def answers(self, method: Method, request: Message, *, timeout_s: float) -> Iterator[Message]:
        """The messages of the answer: one, or those of a stream.

        Raises
        ------
        CallFailed
            When the call failed in a way that a repetition might mend.
        TopoDesignError
            When it failed for good.
        """

    def close(self) -> None:
        """Give back what it holds."""


class Channel:
    """A connection to a server."""

    def __init__(self, options: ConnectionOptions) -> None:
        self._target = options.target
        self._metadata = options.access.metadata
        credentials = _credentials(options)
        if credentials is None:
            self._channel = grpc.insecure_channel(options.target, options=CHANNEL_OPTIONS)
        else:
            self._channel = grpc.secure_channel(options.target, credentials, options=CHANNEL_OPTIONS)

    def answers(self, method: Method, request: Message, *, timeout_s: float) -> Iterator[Message]:
        try:
            if method.is_stream:
                call = self._channel.unary_stream(*_coding(method, request))(
                    request, timeout=timeout_s, metadata=self._metadata
                )
                try:
                    yield from call
                finally:
                    call.cancel()  # whoever stops reading also stops the server; nothing happens after the end
            else:
                yield self._channel.unary_unary(*_coding(method, request))(
                    request, timeout=timeout_s, metadata=self._metadata
                )
        except grpc.RpcError as error:
            raise CallFailed(failure_of(error, target=self._target)) from None

    def close(self) -> None:
        self._channel.close()


class AsyncChannel:
    """A connection to a server, for one event loop."""

    def __init__(self, options: ConnectionOptions) -> None:
        self._target = options.target
        self._metadata = options.access.metadata
        credentials = _credentials(options)
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(options.target, options=CHANNEL_OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(options.target, credentials, options=CHANNEL_OPTIONS)

    async def answers(self, method: Method, request: Message, *, timeout_s: float) -> AsyncIterator[Message]:
        try:
            if method.is_stream:
                call = self._channel.unary_stream(*_coding(method, request))(
                    request, timeout=timeout_s, metadata=self._metadata
                )
                try:
                    async for message in call:
                        yield message
                finally:
                    call.cancel()
            else:
                yield await self._channel.unary_unary(*_coding(method, request))(
                    request, timeout=timeout_s, metadata=self._metadata
                )
        except grpc.RpcError as error:
            raise CallFailed(failure_of(error, target=self._target)) from None

    async def close(self) -> None:
        await self._channel.close()


def _credentials(options: ConnectionOptions) -> grpc.ChannelCredentials | None:
    """For a channel; ``None``: plain text, which no token may go over to another machine unasked."""
    options.access.require_safe(options.target)
    return options.access.credentials()


def _coding(method: Method, request: Message) -> tuple[str, Any, Any]:
    return method.path, type(request).SerializeToString, method.answer.FromString
