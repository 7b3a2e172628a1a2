"""Calls that last as long as their callers like, ended when whoever makes them may no longer call.

A call with one answer is let in once. A stream may say nothing for hours, so that nothing of it asks again: here one
look at the store asks for the tokens of all of them, every ``look_s``.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from topodesign.domain.errors import Unauthenticated
from topodesign_server.client_certificates import certificate_refusal
from topodesign_server.incidents import status_of

Refusals = Callable[[Collection[str]], Awaitable[Mapping[str, Unauthenticated]]]
"""Of the tokens with some ids those that are no longer valid, and why."""


@dataclass(slots=True, eq=False)
class _Standing:
    """A call that stands; ``refusal`` is why it is being ended."""

    token_id: str | None
    certificate_end: float | None
    end: asyncio.Timeout
    is_sending: bool = False
    was_sending: bool = False
    refusal: Unauthenticated | None = None


class StandingCalls:
    """Made and used on the event loop.

    A message that is on its way when its call is to end has until the next look: cut off in the middle of its first
    message a call has no status. One that is not read in that time is cut off all the same.

    Parameters
    ----------
    refusals : callable
        Asks the store.
    look_s : float
        Time between two looks.
    """

    def __init__(self, refusals: Refusals, *, look_s: float) -> None:
        self._refusals = refusals
        self._look_s = look_s
        self._calls: dict[asyncio.Task[Any], _Standing] = {}
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def standing(self, *, token_id: str | None, certificate_end: float | None) -> AsyncIterator[None]:
        """What the running task does in here goes on for as long as token and certificate are valid.

        Parameters
        ----------
        token_id : str, optional
        certificate_end : float, optional
            Until when the client's certificate is valid, in seconds since 1970.

        Raises
        ------
        Unauthenticated
            When one is so no longer, wherever the task was.
        """
        if token_id is None and certificate_end is None:  # nothing that could end
            yield
            return
        task = asyncio.current_task()
        assert task is not None, "gRPC runs every call in a task of its own"
        call = _Standing(token_id, certificate_end, asyncio.timeout(None))
        try:
            async with call.end:
                self._calls[task] = call
                self._keep_looking()
                yield
        except TimeoutError:
            if call.refusal is None:
                raise
            raise call.refusal from None
        finally:
            self._calls.pop(task, None)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """The running task sends a message."""
        task = asyncio.current_task()
        call = None if task is None else self._calls.get(task)
        if call is None:
            yield
            return
        call.is_sending, call.was_sending = True, False
        try:
            yield
        finally:
            call.is_sending = False

    async def look(self) -> None:
        """End the calls of those who may no longer make any."""
        ids = {call.token_id for call in self._calls.values() if call.token_id is not None}
        refused = await self._refusals(ids) if ids else {}
        for call in tuple(self._calls.values()):
            refusal = certificate_refusal(call.certificate_end)
            if refusal is None and call.token_id is not None:
                refusal = refused.get(call.token_id)
            if refusal is not None and call.refusal is None:
                _end(call, refusal)

    def _keep_looking(self) -> None:
        if self._looking is None or self._looking.done():
            # in no context: what is logged of a look is not of the call that happened to begin it
            self._looking = asyncio.create_task(self._look_on(), context=contextvars.Context())

    async def _look_on(self) -> None:
        while self._calls:
            await asyncio.sleep(self._look_s)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the next look finds what this one missed; answers ask by themselves
                status_of(error, during="standing_calls")


def _end(call: _Standing, refusal: Unauthenticated) -> None:
    if call.is_sending and not call.was_sending:
        call.was_sending = True
        return
    call.refusal = refusal
    call.end.reschedule(asyncio.get_running_loop().time())
