"""A database that a test opens, closes and opens again: as a restarted server, or as several."""

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa
from topodesign_server.attempt_store import AttemptStore
from topodesign_server.database import Database, open_database
from topodesign_server.job_rows import ClaimedJob, JobRow, NewJob, NewSweep
from topodesign_server.job_store import JobStore
from topodesign_server.paging import Page
from topodesign_server.queue_room import QueueLimits
from topodesign_server.quotas import Quotas
from topodesign_server.tables import DEFAULT_TENANT, attempts, blobs, jobs, scenarios, sweep_points


@dataclass(slots=True)
class StorePlace:
    """A SQLite file in a directory, or the PostgreSQL database at a URL."""

    directory: Path
    url: str | None = None
    _open: list[Database] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def open(self, *, lock_timeout_s: float = 10.0) -> Database:
        database = open_database(self.directory, url=self.url, lock_timeout_s=lock_timeout_s)
        self._open.append(database)
        return database

    def close(self) -> None:
        while self._open:
            self._open.pop().close()


def job_store(
    database: Database, *, queue_limit: int = 3, tenant_queue_limit: int = 1000, quotas: Quotas | None = None
) -> JobStore:
    return JobStore(database, queue=QueueLimits(total=queue_limit, of_tenant=tenant_queue_limit), quotas=quotas)


def attempt_store(
    database: Database,
    *,
    owner: str = "a",
    lease_s: float = 60.0,
    max_attempts: int = 2,
    retry_pause_s: float = 1.0,
) -> AttemptStore:
    return AttemptStore(database, owner=owner, lease_s=lease_s, max_attempts=max_attempts, retry_pause_s=retry_pause_s)


def new_job(
    job_id: str,
    *,
    tenant: str = DEFAULT_TENANT,
    is_named: bool = True,
    scenario: bytes = b"scenario",
    start: bytes | None = None,
    sweep: NewSweep | None = None,
    scenario_sha256: str | None = None,
) -> NewJob:
    return NewJob(
        tenant=tenant,
        id=job_id,
        is_named=is_named,
        scenario_name="",
        scenario=scenario,
        limits=b"limits",
        start=start,
        sweep=sweep,
        scenario_sha256=scenario_sha256,
    )


def listed(
    store: JobStore, tenant: str = DEFAULT_TENANT, *, before: int | None = None, size: int = 1_000_000
) -> list[JobRow]:
    """The jobs that a list of operations shows."""
    return [job for job, _ in store.page_with_plans(tenant, Page(before=before, size=size))]


def claimed(store: AttemptStore) -> ClaimedJob:
    job = store.claim()
    assert job is not None
    return job


def let_lease_run_out(database: Database, job: ClaimedJob) -> None:
    """As if its server had not renewed it: no test waits for a clock."""
    one = sa.and_(attempts.c.job == job.number, attempts.c.number == job.attempt)
    with database.writing() as connection:
        assert connection.execute(attempts.update().where(one).values(lease_until=0.0)).rowcount == 1


def kept_blobs(database: Database) -> set[tuple[str, bytes]]:
    """Tenant and content of every blob; fails when one is not referred to."""
    referring = [
        scenarios.c.summary,
        scenarios.c.content,
        jobs.c.scenario,
        jobs.c.start,
        jobs.c.plan,
        jobs.c.plan_summary,
        sweep_points.c.plan,
    ]
    with database.reading() as connection:
        used = {
            (tenant, digest)
            for column in referring
            for tenant, digest in connection.execute(
                sa.select(column.table.c.tenant, column).where(column.is_not(None))
            )
        }
        rows = connection.execute(sa.select(blobs)).all()
    assert {(row.tenant, row.sha256) for row in rows} == used
    assert all(row.size_bytes == len(row.content) for row in rows)
    return {(row.tenant, row.content) for row in rows}
