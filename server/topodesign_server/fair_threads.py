"""Threads at which tenants take turns: however much one gives them to do, another waits for no more than its share."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from topodesign_server.fair_slots import FairSlots
from topodesign_server.offloading import Offloader
from topodesign_server.tenants import acting_tenant

P = ParamSpec("P")
T = TypeVar("T")


class FairOffloader(Offloader):
    """A pool of threads for work of calls, each of which was let in and so has a tenant.

    What waits is bounded elsewhere: each call has one piece of work here at a time, and so many may run
    (:mod:`topodesign_server.tenant_calls`).
    """

    def __init__(self, threads: int, *, name: str) -> None:
        super().__init__(threads, name=name)
        self._slots = FairSlots(slots=threads, queue_limit=None)

    async def __call__(self, function: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T:
        async with self._slots.slot(acting_tenant()):
            work = asyncio.create_task(super().__call__(function, *arguments, **named))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                # Its caller has left, but the thread is not free before it is done: who leaves takes no second turn.
                work.add_done_callback(_see)
                await asyncio.wait({work})
                raise


def _see(work: asyncio.Task[T]) -> None:
    """The error of work that nobody waits for is nobody's."""
    if not work.cancelled():
        work.exception()
