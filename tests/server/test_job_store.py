"""The store's own promises, on a real SQLite file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from topodesign_server.database import Database
from topodesign_server.job_rows import CANCELLED, FAILED, QUEUED, RUNNING, SUCCEEDED, ClaimedJob, NewJob
from topodesign_server.job_store import JobStore
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page, Pager

from topodesign.domain.errors import CapacityError, Conflict, InvalidInput, NotFound

KEY = RequestKey(method="CreatePlan", request_id="3d5c6a0e-6c7f-4b3e-9d5b-5a3e8f0b7c11", digest=b"one")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database, queue_limit=3, max_attempts=2)


def new(job_id: str) -> NewJob:
    return NewJob(id=job_id, scenario_name="", scenario=b"scenario", limits=b"limits")


def claimed(store: JobStore) -> ClaimedJob:
    job = store.claim()
    assert job is not None
    return job


def test_jobs_are_taken_in_the_order_in_which_they_came(store: JobStore) -> None:
    for job_id in ("c", "a", "b"):
        store.create(new(job_id), key=None)
    assert [claimed(store).id for _ in range(3)] == ["c", "a", "b"]
    assert store.claim() is None


def test_the_plan_to_begin_from_reaches_the_worker(store: JobStore) -> None:
    store.create(NewJob(id="a", scenario_name="", scenario=b"scenario", limits=b"limits", start=b"plan"), key=None)
    store.create(new("b"), key=None)
    assert [claimed(store).start for _ in range(2)] == [b"plan", None]


def test_a_data_directory_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    first = Database(tmp_path)
    JobStore(first, queue_limit=3, max_attempts=2).create(new("kept"), key=None)
    with first.writing() as connection:  # as it was before plans could begin from another
        connection.exec_driver_sql("ALTER TABLE jobs DROP COLUMN start")
    first.close()
    second = Database(tmp_path)
    store = JobStore(second, queue_limit=3, max_attempts=2)
    store.create(NewJob(id="later", scenario_name="", scenario=b"", limits=b"", start=b"plan"), key=None)
    assert [(job.id, job.start) for job in (claimed(store), claimed(store))] == [("kept", None), ("later", b"plan")]
    second.close()


def test_what_an_earlier_attempt_writes_late_changes_nothing(store: JobStore) -> None:
    store.create(new("a"), key=None)
    late = claimed(store)
    store.recover()
    current = claimed(store)
    assert current.attempt == 2
    store.add_events(late, [b""])
    store.fail(late, status=b"")
    store.succeed(late, plan=b"late", summary=b"late", cancelled=False)
    assert store.get("a").state == RUNNING
    store.succeed(current, plan=b"current", summary=b"current", cancelled=False)
    assert store.plan("a").content == b"current"


def test_a_final_state_never_changes(store: JobStore) -> None:
    store.create(new("a"), key=None)
    job = claimed(store)
    store.succeed(job, plan=b"plan", summary=b"", cancelled=False)
    store.fail(job, status=b"")
    store.give_back(job)
    store.request_cancel("a")
    assert store.get("a").state == SUCCEEDED
    assert store.plan("a").content == b"plan"


def test_the_history_has_no_holes_and_ends_with_the_final_state(store: JobStore) -> None:
    store.create(new("a"), key=None)
    job = claimed(store)
    store.add_events(job, [b"one", b"two"])
    store.give_back(job)
    again = claimed(store)
    store.succeed(again, plan=b"", summary=b"", cancelled=False)
    history = store.events_after("a", 0)
    assert [row.sequence for row in history] == [1, 2, 3, 4, 5, 6, 7]
    assert [row.state for row in history] == [QUEUED, RUNNING, RUNNING, RUNNING, QUEUED, RUNNING, SUCCEEDED]
    assert [row.event for row in history] == [None, None, b"one", b"two", None, None, None]
    assert store.events_after("a", 6) == history[6:]


def test_an_attempt_given_back_on_purpose_is_not_counted(store: JobStore) -> None:
    store.create(new("a"), key=None)
    store.give_back(claimed(store))
    assert claimed(store).attempt == 1


def test_recovery_sorts_what_a_dead_server_left(store: JobStore) -> None:
    for job_id in ("often", "once", "cancelled"):
        store.create(new(job_id), key=None)
    claimed(store)  # "often", first
    assert store.recover() == (["often"], [], [])
    assert claimed(store).id == "often"
    assert claimed(store).id == "once"
    assert claimed(store).id == "cancelled"
    store.request_cancel("cancelled")
    assert store.recover() == (["once"], ["cancelled"], ["often"])


def test_a_waiting_job_that_is_cancelled_is_not_taken_any_more(store: JobStore) -> None:
    store.create(new("a"), key=None)
    assert store.request_cancel("a") is True
    assert store.claim() is None
    job = store.claim_cancelled("a")
    assert job is not None
    store.succeed(job, plan=b"plan", summary=b"", cancelled=True)
    assert store.get("a").state == CANCELLED
    assert store.claim_cancelled("a") is None


def test_only_waiting_jobs_fill_the_queue(store: JobStore) -> None:
    for job_id in ("a", "b", "c"):
        store.create(new(job_id), key=None)
    with pytest.raises(CapacityError):
        store.create(new("d"), key=None)
    claimed(store)
    store.create(new("d"), key=None)


def test_a_repeated_request_is_answered_also_when_the_queue_is_full(store: JobStore) -> None:
    store.create(new("a"), key=KEY)
    store.create(new("b"), key=None)
    store.create(new("c"), key=None)
    assert store.create(new("other"), key=KEY).id == "a"
    with pytest.raises(NotFound):
        store.get("other")


def test_the_same_request_id_with_another_digest_is_refused(store: JobStore) -> None:
    store.create(new("a"), key=KEY)
    other = RequestKey(method=KEY.method, request_id=KEY.request_id, digest=b"two")
    with pytest.raises(InvalidInput, match="was used for another"):
        store.create(new("b"), key=other)


def test_a_job_is_forgotten_once_plan_and_operation_are_deleted(store: JobStore) -> None:
    store.create(new("a"), key=None)
    store.succeed(claimed(store), plan=b"plan", summary=b"", cancelled=False)
    store.delete_operation("a")
    assert store.plan("a").content == b"plan"
    store.delete_plan("a")
    with pytest.raises(NotFound):
        store.get("a")
    assert store.events_after("a", 0) == []


def test_a_failed_job_is_forgotten_with_its_operation(store: JobStore) -> None:
    store.create(new("a"), key=None)
    store.fail(claimed(store), status=b"")
    assert store.get("a").state == FAILED
    with pytest.raises(Conflict, match="its state is FAILED"):
        store.plan("a")
    store.delete_operation("a")
    with pytest.raises(NotFound):
        store.get("a")


def test_pages_are_stable_while_jobs_are_added(store: JobStore) -> None:
    for job_id in ("a", "b", "c"):
        store.create(new(job_id), key=None)
    first = store.page(Page(before=None, size=2))
    assert [job.id for job in first] == ["c", "b", "a"]  # one more than the page, to see that another follows
    claimed(store)
    store.create(new("d"), key=None)
    assert [job.id for job in store.page(Page(before=first[1].number, size=2))] == ["a"]


def test_a_page_token_works_only_for_its_own_arguments_and_key() -> None:
    pager = Pager(b"key")
    token = pager.token(42, "plans basic")
    assert pager.page(page_size=0, page_token=token, arguments="plans basic") == Page(before=42, size=50)
    for other, arguments in ((pager, "plans full"), (Pager(b"other key"), "plans basic")):
        with pytest.raises(InvalidInput):
            other.page(page_size=0, page_token=token, arguments=arguments)


def test_page_sizes_are_coerced_from_above_and_refused_below_zero() -> None:
    pager = Pager(b"key")
    assert pager.page(page_size=10**6, page_token="", arguments="").size == 1000
    with pytest.raises(InvalidInput) as caught:
        pager.page(page_size=-1, page_token="", arguments="")
    assert caught.value.field_path == "page_size"


def test_a_directory_is_used_by_one_server_at_a_time(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Conflict) as caught:
        Database(tmp_path)
    assert caught.value.reason == "DATA_DIRECTORY_IN_USE"


def test_every_commit_is_on_disk_before_it_is_acknowledged(database: Database) -> None:
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
