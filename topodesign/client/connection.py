"""Calls over one channel: deadlines, retries that are safe, and errors of the domain's tree."""

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import grpc
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import InternalError, TopoDesignError
from topodesign.wire import error_from_status

DETAILS_KEY = "grpc-status-details-bin"
MESSAGE_BYTES = 64 * 1024 * 1024
METADATA_BYTES = 64 * 1024
FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0

T = TypeVar("T")


class Connection:
    """A channel to one server.

    Parameters
    ----------
    target : str
        ``host:port``.
    timeout_s : float
        Seconds within which a call must be answered, retries included.
    retry_for_s : float
        Seconds for which a call is repeated while the server cannot be reached.
    """

    def __init__(self, target: str, *, timeout_s: float, retry_for_s: float) -> None:
        self.target = target
        self.timeout_s = timeout_s
        self.retry_for_s = retry_for_s
        self.channel = grpc.insecure_channel(
            target,
            options=(
                ("grpc.max_receive_message_length", MESSAGE_BYTES),
                ("grpc.max_send_message_length", MESSAGE_BYTES),
                ("grpc.max_metadata_size", METADATA_BYTES),
                ("grpc.enable_retries", 0),
            ),
        )

    def call(
        self, method: Callable[..., T], request: object, *, is_idempotent: bool = True, timeout_s: float | None = None
    ) -> T:
        """Answer of a unary call.

        Only UNAVAILABLE is retried, only for calls that may be repeated, and only within the timeout.

        Raises
        ------
        TopoDesignError
            What the server answered, of the same family and with the same reason.
        """
        start = time.monotonic()
        until = start + (self.timeout_s if timeout_s is None else timeout_s)
        retry_until = min(until, start + self.retry_for_s)
        delay_s = FIRST_DELAY_S
        while True:
            left_s = max(until - time.monotonic(), 0.001)
            try:
                return method(request, timeout=left_s)
            except grpc.RpcError as error:
                may_repeat = is_idempotent and is_unavailable(error) and time.monotonic() + delay_s < retry_until
                if not may_repeat:
                    raise self.as_domain_error(error) from None
            time.sleep(delay_s)
            delay_s = min(2 * delay_s, LONGEST_DELAY_S)

    def pages(self, method: Callable[..., Any], request: Any) -> Iterator[Any]:
        """The pages of a list, asked for one after the other as they are taken."""
        while True:
            page = self.call(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def as_domain_error(self, error: grpc.RpcError) -> TopoDesignError:
        """The error of the domain's tree that an RPC error stands for."""
        return as_domain_error(error, server=f"the server at {self.target}")

    def close(self) -> None:
        self.channel.close()


def is_unavailable(error: grpc.RpcError) -> bool:
    """Whether the server could not be reached or was shutting down."""
    return cast(Any, error).code() is grpc.StatusCode.UNAVAILABLE


def as_domain_error(error: grpc.RpcError, *, server: str = "the server") -> TopoDesignError:
    """The error of the domain's tree that an RPC error stands for; ``server`` names the other side in messages."""
    call = cast(Any, error)
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY:
            return error_from_status(Status.FromString(value))
    code = call.code()
    if code is None:
        return InternalError(f"the call ended without a status: {error}")
    message = _in_words(code, call.details() or code.name, server)
    return error_from_status(Status(code=code_pb2.Code.Value(code.name), message=message))


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
