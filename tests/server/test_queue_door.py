"""The door before the job queue: exactly as many come in as there is room for, however many ask at once."""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from typing import cast

import pytest
from served.store_place import job_store, new_job
from topodesign_server.database import Database
from topodesign_server.job_store import JobStore
from topodesign_server.queue_door import LOOK_HOLDS_S, QueueDoor
from topodesign_server.queue_room import QueueLimits, QueueLook

from topodesign.domain.errors import CapacityError

ROOM = 3


async def asked(door: QueueDoor, stack: contextlib.AsyncExitStack, places: Sequence[tuple[str, str]]) -> list[str]:
    """Ids of those that got a place, all asking at once; the places are kept until the stack ends."""

    async def ask(tenant: str, job_id: str) -> str:
        try:
            await stack.enter_async_context(door.place(tenant, job_id))
        except CapacityError as error:
            return error.reason
        return job_id

    return list(await asyncio.gather(*(ask(*place) for place in places)))


def test_a_hundred_that_ask_at_once_take_the_places_that_there_are(database: Database) -> None:
    async def run() -> None:
        door = QueueDoor(job_store(database, queue_limit=ROOM), QueueLimits(total=ROOM, of_tenant=ROOM))
        async with contextlib.AsyncExitStack() as stack:
            told = await asked(door, stack, [("a", f"j-{number}") for number in range(100)])
            assert told == [*(f"j-{number}" for number in range(ROOM)), *["QUEUE_FULL"] * (100 - ROOM)]
        async with door.place("a", "again"):  # nothing came of the others
            pass
        door.close()

    asyncio.run(run())


def test_a_job_counts_once_while_it_is_being_made_and_after(database: Database) -> None:
    async def run() -> None:
        jobs = job_store(database, queue_limit=ROOM)
        door = QueueDoor(jobs, QueueLimits(total=ROOM, of_tenant=ROOM))
        async with door.place("a", "one"):
            jobs.create(new_job("one", tenant="a"), key=None)
            async with contextlib.AsyncExitStack() as stack:
                assert await asked(door, stack, [("a", "two"), ("b", "three")]) == ["two", "three"]
                with pytest.raises(CapacityError):
                    async with door.place("c", "four"):
                        pass
        async with contextlib.AsyncExitStack() as stack:
            assert await asked(door, stack, [("a", "two"), ("b", "three")]) == ["two", "three"]
        door.close()

    asyncio.run(run())


def test_the_part_of_a_tenant_counts_its_jobs_that_are_being_made(database: Database) -> None:
    async def run() -> None:
        jobs = job_store(database, queue_limit=100, tenant_queue_limit=2)
        door = QueueDoor(jobs, QueueLimits(total=100, of_tenant=2))
        jobs.create(new_job("waits", tenant="a"), key=None)
        async with contextlib.AsyncExitStack() as stack:
            places = [("a", "one"), ("a", "two"), ("b", "three")]
            assert await asked(door, stack, places) == ["one", "TENANT_QUEUE_FULL", "three"]
        door.close()

    asyncio.run(run())


def test_a_reserved_place_becomes_that_of_the_job_and_counts_once(database: Database) -> None:
    async def run() -> None:
        door = QueueDoor(job_store(database, queue_limit=1), QueueLimits(total=1, of_tenant=1))
        async with door.reserved("a"):
            assert await asyncio.create_task(reason_of(door.reserved("b"))) == "QUEUE_FULL"
            async with door.place("a", "one"):
                assert await asyncio.create_task(reason_of(door.reserved("b"))) == "QUEUE_FULL"
        async with door.reserved("b"):  # nothing is left of it
            pass
        door.close()

    asyncio.run(run())


def test_a_place_counts_once_when_its_id_becomes_known_after_the_look(database: Database) -> None:
    async def run() -> None:
        jobs = job_store(database, queue_limit=4)
        door = QueueDoor(jobs, QueueLimits(total=4, of_tenant=4))
        async with door.reserved("a"):
            jobs.create(new_job("waits", tenant="z"), key=None)  # the next look is another one, with this place held
            second = door.reserved("b")
            await asyncio.create_task(second.__aenter__())
            async with door.place("a", "one"):
                third = door.reserved("c")
                await asyncio.create_task(third.__aenter__())
                assert await asyncio.create_task(reason_of(door.reserved("d"))) == "QUEUE_FULL"
        door.close()

    asyncio.run(run())


def test_who_is_refused_is_told_before_who_got_a_place_begins(database: Database) -> None:
    """Of many large requests that come one after the other the refusals go out first."""

    async def run() -> None:
        door = QueueDoor(job_store(database, queue_limit=1), QueueLimits(total=1, of_tenant=1))
        told: list[str] = []

        async def ask(tenant: str) -> None:
            try:
                async with door.reserved(tenant):
                    told.append(f"{tenant} begins")
            except CapacityError:
                told.append(f"{tenant} is refused")

        await asyncio.gather(*(ask(tenant) for tenant in ("a", "b", "c")))
        assert told == ["b is refused", "c is refused", "a begins"]
        left = asyncio.create_task(ask("d"))
        while not door._places:
            await asyncio.sleep(0)
        left.cancel()  # it is gone before it begins, and leaves its place
        await asyncio.wait({left})
        await ask("e")
        assert told[3:] == ["e begins"]
        door.close()

    asyncio.run(run())


class CountedLooks:
    """Jobs of a store, and how often their queue was looked at."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs
        self.looks = 0

    @property
    def written(self) -> object:
        return self._jobs.written

    def look_at_queue(self, *, without: Collection[tuple[str, str]]) -> QueueLook:
        self.looks += 1
        return self._jobs.look_at_queue(without=without)


def test_a_look_answers_until_something_is_written_or_a_place_is_given_back_or_its_time_is_over(
    database: Database,
) -> None:
    """Each turn has the queue as it is: what a caller saw end before it asked has a place for it."""

    async def run() -> None:
        jobs = job_store(database, queue_limit=2)
        now_s = [0.0]
        counted = CountedLooks(jobs)
        door = QueueDoor(cast(JobStore, counted), QueueLimits(total=2, of_tenant=2), clock=lambda: now_s[0])
        async with contextlib.AsyncExitStack() as stack:
            assert await asked(door, stack, [("a", "one")]) == ["one"]
            assert await asked(door, stack, [("b", "two")]) == ["two"]
            for _ in range(4):
                assert await asked(door, stack, [("b", "three")]) == ["QUEUE_FULL"]
            assert counted.looks == 1
            now_s[0] += LOOK_HOLDS_S
            assert await asked(door, stack, [("b", "three")]) == ["QUEUE_FULL"]
            assert counted.looks == 2
        assert await reason_if_any(door, "a") == ""  # nothing came of the others
        assert counted.looks == 3
        for job_id in ("one", "two"):
            jobs.create(new_job(job_id, tenant="a"), key=None)
        assert await reason_if_any(door, "b") == "QUEUE_FULL"
        jobs.request_cancel("a", "one")
        assert await reason_if_any(door, "b") == ""
        door.close()

    asyncio.run(run())


async def reason_if_any(door: QueueDoor, tenant: str) -> str:
    """Why there is no place for a job that is not made after all; nothing when there is one."""
    try:
        async with door.place(tenant, "another"):
            return ""
    except CapacityError as error:
        return error.reason


async def reason_of(entering: contextlib.AbstractAsyncContextManager[None]) -> str:
    """Why there is no place, in a call of its own."""
    with pytest.raises(CapacityError) as refused:
        await entering.__aenter__()
    return refused.value.reason
