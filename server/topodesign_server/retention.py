"""What is forgotten when its time is over: ended operations, their histories, plans without a name, request ids."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from topodesign_server.database import Database
from topodesign_server.job_changes import LIGHT, as_job, forget_operation, forget_result
from topodesign_server.job_rows import SWEEP, JobRow
from topodesign_server.sweep_store import clear_deleted
from topodesign_server.tables import events, jobs, requests, sweep_points

log = structlog.get_logger("topodesign_server")

DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How many days things are kept, ``None``: until they are deleted.

    ``operations_days`` and ``histories_days`` count from the end of a job; a plan outlives its operation, a failed job
    does not. Of a history that is over only the last entry stays. ``unnamed_plans_days`` is for plans and sweeps whose
    id the service chose; one with an id of the caller's stays until it is deleted. ``request_ids_days`` is how long a
    repeated request is recognized.
    """

    operations_days: float | None
    histories_days: float | None
    unnamed_plans_days: float | None
    request_ids_days: float | None


@dataclass(slots=True, kw_only=True)
class Forgotten:
    """What a sweep deleted."""

    operations: int = 0
    histories: int = 0
    plans: int = 0
    request_ids: int = 0
    blobs: int = 0

    def __bool__(self) -> bool:
        return any(asdict(self).values())


class Retention:
    """Sweeps of one database. Any number of servers may sweep at the same time."""

    def __init__(self, database: Database, periods: Periods) -> None:
        self._database = database
        self._periods = periods
        self._stopped = False

    def stop(self) -> None:
        """End a sweep that runs on another thread after the job that it is at."""
        self._stopped = True

    def sweep(self) -> Forgotten:
        """Forget everything whose time is over, a short transaction for each job, so that nobody waits long."""
        forgotten = Forgotten()
        self._sweep_operations(forgotten)
        self._sweep_plans(forgotten)
        self._sweep_points(forgotten)
        self._sweep_histories(forgotten)
        self._sweep_request_ids(forgotten)
        if forgotten:
            log.info("retention", **asdict(forgotten))
        return forgotten

    def _sweep_operations(self, forgotten: Forgotten) -> None:
        def forget(connection: Connection, job: JobRow) -> None:
            forgotten.blobs += forget_operation(connection, job)
            forgotten.operations += 1

        self._each(self._periods.operations_days, jobs.c.operation_deleted.is_(False), forget)

    def _sweep_plans(self, forgotten: Forgotten) -> None:
        def forget(connection: Connection, job: JobRow) -> None:
            forgotten.blobs += forget_result(connection, job)
            forgotten.plans += 1

        has_result = sa.or_(jobs.c.plan.is_not(None), jobs.c.kind == SWEEP)
        unnamed = sa.and_(jobs.c.is_named.is_(False), jobs.c.plan_deleted.is_(False), has_result)
        self._each(self._periods.unnamed_plans_days, unnamed, forget)

    def _sweep_points(self, forgotten: Forgotten) -> None:
        """What is left of deleted sweeps: of those above, and of those whose deletion was interrupted."""
        has_points = sa.exists().where(sweep_points.c.job == jobs.c.number)
        deleted = sa.and_(jobs.c.kind == SWEEP, jobs.c.plan_deleted.is_(True))
        left = sa.select(jobs.c.number).where(deleted, sa.or_(has_points, jobs.c.operation_deleted.is_(True)))
        with self._database.reading() as connection:
            numbers = connection.scalars(left.order_by(jobs.c.number)).all()
        for number in numbers:
            if self._stopped:
                return
            forgotten.blobs += clear_deleted(self._database, number, should_stop=lambda: self._stopped)

    def _sweep_histories(self, forgotten: Forgotten) -> None:
        def forget(connection: Connection, job: JobRow) -> None:
            connection.execute(events.delete().where(events.c.job == job.number, events.c.sequence < job.sequence))
            connection.execute(jobs.update().where(jobs.c.number == job.number).values(history_trimmed=True))
            forgotten.histories += 1

        self._each(self._periods.histories_days, jobs.c.history_trimmed.is_(False), forget)

    def _sweep_request_ids(self, forgotten: Forgotten) -> None:
        if self._periods.request_ids_days is None:
            return
        with self._database.writing() as connection:
            until = self._database.now(connection) - self._periods.request_ids_days * DAY_S
            forgotten.request_ids += connection.execute(
                requests.delete().where(requests.c.create_time < until)
            ).rowcount

    def _each(
        self, days: float | None, condition: sa.ColumnElement[bool], forget: Callable[[Connection, JobRow], None]
    ) -> None:
        """Forget something of each job that ended more than some days ago and meets a condition."""
        if days is None:
            return
        with self._database.reading() as connection:
            until = self._database.now(connection) - days * DAY_S
            over = sa.and_(jobs.c.end_time < until, condition)
            numbers = connection.scalars(sa.select(jobs.c.number).where(over).order_by(jobs.c.number)).all()
        for number in numbers:
            if self._stopped:
                return
            with self._database.writing() as connection:
                query = sa.select(*LIGHT).where(jobs.c.number == number, over).with_for_update(skip_locked=True)
                row = connection.execute(query).one_or_none()
                if row is not None:  # not deleted by a caller or another server since
                    forget(connection, as_job(row))
