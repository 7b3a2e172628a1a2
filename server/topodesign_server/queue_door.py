"""The door before the job queue: who finds it full is refused before a scenario is checked or read."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from topodesign_server.job_rows import JobRow
from topodesign_server.job_store import JobStore
from topodesign_server.names import RequestKey
from topodesign_server.offloading import Offloader
from topodesign_server.queue_room import QueueLimits, QueueLook

Place = tuple[str, str]
"""Tenant and id of a job that is being made."""
RESERVED = "reserved "
"""Begins what stands for an id that is not known yet; no id has a space."""
_reserved: ContextVar[Place] = ContextVar("reserved", default=("", ""))
"""The place that the running call has, before it has an id."""


class QueueDoor:
    """Counts the jobs that wait, and those that are being made here.

    One look at the store answers all who came while the one before was under way: a hundred refusals cost a few looks.
    The thread is its own, so that refusals wait for no other work. Made and used on the event loop. The store decides
    again when a job is made (:meth:`JobStore.create`): only there is seen what other servers are making.
    """

    def __init__(self, jobs: JobStore, limits: QueueLimits) -> None:
        self._jobs = jobs
        self._limits = limits
        self._thread = Offloader(threads=1, name="queue-door")
        self._places: set[Place] = set()
        self._numbers = itertools.count()
        self._look: asyncio.Task[tuple[QueueLook, frozenset[Place]]] | None = None

    @asynccontextmanager
    async def reserved(self, tenant: str) -> AsyncIterator[None]:
        """Keep a place for a job that this task is going to make; raises :class:`CapacityError` when there is none."""
        place = (tenant, f"{RESERVED}{next(self._numbers)}")
        await self._take(place)
        token = _reserved.set(place)
        try:
            yield
        finally:
            _reserved.reset(token)
            self._places.discard(place)

    @asynccontextmanager
    async def place(self, tenant: str, job_id: str) -> AsyncIterator[None]:
        """Keep a place for a job while it is being made: the one that this task has reserved, or a new one.

        Raises
        ------
        CapacityError
            When there is none.
        """
        place, reserved = (tenant, job_id), _reserved.get()
        if reserved in self._places:
            self._places.discard(reserved)
            self._places.add(place)
        else:
            await self._take(place)
        try:
            yield
        finally:
            self._places.discard(place)

    async def _take(self, place: Place) -> None:
        look, left_out = await self._looked()
        # Those that were left out of the count have waited or have been made by now: they count once either way.
        look.require_room(place[0], self._limits, beside=Counter(of for of, _ in left_out | self._places))
        self._places.add(place)

    async def was_asked(self, tenant: str, method: str, request_id: str) -> bool:
        """Whether something was made for a ``request_id`` before, be it the same request or not."""
        return await self._thread(self._jobs.was_asked, tenant, method, request_id)

    async def repeated(self, key: RequestKey | None) -> JobRow | None:
        """What the same request queued before: it is answered however full the queue is."""
        return None if key is None else await self._thread(self._jobs.repeated, key)

    def close(self) -> None:
        self._thread.close()

    async def _looked(self) -> tuple[QueueLook, frozenset[Place]]:
        if self._look is None:
            self._look = asyncio.create_task(self._look_without(frozenset(self._places)))
            self._look.add_done_callback(self._forget)
        return await asyncio.shield(self._look)

    async def _look_without(self, places: frozenset[Place]) -> tuple[QueueLook, frozenset[Place]]:
        return await self._thread(self._jobs.look_at_queue, without=places), places

    def _forget(self, look: asyncio.Task[tuple[QueueLook, frozenset[Place]]]) -> None:
        self._look = None
        if not look.cancelled():
            look.exception()  # whoever waited has it; they may all have left
