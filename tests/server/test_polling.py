"""What other servers change reaches those who wait here, at the cost of one query however many wait."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path

import sqlalchemy as sa
from served.store_place import StorePlace, attempt_store, claimed, job_store, new_job
from topodesign_server.attempt_observer import AttemptObserver
from topodesign_server.children import ChildFactory
from topodesign_server.database import Database
from topodesign_server.metrics import Metrics
from topodesign_server.offloading import Offloader
from topodesign_server.polling import ChangePoller
from topodesign_server.settings import ServerSettings
from topodesign_server.sweep_store import PointStore
from topodesign_server.tables import DEFAULT_TENANT as TENANT
from topodesign_server.tracing import NoTracing
from topodesign_server.watchers import Watchers
from topodesign_server.workers import Workers


def with_poller(database: Database, use: Callable[[ChangePoller, Watchers], Coroutine[None, None, None]]) -> None:
    """Run something with the poller of a server that works on nothing itself."""

    async def run() -> None:
        jobs, watchers, offload = job_store(database), Watchers(), Offloader(threads=1)
        workers = Workers(
            jobs=jobs,
            attempts=attempt_store(database, owner="here"),
            points=PointStore(database),
            children=ChildFactory(preload=()),
            settings=ServerSettings(data_directory=Path(), workers=0),
            observer=AttemptObserver(Metrics(), NoTracing()),
            is_shared=True,
            on_change=watchers.notify,
        )
        await use(ChangePoller(jobs=jobs, workers=workers, watchers=watchers, offload=offload, poll_s=0.01), watchers)
        offload.close()

    asyncio.run(run())


def test_only_those_who_wait_for_what_changed_are_woken(shared_place: StorePlace) -> None:
    database = shared_place.open()
    jobs, elsewhere = job_store(database), attempt_store(shared_place.open(), owner="elsewhere")
    numbers = [jobs.create(new_job(job_id), key=None).number for job_id in ("a", "b")]

    async def use(poller: ChangePoller, watchers: Watchers) -> None:
        with watchers.watching(numbers[0]) as first, watchers.watching(numbers[1]) as second:
            await poller.look()  # both may have changed before the first look
            first.clear()
            second.clear()
            await poller.look()
            assert (first.is_set(), second.is_set()) == (False, False)
            elsewhere.add_events(claimed(elsewhere), [b"progress"])
            await poller.look()
            assert (first.is_set(), second.is_set()) == (True, False)

    with_poller(database, use)


def test_those_who_wait_for_a_job_that_is_deleted_elsewhere_are_woken(shared_place: StorePlace) -> None:
    database = shared_place.open()
    jobs, elsewhere = job_store(database), attempt_store(shared_place.open(), owner="elsewhere")
    number = jobs.create(new_job("a"), key=None).number
    elsewhere.fail(claimed(elsewhere), status=b"")

    async def use(poller: ChangePoller, watchers: Watchers) -> None:
        with watchers.watching(number) as changed:
            await poller.look()
            changed.clear()
            jobs.delete_operation(TENANT, "a")
            await poller.look()
            assert changed.is_set()

    with_poller(database, use)


def test_a_thousand_who_wait_cost_one_query(shared_place: StorePlace) -> None:
    database = shared_place.open()
    jobs = job_store(database, queue_limit=2000)
    first = jobs.create(new_job("a"), key=None).number
    queries: list[str] = []

    def count(*arguments: object) -> None:
        queries.append(str(arguments[2]))

    async def use(poller: ChangePoller, watchers: Watchers) -> None:
        with contextlib.ExitStack() as stack:
            for number in range(first, first + 1000):
                stack.enter_context(watchers.watching(number))
            await poller.look()
        await poller.look()  # nobody waits any more: nothing is asked

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        with_poller(database, use)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
    assert len(queries) == 1
    assert queries[0].startswith("SELECT jobs.number")
