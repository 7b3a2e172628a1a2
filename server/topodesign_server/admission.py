"""The outermost door: calls beyond what the server can take in are refused before anything of them is read.

A refusal costs about a quarter of a millisecond, a third of the cheapest answer: no metadata is looked at, no message
read, no store asked, and the status with its details was made before. Three limits, each with one meaning: calls that
wait to be looked at, calls that run, streams that run. What one tenant may do is limited further in, where it is known
who calls (:mod:`topodesign_server.tenant_calls`), what the job queue holds in :mod:`topodesign_server.queue_room`, and
what waits for a computation where computations are made (:mod:`topodesign_server.calls`).

References
----------
B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015: a queue that stands is shortened from its head, by refusals.
"""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
import structlog

from topodesign.domain.errors import CapacityError
from topodesign.wire import status_from_error
from topodesign_server.arrivals import Arrivals
from topodesign_server.metrics import Metrics

log = structlog.get_logger("topodesign_server")

SERVER_BUSY = "SERVER_BUSY"
DETAILS_KEY = "grpc-status-details-bin"
SHORTEST_S, LONGEST_S = 0.25, 8.0
"""Delays that are told: the first, and the one that they grow to."""
CALM_S = 2.0
"""Time without a refusal after which the next one is the first again."""
SPREAD = (0.75, 1.2, 0.9, 1.35, 0.6, 1.05, 1.5, 0.8)
"""Delays are spread by these in turn, so that those who were refused together do not come back together."""
ONE_IN = 8
"""Calls of a queue that is too long, of which one is let in, so that some are served while refusing takes all time."""

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
    Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """What the server takes in: ``calls_waiting`` to be looked at, ``calls`` and ``streams`` that run."""

    calls_waiting: int
    calls: int
    streams: int


class AdmissionInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls while there are too many.

    Parameters
    ----------
    limits : EdgeLimits
    metrics : Metrics
    streams : collection of str
        Methods (``/package.Service/Method``) whose calls last as long as their callers like: they count as streams.
    exempt : collection of str
        Methods that are never refused here: whoever looks after the server must get an answer.
    """

    def __init__(
        self, limits: EdgeLimits, metrics: Metrics, *, streams: Collection[str], exempt: Collection[str]
    ) -> None:
        self._limits = limits
        self._metrics = metrics
        self._streams = frozenset(streams)
        self._exempt = frozenset(exempt)
        self._arrivals = Arrivals()
        self._excess = 0
        self._taken = 0
        self._running = {True: 0, False: 0}  # streams, and calls that are none
        self._refusals = Refusals()

    def waiting(self) -> int:
        """Calls that have arrived and that nobody has looked at yet."""
        return self._arrivals.waiting(self._taken)

    def running(self) -> tuple[int, int]:
        """Calls and streams that were let in and have not ended."""
        return self._running[False], self._running[True]

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        call = asyncio.current_task()
        assert call is not None, "gRPC runs every call in a task of its own"
        self._taken += 1
        call.add_done_callback(self._end)
        method = handler_call_details.method
        if method in self._exempt:
            return await continuation(handler_call_details)
        is_stream = method in self._streams
        exceeded = self._exceeded(is_stream)
        if exceeded is not None:
            self._metrics.refused(SERVER_BUSY)
            return self._refusals.handler(*exceeded)
        self._running[is_stream] += 1
        call.add_done_callback(self._end_stream if is_stream else self._end_call)
        return await continuation(handler_call_details)

    def _exceeded(self, is_stream: bool) -> tuple[str, int] | None:
        """The limit that one more call would exceed, as the options name it."""
        if self._arrivals.is_due():
            most = self._limits.calls_waiting
            self._excess = self._arrivals.waiting(self._taken, plausible=most) - most
        if self._excess > 0:  # each of these shortens the queue by one, until the next look
            self._excess -= 1
            if self._excess % ONE_IN:
                return "calls_waiting", self._limits.calls_waiting
        limit = self._limits.streams if is_stream else self._limits.calls
        if self._running[is_stream] >= limit:
            return ("streams_at_once" if is_stream else "calls_at_once"), limit
        return None

    def _end(self, _: asyncio.Task[Any]) -> None:
        self._taken -= 1

    def _end_stream(self, _: asyncio.Task[Any]) -> None:
        self._running[True] -= 1

    def _end_call(self, _: asyncio.Task[Any]) -> None:
        self._running[False] -= 1


class Refusals:
    """Refusals with a delay that doubles with the time that refusing goes on, made once for each delay.

    Parameters
    ----------
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = self._last_s = float("-inf")
        self._turn = 0
        self._made: dict[tuple[str, float], Handler] = {}

    def handler(self, option: str, limit: int) -> Handler:
        """What answers a call of any shape with the refusal for a limit."""
        delay_s = self.next_delay_s(option, limit)
        made = self._made.get((option, delay_s))
        if made is None:
            made = self._made[option, delay_s] = _refusing(option, limit, delay_s)
        return made

    def next_delay_s(self, option: str, limit: int) -> float:
        """The delay to tell the next caller, in s."""
        now_s = self._clock()
        if now_s - self._last_s > CALM_S:
            self._began_s = now_s
            log.warning("refusing", option=option, limit=limit)
        self._last_s = now_s
        delay_s = SHORTEST_S
        while delay_s < LONGEST_S and delay_s < (now_s - self._began_s) / 2:
            delay_s *= 2
        self._turn = (self._turn + 1) % len(SPREAD)
        return delay_s * SPREAD[self._turn]


def _refusing(option: str, limit: int, delay_s: float) -> Handler:
    """A stream, so that nothing is read first."""
    status = status_from_error(
        CapacityError(
            f"the server is busy: more than {limit} calls, which {option} allows; try again in {delay_s:.3g} s",
            reason=SERVER_BUSY,
            metadata={"option": option, "limit": str(limit), "retry_after_s": f"{delay_s:.3g}"},
            retry_after_s=delay_s,
        )
    )
    trailers = ((DETAILS_KEY, status.SerializeToString()),)

    async def call(_: object, context: Context) -> None:
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, status.message, trailers)

    return grpc.stream_stream_rpc_method_handler(cast(Any, call))
