"""The door before the job queue: who finds it full is refused before a scenario is checked or read."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from topodesign_server.job_rows import JobRow
from topodesign_server.job_store import JobStore
from topodesign_server.names import RequestKey
from topodesign_server.offloading import Offloader
from topodesign_server.queue_room import QueueLimits, QueueLook

LOOK_HOLDS_S = 0.1
"""A look at the queue holds until something is written here, and no longer than this: other servers write too."""
CALM_S = 0.025
LONGEST_CALM_S = 0.25
"""Who has a reserved place begins when nobody was told for the one, and after the other in any case."""


@dataclass(eq=False, slots=True)
class _Place:
    """A place for a job that is being made; one and the same before and after its id is known."""

    tenant: str
    job_id: str = ""


_reserved: ContextVar[_Place | None] = ContextVar("reserved", default=None)
"""The place that the running call has, before it has an id."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at the queue without the jobs in ``places``; the rest tells the time at which it began."""

    queue: QueueLook
    places: frozenset[_Place]
    written: object
    left: int
    at_s: float


class QueueDoor:
    """Counts the jobs that wait, and those that are being made here.

    One look at the store answers all who came while the one before was under way, and all who come before the queue may
    be another: a hundred refusals cost a few looks. The thread is its own, so that refusals wait for no other work.
    Made and used on the event loop. The store decides again when a job is made (:meth:`JobStore.create`): only there is
    seen what other servers are making.

    Parameters
    ----------
    jobs : JobStore
    limits : QueueLimits
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, jobs: JobStore, limits: QueueLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._jobs = jobs
        self._limits = limits
        self._clock = clock
        self._thread = Offloader(threads=1, name="queue-door")
        self._places: set[_Place] = set()
        self._left = 0
        self._told_s = clock()
        self._looking: asyncio.Task[_Look] | None = None
        self._last: _Look | None = None

    @asynccontextmanager
    async def reserved(self, tenant: str) -> AsyncIterator[None]:
        """Keep a place for a job that this task is going to make; raises :class:`CapacityError` when there is none.

        Who gets one waits until for a moment nobody else has been told: what it does next would take the processor from
        refusals that are still to come.
        """
        place = _Place(tenant)
        try:
            await self._take(place)
        finally:
            self._told_s = self._clock()
        token = _reserved.set(place)
        try:
            await self._calm()
            yield
        finally:
            _reserved.reset(token)
            self._leave(place)

    @asynccontextmanager
    async def place(self, tenant: str, job_id: str) -> AsyncIterator[None]:
        """Keep a place for a job while it is being made: the one that this task has reserved, or a new one.

        Raises
        ------
        CapacityError
            When there is none.
        """
        place = _reserved.get()
        if place is not None and place in self._places:
            place.job_id = job_id
        else:
            place = _Place(tenant, job_id)
            await self._take(place)
        try:
            yield
        finally:
            self._leave(place)

    async def _take(self, place: _Place) -> None:
        look = await self._looked()
        # Those that were left out of the count have waited or have been made by now: they count once either way.
        beside = Counter(held.tenant for held in look.places | self._places)
        look.queue.require_room(place.tenant, self._limits, beside=beside)
        self._places.add(place)

    async def _calm(self) -> None:
        until_s = self._clock() + LONGEST_CALM_S
        while (left_s := min(self._told_s + CALM_S, until_s) - self._clock()) > 0:
            await asyncio.sleep(left_s)

    def _leave(self, place: _Place) -> None:
        """Give a place back: that of a job that was made counts in the store, and one of which nothing came is free."""
        if place in self._places:
            self._places.discard(place)
            self._left += 1

    async def was_asked(self, tenant: str, method: str, request_id: str) -> bool:
        """Whether something was made for a ``request_id`` before, be it the same request or not."""
        return await self._thread(self._jobs.was_asked, tenant, method, request_id)

    async def repeated(self, key: RequestKey | None) -> JobRow | None:
        """What the same request queued before: it is answered however full the queue is."""
        return None if key is None else await self._thread(self._jobs.repeated, key)

    def close(self) -> None:
        self._thread.close()

    async def _looked(self) -> _Look:
        if self._last is not None and self._holds(self._last):
            return self._last
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_without(frozenset(self._places)))
            self._looking.add_done_callback(self._forget)
        return await asyncio.shield(self._looking)

    def _holds(self, look: _Look) -> bool:
        nothing_new = look.written is self._jobs.written and look.left == self._left
        return nothing_new and self._clock() < look.at_s + LOOK_HOLDS_S

    async def _look_without(self, places: frozenset[_Place]) -> _Look:
        written, left, at_s = self._jobs.written, self._left, self._clock()
        without = [(place.tenant, place.job_id) for place in places if place.job_id]
        queue = await self._thread(self._jobs.look_at_queue, without=without)
        return _Look(queue, places, written, left, at_s)

    def _forget(self, looking: asyncio.Task[_Look]) -> None:
        self._looking = self._last = None
        if not looking.cancelled() and looking.exception() is None:  # whoever waited has it; they may all have left
            self._last = looking.result()
