"""What became of a call that failed: the error of the domain's tree, and whether trying again makes sense."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import InternalError, TopoDesignError
from topodesign.wire import error_from_status

DETAILS_KEY = "grpc-status-details-bin"
PUSHBACK_KEY = "grpc-retry-pushback-ms"
MESSAGE_BYTES = 64 * 1024 * 1024
Trailers: TypeAlias = Iterable[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed attempt.

    ``passes``: it is of a kind that passes by itself. ``delay_s`` is the wait that the server asked for, if any;
    ``is_refused``: it asked not to try again. ``is_late``: the deadline of the attempt came first.
    """

    error: TopoDesignError
    passes: bool = False
    delay_s: float | None = None
    is_refused: bool = False
    is_late: bool = False


class CallFailed(Exception):
    """Carries a failure from a transport to whoever decides about repetitions; callers of clients never see it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.error.message)
        self.failure = failure


def failure_of(error: grpc.RpcError, *, target: str) -> Failure:
    """What an error of gRPC says, of the synchronous or the asynchronous kind."""
    code = cast("grpc.StatusCode | None", error.code())
    if code is None:
        return Failure(error=InternalError(f"the call to the server at {target} ended without a status: {error}"))
    trailers = cast(Trailers, error.trailing_metadata() or ())
    told = _status(trailers)
    if told is None:
        words = _in_words(code, error.details() or code.name, f"the server at {target}")
        told = Status(code=code_pb2.Code.Value(code.name), message=words)
    delay_s, is_refused = _pushback(next((value for key, value in trailers if key == PUSHBACK_KEY), None))
    if delay_s is None:
        delay_s = _asked_delay(told)
    passes = code is grpc.StatusCode.UNAVAILABLE or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and delay_s is not None)
    return Failure(
        error=error_from_status(told),
        passes=passes,
        delay_s=delay_s,
        is_refused=is_refused,
        is_late=code is grpc.StatusCode.DEADLINE_EXCEEDED,
    )


def _status(trailers: Trailers) -> Status | None:
    """The details of the error, where the server sent any that can be read."""
    for key, value in trailers:
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:
                return None  # something between here and the server cut them; the code is still told in words
    return None


def _pushback(text: str | bytes | None) -> tuple[float | None, bool]:
    """Seconds to wait, and whether not to try again at all: what is no number counts as that (gRFC A6)."""
    if text is None:
        return None, False
    try:
        milliseconds = int(text)
    except ValueError:
        return None, True
    return (None, True) if milliseconds < 0 else (milliseconds / 1000, False)


def _asked_delay(status: Status) -> float | None:
    info = RetryInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return max(float(info.retry_delay.ToTimedelta().total_seconds()), 0.0)
    return None


def _in_words(code: grpc.StatusCode, told: str, server: str) -> str:
    """What gRPC itself found, here or on the way, with a remedy."""
    if code is grpc.StatusCode.UNAVAILABLE:
        return f"{server} cannot be reached ({told}); check the address, and that it runs (topodesign serve)"
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"{server} did not answer in time ({told}); allow a longer timeout, or see whether it is overloaded"
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return (
            f"a message is larger than the {MESSAGE_BYTES} bytes that may be sent ({told}); "
            "use a smaller scenario, or export the plan in another format"
        )
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return f"{server} does not know this call ({told}); check that it is a topodesign server of this version"
    return f"the call to {server} failed: {told}; try again, and see the log of the server"
