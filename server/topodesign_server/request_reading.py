"""The one message of a call, read once it is known whose call it is: in bounded time, and into bounded memory.

gRPC's Python server reads the message of a unary call before it runs the method, for as long as the caller likes and up
to the largest message for each call. Methods are offered to it as streams instead, so that the first thing that runs is
ours, and what comes is read here.
"""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc

from topodesign.domain.errors import CapacityError, InvalidInput
from topodesign_server.admission import SERVER_BUSY

MESSAGE_S = 60.0
"""Time that a message may take to come; 64 MiB at 9 Mbit/s."""
PROMPT_S = 1.0
"""Time after which a message that has not come whole is taken for as large as any may be: nothing tells how large."""
LOOP_LATE_S = 0.1
TENANTS = 4
"""One tenant holds no more than the part that each of so many would have."""
RETRY_S = 1.0
OPEN_S = 5.0
OPEN_AT_ONCE = 256
CROWDED_S = 0.25
"""Calls that anybody may make have ``OPEN_S`` to bring their message, and ``CROWDED_S`` when more than ``OPEN_AT_ONCE``
are late: whoever looks after the server is answered in any case, and brings it at once."""

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class RequestBytes:
    """Bytes of requests that are read or worked on: of all tenants, and of each.

    Parameters
    ----------
    total : int
        Bytes for all; a tenant gets a quarter. One message of a tenant that holds nothing needs room among all only.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._held: Counter[str] = Counter()

    @contextmanager
    def share(self, tenant: str) -> Iterator[Share]:
        """What a call of a tenant holds, while it runs."""
        share = Share(self, tenant)
        try:
            yield share
        finally:
            share.resize(0)

    def change(self, tenant: str, before: int, after: int) -> None:
        """Raise :class:`CapacityError` when there is no room for a share to grow so far."""
        if after > before:
            self._require_room("request_bytes", self._total, self._held.total() - before, after)
            self._require_room("request_bytes", self._total // TENANTS, self._held[tenant] - before, after)
        self._held[tenant] += after - before
        if not self._held[tenant]:
            del self._held[tenant]

    @staticmethod
    def _require_room(option: str, limit: int, others: int, size: int) -> None:
        if others and others + size > limit:
            raise CapacityError(
                f"requests with {others} bytes are being read or worked on, and with {size} more they would exceed "
                f"{limit}; try again in {RETRY_S:g} s",
                reason=SERVER_BUSY,
                metadata={"option": option, "limit": str(limit), "retry_after_s": f"{RETRY_S:g}"},
                retry_after_s=RETRY_S,
            )


class Share:
    """Bytes that one call holds."""

    def __init__(self, all_bytes: RequestBytes, tenant: str) -> None:
        self._all = all_bytes
        self._tenant = tenant
        self._size = 0

    def resize(self, size: int) -> None:
        """Hold so many from now on; raises :class:`CapacityError` when there is no room."""
        self._all.change(self._tenant, self._size, size)
        self._size = size


class RequestReader:
    """Reads the messages of calls.

    Parameters
    ----------
    message_bytes : int
        The largest message that is read.
    message_s, prompt_s : float
        Time that a message may take, and the time after which it counts as the largest.
    open_s : float
        Time that a message may take in a call that anybody may make.
    """

    def __init__(
        self,
        *,
        message_bytes: int,
        message_s: float = MESSAGE_S,
        prompt_s: float = PROMPT_S,
        open_s: float = OPEN_S,
    ) -> None:
        self._message_bytes = message_bytes
        self._message_s = message_s
        self._prompt_s = prompt_s
        self._open_s = open_s
        self._open = 0

    async def read(self, context: Context, share: Share) -> bytes:
        """The message; ``share`` holds its size then.

        Raises
        ------
        InvalidInput
            When the caller sends none, or not in time.
        CapacityError
            When it has no room among those that are being read.
        """
        faults: list[CapacityError] = []
        loop = asyncio.get_running_loop()
        alarms: list[asyncio.TimerHandle] = []

        def wake_later() -> None:
            due_s = loop.time() + self._prompt_s
            alarms[:] = [loop.call_at(due_s, is_late, due_s)]

        def is_late(due_s: float) -> None:
            if loop.time() > due_s + LOOP_LATE_S:  # the server itself was held up; the message may be there by now
                wake_later()
                return
            try:
                share.resize(self._message_bytes)
            except CapacityError as fault:
                faults.append(fault)
                limit.reschedule(loop.time())

        try:
            async with asyncio.timeout(self._message_s) as limit:
                wake_later()
                try:
                    data = await context.read()
                finally:
                    alarms[0].cancel()
        except TimeoutError:
            raise (faults[0] if faults else _missing(f"did not come within {self._message_s:g} s")) from None
        message = _message(data)
        share.resize(len(message))
        return message

    async def read_of_anybody(self, context: Context) -> bytes:
        """The message of a call that says not whose it is; raises :class:`InvalidInput` as above."""
        time_s = self._open_s if self._open < OPEN_AT_ONCE else CROWDED_S
        self._open += 1
        try:
            async with asyncio.timeout(time_s):
                return _message(await context.read())
        except TimeoutError:
            raise _missing(f"did not come within {time_s:g} s") from None
        finally:
            self._open -= 1


def _message(data: Any) -> bytes:
    if data is grpc.aio.EOF:
        raise _missing("was left out")
    return bytes(data)


def _missing(what: str) -> InvalidInput:
    return InvalidInput(f"the message of this call {what}; send one, whole", reason="MESSAGE_MISSING")
