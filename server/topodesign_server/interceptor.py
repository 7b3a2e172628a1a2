"""The boundary of every call: bytes that are no message, errors that become rich statuses, refusal while draining."""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import InvalidInput
from topodesign_server.incidents import status_of
from topodesign_server.watchers import Watchers

OURS = ("/topodesign.", "/google.longrunning.")
DETAILS_KEY = "grpc-status-details-bin"
CODES = {code.value[0]: code for code in grpc.StatusCode}

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
    Context = grpc.aio.ServicerContext[Any, Any]


class BoundaryInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method of our services.

    The runtime answers undecodable bytes with UNKNOWN before a servicer sees them; here the bytes come undecoded, so
    that the answer can be INVALID_ARGUMENT with reason MESSAGE_UNDECODABLE.
    """

    def __init__(self, watchers: Watchers) -> None:
        self._watchers = watchers

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith(OURS):
            return handler
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                cast(Any, self._streaming(handler, method)), response_serializer=handler.response_serializer
            )
        return grpc.unary_unary_rpc_method_handler(
            cast(Any, self._unary(handler, method)), response_serializer=handler.response_serializer
        )

    def _unary(self, handler: Handler, method: str) -> Callable[[bytes, Context], Awaitable[Any]]:
        behavior = cast("Callable[[Any, Context], Awaitable[Any]]", handler.unary_unary)

        async def call(data: bytes, context: Context) -> Any:
            try:
                self._watchers.require_serving()
                return await behavior(_decoded(handler, data, method), context)
            except Exception as error:  # noqa: BLE001 - the call boundary
                await _abort(context, status_of(error, during=method))

        return call

    def _streaming(self, handler: Handler, method: str) -> Callable[[bytes, Context], AsyncIterator[Any]]:
        behavior = cast("Callable[[Any, Context], AsyncIterator[Any]]", handler.unary_stream)

        async def call(data: bytes, context: Context) -> AsyncIterator[Any]:
            try:
                self._watchers.require_serving()
                async for response in behavior(_decoded(handler, data, method), context):
                    yield response
            except Exception as error:  # noqa: BLE001 - the call boundary
                await _abort(context, status_of(error, during=method))

        return call


def _decoded(handler: Handler, data: bytes, method: str) -> Any:
    deserialize = handler.request_deserializer
    assert deserialize is not None
    try:
        return deserialize(data)
    except DecodeError as error:
        raise InvalidInput(
            f"the {len(data)} bytes sent are no request of {method}: {error}; "
            "send the message that protos/topodesign/v1 defines",
            reason="MESSAGE_UNDECODABLE",
            metadata={"method": method},
        ) from None


async def _abort(context: Context, status: Status) -> NoReturn:
    details = status.SerializeToString()
    await context.abort(CODES[status.code], status.message, ((DETAILS_KEY, details),))
    raise AssertionError("abort returns never")
