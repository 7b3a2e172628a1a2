"""Carries calls out: every page, every repetition, within the deadline."""

import time
from collections.abc import Iterator
from typing import TypeVar

from google.protobuf.message import Message

from topodesign.client.call import Call
from topodesign.client.channels import Transport
from topodesign.client.failure import CallFailed
from topodesign.client.options import ConnectionOptions
from topodesign.client.pages import Pages
from topodesign.client.retrying import Attempts

R = TypeVar("R")


class Connection:
    """A transport, and the patience with it.

    Parameters
    ----------
    transport : Transport
    options : ConnectionOptions
    """

    def __init__(self, transport: Transport, options: ConnectionOptions) -> None:
        self.options = options
        self._transport = transport

    def answer(self, call: Call[R]) -> R:
        """The result of a call; raises the :class:`TopoDesignError` that the server answered."""
        found = Pages(call)
        while (request := found.next_request()) is not None:
            found.take(self._attempt(call, request))
        return found.result()

    def stream(self, call: Call[R], *, timeout_s: float) -> Iterator[Message]:
        """The messages of one attempt at a stream, as they come; raises :class:`CallFailed`."""
        return self._transport.answers(call.method, call.request, timeout_s=timeout_s)

    def close(self) -> None:
        """Close the transport; the server goes on with its jobs."""
        self._transport.close()

    def _attempt(self, call: Call[R], request: Message) -> list[Message]:
        attempts = Attempts(call, self.options)
        while True:
            try:
                return list(self._transport.answers(call.method, request, timeout_s=attempts.left_s()))
            except CallFailed as failed:
                failure = failed.failure
            time.sleep(attempts.delay_after(failure))
