"""What has ended is forgotten in time, and nothing before."""

import sqlalchemy as sa
from served.store_place import StorePlace, attempt_store, claimed, job_store, kept_blobs, listed, new_job
from topodesign_server.database import Database
from topodesign_server.job_rows import SUCCEEDED
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page
from topodesign_server.retention import DAY_S, Forgotten, Periods, Retention
from topodesign_server.tables import DEFAULT_TENANT as TENANT
from topodesign_server.tables import jobs as jobs_table
from topodesign_server.tables import requests

from topodesign.domain.errors import NotFound

FOREVER = {"operations_days": None, "histories_days": None, "unnamed_plans_days": None, "request_ids_days": None}
WHOLE = Page(before=None, size=100)


def sweep(database: Database, **days: float) -> Forgotten:
    return Retention(database, Periods(**{**FOREVER, **days})).sweep()


def make_older(database: Database, *, days: float) -> None:
    """As if everything had happened earlier: no test waits for a clock."""
    with database.writing() as connection:
        for column in (jobs_table.c.end_time, requests.c.create_time):
            connection.execute(sa.update(column.table).values({column: column - days * DAY_S}))


def finished(database: Database, *job_ids: str, is_named: bool = True) -> None:
    attempts = attempt_store(database)
    for job_id in job_ids:
        job_store(database).create(new_job(job_id, is_named=is_named), key=None)
        job = claimed(attempts)
        attempts.add_events(job, [b"progress"])
        attempts.succeed(job, plan=b"plan of " + job_id.encode(), summary=b"short", cancelled=False)


def test_by_default_plans_are_kept_until_they_are_deleted(place: StorePlace) -> None:
    from pathlib import Path

    from topodesign_server.settings import ServerSettings

    settings = ServerSettings(data_directory=Path())
    assert settings.keep_unnamed_plans_days is None
    database = place.open()
    finished(database, "unnamed", is_named=False)
    make_older(database, days=10_000)
    swept = Retention(
        database,
        Periods(
            operations_days=settings.keep_operations_days,
            histories_days=settings.keep_histories_days,
            unnamed_plans_days=settings.keep_unnamed_plans_days,
            request_ids_days=settings.keep_request_ids_days,
        ),
    ).sweep()
    assert swept == Forgotten(operations=1, histories=1)
    assert job_store(database).plan(TENANT, "unnamed").content == b"plan of unnamed"


def test_nothing_is_forgotten_before_its_time(database: Database) -> None:
    finished(database, "a", is_named=False)
    make_older(database, days=2.9)
    everything = {"operations_days": 3.0, "histories_days": 3.0, "unnamed_plans_days": 3.0, "request_ids_days": 3.0}
    assert not sweep(database, **everything)
    make_older(database, days=0.2)
    assert sweep(database, **everything)


def test_jobs_that_have_not_ended_are_never_forgotten(database: Database) -> None:
    jobs, attempts = job_store(database), attempt_store(database)
    jobs.create(new_job("running"), key=None)
    claimed(attempts)
    jobs.create(new_job("queued", is_named=False), key=None)
    make_older(database, days=10_000)
    assert not sweep(database, operations_days=1.0, histories_days=1.0, unnamed_plans_days=1.0)
    assert {job.id for job in listed(jobs)} == {"running", "queued"}


def test_an_old_operation_is_forgotten_and_its_plan_stays(database: Database) -> None:
    jobs = job_store(database)
    finished(database, "old")
    make_older(database, days=10)
    finished(database, "new")
    assert sweep(database, operations_days=5.0) == Forgotten(operations=1)
    assert [job.id for job in listed(jobs)] == ["new"]
    assert jobs.plan(TENANT, "old").content == b"plan of old"


def test_an_old_failure_is_forgotten_whole(database: Database) -> None:
    jobs, attempts = job_store(database), attempt_store(database)
    jobs.create(new_job("failed"), key=None)
    attempts.fail(claimed(attempts), status=b"")
    make_older(database, days=10)
    assert sweep(database, operations_days=5.0) == Forgotten(operations=1, blobs=1)
    assert kept_blobs(database) == set()


def test_only_plans_whose_id_the_service_chose_are_forgotten(database: Database) -> None:
    jobs = job_store(database)
    finished(database, "named")
    finished(database, "unnamed", is_named=False)
    make_older(database, days=10)
    assert sweep(database, unnamed_plans_days=5.0) == Forgotten(plans=1, blobs=1)
    assert [row.id for row in jobs.plans(TENANT, WHOLE, full=True)] == ["named"]
    assert jobs.get_with_plan(TENANT, "unnamed")[1] is None
    # with its operation nothing is left of it
    assert sweep(database, operations_days=5.0).operations == 2
    try:
        jobs.get(TENANT, "unnamed")
    except NotFound:
        return
    raise AssertionError("the job without plan and operation is still there")


def test_an_old_history_keeps_its_end_so_that_watchers_are_told(database: Database) -> None:
    jobs = job_store(database)
    finished(database, "a")
    make_older(database, days=10)
    assert sweep(database, histories_days=5.0) == Forgotten(histories=1)
    job, history = jobs.history(TENANT, "a", after=0)
    assert [(row.sequence, row.state) for row in history] == [(job.sequence, SUCCEEDED)]
    assert not sweep(database, histories_days=5.0)


def test_old_request_ids_are_forgotten(database: Database) -> None:
    jobs = job_store(database, queue_limit=9)
    key = RequestKey(tenant=TENANT, method="CreatePlan", request_id="3d5c6a0e-6c7f-4b3e-9d5b-5a3e8f0b7c11", digest=b"x")
    jobs.create(new_job("a"), key=key)
    assert not sweep(database, request_ids_days=5.0)
    make_older(database, days=10)
    assert sweep(database, request_ids_days=5.0) == Forgotten(request_ids=1)
    assert jobs.create(new_job("b"), key=key).id == "b"


def test_two_servers_that_sweep_at_once_forget_everything_once(shared_place: StorePlace) -> None:
    from concurrent.futures import ThreadPoolExecutor

    database = shared_place.open()
    finished(database, *(f"job-{number}" for number in range(12)), is_named=False)
    make_older(database, days=10)
    with ThreadPoolExecutor(3) as threads:
        swept = list(threads.map(lambda _: sweep(shared_place.open(), unnamed_plans_days=5.0), range(3)))
    assert sum(one.plans for one in swept) == 12
    assert [content for _, content in kept_blobs(database)] == [b"scenario"]
