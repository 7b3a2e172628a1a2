"""Contents are kept once, and as long as somebody refers to them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from served.store_place import StorePlace, attempt_store, claimed, job_store, kept_blobs, new_job
from topodesign_server.blobs import collect, keep
from topodesign_server.database import Database
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.tables import DEFAULT_TENANT as TENANT

from topodesign.domain.errors import NotFound


def contents(database: Database) -> list[bytes]:
    return sorted(content for _, content in kept_blobs(database))


def test_jobs_of_the_same_scenario_share_it(database: Database) -> None:
    jobs, attempts = job_store(database), attempt_store(database)
    ScenarioStore(database).create(TENANT, "kept", content=b"scenario", summary=b"head", key=None)
    jobs.create(new_job("a"), key=None)
    jobs.create(new_job("b", start=b"plan"), key=None)
    attempts.succeed(claimed(attempts), plan=b"plan", summary=b"short", cancelled=False)
    assert contents(database) == [b"head", b"plan", b"scenario", b"short"]


def test_a_content_goes_with_the_last_that_refers_to_it(database: Database) -> None:
    jobs, attempts, scenarios = job_store(database), attempt_store(database), ScenarioStore(database)
    scenarios.create(TENANT, "kept", content=b"scenario", summary=b"head", key=None)
    for job_id in ("a", "b"):
        jobs.create(new_job(job_id), key=None)
        attempts.succeed(claimed(attempts), plan=b"plan", summary=b"short", cancelled=False)
    scenarios.delete(TENANT, "kept")
    assert contents(database) == [b"plan", b"scenario", b"short"]
    jobs.delete_plan(TENANT, "a")
    assert contents(database) == [b"plan", b"scenario", b"short"]
    jobs.delete_plan(TENANT, "b")
    assert contents(database) == [b"scenario"]  # the operations are still there
    jobs.delete_operation(TENANT, "a")
    jobs.delete_operation(TENANT, "b")
    assert contents(database) == []


def test_equal_parts_of_one_job_are_one_content(database: Database) -> None:
    jobs, attempts = job_store(database), attempt_store(database)
    jobs.create(new_job("a", scenario=b"same", start=b"same"), key=None)
    attempts.succeed(claimed(attempts), plan=b"same", summary=b"same", cancelled=False)
    assert contents(database) == [b"same"]
    jobs.delete_plan(TENANT, "a")
    assert contents(database) == [b"same"]
    jobs.delete_operation(TENANT, "a")
    assert contents(database) == []


def test_nothing_is_kept_of_a_transaction_that_fails(database: Database) -> None:
    with pytest.raises(NotFound), database.writing() as connection:
        keep(connection, TENANT, b"content")
        raise NotFound("as a store does in the middle")
    assert contents(database) == []


def test_a_collection_sees_the_reference_that_it_waited_for(shared_place: StorePlace) -> None:
    """A blob about to be referred to again is locked: whoever wants to collect it waits, looks again and leaves it."""
    database, other = shared_place.open(), shared_place.open()
    scenarios = ScenarioStore(database)
    scenarios.create(TENANT, "first", content=b"content", summary=b"head", key=None)
    kept, go_on = threading.Event(), threading.Event()

    def refer() -> None:
        with other.writing() as connection:
            digests = keep(connection, TENANT, b"content", b"head")
            kept.set()
            assert go_on.wait(60)
            from topodesign_server.tables import scenarios as table

            values = {"tenant": TENANT, "id": "second", "create_time": 0.0}
            connection.execute(table.insert().values(**values, content=digests[0], summary=digests[1]))

    with ThreadPoolExecutor(2) as threads:
        referring = threads.submit(refer)
        assert kept.wait(60)
        deleting = threads.submit(scenarios.delete, TENANT, "first")
        go_on.set()
        referring.result()
        deleting.result()
    assert scenarios.get(TENANT, "second").content == b"content"
    assert contents(database) == [b"content", b"head"]


def test_deleting_and_creating_the_same_content_at_once_leaves_what_is_referred_to(shared_place: StorePlace) -> None:
    stores = [ScenarioStore(shared_place.open()) for _ in range(4)]

    def come_and_go(number: int) -> None:
        for turn in range(10):
            name = f"s-{number}-{turn}"
            stores[number].create(TENANT, name, content=b"content", summary=b"head", key=None)
            assert stores[number].get(TENANT, name).content == b"content"
            stores[number].delete(TENANT, name)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(4)))
    assert contents(shared_place.open()) == []


def test_only_unused_contents_are_collected(database: Database) -> None:
    job_store(database).create(new_job("a"), key=None)
    with database.writing() as connection:
        used, unused = keep(connection, TENANT, b"scenario", b"nobody's")
        assert collect(connection, TENANT, (used, unused, None)) == 1
    assert contents(database) == [b"scenario"]
