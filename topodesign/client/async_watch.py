"""The progress of a job, as an asynchronous iterator."""

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from topodesign.client.async_connection import AsyncConnection
from topodesign.client.failure import CallFailed
from topodesign.client.watching import Following

E = TypeVar("E")


class AsyncWatch(Generic[E]):
    """An asynchronous iterator over the progress of a job."""

    def __init__(self, connection: AsyncConnection, following: Following[E]) -> None:
        self._connection = connection
        self._following = following
        self._events = self._read()

    @property
    def sequence(self) -> int:
        """Number of the last entry that was read; with it another stream goes on where this one is."""
        return self._following.sequence

    def __aiter__(self) -> AsyncIterator[E]:
        return self._events

    async def __anext__(self) -> E:
        return await anext(self._events)

    async def _read(self) -> AsyncIterator[E]:
        while True:
            try:
                answers = self._connection.stream(self._following.call(), timeout_s=self._following.timeout_s())
                async for entry in answers:
                    for event in self._following.event_of(entry):
                        yield event
                return
            except CallFailed as failed:
                failure = failed.failure
            await asyncio.sleep(self._following.delay_after(failure))
