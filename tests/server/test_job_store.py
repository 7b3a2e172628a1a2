"""The store's own promises, on a real SQLite file and on a real PostgreSQL."""

from dataclasses import replace
from pathlib import Path

import pytest
from google.rpc.status_pb2 import Status
from served.store_place import StorePlace, attempt_store, claimed, job_store, kept_blobs, listed, new_job
from topodesign_server.attempt_store import AttemptStore
from topodesign_server.database import Database, open_database
from topodesign_server.job_rows import CANCELLED, CANCELLING, FAILED, QUEUED, RUNNING, SUCCEEDED
from topodesign_server.job_store import JobStore
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page, Pager
from topodesign_server.tables import DEFAULT_TENANT as TENANT

from topodesign.domain.errors import CapacityError, Conflict, InvalidInput, NotFound

KEY = RequestKey(tenant=TENANT, method="CreatePlan", request_id="3d5c6a0e-6c7f-4b3e-9d5b-5a3e8f0b7c11", digest=b"one")


@pytest.fixture
def jobs(database: Database) -> JobStore:
    return job_store(database)


@pytest.fixture
def attempts(database: Database) -> AttemptStore:
    return attempt_store(database)


def test_jobs_are_taken_in_the_order_in_which_they_came(jobs: JobStore, attempts: AttemptStore) -> None:
    for job_id in ("c", "a", "b"):
        jobs.create(new_job(job_id), key=None)
    assert [claimed(attempts).id for _ in range(3)] == ["c", "a", "b"]
    assert attempts.claim() is None


def test_the_plan_to_begin_from_reaches_the_worker(jobs: JobStore, attempts: AttemptStore) -> None:
    jobs.create(new_job("a", start=b"plan"), key=None)
    jobs.create(new_job("b"), key=None)
    assert [claimed(attempts).start for _ in range(2)] == [b"plan", None]


def test_what_an_earlier_attempt_writes_late_changes_nothing(
    database: Database, jobs: JobStore, attempts: AttemptStore
) -> None:
    jobs.create(new_job("a"), key=None)
    late = claimed(attempts)
    attempts.recover(everything=True)
    current = claimed(attempts)
    assert current.attempt == 2
    assert not attempts.add_events(late, [b""])
    assert not attempts.fail(late, status=b"")
    assert not attempts.give_back(late)
    assert not attempts.succeed(late, plan=b"late", summary=b"late", cancelled=False)
    assert jobs.get(TENANT, "a").state == RUNNING
    assert attempts.succeed(current, plan=b"current", summary=b"current", cancelled=False)
    assert jobs.plan(TENANT, "a").content == b"current"
    assert b"late" not in {content for _, content in kept_blobs(database)}


def test_a_final_state_never_changes(jobs: JobStore, attempts: AttemptStore) -> None:
    jobs.create(new_job("a"), key=None)
    job = claimed(attempts)
    attempts.succeed(job, plan=b"plan", summary=b"", cancelled=False)
    assert not attempts.fail(job, status=b"")
    assert not attempts.give_back(job)
    assert not attempts.succeed(job, plan=b"another", summary=b"", cancelled=True)
    jobs.request_cancel(TENANT, "a")
    assert jobs.get(TENANT, "a").state == SUCCEEDED
    assert jobs.plan(TENANT, "a").content == b"plan"


def test_the_history_has_no_holes_and_ends_with_the_final_state(jobs: JobStore, attempts: AttemptStore) -> None:
    jobs.create(new_job("a"), key=None)
    job = claimed(attempts)
    attempts.add_events(job, [b"one", b"two"])
    attempts.give_back(job)
    again = claimed(attempts)
    attempts.succeed(again, plan=b"", summary=b"", cancelled=False)
    _, history = jobs.history(TENANT, "a", after=0)
    assert [row.sequence for row in history] == [1, 2, 3, 4, 5, 6, 7]
    assert [row.state for row in history] == [QUEUED, RUNNING, RUNNING, RUNNING, QUEUED, RUNNING, SUCCEEDED]
    assert [row.event for row in history] == [None, None, b"one", b"two", None, None, None]
    assert jobs.history(TENANT, "a", after=6)[1] == history[6:]


def test_an_attempt_given_back_on_purpose_is_not_counted(jobs: JobStore, attempts: AttemptStore) -> None:
    jobs.create(new_job("a"), key=None)
    first = claimed(attempts)
    attempts.give_back(first)
    second = claimed(attempts)
    assert (
        second.attempt > first.attempt
    )  # another attempt all the same: what the first writes late is not the second's
    assert jobs.get(TENANT, "a").attempt_count == 1


def test_recovery_sorts_what_a_dead_server_left(jobs: JobStore, attempts: AttemptStore) -> None:
    for job_id in ("often", "once", "cancelled"):
        jobs.create(new_job(job_id), key=None)
    claimed(attempts)  # "often", first
    assert recovered(attempts) == {"often": QUEUED}
    assert [claimed(attempts).id for _ in range(3)] == ["often", "once", "cancelled"]
    jobs.request_cancel(TENANT, "cancelled")
    assert recovered(attempts) == {"often": FAILED, "once": QUEUED, "cancelled": CANCELLING}
    assert recovered(attempts) == {}
    error = Status.FromString(jobs.get(TENANT, "often").error or b"")
    assert "ended 2 times" in error.message


def recovered(attempts: AttemptStore) -> dict[str, int]:
    return {job.id: job.state for job in attempts.recover(everything=True)}


def test_a_waiting_job_that_is_cancelled_is_not_taken_any_more(jobs: JobStore, attempts: AttemptStore) -> None:
    jobs.create(new_job("a"), key=None)
    assert jobs.request_cancel(TENANT, "a").state == QUEUED
    assert attempts.claim() is None
    job = attempts.claim_cancelled()
    assert job is not None
    assert attempts.claim_cancelled() is None  # one writes the result
    attempts.succeed(job, plan=b"plan", summary=b"", cancelled=True)
    assert jobs.get(TENANT, "a").state == CANCELLED
    assert jobs.get(TENANT, "a").attempt_count == 0
    assert attempts.claim_cancelled() is None


def test_a_cancelled_job_whose_server_died_is_finished_with_what_was_proven(
    jobs: JobStore, attempts: AttemptStore
) -> None:
    jobs.create(new_job("a"), key=None)
    late = claimed(attempts)
    attempts.add_events(late, [b"bound"])
    jobs.request_cancel(TENANT, "a")
    assert attempts.claim_cancelled() is None  # its attempt may still answer
    attempts.recover(everything=True)
    assert not attempts.succeed(late, plan=b"late", summary=b"", cancelled=True)
    job = attempts.claim_cancelled()
    assert job is not None
    assert (job.id, job.progress) == ("a", b"bound")


def test_only_waiting_jobs_fill_the_queue(jobs: JobStore, attempts: AttemptStore) -> None:
    for job_id in ("a", "b", "c"):
        jobs.create(new_job(job_id), key=None)
    with pytest.raises(CapacityError):
        jobs.create(new_job("d"), key=None)
    claimed(attempts)
    jobs.create(new_job("d"), key=None)


def test_a_repeated_request_is_answered_also_when_the_queue_is_full(jobs: JobStore, attempts: AttemptStore) -> None:
    jobs.create(new_job("a"), key=KEY)
    jobs.create(new_job("b"), key=None)
    jobs.create(new_job("c"), key=None)
    assert jobs.create(new_job("other"), key=KEY).id == "a"
    with pytest.raises(NotFound):
        jobs.get(TENANT, "other")


def test_the_same_request_id_with_another_digest_is_refused(jobs: JobStore, attempts: AttemptStore) -> None:
    jobs.create(new_job("a"), key=KEY)
    other = replace(KEY, digest=b"two")
    with pytest.raises(InvalidInput, match="was used for another"):
        jobs.create(new_job("b"), key=other)


def test_a_job_is_forgotten_once_plan_and_operation_are_deleted(
    database: Database, jobs: JobStore, attempts: AttemptStore
) -> None:
    jobs.create(new_job("a"), key=None)
    attempts.succeed(claimed(attempts), plan=b"plan", summary=b"", cancelled=False)
    jobs.delete_operation(TENANT, "a")
    assert jobs.plan(TENANT, "a").content == b"plan"
    jobs.delete_plan(TENANT, "a")
    with pytest.raises(NotFound):
        jobs.get(TENANT, "a")
    assert kept_blobs(database) == set()


def test_a_failed_job_is_forgotten_with_its_operation(jobs: JobStore, attempts: AttemptStore) -> None:
    jobs.create(new_job("a"), key=None)
    attempts.fail(claimed(attempts), status=b"")
    assert jobs.get(TENANT, "a").state == FAILED
    with pytest.raises(Conflict, match="its state is FAILED"):
        jobs.plan(TENANT, "a")
    jobs.delete_operation(TENANT, "a")
    with pytest.raises(NotFound):
        jobs.get(TENANT, "a")


def test_pages_are_stable_while_jobs_are_added(jobs: JobStore, attempts: AttemptStore) -> None:
    for job_id in ("a", "b", "c"):
        jobs.create(new_job(job_id), key=None)
    first = listed(jobs, size=2)
    assert [job.id for job in first] == ["c", "b", "a"]  # one more than the page, to see that another follows
    claimed(attempts)
    jobs.create(new_job("d"), key=None)
    assert [job.id for job in listed(jobs, before=first[1].number, size=2)] == ["a"]


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


def test_a_directory_is_used_by_one_server_at_a_time(tmp_path: Path) -> None:
    with StorePlace(tmp_path) as place:
        place.open()
        with pytest.raises(Conflict) as caught:
            open_database(tmp_path)
    assert caught.value.reason == "DATA_DIRECTORY_IN_USE"


def test_every_commit_is_on_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    with StorePlace(tmp_path) as place, place.open().writing() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


@pytest.mark.parametrize("url", ["sqlite:///x", "nonsense", "mysql://localhost/x"])
def test_a_url_of_another_kind_of_database_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_database(tmp_path, url=url)
    assert (caught.value.reason, caught.value.field_path) == ("DATABASE_URL_INVALID", "database_url")


def test_tenants_do_not_see_each_other(database: Database, jobs: JobStore, attempts: AttemptStore) -> None:
    for tenant in ("one", "two"):  # the same id, the same request_id and the same content
        key = replace(KEY, tenant=tenant)
        assert jobs.create(new_job("a", tenant=tenant), key=key).tenant == tenant
    job = claimed(attempts)
    assert job.tenant == "one"
    attempts.succeed(job, plan=b"plan", summary=b"summary", cancelled=False)
    assert jobs.plan("one", "a").content == b"plan"
    with pytest.raises(Conflict):
        jobs.plan("two", "a")
    assert [row.id for row in jobs.plans("one", Page(before=None, size=9), full=True)] == ["a"]
    assert jobs.plans("two", Page(before=None, size=9), full=True) == []
    assert [row.state for row in listed(jobs, "two")] == [QUEUED]
    assert {tenant for tenant, content in kept_blobs(database) if content == b"scenario"} == {"one", "two"}
    with pytest.raises(NotFound):
        jobs.get("three", "a")
