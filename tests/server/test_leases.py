"""Attempts of several servers at the jobs of one database: one job once, and nothing written by who has lost it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from served.store_place import StorePlace, attempt_store, claimed, job_store, let_lease_run_out, new_job
from topodesign_server.database import Database
from topodesign_server.job_rows import CANCELLING, FAILED, QUEUED, RUNNING, SUCCEEDED
from topodesign_server.tables import DEFAULT_TENANT as TENANT
from topodesign_server.tables import attempts as attempts_table


def outcomes(database: Database) -> list[tuple[int, str, str | None, bool]]:
    """Number, owner, outcome and whether it ended, of every attempt in order."""
    table = attempts_table
    query = sa.select(table).order_by(table.c.job, table.c.number)
    with database.reading() as connection:
        return [(row.number, row.owner, row.outcome, row.end_time is not None) for row in connection.execute(query)]


def test_a_job_is_kept_from_others_while_its_lease_runs(database: Database) -> None:
    jobs, one, two = job_store(database), attempt_store(database, owner="a"), attempt_store(database, owner="b")
    jobs.create(new_job("job"), key=None)
    job = claimed(one)
    assert two.recover() == []
    assert two.claim() is None
    assert one.renew([job]) == []
    assert jobs.get(TENANT, "job").state == RUNNING
    assert outcomes(database) == [(1, "a", None, False)]


def test_a_job_whose_lease_ran_out_is_made_by_another_server(database: Database) -> None:
    jobs, one, two = job_store(database), attempt_store(database, owner="a"), attempt_store(database, owner="b")
    jobs.create(new_job("job"), key=None)
    late = claimed(one)
    let_lease_run_out(database, late)
    assert [(job.id, job.state) for job in two.recover()] == [("job", QUEUED)]
    current = claimed(two)
    assert one.renew([late]) == [late]
    assert not one.add_events(late, [b"late"])
    assert not one.succeed(late, plan=b"late", summary=b"", cancelled=False)
    assert two.succeed(current, plan=b"plan", summary=b"", cancelled=False)
    assert not one.fail(late, status=b"late")
    assert jobs.plan(TENANT, "job").content == b"plan"
    assert outcomes(database) == [(1, "a", "lost", True), (2, "b", "succeeded", True)]


def test_a_lease_that_ran_out_but_was_not_taken_is_renewed(database: Database) -> None:
    """A server that was stopped for a while and that nobody missed goes on."""
    jobs, one, two = job_store(database), attempt_store(database, owner="a"), attempt_store(database, owner="b")
    jobs.create(new_job("job"), key=None)
    job = claimed(one)
    let_lease_run_out(database, job)
    assert one.renew([job]) == []
    assert two.recover() == []
    assert one.succeed(job, plan=b"plan", summary=b"", cancelled=False)


def test_a_renewed_lease_lasts_as_long_as_a_new_one(database: Database) -> None:
    jobs, attempts = job_store(database), attempt_store(database, lease_s=1000.0)
    jobs.create(new_job("job"), key=None)
    job = claimed(attempts)
    let_lease_run_out(database, job)
    attempts.renew([job])
    with database.reading() as connection:
        left = connection.scalar(sa.select(attempts_table.c.lease_until)) - database.now(connection)
    assert 900 < left <= 1000


def test_many_workers_of_two_servers_take_each_job_once(shared_place: StorePlace) -> None:
    jobs = job_store(shared_place.open(), queue_limit=100)
    for number in range(40):
        jobs.create(new_job(f"job-{number}"), key=None)
    stores = [attempt_store(shared_place.open(), owner=owner) for owner in "ab"]

    def work(number: int) -> list[str]:
        taken = []
        while (job := stores[number % 2].claim()) is not None:
            stores[number % 2].succeed(job, plan=b"plan", summary=b"", cancelled=False)
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(8) as threads:
        taken = [job_id for some in threads.map(work, range(8)) for job_id in some]
    assert sorted(taken) == sorted(f"job-{number}" for number in range(40))
    assert {jobs.get(TENANT, job_id).state for job_id in taken} == {SUCCEEDED}


def test_a_result_and_a_takeover_at_the_same_time_leave_one_of_the_two(shared_place: StorePlace) -> None:
    """Whoever is second finds that the job is not its own any more."""
    database, other = shared_place.open(), shared_place.open()
    jobs, one, two = job_store(database), attempt_store(database, owner="a", max_attempts=99), attempt_store(other)
    for number in range(10):
        jobs.create(new_job(f"job-{number}"), key=None)
        job = claimed(one)
        let_lease_run_out(database, job)
        with ThreadPoolExecutor(2) as threads:
            won = threads.submit(one.succeed, job, plan=b"plan", summary=b"", cancelled=False)
            taken = threads.submit(two.recover)
        assert won.result() != bool(taken.result())
        if taken.result():
            assert two.succeed(claimed(two), plan=b"plan", summary=b"", cancelled=False)


def test_cancelled_jobs_are_finished_by_one_of_several_servers(shared_place: StorePlace) -> None:
    database = shared_place.open()
    jobs, stores = job_store(database, queue_limit=30), [attempt_store(shared_place.open()) for _ in range(2)]
    for number in range(20):
        jobs.create(new_job(f"job-{number}"), key=None)
        jobs.request_cancel(TENANT, f"job-{number}")

    def finish(number: int) -> list[str]:
        found = []
        while (job := stores[number % 2].claim_cancelled()) is not None:
            assert stores[number % 2].succeed(job, plan=b"", summary=b"", cancelled=True)
            found.append(job.id)
        return found

    with ThreadPoolExecutor(4) as threads:
        found = [job_id for some in threads.map(finish, range(4)) for job_id in some]
    assert sorted(found) == sorted(f"job-{number}" for number in range(20))


@pytest.mark.parametrize("count", [1, 3])
def test_a_job_is_given_up_after_as_many_lost_attempts_as_are_allowed(database: Database, count: int) -> None:
    jobs, attempts = job_store(database), attempt_store(database, max_attempts=count)
    jobs.create(new_job("job"), key=None)
    for _ in range(count):
        assert not jobs.get(TENANT, "job").is_final
        let_lease_run_out(database, claimed(attempts))
        attempts.recover()
    job = jobs.get(TENANT, "job")
    assert job.is_final
    assert job.attempt_count == count


def test_a_job_whose_solver_crashed_waits_before_it_is_tried_again(database: Database) -> None:
    jobs = job_store(database)
    store = attempt_store(database, max_attempts=3, retry_pause_s=1000.0)
    jobs.create(new_job("crashing"), key=None)
    first = claimed(store)
    assert store.crash(first, status=b"") == QUEUED
    assert store.claim() is None
    pause_s = store.pause_s()
    assert pause_s is not None
    assert 0 < pause_s <= 60  # no pause is longer
    jobs.create(new_job("other"), key=None)
    assert claimed(store).id == "other"  # it holds up nobody else, of its own tenant either
    let_lease_run_out(database, first)
    second = claimed(store)
    assert (second.id, second.attempt_count) == ("crashing", 2)
    assert store.pause_s() is None
    assert store.crash(first, status=b"late") is None


def test_a_job_whose_solver_crashes_every_time_fails_with_its_error(database: Database) -> None:
    jobs, store = job_store(database), attempt_store(database, max_attempts=2, retry_pause_s=0.0)
    jobs.create(new_job("job"), key=None)
    assert store.crash(claimed(store), status=b"first") == QUEUED
    assert store.crash(claimed(store), status=b"second") == FAILED
    assert jobs.get(TENANT, "job").error == b"second"
    assert outcomes(database) == [(1, "a", "crashed", True), (2, "a", "crashed", True)]


def test_a_job_that_crashes_while_it_is_cancelled_is_not_tried_again(database: Database) -> None:
    jobs, store = job_store(database), attempt_store(database, retry_pause_s=0.0)
    jobs.create(new_job("job"), key=None)
    job = claimed(store)
    jobs.request_cancel(TENANT, "job")
    assert store.crash(job, status=b"") == CANCELLING
    assert store.claim() is None
    left = store.claim_cancelled()
    assert left is not None
    assert store.succeed(left, plan=b"plan", summary=b"", cancelled=True)
