"""Carries calls out on an event loop: every page, every repetition, within the deadline."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from google.protobuf.message import Message

from topodesign.client.call import Call
from topodesign.client.channels import AsyncChannel
from topodesign.client.failure import CallFailed
from topodesign.client.options import ConnectionOptions
from topodesign.client.pages import Pages
from topodesign.client.retrying import Attempts

R = TypeVar("R")


class AsyncConnection:
    """A channel, and the patience with it; see :class:`~topodesign.client.connection.Connection`."""

    def __init__(self, channel: AsyncChannel, options: ConnectionOptions) -> None:
        self.options = options
        self._channel = channel

    async def answer(self, call: Call[R]) -> R:
        """The result of a call; raises the :class:`TopoDesignError` that the server answered."""
        found = Pages(call)
        while (request := found.next_request()) is not None:
            found.take(await self._attempt(call, request))
        return found.result()

    def stream(self, call: Call[R], *, timeout_s: float) -> AsyncIterator[Message]:
        """The messages of one attempt at a stream, as they come; raises :class:`CallFailed`."""
        return self._channel.answers(call.method, call.request, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close the channel; the server goes on with its jobs."""
        await self._channel.close()

    async def _attempt(self, call: Call[R], request: Message) -> list[Message]:
        attempts = Attempts(call, self.options)
        while True:
            try:
                answers = self._channel.answers(call.method, request, timeout_s=attempts.left_s())
                return [message async for message in answers]
            except CallFailed as failed:
                failure = failed.failure
            await asyncio.sleep(attempts.delay_after(failure))
