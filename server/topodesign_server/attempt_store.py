"""Attempts at jobs, as the workers of one server write them: claimed, renewed, reported, ended, taken from the dead.

An attempt holds its job under a lease that its server renews. Once the lease has run out any server may take the job
away; until one does, the attempt may still renew and finish. Whatever an attempt writes after it lost its job changes
nothing: every statement asks for the job's number together with the number of the attempt, which grows with each claim.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from topodesign.domain.errors import InternalError
from topodesign.wire import status_from_error
from topodesign_server.blobs import keep
from topodesign_server.database import Database
from topodesign_server.fair_share import Turns, WaitingTenant
from topodesign_server.job_changes import advance, held, keep_snapshot, read_blob, read_definition, read_snapshot
from topodesign_server.job_rows import (
    CANCELLED,
    CANCELLING,
    FAILED,
    HELD,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    SWEEP,
    ClaimedJob,
)
from topodesign_server.snapshots import Snapshot
from topodesign_server.tables import attempts, jobs

CRASHED = "crashed"
"""Outcome of an attempt; the ``lease_until`` of a crashed one is when the job may be taken again."""
LONGEST_PAUSE_S = 60.0

_WITH_LATEST = jobs.outerjoin(attempts, sa.and_(attempts.c.job == jobs.c.number, attempts.c.number == jobs.c.attempt))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A job that was taken from an attempt whose server no longer renews it, and the state that it is in now."""

    number: int
    id: str
    attempt: int
    state: int


class AttemptStore:
    """Attempts of one server.

    Parameters
    ----------
    owner : str
        Names the server process; no two are the same.
    lease_s : float
        How long a lease lasts after it was taken or renewed.
    max_attempts : int
        How many attempts may be lost, or crash, before a job is given up.
    retry_pause_s : float
        How long a job waits after its first crash.
    """

    def __init__(
        self, database: Database, *, owner: str, lease_s: float, max_attempts: int, retry_pause_s: float
    ) -> None:
        self._database = database
        self._owner = owner
        self._lease_s = lease_s
        self._max_attempts = max_attempts
        self._retry_pause_s = retry_pause_s
        self._claiming = threading.Lock()
        self._turns = Turns()

    def claim(self) -> ClaimedJob | None:
        """Take the waiting job whose turn it is (see :mod:`topodesign_server.fair_share`), or ``None``."""
        with self._claiming, self._database.writing() as connection:
            # Several servers one after the other, so that each counts what the others have started.
            self._database.serialize(connection, "claim job")
            for head in self._turns.in_order(self._heads(connection)):
                # asked again: on a shared database it may have been cancelled since
                free = sa.and_(jobs.c.number == head.first, jobs.c.state == QUEUED, jobs.c.is_held.is_(False))
                job = self._take(connection, free, state=RUNNING)
                if job is not None:
                    self._turns.take(job.tenant, job.kind)
                    return job
        return None

    def is_anothers_turn(self, job: ClaimedJob) -> bool:
        """Whether another job would be taken before this one, if its attempt gave it back now."""
        with self._claiming, self._database.reading() as connection:
            return self._turns.in_order(self._heads(connection, given_back=job))[0].first != job.number

    def pause_s(self) -> float | None:
        """Seconds until a job that waits after a crash may be tried again; ``None`` when there is none."""
        until = sa.select(sa.func.min(attempts.c.lease_until)).select_from(_WITH_LATEST)
        until = until.where(jobs.c.state == QUEUED, attempts.c.outcome == CRASHED)
        with self._database.reading() as connection:
            found = connection.scalar(until)
            return None if found is None else max(0.0, found - self._database.now(connection))

    def claim_cancelled(self) -> ClaimedJob | None:
        """Take a job that is to be cancelled and that no attempt holds, to write its result, or ``None``."""
        free = sa.and_(jobs.c.state == CANCELLING, jobs.c.is_held.is_(False))
        with self._database.writing() as connection:
            return self._take(connection, free, state=None)

    def renew(self, held: Iterable[ClaimedJob]) -> list[ClaimedJob]:
        """Renew the leases of attempts; those of them that were taken away."""
        lost = []
        for job in held:
            with self._database.writing() as connection:
                lease_until = self._database.now(connection) + self._lease_s
                renewal = attempts.update().where(_attempt(job), attempts.c.end_time.is_(None))
                if connection.execute(renewal.values(lease_until=lease_until)).rowcount == 0:
                    lost.append(job)
        return lost

    def recover(self, *, everything: bool = False) -> list[Recovered]:
        """Take the jobs away from attempts whose lease has run out.

        Each is queued again, given up when it was lost too often, or left to be cancelled.

        Parameters
        ----------
        everything : bool
            Whether no other server can be alive, so that every job that is held was left by a dead one.
        """
        found = []
        while (one := self._recover_one(everything=everything)) is not None:
            found.append(one)
        return found

    def add_events(self, job: ClaimedJob, serialized: Sequence[bytes], *, snapshot: Snapshot | None = None) -> bool:
        """Append progress of an attempt, and keep the best plan that it found; whether it still holds the job."""
        with self._database.writing() as connection:
            is_held = advance(connection, held(job), now=self._database.now(connection), entries=serialized)
            if is_held and snapshot is not None:
                keep_snapshot(connection, job.number, snapshot)
            return is_held

    def succeed(self, job: ClaimedJob, *, plan: bytes, summary: bytes, cancelled: bool) -> bool:
        """End an attempt with a plan; whether it still held the job."""
        with self._database.writing() as connection:
            # the job first, then its blobs, as everywhere: no two transactions wait for each other
            if connection.execute(sa.select(jobs.c.number).where(held(job)).with_for_update()).one_or_none() is None:
                return False
            kept, kept_summary = keep(connection, job.tenant, plan, summary)
            state, outcome = (CANCELLED, "cancelled") if cancelled else (SUCCEEDED, "succeeded")
            return self._end(connection, job, outcome, state=state, plan=kept, plan_summary=kept_summary)

    def end_sweep(self, job: ClaimedJob, *, cancelled: bool) -> bool:
        """End an attempt at a sweep that is finished, or is cancelled; whether it still held the job."""
        state, outcome = (CANCELLED, "cancelled") if cancelled else (SUCCEEDED, "succeeded")
        with self._database.writing() as connection:
            return self._end(connection, job, outcome, state=state)

    def fail(self, job: ClaimedJob, *, status: bytes) -> bool:
        """End an attempt with an error; whether it still held the job."""
        with self._database.writing() as connection:
            return self._end(connection, job, "failed", state=FAILED, error=status)

    def crash(self, job: ClaimedJob, *, status: bytes) -> int | None:
        """End an attempt whose solver crashed; the state that the job is in now, ``None`` when it was lost before.

        The job waits for another attempt, each time twice as long, and fails with ``status`` when there were too many.
        One that is to be cancelled is left for whoever writes the result.
        """
        with self._database.writing() as connection:
            query = sa.select(jobs.c.state, jobs.c.attempt_count).where(held(job)).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            if row.state == CANCELLING:
                self._end(connection, job, CRASHED, entries=(), is_held=False)
                return CANCELLING
            if row.attempt_count >= self._max_attempts:
                self._end(connection, job, CRASHED, state=FAILED, error=status)
                return FAILED
            self._end(connection, job, CRASHED, state=QUEUED, is_held=False)
            until = self._database.now(connection) + self._pause_after(row.attempt_count)
            connection.execute(attempts.update().where(_attempt(job)).values(lease_until=until))
            return QUEUED

    def give_back(self, job: ClaimedJob) -> bool:
        """End an attempt on purpose, so that it does not count; whether it still held the job.

        The job is queued again, or, when it is to be cancelled, left for whoever writes the result.
        """
        count = jobs.c.attempt_count - 1
        with self._database.writing() as connection:
            is_running = jobs.c.state == RUNNING
            if self._end(connection, job, "given back", is_running, state=QUEUED, is_held=False, attempt_count=count):
                return True
            return self._end(connection, job, "given back", entries=(), is_held=False, attempt_count=count)

    def _pause_after(self, attempt_count: int) -> float:
        return min(self._retry_pause_s * 2.0 ** (attempt_count - 1), LONGEST_PAUSE_S)

    def _heads(self, connection: Connection, *, given_back: ClaimedJob | None = None) -> list[WaitingTenant]:
        """The tenants with jobs that may start now, each with the first of them of each kind.

        ``given_back`` is a job that runs, and is looked at as if it waited.
        """
        running = sa.select(jobs.c.tenant, sa.func.count().label("running")).where(jobs.c.state.in_(HELD))
        counts = {row.tenant: int(row.running) for row in connection.execute(running.group_by(jobs.c.tenant))}
        is_paused = sa.and_(attempts.c.outcome == CRASHED, attempts.c.lease_until > self._database.now(connection))
        first = sa.func.min(jobs.c.number).label("first")
        waiting = sa.select(jobs.c.tenant, jobs.c.kind, first).select_from(_WITH_LATEST)
        waiting = waiting.where(jobs.c.state == QUEUED, sa.func.coalesce(is_paused, sa.false()).is_(False))
        rows = connection.execute(waiting.group_by(jobs.c.tenant, jobs.c.kind)).all()
        found = [(row.tenant, row.kind, row.first) for row in rows]
        self._turns.keep_only({*counts, *(row.tenant for row in rows)})
        if given_back is not None:
            counts[given_back.tenant] = max(0, counts.get(given_back.tenant, 0) - 1)  # it may have been lost since
            found.append((given_back.tenant, given_back.kind, given_back.number))
        return [
            WaitingTenant(tenant=tenant, running=counts.get(tenant, 0), first=number, kind=kind)
            for tenant, kind, number in found
        ]

    def _take(
        self, connection: Connection, condition: sa.ColumnElement[bool], *, state: int | None
    ) -> ClaimedJob | None:
        columns = (jobs.c.number, jobs.c.tenant, jobs.c.id, jobs.c.attempt, jobs.c.attempt_count, jobs.c.limits)
        contents = (jobs.c.progress, jobs.c.scenario, jobs.c.scenario_sha256, jobs.c.start, jobs.c.trace_context)
        query = sa.select(*columns, *contents, jobs.c.create_time, jobs.c.kind)
        query = query.where(condition).order_by(jobs.c.number).limit(1)
        row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        now = self._database.now(connection)
        number, count = row.attempt + 1, row.attempt_count + (state is not None)
        values: dict[str, object] = {"attempt": number, "attempt_count": count, "is_held": True}
        entries = () if state is None else (None,)
        advance(connection, jobs.c.number == row.number, now=now, entries=entries, state=state, **values)
        connection.execute(
            attempts.insert().values(
                job=row.number,
                number=number,
                owner=self._owner,
                lease_until=now + self._lease_s,
                start_time=now,
            )
        )
        return ClaimedJob(
            number=row.number,
            tenant=row.tenant,
            id=row.id,
            attempt=number,
            attempt_count=count,
            scenario=read_blob(connection, row.tenant, row.scenario) or b"",
            limits=row.limits,
            start=read_blob(connection, row.tenant, row.start),
            progress=row.progress,
            create_time=row.create_time,
            trace_context=row.trace_context,
            snapshot=read_snapshot(connection, row.number),
            kind=row.kind,
            definition=read_definition(connection, row.number) if row.kind == SWEEP else b"",
            scenario_sha256=row.scenario_sha256,
        )

    def _end(
        self,
        connection: Connection,
        job: ClaimedJob,
        outcome: str,
        *conditions: sa.ColumnElement[bool],
        entries: Sequence[bytes | None] = (None,),
        state: int | None = None,
        **values: object,
    ) -> bool:
        now = self._database.now(connection)
        condition = sa.and_(held(job), *conditions)
        if not advance(connection, condition, now=now, entries=entries, state=state, **values):
            return False
        connection.execute(attempts.update().where(_attempt(job)).values(end_time=now, outcome=outcome))
        return True

    def _recover_one(self, *, everything: bool) -> Recovered | None:
        held_by = jobs.join(attempts, sa.and_(attempts.c.job == jobs.c.number, attempts.c.number == jobs.c.attempt))
        columns = (jobs.c.number, jobs.c.tenant, jobs.c.id, jobs.c.state, jobs.c.attempt, jobs.c.attempt_count)
        query = sa.select(*columns, jobs.c.kind).select_from(held_by).where(jobs.c.is_held.is_(True))
        query = query.order_by(jobs.c.number).limit(1).with_for_update(skip_locked=True)
        with self._database.writing() as connection:
            if not everything:
                query = query.where(attempts.c.lease_until < self._database.now(connection))
            row = connection.execute(query).one_or_none()
            return None if row is None else self._take_away(connection, row)

    def _take_away(self, connection: Connection, row: Row[int, str, str, int, int, int, str]) -> Recovered:
        job = ClaimedJob(number=row.number, tenant=row.tenant, id=row.id, attempt=row.attempt, scenario=b"", limits=b"")
        state = row.state
        if state == CANCELLING:
            self._end(connection, job, "lost", entries=(), is_held=False)
        elif row.attempt_count < self._max_attempts:
            state = QUEUED
            self._end(connection, job, "lost", state=state, is_held=False)
        else:
            state = FAILED
            self._end(
                connection,
                job,
                "lost",
                state=state,
                error=_given_up(f"{row.kind}s/{row.id}", row.id, row.attempt_count),
            )
        return Recovered(number=row.number, id=row.id, attempt=row.attempt, state=state)


def _attempt(job: ClaimedJob) -> sa.ColumnElement[bool]:
    return sa.and_(attempts.c.job == job.number, attempts.c.number == job.attempt)


def _given_up(name: str, job_id: str, count: int) -> bytes:
    error = InternalError(
        f"the server ended {count} times while it made {name}; "
        "make the scenario smaller or give the server more memory",
        reason="ATTEMPTS_EXHAUSTED",
        metadata={"id": job_id, "attempts": str(count)},
    )
    return bytes(status_from_error(error).SerializeToString())
