"""Statements that callers' and workers' side of the job store share: how jobs are read, moved on and forgotten."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from topodesign.domain.errors import NotFound
from topodesign_server.blobs import collect
from topodesign_server.job_rows import FAILED, FINAL, PLAN, SWEEP, ClaimedJob, JobRow
from topodesign_server.snapshots import Snapshot
from topodesign_server.tables import attempts, blobs, events, jobs, snapshots, sweep_points, sweeps

LIGHT = tuple(jobs.c[name] for name in JobRow.__slots__)
BLOBS = (jobs.c.scenario, jobs.c.start, jobs.c.plan, jobs.c.plan_summary)
MOST_POINTS = 200
"""Points of a deleted sweep that one transaction forgets: 0.2 s at most on a busy machine, with plans of 20 kB."""
KIND_IN = {"plans": PLAN, "sweeps": SWEEP}
"""Which jobs a collection has; ``operations`` has all of them."""


def find_job(
    connection: Connection, tenant: str, job_id: str, *, what: str = "operations", to_change: bool = False
) -> JobRow:
    """A job of a collection; with ``to_change`` nobody else changes it until the transaction ends.

    Raises
    ------
    NotFound
        When the collection has none of that id. One that was deleted is no sweep any more; a plan's history stays.
    """
    query = sa.select(*LIGHT).where(jobs.c.tenant == tenant, jobs.c.id == job_id)
    if what in KIND_IN:
        query = query.where(jobs.c.kind == KIND_IN[what])
    if what == "sweeps":
        query = query.where(jobs.c.plan_deleted.is_(False))
    if to_change:
        query = query.with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise unknown(job_id, what)
    return as_job(row)


def as_job(row: Row[Any]) -> JobRow:
    return JobRow(**row._mapping)


def advance(
    connection: Connection,
    condition: sa.ColumnElement[bool],
    *,
    now: float,
    entries: Sequence[bytes | None] = (None,),
    state: int | None = None,
    **values: object,
) -> bool:
    """Append entries to the history of the job that meets a condition, and bring the job up to date.

    A job that has ended never meets it: a final state, and the result that comes with it, are written once.

    Parameters
    ----------
    entries : sequence of bytes or None
        Serialized ``PlanEvent``, ``None`` for a change of the state alone.
    state : int, optional
        The new state.
    values
        Further columns of the job.

    Returns
    -------
    bool
        Whether there was such a job.
    """
    changes: dict[str, object] = {**values, "update_time": now, "sequence": jobs.c.sequence + len(entries)}
    if state is not None:
        changes["state"] = state
    if state in FINAL:
        changes |= {"end_time": now, "is_held": False}
    if entries and entries[-1] is not None:
        changes["progress"] = entries[-1]
    update = jobs.update().where(condition, jobs.c.state.not_in(FINAL)).values(changes)
    row = connection.execute(update.returning(jobs.c.number, jobs.c.state, jobs.c.sequence)).one_or_none()
    if row is None:
        return False
    if state in FINAL:
        connection.execute(snapshots.delete().where(snapshots.c.job == row.number))
    first = row.sequence - len(entries) + 1
    if entries:
        connection.execute(
            events.insert(),
            [
                {"job": row.number, "sequence": sequence, "create_time": now, "state": row.state, "event": event}
                for sequence, event in enumerate(entries, start=first)
            ],
        )
    return True


def read_blob(connection: Connection, tenant: str, digest: bytes | None) -> bytes | None:
    """The content of a blob; ``None`` for none."""
    if digest is None:
        return None
    query = sa.select(blobs.c.content).where(blobs.c.tenant == tenant, blobs.c.sha256 == digest)
    return bytes(connection.execute(query).scalar_one())


def keep_snapshot(connection: Connection, number: int, snapshot: Snapshot) -> None:
    """Keep a snapshot in place of the last one; for whoever holds the job's row."""
    values = {"attempt": snapshot.attempt, "content": snapshot.content}
    if connection.execute(snapshots.update().where(snapshots.c.job == number).values(values)).rowcount == 0:
        connection.execute(snapshots.insert().values(job=number, **values))


def read_snapshot(connection: Connection, number: int) -> Snapshot | None:
    """The snapshot of a job."""
    query = sa.select(snapshots.c.attempt, snapshots.c.content).where(snapshots.c.job == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else Snapshot(attempt=row.attempt, content=bytes(row.content))


def read_definition(connection: Connection, number: int) -> bytes:
    """The serialized ``SweepDefinition`` of a sweep."""
    return bytes(connection.execute(sa.select(sweeps.c.definition).where(sweeps.c.job == number)).scalar_one())


def forget_result(connection: Connection, job: JobRow) -> int:
    """Forget the plan of a job that was locked, and the job when nothing else is left.

    Of a sweep its definition and its progress. Its points are no longer found, and :func:`forget_points` deletes them.

    Returns
    -------
    int
        The blobs that were freed.
    """
    one = jobs.c.number == job.number
    if job.kind == SWEEP:
        connection.execute(sweeps.delete().where(sweeps.c.job == job.number))
        connection.execute(jobs.update().where(one).values(plan_deleted=True, progress=None))
        return 0
    if job.operation_deleted:
        return forget_job(connection, job)
    digests = connection.execute(sa.select(jobs.c.plan, jobs.c.plan_summary).where(one)).one()
    connection.execute(jobs.update().where(one).values(plan_deleted=True, plan=None, plan_summary=None))
    return collect(connection, job.tenant, digests)


def forget_points(connection: Connection, job: JobRow) -> tuple[int, bool]:
    """Forget some points, with their plans and their part of the history, of a deleted sweep that was locked.

    A sweep may have ten thousand: they go a few in each transaction, so that nobody waits long for the store. After the
    last of them the job goes too, when nothing else is left of it.

    Returns
    -------
    tuple of int and bool
        The blobs that were freed, and whether these were the last points.
    """
    own = sweep_points.c.job == job.number
    of_points = sa.and_(events.c.job == job.number, events.c.event.is_not(None))
    query = sa.select(sweep_points.c.number, sweep_points.c.plan).where(own).order_by(sweep_points.c.number)
    some = connection.execute(query.limit(MOST_POINTS)).all()
    if some:
        connection.execute(sweep_points.delete().where(own, sweep_points.c.number <= some[-1].number))
        told = sa.select(events.c.sequence).where(of_points).order_by(events.c.sequence).limit(MOST_POINTS)
        connection.execute(events.delete().where(events.c.job == job.number, events.c.sequence.in_(told)))
    freed = collect(connection, job.tenant, [row.plan for row in some])
    is_last = len(some) < MOST_POINTS
    if is_last and job.operation_deleted:
        freed += forget_job(connection, job)
    return freed, is_last


def forget_operation(connection: Connection, job: JobRow) -> int:
    """Forget an operation that was locked; the job stays for its plan when it has one, and for what a sweep still has.

    Returns
    -------
    int
        The blobs that were freed.
    """
    is_empty = job.state == FAILED and job.kind == PLAN
    has_points = job.kind == SWEEP and _has_points(connection, job)
    if (job.plan_deleted and not has_points) or is_empty:  # nothing is left behind that could still be deleted
        return forget_job(connection, job)
    connection.execute(jobs.update().where(jobs.c.number == job.number).values(operation_deleted=True))
    return 0


def forget_job(connection: Connection, job: JobRow) -> int:
    """Forget a job that was locked and has no points, with its history, its attempts and its plan; the blobs that were
    freed.
    """
    digests = connection.execute(sa.select(*BLOBS).where(jobs.c.number == job.number)).one()
    for table in (events, attempts, sweeps):
        connection.execute(table.delete().where(table.c.job == job.number))
    connection.execute(jobs.delete().where(jobs.c.number == job.number))
    return collect(connection, job.tenant, digests)


def _has_points(connection: Connection, job: JobRow) -> bool:
    own = sa.select(sweep_points.c.number).where(sweep_points.c.job == job.number)
    return connection.scalar(own.limit(1)) is not None


def held(job: ClaimedJob) -> sa.ColumnElement[bool]:
    """Whether an attempt still holds its job."""
    return sa.and_(jobs.c.number == job.number, jobs.c.attempt == job.attempt, jobs.c.is_held.is_(True))


def unknown(job_id: str, collection: str) -> NotFound:
    """The error for a name that nothing has."""
    return NotFound(
        f"{collection}/{job_id} does not exist; list the {collection} for those that do",
        reason=f"{collection.removesuffix('s').upper()}_UNKNOWN",
        metadata={"id": job_id},
    )
