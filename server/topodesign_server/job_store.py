"""Jobs and their plans: the durable truth that workers write and every call reads.

A job is made once and ends in exactly one final state. Its id names the operation and the plan. Workers hold a job by
(id, attempt): what an earlier attempt writes late changes nothing.
"""

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from topodesign.domain.errors import CapacityError, Conflict, NotFound
from topodesign.v1 import planning_service_pb2 as pb
from topodesign_server.database import Database, events, first_answer, jobs, remember
from topodesign_server.job_rows import (
    CANCELLED,
    CANCELLING,
    FAILED,
    HELD,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    ClaimedJob,
    EventRow,
    JobRow,
    NewJob,
    PlanRow,
)
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page

LIGHT = [
    column
    for column in jobs.c
    if column.name not in ("limits", "scenario", "start", "plan", "plan_summary")  # blobs that few calls need
]


class JobStore:
    """Jobs of one database. Every method is one transaction and may be called from any thread."""

    def __init__(self, database: Database, *, queue_limit: int, max_attempts: int) -> None:
        self._database = database
        self._queue_limit = queue_limit
        self._max_attempts = max_attempts

    def create(self, new: NewJob, *, key: RequestKey | None) -> JobRow:
        """Queue a job, or return what the same request queued before.

        Raises
        ------
        CapacityError
            When too many jobs wait.
        Conflict
            When the id is taken.
        InvalidInput
            When ``request_id`` was used for another request.
        """
        now = time.time()
        with self._database.writing() as connection:
            earlier = first_answer(connection, key)
            if earlier is not None:
                return _job(connection, earlier)
            self._require_room(connection)
            if connection.scalar(sa.select(jobs.c.number).where(jobs.c.id == new.id)) is not None:
                raise Conflict(
                    f"plans/{new.id} exists already; choose another plan_id",
                    reason="PLAN_EXISTS",
                    metadata={"id": new.id},
                )
            connection.execute(
                jobs.insert().values(
                    id=new.id,
                    state=QUEUED,
                    create_time=now,
                    update_time=now,
                    attempt=0,
                    sequence=0,
                    operation_deleted=False,
                    plan_deleted=False,
                    scenario_name=new.scenario_name,
                    limits=new.limits,
                    scenario=new.scenario,
                    start=new.start,
                )
            )
            _record(connection, new.id, QUEUED, [None])
            remember(connection, key, new.id)
            return _job(connection, new.id)

    def get(self, job_id: str) -> JobRow:
        """A job; raises :class:`NotFound`."""
        with self._database.reading() as connection:
            return _job(connection, job_id)

    def page(self, page: Page) -> list[JobRow]:
        """Jobs whose operation was not deleted, the newest first, one more than the page holds."""
        query = sa.select(*LIGHT).where(jobs.c.operation_deleted.is_(False))
        with self._database.reading() as connection:
            return [_as_job(row) for row in connection.execute(_paged(query, page))]

    def events_after(self, job_id: str, sequence: int, *, most: int = 500) -> list[EventRow]:
        """Entries of a job's history after ``sequence``, in order."""
        query = sa.select(events).where(events.c.job_id == job_id, events.c.sequence > sequence)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(events.c.sequence).limit(most))
            return [
                EventRow(sequence=row.sequence, create_time=row.create_time, state=row.state, event=row.event)
                for row in rows
            ]

    def claim(self) -> ClaimedJob | None:
        """Take the oldest waiting job, or ``None``."""
        with self._database.writing() as connection:
            query = sa.select(jobs.c.id, jobs.c.attempt, jobs.c.scenario, jobs.c.limits, jobs.c.start)
            query = query.where(jobs.c.state == QUEUED).order_by(jobs.c.number).limit(1)
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            connection.execute(jobs.update().where(jobs.c.id == row.id).values(attempt=row.attempt + 1))
            _record(connection, row.id, RUNNING, [None])
            return ClaimedJob(
                id=row.id, attempt=row.attempt + 1, scenario=row.scenario, limits=row.limits, start=row.start
            )

    def add_events(self, job: ClaimedJob, serialized: Sequence[bytes]) -> None:
        """Append progress of an attempt."""
        with self._database.writing() as connection:
            state = _held_state(connection, job)
            if state is not None:
                _record(connection, job.id, state, serialized)

    def succeed(self, job: ClaimedJob, *, plan: bytes, summary: bytes, cancelled: bool) -> None:
        """End an attempt with a plan."""
        with self._database.writing() as connection:
            if _held_state(connection, job) is not None:
                connection.execute(
                    jobs.update().where(jobs.c.id == job.id).values(plan=plan, plan_summary=summary, error=None)
                )
                _record(connection, job.id, CANCELLED if cancelled else SUCCEEDED, [None])

    def fail(self, job: ClaimedJob, *, status: bytes) -> None:
        """End an attempt with an error."""
        with self._database.writing() as connection:
            if _held_state(connection, job) is not None:
                connection.execute(jobs.update().where(jobs.c.id == job.id).values(error=status))
                _record(connection, job.id, FAILED, [None])

    def give_back(self, job: ClaimedJob) -> None:
        """Queue a job again whose attempt was ended on purpose; it does not count as an attempt."""
        with self._database.writing() as connection:
            if _held_state(connection, job) == RUNNING:
                connection.execute(jobs.update().where(jobs.c.id == job.id).values(attempt=job.attempt - 1))
                _record(connection, job.id, QUEUED, [None])

    def request_cancel(self, job_id: str) -> bool:
        """Note that a job is to be cancelled; a job that has ended stays as it is.

        Returns
        -------
        bool
            Whether the job was waiting, so that no worker will end it.
        """
        with self._database.writing() as connection:
            job = _job(connection, job_id)
            if job.operation_deleted:
                raise _unknown(job_id, "operations")
            if job.state in (QUEUED, RUNNING):
                _record(connection, job_id, CANCELLING, [None])
            return job.state == QUEUED

    def claim_cancelled(self, job_id: str) -> ClaimedJob | None:
        """A job that is to be cancelled, for writing its result; ``None`` when it is in another state."""
        query = sa.select(jobs.c.id, jobs.c.attempt, jobs.c.scenario, jobs.c.limits)
        with self._database.reading() as connection:
            row = connection.execute(query.where(jobs.c.id == job_id, jobs.c.state == CANCELLING)).one_or_none()
        if row is None:
            return None
        return ClaimedJob(id=row.id, attempt=row.attempt, scenario=row.scenario, limits=row.limits)

    def recover(self) -> tuple[list[str], list[str], list[str]]:
        """Queue again what a server that died was making.

        Returns
        -------
        tuple of list of str
            Ids that were queued again, ids still to be cancelled, and ids that were started too often.
        """
        with self._database.writing() as connection:
            held = connection.execute(sa.select(jobs.c.id, jobs.c.state, jobs.c.attempt).where(jobs.c.state.in_(HELD)))
            rows = held.all()
            cancelling = [row.id for row in rows if row.state == CANCELLING]
            running = [row for row in rows if row.state == RUNNING]
            spent = [row.id for row in running if row.attempt >= self._max_attempts]
            queued = [row.id for row in running if row.attempt < self._max_attempts]
            for job_id in queued:
                _record(connection, job_id, QUEUED, [None])
        return queued, cancelling, spent

    def get_with_plan(self, job_id: str, *, full: bool = True) -> tuple[JobRow, PlanRow | None]:
        """An operation that was not deleted, and its plan when it has one; raises :class:`NotFound`."""
        with self._database.reading() as connection:
            job = _job(connection, job_id)
            if job.operation_deleted:
                raise _unknown(job_id, "operations")
            return job, _plan(connection, job, full=full)

    def plan(self, plan_id: str) -> PlanRow:
        """A plan that was made, with its scenario.

        Raises
        ------
        NotFound
            When there is none of that name.
        Conflict
            When it is being made, or its making failed.
        """
        with self._database.reading() as connection:
            job = _job(connection, plan_id, what="plans")
            if job.plan_deleted:
                raise _unknown(plan_id, "plans")
            row = _plan(connection, job, full=True)
        if row is None:
            raise _not_ready(job)
        return row

    def plans(self, page: Page, *, full: bool) -> list[PlanRow]:
        """Plans that were made, the newest first, one more than the page holds."""
        content = (jobs.c.plan if full else jobs.c.plan_summary).label("content")
        query = sa.select(jobs.c.number, jobs.c.id, jobs.c.create_time, jobs.c.scenario_name, content)
        query = query.where(jobs.c.plan.is_not(None))
        with self._database.reading() as connection:
            return [PlanRow(**row._mapping) for row in connection.execute(_paged(query, page))]

    def delete_plan(self, plan_id: str) -> None:
        """Forget a plan; raises :class:`NotFound` or, while it is being made, :class:`Conflict`."""
        with self._database.writing() as connection:
            job = _job(connection, plan_id, what="plans")
            if job.plan_deleted:
                raise _unknown(plan_id, "plans")
            if not job.is_final:
                raise _not_ready(job)
            values = {"plan_deleted": True, "plan": None, "plan_summary": None}
            connection.execute(jobs.update().where(jobs.c.id == plan_id).values(values))
            _purge(connection, job, other_deleted=job.operation_deleted)

    def delete_operation(self, job_id: str) -> None:
        """Forget an operation that has ended; its plan stays."""
        with self._database.writing() as connection:
            job = _job(connection, job_id)
            if job.operation_deleted:
                raise _unknown(job_id, "operations")
            if not job.is_final:
                raise Conflict(
                    f"operations/{job_id} has not ended; cancel it first",
                    reason="OPERATION_RUNNING",
                    metadata={"id": job_id},
                )
            connection.execute(jobs.update().where(jobs.c.id == job_id).values(operation_deleted=True))
            # An operation that ended without a plan leaves nothing behind that could still be deleted.
            _purge(connection, job, other_deleted=job.plan_deleted or job.state == FAILED)

    def _require_room(self, connection: Connection) -> None:
        waiting = connection.scalar(sa.select(sa.func.count()).where(jobs.c.state == QUEUED)) or 0
        if waiting >= self._queue_limit:
            raise CapacityError(
                f"{waiting} jobs wait, and the queue holds {self._queue_limit}; try again later",
                reason="QUEUE_FULL",
                metadata={"waiting": str(waiting), "limit": str(self._queue_limit)},
            )


def _record(connection: Connection, job_id: str, state: int, serialized: Sequence[bytes | None]) -> None:
    """Append entries to a job's history and bring the job itself up to date."""
    now = time.time()
    first = connection.scalar(sa.select(jobs.c.sequence).where(jobs.c.id == job_id)) or 0
    entries: list[dict[str, Any]] = [
        {"job_id": job_id, "sequence": first + index, "create_time": now, "state": state, "event": event}
        for index, event in enumerate(serialized, start=1)
    ]
    connection.execute(events.insert(), entries)
    values: dict[str, Any] = {"state": state, "update_time": now, "sequence": first + len(entries)}
    if serialized[-1] is not None:
        values["progress"] = serialized[-1]
    connection.execute(jobs.update().where(jobs.c.id == job_id).values(values))


def _held_state(connection: Connection, job: ClaimedJob) -> int | None:
    """State of a job while this attempt still holds it."""
    query = sa.select(jobs.c.state).where(jobs.c.id == job.id, jobs.c.attempt == job.attempt, jobs.c.state.in_(HELD))
    return connection.scalar(query)


def _purge(connection: Connection, job: JobRow, *, other_deleted: bool) -> None:
    if other_deleted:
        connection.execute(events.delete().where(events.c.job_id == job.id))
        connection.execute(jobs.delete().where(jobs.c.id == job.id))


def _job(connection: Connection, job_id: str, *, what: str = "operations") -> JobRow:
    row = connection.execute(sa.select(*LIGHT).where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise _unknown(job_id, what)
    return _as_job(row)


def _plan(connection: Connection, job: JobRow, *, full: bool) -> PlanRow | None:
    content = jobs.c.plan if full else jobs.c.plan_summary
    query = sa.select(content.label("content"), jobs.c.scenario).where(jobs.c.id == job.id, content.is_not(None))
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return PlanRow(
        number=job.number,
        id=job.id,
        create_time=job.create_time,
        scenario_name=job.scenario_name,
        content=row.content,
        scenario=row.scenario,
    )


def _as_job(row: Row[Any]) -> JobRow:
    return JobRow(**row._mapping)


def _paged(query: sa.Select[Any], page: Page) -> sa.Select[Any]:
    if page.before is not None:
        query = query.where(jobs.c.number < page.before)
    return query.order_by(jobs.c.number.desc()).limit(page.size + 1)


def _unknown(job_id: str, collection: str) -> NotFound:
    return NotFound(
        f"{collection}/{job_id} does not exist; list the {collection} for those that do",
        reason=f"{collection.removesuffix('s').upper()}_UNKNOWN",
        metadata={"id": job_id},
    )


def _not_ready(job: JobRow) -> Conflict:
    state = pb.PlanState.Name(pb.PlanState.ValueType(job.state)).removeprefix("PLAN_STATE_")
    remedy = f"see the error of operations/{job.id}" if job.state == FAILED else f"wait for operations/{job.id}"
    return Conflict(
        f"plans/{job.id} is not made: its state is {state}; {remedy}",
        reason="PLAN_NOT_MADE" if job.state == FAILED else "PLAN_NOT_READY",
        metadata={"id": job.id, "state": state},
    )
