"""Sweeps and their finished points: as callers see them, and as attempts write them.

A sweep is a job (:mod:`topodesign_server.job_store` makes it and tells its progress) with a definition of its own. Its
points are rows that are written once, each in the transaction that notes it in the job's history, by the attempt that
holds the job; their plans are blobs like all others.
"""

import time
from collections.abc import Callable, Sequence
from itertools import accumulate

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from topodesign.domain.errors import Conflict, NotFound
from topodesign_server.blobs import keep
from topodesign_server.database import Database
from topodesign_server.job_changes import (
    LIGHT,
    advance,
    as_job,
    find_job,
    forget_points,
    forget_result,
    held,
    read_blob,
    read_definition,
)
from topodesign_server.job_rows import SWEEP, ClaimedJob, JobRow, PointRow, SweepRow
from topodesign_server.paging import Page
from topodesign_server.tables import jobs, sweep_points, sweeps

PAGE_BYTES = 1_000_000
"""Of definitions in one page: with all else it has it stays below the 4 MiB that gRPC's clients take by default."""
PAUSE_S = 0.05
"""Between two transactions that delete: others that want to write look again every 1 to 25 ms at first (SQLite)."""


class SweepStore:
    """Sweeps of one database, for callers. Every method is one transaction and may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: str, sweep_id: str, *, with_scenario: bool = False) -> SweepRow:
        """A sweep in any state; raises :class:`NotFound`."""
        with self._database.reading() as connection:
            job = _find(connection, tenant, sweep_id)
            scenario = None
            if with_scenario:
                digest = connection.scalar(sa.select(jobs.c.scenario).where(jobs.c.number == job.number))
                scenario = read_blob(connection, tenant, digest)
            definition = read_definition(connection, job.number)
            return SweepRow(job=job, definition=definition, scenario=scenario or b"")

    def page(self, tenant: str, page: Page) -> tuple[list[SweepRow], bool]:
        """Sweeps in any state, the newest first, and whether these are the last.

        Definitions may be long: a page has at most :data:`PAGE_BYTES` of them, or one sweep.
        """
        own = sa.and_(jobs.c.tenant == tenant, jobs.c.kind == SWEEP, jobs.c.plan_deleted.is_(False))
        size = sa.func.length(sweeps.c.definition).label("size")
        query = sa.select(jobs.c.number, size).join(sweeps, sweeps.c.job == jobs.c.number).where(own)
        if page.before is not None:
            query = query.where(jobs.c.number < page.before)
        with self._database.reading() as connection:
            sizes = connection.execute(query.order_by(jobs.c.number.desc()).limit(page.size + 1)).all()
            totals = accumulate(row.size for row in sizes)
            within = sum(total <= PAGE_BYTES for total in totals)
            shown = [row.number for row in sizes[: min(page.size, max(1, within))]]
            return _rows(connection, shown), len(shown) == len(sizes)

    def points(self, tenant: str, sweep_id: str, *, first: int = 0, most: int | None = None) -> list[PointRow]:
        """Finished points from a number on, in order, without their plans; raises :class:`NotFound`."""
        with self._database.reading() as connection:
            job = _find(connection, tenant, sweep_id)
            return _points(connection, job.number, first=first, most=most)

    def plan(self, tenant: str, sweep_id: str, number: int) -> bytes:
        """The serialized ``Plan`` of a point.

        Raises
        ------
        NotFound
            When there is no such sweep, or its point is not finished or has no plan.
        """
        with self._database.reading() as connection:
            job = _find(connection, tenant, sweep_id)
            plan = _plan(connection, tenant, job.number, number)
        if plan is None:
            raise NotFound(
                f"point {number} of sweeps/{sweep_id} has no plan; list its points for those that have one",
                reason="SWEEP_PLAN_UNKNOWN",
                metadata={"id": sweep_id, "point": str(number)},
            )
        return plan

    def delete(self, tenant: str, sweep_id: str) -> None:
        """Forget a sweep with its points; raises :class:`NotFound` or, before it has ended, :class:`Conflict`.

        It is gone at once; its points go after it, see :func:`clear_deleted`.
        """
        with self._database.writing() as connection:
            job = _find(connection, tenant, sweep_id, to_change=True)
            if not job.is_final:
                raise Conflict(
                    f"sweeps/{sweep_id} has not ended; wait for operations/{sweep_id}, or cancel it first",
                    reason="SWEEP_NOT_ENDED",
                    metadata={"id": sweep_id},
                )
            forget_result(connection, job)
        clear_deleted(self._database, job.number)


def clear_deleted(database: Database, number: int, *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Forget what a deleted sweep still has, in short transactions; the blobs that were freed.

    Parameters
    ----------
    should_stop : callable
        Asked after each transaction. What is left then, or after a crash, is for retention to go on with.
    """
    own = sa.and_(jobs.c.number == number, jobs.c.kind == SWEEP, jobs.c.plan_deleted.is_(True))
    freed, is_last = 0, False
    while not is_last:
        with database.writing() as connection:
            row = connection.execute(sa.select(*LIGHT).where(own).with_for_update()).one_or_none()
            if row is None:  # another server was quicker
                break
            some, is_last = forget_points(connection, as_job(row))
            freed += some
        if should_stop():
            break
        if not is_last:
            time.sleep(PAUSE_S)
    return freed


class PointStore:
    """Points of the sweeps of one database, for attempts. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def finish(self, job: ClaimedJob, point: PointRow, *, event: bytes) -> bool:
        """Keep a finished point and note it in the sweep's history; whether the attempt still holds the sweep.

        A point that is kept already stays as it is: the write was acknowledged to nobody and is made again. With every
        point attempts are counted anew: a sweep that gets on is not given up.
        """
        with self._database.writing() as connection:
            if _is_kept(connection, job.number, point.number):
                return connection.scalar(sa.select(jobs.c.number).where(held(job))) is not None
            now = self._database.now(connection)
            if not advance(connection, held(job), now=now, entries=(event,), attempt_count=1):
                return False
            (plan,) = keep(connection, job.tenant, point.plan or None)
            values = {"number": point.number, "attempt": job.attempt, "result": point.result, "plan": plan}
            connection.execute(sweep_points.insert().values(job=job.number, tenant=job.tenant, **values))
            return True

    def finished(self, job: ClaimedJob) -> list[PointRow]:
        """What all attempts have finished, without plans."""
        with self._database.reading() as connection:
            return _points(connection, job.number)

    def plan(self, job: ClaimedJob, number: int) -> bytes:
        """The plan of a point that has one."""
        with self._database.reading() as connection:
            return _plan(connection, job.tenant, job.number, number) or b""


def _find(connection: Connection, tenant: str, sweep_id: str, *, to_change: bool = False) -> JobRow:
    return find_job(connection, tenant, sweep_id, what="sweeps", to_change=to_change)


def _rows(connection: Connection, numbers: Sequence[int]) -> list[SweepRow]:
    query = sa.select(*LIGHT, sweeps.c.definition).join(sweeps, sweeps.c.job == jobs.c.number)
    found = []
    for row in connection.execute(query.where(jobs.c.number.in_(numbers)).order_by(jobs.c.number.desc())):
        values = dict(row._mapping)
        found.append(SweepRow(definition=bytes(values.pop("definition")), job=JobRow(**values)))
    return found


def _is_kept(connection: Connection, job: int, number: int) -> bool:
    one = sa.and_(sweep_points.c.job == job, sweep_points.c.number == number)
    return connection.scalar(sa.select(sweep_points.c.number).where(one)) is not None


def _points(connection: Connection, job: int, *, first: int = 0, most: int | None = None) -> list[PointRow]:
    query = sa.select(sweep_points.c.number, sweep_points.c.result)
    query = query.where(sweep_points.c.job == job, sweep_points.c.number >= first)
    rows = connection.execute(query.order_by(sweep_points.c.number).limit(most))
    return [PointRow(number=row.number, result=bytes(row.result)) for row in rows]


def _plan(connection: Connection, tenant: str, job: int, number: int) -> bytes | None:
    one = sa.and_(sweep_points.c.job == job, sweep_points.c.number == number)
    digest = connection.scalar(sa.select(sweep_points.c.plan).where(one))
    return read_blob(connection, tenant, digest)
