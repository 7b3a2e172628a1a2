"""The boundary of every call: bytes that are no message, errors that become rich statuses, refusal while draining."""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import CapacityError, InvalidInput
from topodesign.wire.faults import DOMAIN
from topodesign_server.incidents import status_of
from topodesign_server.observing import bind_names
from topodesign_server.watchers import Watchers

OURS = ("/topodesign.", "/google.longrunning.")
DETAILS_KEY = "grpc-status-details-bin"
CODES = {code.value[0]: code for code in grpc.StatusCode}

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
    Context = grpc.aio.ServicerContext[Any, Any]


class BoundaryInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method of our services, and answers for those that there are not.

    ``message_bytes`` is the size of a message above which the runtime would refuse to send it, with a text of its own.
    The runtime answers undecodable bytes with UNKNOWN before a servicer sees them; here the bytes come undecoded, so
    that the answer can be INVALID_ARGUMENT with reason MESSAGE_UNDECODABLE.
    """

    def __init__(self, watchers: Watchers, *, message_bytes: int) -> None:
        self._watchers = watchers
        self._message_bytes = message_bytes

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None:
            return grpc.stream_stream_rpc_method_handler(cast(Any, _unknown(method)))
        if not method.startswith(OURS):
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
                response = await behavior(_decoded(handler, data, method), context)
                bind_names(response)
                return self._sendable(response, method)
            except NotImplementedError:
                await _abort(context, _unknown_method(method))
            except Exception as error:  # noqa: BLE001 - the call boundary
                await _abort(context, status_of(error, during=method))

        return call

    def _streaming(self, handler: Handler, method: str) -> Callable[[bytes, Context], AsyncIterator[Any]]:
        behavior = cast("Callable[[Any, Context], AsyncIterator[Any]]", handler.unary_stream)

        async def call(data: bytes, context: Context) -> AsyncIterator[Any]:
            try:
                self._watchers.require_serving()
                async for response in behavior(_decoded(handler, data, method), context):
                    yield self._sendable(response, method)
            except NotImplementedError:
                await _abort(context, _unknown_method(method))
            except Exception as error:  # noqa: BLE001 - the call boundary
                await _abort(context, status_of(error, during=method))

        return call

    def _sendable(self, response: Message, method: str) -> Message:
        size = response.ByteSize()
        if size > self._message_bytes:
            raise CapacityError(
                f"the answer of {method} has {size} bytes, above the {self._message_bytes} that one message may have; "
                "ask for less: a smaller page, PLAN_VIEW_BASIC, or ExportPlan, which answers in parts",
                reason="ANSWER_TOO_LARGE",
                metadata={"size_bytes": str(size), "limit_bytes": str(self._message_bytes)},
            )
        return response


def _unknown(method: str) -> Callable[[AsyncIterator[bytes], Context], Awaitable[NoReturn]]:
    """The behavior of a method that there is not, for calls of any shape."""

    async def call(_: AsyncIterator[bytes], context: Context) -> NoReturn:
        await _abort(context, _unknown_method(method))

    return call


def _unknown_method(method: str) -> Status:
    status = Status(
        code=code_pb2.UNIMPLEMENTED,
        message=f"there is no method {method[:200]!r} here; call one of those in protos/topodesign/v1 of this version",
    )
    info = ErrorInfo(reason="METHOD_UNKNOWN", domain=DOMAIN, metadata={"method": method[:200]})
    status.details.add().Pack(info)
    return status


def _decoded(handler: Handler, data: bytes, method: str) -> Any:
    deserialize = handler.request_deserializer
    assert deserialize is not None
    try:
        request = deserialize(data)
    except DecodeError as error:
        raise InvalidInput(
            f"the {len(data)} bytes sent are no request of {method}: {error}; "
            "send the message that protos/topodesign/v1 defines",
            reason="MESSAGE_UNDECODABLE",
            metadata={"method": method},
        ) from None
    bind_names(request)
    return request


async def _abort(context: Context, status: Status) -> NoReturn:
    details = (DETAILS_KEY, status.SerializeToString())
    await context.abort(CODES[status.code], status.message, (*(context.trailing_metadata() or ()), details))
    raise AssertionError("abort returns never")
