"""Blocking work (the store, large messages, links) on a few threads, never on the event loop."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Offloader:
    """A small pool of threads for short blocking work."""

    def __init__(self, threads: int = 4, *, name: str = "store") -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def __call__(self, function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()  # what is logged there carries the request id of the call
        return await loop.run_in_executor(self._threads, lambda: context.run(function, *arguments, **named))

    def close(self) -> None:
        self._threads.shutdown(wait=True)

    def abandon(self) -> None:
        """Wait for nothing: what still runs may hang for long, and its result is of no use."""
        self._threads.shutdown(wait=False, cancel_futures=True)
