"""The boundary of every call: who makes it, bytes that are no message, requests that break a rule, errors that become
rich statuses, refusal while draining.

A call that brings no valid token, or is one too many of its tenant, is refused before any of its message is read. For
that every method is a stream of requests to the runtime, which would read the one message first otherwise.
"""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import CapacityError, InvalidInput, TopoDesignError
from topodesign.wire.faults import DOMAIN
from topodesign_server.authentication import Authentication, Presented
from topodesign_server.early_refusal import EarlyRefusal
from topodesign_server.incidents import status_of
from topodesign_server.metrics import Metrics
from topodesign_server.observing import bind_names
from topodesign_server.request_gate import RequestGate
from topodesign_server.request_reading import RequestBytes, RequestReader, Share
from topodesign_server.tenant_calls import TenantCalls
from topodesign_server.tenants import act_for, tenant_of
from topodesign_server.watchers import Watchers

OURS = ("/topodesign.", "/google.longrunning.")
OPEN = ("/grpc.health.v1.Health/Check",)
"""For whoever looks after the server. ``Watch`` is not: streams that anybody may open are streams to drown it with."""
DETAILS_KEY = "grpc-status-details-bin"
CODES = {code.value[0]: code for code in grpc.StatusCode}

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
    Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a request goes through before it is worked on."""

    reader: RequestReader
    room: RequestBytes
    gate: RequestGate
    early: Mapping[str, EarlyRefusal]
    """By method: what may refuse its requests before they are decoded."""


class BoundaryInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every method, and answers for those that there are not.

    ``lasting`` are the methods whose calls last as long as their callers like. ``message_bytes`` is the size of a
    message above which the runtime would refuse to send it, with a text of its own.
    The runtime answers undecodable bytes with UNKNOWN before a servicer sees them; here the bytes come undecoded, so
    that the answer can be INVALID_ARGUMENT with reason MESSAGE_UNDECODABLE.
    """

    def __init__(
        self,
        watchers: Watchers,
        authentication: Authentication,
        tenant_calls: TenantCalls,
        reading: Reading,
        metrics: Metrics,
        *,
        lasting: Collection[str],
        message_bytes: int,
    ) -> None:
        self._watchers = watchers
        self._authentication = authentication
        self._tenant_calls = tenant_calls
        self._reading = reading
        self._metrics = metrics
        self._lasting = lasting
        self._message_bytes = message_bytes

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if method in OPEN and handler is not None:
            return grpc.stream_unary_rpc_method_handler(
                cast(Any, self._open(handler, method)), response_serializer=handler.response_serializer
            )
        try:
            presented = await self._authentication.presented(tuple(handler_call_details.invocation_metadata or ()))
        except Exception as error:  # noqa: BLE001 - the call boundary
            return _refusing(status_of(error, during=method))
        if handler is None:
            return grpc.stream_stream_rpc_method_handler(cast(Any, self._unknown(method, presented)))
        if not method.startswith(OURS):
            return self._foreign(handler, method, presented)
        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                cast(Any, self._streaming(handler, method, presented)), response_serializer=handler.response_serializer
            )
        return grpc.stream_unary_rpc_method_handler(
            cast(Any, self._unary(handler, method, presented)), response_serializer=handler.response_serializer
        )

    @asynccontextmanager
    async def _let_in(self, presented: Presented, context: Context, method: str) -> AsyncIterator[Share]:
        """A call of a tenant that may make it, while it runs; with what it holds of the room for requests."""
        tenant = self._authentication.tenant(presented, context)
        is_stream = method in self._lasting
        with self._tenant_calls.counted(tenant, is_stream=is_stream), self._reading.room.share(tenant) as share:
            act_for(tenant)
            structlog.contextvars.bind_contextvars(tenant=tenant)
            async with self._authentication.standing(presented, context) if is_stream else nullcontext():
                yield share

    @asynccontextmanager
    async def _request(self, handler: Handler, method: str, context: Context, share: Share) -> AsyncIterator[Any]:
        """The request of a call that was let in, with the place that it gets; its bytes are forgotten here."""
        self._watchers.require_serving()
        data = await self._reading.reader.read(context, share)
        self._watchers.require_serving()  # it may have come slowly
        early = self._reading.early.get(method)
        async with nullcontext() if early is None else early.place(tenant_of(context), data):
            request = _decoded(handler, data, method)
            del data
            await self._reading.gate.require_at_boundary(request)
            yield request

    def _open(self, handler: Handler, method: str) -> Callable[[object, Context], Awaitable[Any]]:
        """A method for whoever looks after the server, be it who it may."""
        behavior = cast("Callable[[Any, Context], Awaitable[Any]]", handler.unary_unary)

        async def call(_: object, context: Context) -> Any:
            try:
                request = _decoded(handler, await self._reading.reader.read_of_anybody(context), method)
            except TopoDesignError as error:
                await _abort(context, self._status(error, method))
            return await behavior(request, context)

        return call

    def _unary(
        self, handler: Handler, method: str, presented: Presented
    ) -> Callable[[object, Context], Awaitable[Any]]:
        behavior = cast("Callable[[Any, Context], Awaitable[Any]]", handler.unary_unary)

        async def call(_: object, context: Context) -> Any:
            try:
                async with (
                    self._let_in(presented, context, method) as share,
                    self._request(handler, method, context, share) as request,
                ):
                    response = await behavior(request, context)
                    bind_names(response)
                    return self._sendable(response, method)
            except NotImplementedError:
                await _abort(context, _unknown_method(method))
            except Exception as error:  # noqa: BLE001 - the call boundary
                await _abort(context, self._status(error, method))

        return call

    def _streaming(
        self, handler: Handler, method: str, presented: Presented
    ) -> Callable[[object, Context], Awaitable[None]]:
        behavior = cast("Callable[[Any, Context], AsyncGenerator[Any]]", handler.unary_stream)

        async def call(_: object, context: Context) -> None:
            try:
                async with (
                    self._let_in(presented, context, method) as share,
                    self._request(handler, method, context, share) as request,
                    aclosing(behavior(request, context)) as responses,
                ):
                    async for response in responses:
                        await self._authentication.send(self._sendable(response, method), presented, context)
            except NotImplementedError:
                await _abort(context, _unknown_method(method))
            except Exception as error:  # noqa: BLE001 - the call boundary
                await _abort(context, self._status(error, method))

        return call

    def _foreign(self, handler: Handler, method: str, presented: Presented) -> Handler:
        """A method of a standard service that answers in a stream: reflection, and the watching of health."""
        behavior = handler.stream_stream if handler.request_streaming else handler.unary_stream

        async def call(requests: AsyncIterator[Any], context: Context) -> None:
            try:
                async with self._let_in(presented, context, method) as share:
                    asked: Any = requests
                    if not handler.request_streaming:
                        asked = _decoded(handler, await self._reading.reader.read(context, share), method)
                    answering = _Answering(self._authentication, presented, context)
                    answers = cast(Any, behavior)(asked, answering)
                    if inspect.isawaitable(answers):  # it writes by itself
                        await answers
                        return
                    async for answer in answers:
                        await answering.write(answer)
            except TopoDesignError as error:
                await _abort(context, self._status(error, method))

        return grpc.stream_stream_rpc_method_handler(
            cast(Any, call),
            request_deserializer=handler.request_deserializer if handler.request_streaming else None,
            response_serializer=handler.response_serializer,
        )

    def _unknown(
        self, method: str, presented: Presented
    ) -> Callable[[AsyncIterator[bytes], Context], Awaitable[NoReturn]]:
        """The behavior of a method that there is not, for calls of any shape."""

        async def call(_: AsyncIterator[bytes], context: Context) -> NoReturn:
            try:
                async with self._let_in(presented, context, method):
                    status = _unknown_method(method)
            except TopoDesignError as error:
                status = self._status(error, method)
            await _abort(context, status)

        return call

    def _status(self, error: Exception, method: str) -> Status:
        if isinstance(error, TopoDesignError):
            self._metrics.refused(error.reason)
        return status_of(error, during=method)

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


class _Answering:
    """The context of a call whose caller is asked for again before each answer; anything else is as it was."""

    def __init__(self, authentication: Authentication, presented: Presented, context: Context) -> None:
        self._authentication = authentication
        self._presented = presented
        self._context = context

    async def write(self, answer: Any) -> None:
        await self._authentication.send(answer, self._presented, self._context)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def _refusing(status: Status) -> Handler:
    """Answers a call of any shape with a status; as a stream, so that nothing is read first."""

    async def call(_: AsyncIterator[bytes], context: Context) -> NoReturn:
        await _abort(context, status)

    return grpc.stream_stream_rpc_method_handler(cast(Any, call))


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
