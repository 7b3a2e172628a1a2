"""How much a tenant may have in the store; looked at in the transaction that adds to it."""

from dataclasses import dataclass
from functools import reduce
from operator import add

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from topodesign.domain.errors import QuotaExceeded
from topodesign_server.job_rows import FAILED, SWEEP
from topodesign_server.tables import blobs, events, jobs, scenarios, sweep_points, sweeps

TO_DELETE = "delete some that are no longer needed, or ask your operator for more"
OF_SWEEPS = (sweeps.c.definition, sweep_points.c.result, events.c.event)
"""What rows of sweeps hold themselves; the plans of their points are blobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """The most that one tenant may have, ``None``: any number.

    ``plans`` are those that were made and those that are yet to be, a sweep being one of them; ``bytes`` counts
    contents once each, plans of points among them, and what sweeps have beside: definitions, results and histories.
    What an accepted job finds is kept even when it goes beyond ``bytes``, points of a sweep too: nothing that was
    solved is thrown away, and the next job or scenario is refused. How many jobs may wait is for
    :mod:`topodesign_server.queue_room`.
    """

    scenarios: int | None = None
    plans: int | None = None
    bytes: int | None = None

    def require_room_for_job(self, connection: Connection, tenant: str, *, size_bytes: int) -> None:
        """Raise :class:`QuotaExceeded` when one more job, with new contents of some size, is too much."""
        has_result = sa.or_(jobs.c.state != FAILED, jobs.c.kind == SWEEP)
        kept = sa.and_(jobs.c.tenant == tenant, jobs.c.plan_deleted.is_(False), has_result)
        _require(connection, "plans", self.plans, kept)
        self._require_bytes(connection, tenant, size_bytes)

    def require_room_for_scenario(self, connection: Connection, tenant: str, *, size_bytes: int) -> None:
        """Raise :class:`QuotaExceeded` when one more scenario, with new contents of some size, is too much."""
        _require(connection, "scenarios", self.scenarios, scenarios.c.tenant == tenant)
        self._require_bytes(connection, tenant, size_bytes)

    def _require_bytes(self, connection: Connection, tenant: str, size_bytes: int) -> None:
        if self.bytes is None:
            return
        used = int(connection.execute(kept_bytes(tenant)).scalar_one())
        if used + size_bytes > self.bytes:
            raise _exceeded("bytes", f"{used} bytes are kept and {size_bytes} would be added", self.bytes)


def kept_bytes(tenant: str) -> sa.Select[int]:
    """Asks how many bytes a tenant has, in time that grows with its own blobs, jobs and points; reads no content."""
    stored = sa.select(_total(blobs.c.size_bytes)).where(blobs.c.tenant == tenant)
    # Job by job, whose rows lie together: an index of points by tenant would give them in another order.
    beside = (
        sa.select(_total(sa.func.length(column))).where(column.table.c.job == jobs.c.number).scalar_subquery()
        for column in OF_SWEEPS
    )
    of_sweeps = sa.select(_total(reduce(add, beside))).where(jobs.c.tenant == tenant, jobs.c.kind == SWEEP)
    return sa.select(stored.scalar_subquery() + of_sweeps.scalar_subquery())


def _total(sizes: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sizes), 0)


def _require(connection: Connection, what: str, most: int | None, condition: sa.ColumnElement[bool]) -> None:
    if most is None:
        return
    count = connection.scalar(sa.select(sa.func.count()).where(condition)) or 0
    if count >= most:
        raise _exceeded(what, f"{count} {what} are there", most)


def _exceeded(what: str, found: str, most: int) -> QuotaExceeded:
    return QuotaExceeded(
        f"{found}, and one tenant may have {most}; {TO_DELETE}",
        quota=f"tenant_{what}",
        retry_after_s=None,
        metadata={"limit": str(most)},
    )
