"""How much a tenant may have in the store; looked at in the transaction that adds to it."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from topodesign.domain.errors import QuotaExceeded
from topodesign_server.job_rows import FAILED, QUEUED
from topodesign_server.tables import blobs, jobs, scenarios

RETRY_S = 5.0
TO_DELETE = "delete some that are no longer needed, or ask your operator for more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """The most that one tenant may have, ``None``: any number.

    ``queued_jobs`` wait to be worked on; ``plans`` are those that were made and those that are yet to be; ``bytes``
    counts contents once each. A plan of an accepted job is kept even when it goes beyond ``bytes``.
    """

    queued_jobs: int | None = None
    scenarios: int | None = None
    plans: int | None = None
    bytes: int | None = None

    def require_room_for_job(self, connection: Connection, tenant: str, *, size_bytes: int) -> None:
        """Raise :class:`QuotaExceeded` when one more job, with new contents of some size, is too much."""
        queued = sa.and_(jobs.c.tenant == tenant, jobs.c.state == QUEUED)
        _require(connection, "queued_jobs", self.queued_jobs, queued, remedy="try again later", retry_after_s=RETRY_S)
        kept = sa.and_(jobs.c.tenant == tenant, jobs.c.plan_deleted.is_(False), jobs.c.state != FAILED)
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
        used = int(connection.scalar(total) or 0)
        if used + size_bytes > self.bytes:
            raise _exceeded(
                "bytes", f"{used} bytes are kept and {size_bytes} would be added", self.bytes, TO_DELETE, None
            )


def _require(
    connection: Connection,
    what: str,
    most: int | None,
    condition: sa.ColumnElement[bool],
    *,
    remedy: str = TO_DELETE,
    retry_after_s: float | None = None,
) -> None:
    if most is None:
        return
    count = connection.scalar(sa.select(sa.func.count()).where(condition)) or 0
    if count >= most:
        raise _exceeded(what, f"{count} {what.replace('_', ' ')} are there", most, remedy, retry_after_s)


def _exceeded(what: str, found: str, most: int, remedy: str, retry_after_s: float | None) -> QuotaExceeded:
    return QuotaExceeded(
        f"{found}, and one tenant may have {most}; {remedy}",
        quota=f"tenant_{what}",
        retry_after_s=retry_after_s,
        metadata={"limit": str(most)},
    )
