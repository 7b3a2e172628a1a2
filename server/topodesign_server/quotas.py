"""How much a tenant may have in the store; looked at in the transaction that adds to it."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from topodesign.domain.errors import QuotaExceeded
from topodesign_server.job_rows import FAILED, SWEEP
from topodesign_server.tables import blobs, jobs, scenarios, sweeps

TO_DELETE = "delete some that are no longer needed, or ask your operator for more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """The most that one tenant may have, ``None``: any number.

    ``plans`` are those that were made and those that are yet to be, a sweep being one of them; ``bytes`` counts
    contents once each, and the definitions of sweeps. What an accepted job finds is kept even when it goes beyond
    ``bytes``. How many jobs may wait is for :mod:`topodesign_server.queue_room`.
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
        total = sa.select(sa.func.coalesce(sa.func.sum(blobs.c.size_bytes), 0)).where(blobs.c.tenant == tenant)
        defined = sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(sweeps.c.definition)), 0))
        defined = defined.join(jobs, jobs.c.number == sweeps.c.job).where(jobs.c.tenant == tenant)
        used = int(connection.scalar(total) or 0) + int(connection.scalar(defined) or 0)
        if used + size_bytes > self.bytes:
            raise _exceeded("bytes", f"{used} bytes are kept and {size_bytes} would be added", self.bytes)


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
