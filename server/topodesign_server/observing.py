"""Every call seen from outside: counted, timed, traced and logged in one line, under a request id.

The id comes with the call (metadata ``x-request-id``) or is made here; it goes back in the trailing metadata, and into
every line that is logged on behalf of the call. Nothing of a request is logged but the name of the resource.
"""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

import asyncio
import contextlib
import inspect
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, cast

import grpc
import structlog
from google.protobuf.message import Message

from topodesign_server.metrics import UNKNOWN_METHOD, Metrics
from topodesign_server.tracing import NoTracing, Tracing

log = structlog.get_logger("topodesign_server")

REQUEST_ID = "x-request-id"
SOUND_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")
CODES = {code.value[0]: code for code in grpc.StatusCode}
JOB_COLLECTIONS = ("plans", "operations")
MOST_NAME_CHARACTERS = 80
NO_TRACING = NoTracing()

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
    Context = grpc.aio.ServicerContext[Any, Any]


class ObservingInterceptor(grpc.aio.ServerInterceptor):
    """The outermost interceptor.

    Parameters
    ----------
    ours : collection of str
        The methods of our services, as gRPC has them (``/package.Service/Method``).
    standard : collection of str
        Methods that machines call all the time (health, reflection): logged at level debug, not traced.
    """

    def __init__(self, *, metrics: Metrics, tracing: Tracing, ours: Collection[str], standard: Collection[str]) -> None:
        self._metrics = metrics
        self._tracing = tracing
        self._ours = frozenset(ours)
        self._standard = frozenset(standard)
        self._in_flight = 0
        self._none_in_flight = asyncio.Event()
        self._none_in_flight.set()

    async def wait_for_calls(self, timeout_s: float) -> None:
        """Return once no call of our services runs, and at the latest after ``timeout_s``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._none_in_flight.wait()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        if method not in self._ours and method not in self._standard:
            method = UNKNOWN_METHOD
        shape = f"{_word(handler.request_streaming)}_{_word(handler.response_streaming)}"
        wrap = self._streaming if handler.response_streaming else self._unary
        make = getattr(grpc, f"{shape}_rpc_method_handler")
        made = make(wrap(getattr(handler, shape), method), handler.request_deserializer, handler.response_serializer)
        return cast("Handler", made)

    def _unary(self, behavior: Callable[[Any, Context], Awaitable[Any]], method: str) -> Callable[..., Any]:
        async def call(request: Any, context: Context) -> Any:
            with self._observed(method, context):
                return await behavior(request, context)

        return call

    def _streaming(self, behavior: Callable[[Any, Context], Any], method: str) -> Callable[..., Any]:
        async def generate(request: Any, context: Context) -> AsyncIterator[Any]:
            with self._observed(method, context):
                async for response in behavior(request, context):
                    yield response

        return generate if inspect.isasyncgenfunction(behavior) else self._unary(behavior, method)

    @contextlib.contextmanager
    def _observed(self, method: str, context: Context) -> Iterator[None]:
        if method not in self._ours:
            with self._told(method, context):
                yield
            return
        self._in_flight += 1
        self._none_in_flight.clear()
        try:
            with self._told(method, context):
                yield
        finally:
            self._in_flight -= 1
            if self._in_flight == 0:
                self._none_in_flight.set()

    @contextlib.contextmanager
    def _told(self, method: str, context: Context) -> Iterator[None]:
        metadata = _metadata(context)
        request_id = metadata.get(REQUEST_ID, "")
        if not SOUND_REQUEST_ID.fullmatch(request_id):
            request_id = uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)
        context.set_trailing_metadata(((REQUEST_ID, request_id),))
        start = time.perf_counter()
        running = self._metrics.calls_running.labels(method)
        running.inc()
        code = grpc.StatusCode.UNKNOWN
        with self._span(method, metadata) as span:
            try:
                yield
                code = _code(context, grpc.StatusCode.OK)
            except (asyncio.CancelledError, GeneratorExit):
                code = _left(context)
                raise
            except BaseException:
                code = _code(context, grpc.StatusCode.UNKNOWN)
                raise
            finally:
                running.dec()
                seconds = time.perf_counter() - start
                self._metrics.calls.labels(method, code.name).inc()
                self._metrics.call_seconds.labels(method).observe(seconds)
                span.note({"rpc.grpc.status_code": code.value[0], "topodesign.request_id": request_id})
                if code is not grpc.StatusCode.OK:
                    span.fail(code.name)
                self._log(method, code, seconds)

    def _span(self, method: str, metadata: dict[str, str]) -> Any:
        return self._tracing.call(method, metadata) if method in self._ours else NO_TRACING.call(method, metadata)

    def _log(self, method: str, code: grpc.StatusCode, seconds: float) -> None:
        write = log.debug if method in self._standard else log.info
        # the tenant is bound where the call was let in; one that was refused there has none
        write("rpc", method=method, code=code.name, duration_ms=round(seconds * 1000, 3))


def bind_names(message: Message) -> None:
    """Have the lines that are logged for this call name the job or resource of a request or an answer."""
    name = getattr(message, "name", None)
    if not isinstance(name, str) or not name:
        return
    collection, _, job = name.partition("/")
    key, value = ("job", job) if job and collection in JOB_COLLECTIONS else ("resource", name)
    structlog.contextvars.bind_contextvars(**{key: value[:MOST_NAME_CHARACTERS]})


def _word(is_streaming: bool) -> str:
    return "stream" if is_streaming else "unary"


def _metadata(context: Context) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


def _code(context: Context, otherwise: grpc.StatusCode) -> grpc.StatusCode:
    """The code that was set on a call; the runtime gives it as a number."""
    code: Any = context.code()
    if isinstance(code, grpc.StatusCode):
        return code
    return CODES[code] if code else otherwise


def _left(context: Context) -> grpc.StatusCode:
    """Why a call was ended from outside: its time was over, or its caller (or the server) left."""
    remaining = context.time_remaining()
    is_late = remaining is not None and remaining <= 0
    return grpc.StatusCode.DEADLINE_EXCEEDED if is_late else grpc.StatusCode.CANCELLED
