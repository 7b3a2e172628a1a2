"""A gRPC server that answers as it is told: for faults that a real service gives only when it is in trouble."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

SILENT = b"silent"
STREAMS = ("WatchPlan", "ExportPlan")
DETAILS_KEY = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer with a status; ``retry_delay_s`` and ``pushback_ms`` tell when to try again."""

    code: grpc.StatusCode
    retry_delay_s: float | None = None
    pushback_ms: str | None = None
    after: Sequence[Message] = ()
    """What a stream says before."""

    def metadata(self) -> tuple[tuple[str, Any], ...]:
        status = Status(code=self.code.value[0], message=f"told to answer {self.code.name}")
        status.details.add().Pack(ErrorInfo(reason="TOLD_TO", domain="topodesign", metadata={"value": "7"}))
        if self.retry_delay_s is not None:
            delay = Duration()
            delay.FromMilliseconds(int(self.retry_delay_s * 1000))
            status.details.add().Pack(RetryInfo(retry_delay=delay))
        pushback = () if self.pushback_ms is None else (("grpc-retry-pushback-ms", self.pushback_ms),)
        return ((DETAILS_KEY, status.SerializeToString()), *pushback)


@dataclass(frozen=True, slots=True)
class Received:
    """A request that came; ``left_s`` is what was left of its deadline."""

    method: str
    request: bytes
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Silence:
    """A stream that says this and then nothing more, until the caller leaves."""

    after: Sequence[Message] = ()


Answer = Silence | Message | Sequence[Message] | Refusal


class ScriptedServer(grpc.GenericRpcHandler):
    """Gives the answers in their order, the last one again and again; notes the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.received: list[Received] = []
        self._answers = list(answers)
        self._lock = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        method = handler_call_details.method

        def messages(request: bytes, context: grpc.ServicerContext) -> list[bytes]:
            with self._lock:
                self.received.append(Received(method, request, context.time_remaining()))
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if isinstance(answer, Silence):
                return [*(item.SerializeToString() for item in answer.after), SILENT]
            if isinstance(answer, Refusal):
                return [item.SerializeToString() for item in answer.after] + [self._refuse(answer, context)]
            return [item.SerializeToString() for item in ([answer] if isinstance(answer, Message) else answer)]

        def stream(request: bytes, context: grpc.ServicerContext) -> Any:
            for content in messages(request, context):
                if content == SILENT:
                    left = threading.Event()
                    context.add_callback(left.set)
                    left.wait()
                elif content:
                    yield content

        if method.rpartition("/")[2] in STREAMS:
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(lambda request, context: messages(request, context)[0])

    def _refuse(self, refusal: Refusal, context: grpc.ServicerContext) -> bytes:
        context.set_code(refusal.code)
        context.set_details(f"told to answer {refusal.code.name}")
        context.set_trailing_metadata(refusal.metadata())
        return b""
