"""Jobs and their plans, as callers see them: made, read, watched, cancelled, listed, deleted.

A job is made once and ends in exactly one final state. Its id names the operation and the plan. What workers write is
in :mod:`topodesign_server.attempt_store`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from topodesign.domain.errors import Conflict
from topodesign.v1 import planning_service_pb2 as pb
from topodesign_server.blobs import keep
from topodesign_server.bounded_cache import BoundedCache
from topodesign_server.database import Database
from topodesign_server.job_changes import (
    LIGHT,
    advance,
    find_job,
    forget_operation,
    forget_result,
    read_blob,
    unknown,
)
from topodesign_server.job_rows import (
    CANCELLING,
    FAILED,
    PLAN,
    QUEUED,
    RUNNING,
    EventRow,
    JobRow,
    NewJob,
    PlanRow,
    Position,
)
from topodesign_server.names import RequestKey
from topodesign_server.paging import Page
from topodesign_server.queue_room import QueueLimits, QueueLook
from topodesign_server.quotas import Quotas
from topodesign_server.request_ids import claim_request, first_answer, was_claimed
from topodesign_server.tables import blobs, events, jobs, sweeps

MOST_AT_ONCE = 1000

# Made once: building a statement takes several times as long as running it.
ONE_PLAN = sa.select(*LIGHT, jobs.c.plan, jobs.c.scenario).where(
    jobs.c.kind == PLAN, jobs.c.tenant == sa.bindparam("tenant"), jobs.c.id == sa.bindparam("id")
)


class JobStore:
    """Jobs of one database. Every method is one transaction and may be called from any thread."""

    def __init__(
        self, database: Database, *, queue: QueueLimits, quotas: Quotas | None = None, cache_bytes: int = 0
    ) -> None:
        self._database = database
        self._queue = queue
        self._quotas = quotas or Quotas()
        # Contents lie under their digest and never change: what was read once need not be read again. Whether the plan
        # still exists, and whose it is, is asked of the database every time.
        self._contents: BoundedCache[tuple[str, bytes]] = BoundedCache(cache_bytes)

    @property
    def written(self) -> object:
        """See :attr:`Database.written`."""
        return self._database.written

    def look_at_queue(self, *, without: Collection[tuple[str, str]] = ()) -> QueueLook:
        """How many jobs wait, but for those ``without`` (tenant, id): asked early, a refusal costs next to nothing."""
        with self._database.reading() as connection:
            return QueueLook.of(connection, without=without)

    def create(self, new: NewJob, *, key: RequestKey | None) -> JobRow:
        """Queue a job, or return what the same request queued before.

        Raises
        ------
        CapacityError
            When too many jobs wait (``QUEUE_FULL``), or too many of this tenant (``TENANT_QUEUE_FULL``).
        QuotaExceeded
            When the tenant has too much.
        Conflict
            When the id is taken.
        InvalidInput
            When ``request_id`` was used for another request.
        """
        with self._database.writing() as connection:
            # one at a time, so that the queue is never longer than its limit, whichever servers add to it
            self._database.serialize(connection, "create job")
            now = self._database.now(connection)
            earlier = claim_request(connection, key, new.id, now=now)
            if earlier is not None:
                return find_job(connection, new.tenant, earlier)
            self._require_room(connection, new)
            _require_free(connection, new)
            scenario, start = keep(connection, new.tenant, new.scenario, new.start)
            values = {
                "tenant": new.tenant,
                "id": new.id,
                "is_named": new.is_named,
                "state": QUEUED,
                "is_held": False,
                "attempt": 0,
                "attempt_count": 0,
                "create_time": now,
                "update_time": now,
                "sequence": 1,
                "history_trimmed": False,
                "operation_deleted": False,
                "plan_deleted": False,
                "scenario_name": new.scenario_name,
                "limits": new.limits,
                "trace_context": new.trace_context,
                "kind": new.kind,
                "progress": None if new.sweep is None else new.sweep.progress,
                "scenario": scenario,
                "scenario_sha256": new.scenario_sha256,
                "start": start,
            }
            number = connection.execute(jobs.insert().values(values).returning(jobs.c.number)).scalar_one()
            connection.execute(events.insert().values(job=number, sequence=1, create_time=now, state=QUEUED))
            if new.sweep is not None:
                connection.execute(sweeps.insert().values(job=number, definition=new.sweep.definition))
            return find_job(connection, new.tenant, new.id)

    def require_creatable(self, new: NewJob, *, key: RequestKey | None) -> None:
        """Raise what :meth:`create` would raise now."""
        with self._database.reading() as connection:
            if key is None or first_answer(connection, key) is None:
                self._require_room(connection, new)
                _require_free(connection, new)

    def _require_room(self, connection: Connection, new: NewJob) -> None:
        QueueLook.of(connection).require_room(new.tenant, self._queue)
        definition = b"" if new.sweep is None else new.sweep.definition
        size_bytes = len(new.scenario) + len(new.start or b"") + len(definition)
        self._quotas.require_room_for_job(connection, new.tenant, size_bytes=size_bytes)

    def was_asked(self, tenant: str, method: str, request_id: str) -> bool:
        """Whether something was made for a ``request_id``, whatever it was asked with."""
        with self._database.reading() as connection:
            return was_claimed(connection, tenant, method, request_id)

    def repeated(self, key: RequestKey | None) -> JobRow | None:
        """What the same request queued before; raises :class:`InvalidInput` as :meth:`create` does."""
        if key is None:
            return None
        with self._database.reading() as connection:
            earlier = first_answer(connection, key)
            return None if earlier is None else find_job(connection, key.tenant, earlier)

    def get(self, tenant: str, job_id: str, *, what: str = "operations") -> JobRow:
        """A job, asked for as one of a collection; raises :class:`NotFound`."""
        with self._database.reading() as connection:
            return find_job(connection, tenant, job_id, what=what)

    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        with self._database.reading() as connection:
            return _waiting(connection)

    def page_with_plans(self, tenant: str, page: Page) -> list[tuple[JobRow, PlanRow | None]]:
        """Jobs whose operation is kept, with the summary of a plan: the newest first, one more than the page holds."""
        summary = sa.and_(blobs.c.tenant == jobs.c.tenant, blobs.c.sha256 == jobs.c.plan_summary)
        query = sa.select(*LIGHT, blobs.c.content).select_from(jobs.outerjoin(blobs, summary))
        query = _paged(query.where(jobs.c.operation_deleted.is_(False)), tenant, page)
        with self._database.reading() as connection:
            found: list[tuple[JobRow, PlanRow | None]] = []
            for row in connection.execute(query):
                values = dict(row._mapping)
                content = values.pop("content")
                job = JobRow(**values)
                found.append((job, None if content is None else _plan_of(job, content)))
            return found

    def history(
        self, tenant: str, job_id: str, *, after: int, most: int = 500, what: str = "plans"
    ) -> tuple[JobRow, list[EventRow]]:
        """A job of a collection, and the entries of its history after a sequence number, in order.

        Raises
        ------
        NotFound
            When the collection has none of that id.
        """
        with self._database.reading() as connection:
            job = find_job(connection, tenant, job_id, what=what)
            query = sa.select(events).where(events.c.job == job.number, events.c.sequence > after)
            rows = connection.execute(query.order_by(events.c.sequence).limit(most))
            entries = [
                EventRow(sequence=row.sequence, create_time=row.create_time, state=row.state, event=row.event)
                for row in rows
            ]
        return job, entries

    def positions(self, numbers: Sequence[int]) -> Mapping[int, Position]:
        """How far each of some jobs is; those that are gone are left out."""
        found: dict[int, Position] = {}
        with self._database.reading() as connection:
            for start in range(0, len(numbers), MOST_AT_ONCE):
                some = numbers[start : start + MOST_AT_ONCE]
                query = sa.select(jobs.c.number, jobs.c.sequence, jobs.c.state).where(jobs.c.number.in_(some))
                for row in connection.execute(query):
                    found[row.number] = Position(sequence=row.sequence, state=row.state)
        return found

    def request_cancel(self, tenant: str, job_id: str) -> JobRow:
        """Note that a job is to be cancelled; a job that has ended stays as it is."""
        with self._database.writing() as connection:
            job = find_job(connection, tenant, job_id)
            if job.operation_deleted:
                raise unknown(job_id, "operations")
            open_job = sa.and_(jobs.c.number == job.number, jobs.c.state.in_((QUEUED, RUNNING)))
            advance(connection, open_job, now=self._database.now(connection), state=CANCELLING)
            return job

    def get_with_plan(self, tenant: str, job_id: str) -> tuple[JobRow, PlanRow | None]:
        """An operation that was not deleted, and its plan when it has one; raises :class:`NotFound`."""
        with self._database.reading() as connection:
            job = find_job(connection, tenant, job_id)
            if job.operation_deleted:
                raise unknown(job_id, "operations")
            digest = connection.scalar(sa.select(jobs.c.plan).where(jobs.c.number == job.number))
            return job, None if digest is None else _plan_of(job, self._content(connection, tenant, digest))

    def plan(self, tenant: str, plan_id: str, *, with_scenario: bool = True) -> PlanRow:
        """A plan that was made, with its scenario unless that is not wanted.

        Raises
        ------
        NotFound
            When there is none of that name.
        Conflict
            When it is being made, or its making failed.
        """
        with self._database.reading() as connection:
            row = connection.execute(ONE_PLAN, {"tenant": tenant, "id": plan_id}).one_or_none()
            if row is None or row.plan_deleted:
                raise unknown(plan_id, "plans")
            if row.plan is None:
                raise _not_ready(find_job(connection, tenant, plan_id, what="plans"))
            return PlanRow(
                number=row.number,
                id=row.id,
                create_time=row.create_time,
                scenario_name=row.scenario_name,
                content=self._content(connection, tenant, row.plan),
                scenario=self._content(connection, tenant, row.scenario) if with_scenario else b"",
            )

    def plans(self, tenant: str, page: Page, *, full: bool) -> list[PlanRow]:
        """Plans that were made, the newest first, one more than the page holds."""
        digest = jobs.c.plan if full else jobs.c.plan_summary
        kept = jobs.join(blobs, sa.and_(blobs.c.tenant == jobs.c.tenant, blobs.c.sha256 == digest))
        columns = (jobs.c.number, jobs.c.id, jobs.c.create_time, jobs.c.scenario_name, blobs.c.content)
        query = _paged(sa.select(*columns).select_from(kept), tenant, page)
        with self._database.reading() as connection:
            return [PlanRow(**row._mapping) for row in connection.execute(query)]

    def delete_plan(self, tenant: str, plan_id: str) -> None:
        """Forget a plan; raises :class:`NotFound` or, while it is being made, :class:`Conflict`."""
        with self._database.writing() as connection:
            job = find_job(connection, tenant, plan_id, what="plans", to_change=True)
            if job.plan_deleted:
                raise unknown(plan_id, "plans")
            if not job.is_final:
                raise _not_ready(job)
            forget_result(connection, job)

    def delete_operation(self, tenant: str, job_id: str) -> None:
        """Forget an operation that has ended; its plan stays."""
        with self._database.writing() as connection:
            job = find_job(connection, tenant, job_id, to_change=True)
            if job.operation_deleted:
                raise unknown(job_id, "operations")
            if not job.is_final:
                raise Conflict(
                    f"operations/{job_id} has not ended; cancel it first",
                    reason="OPERATION_RUNNING",
                    metadata={"id": job_id},
                )
            forget_operation(connection, job)

    def _content(self, connection: Connection, tenant: str, digest: bytes) -> bytes:
        content = self._contents.get((tenant, digest))
        if content is None:
            content = read_blob(connection, tenant, digest) or b""
            self._contents.put((tenant, digest), content)
        return content


def _waiting(connection: Connection) -> int:
    return connection.scalar(sa.select(sa.func.count()).where(jobs.c.state == QUEUED)) or 0


def _require_free(connection: Connection, new: NewJob) -> None:
    """Plans and sweeps share their ids: an id names one operation."""
    kind = connection.scalar(sa.select(jobs.c.kind).where(jobs.c.tenant == new.tenant, jobs.c.id == new.id))
    if kind is not None:
        raise Conflict(
            f"{kind}s/{new.id} exists already; choose another {new.kind}_id",
            reason="PLAN_EXISTS" if kind == PLAN else "SWEEP_EXISTS",
            metadata={"id": new.id},
        )


def _plan_of(job: JobRow, content: bytes) -> PlanRow:
    """The plan of a job without its scenario."""
    return PlanRow(
        number=job.number,
        id=job.id,
        create_time=job.create_time,
        scenario_name=job.scenario_name,
        content=content,
    )


def _paged(query: sa.Select[Any], tenant: str, page: Page) -> sa.Select[Any]:
    query = query.where(jobs.c.tenant == tenant)
    if page.before is not None:
        query = query.where(jobs.c.number < page.before)
    return query.order_by(jobs.c.number.desc()).limit(page.size + 1)


def _not_ready(job: JobRow) -> Conflict:
    state = pb.PlanState.Name(pb.PlanState.ValueType(job.state)).removeprefix("PLAN_STATE_")
    remedy = f"see the error of operations/{job.id}" if job.state == FAILED else f"wait for operations/{job.id}"
    return Conflict(
        f"plans/{job.id} is not made: its state is {state}; {remedy}",
        reason="PLAN_NOT_MADE" if job.state == FAILED else "PLAN_NOT_READY",
        metadata={"id": job.id, "state": state},
    )
