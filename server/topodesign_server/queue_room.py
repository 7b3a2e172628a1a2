"""How many jobs may wait, in all and of each tenant; who comes beyond that is refused and told when to come back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from topodesign.domain.errors import CapacityError
from topodesign_server.job_rows import HELD, QUEUED
from topodesign_server.tables import attempts, jobs

QUEUE_FULL = "QUEUE_FULL"
TENANT_QUEUE_FULL = "TENANT_QUEUE_FULL"
RECENT = 20
SHORTEST_S, LONGEST_S = 1.0, 600.0
UNKNOWN_S = 5.0
"""Before any job has ended."""
NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """Jobs that may wait: of all tenants together, and of one."""

    total: int
    of_tenant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLook:
    """Jobs that wait, by tenant, and the expected time between two starts."""

    waiting: Mapping[str, int]
    start_interval_s: float

    @classmethod
    def of(cls, connection: Connection, *, without: Collection[tuple[str, str]] = ()) -> Self:
        """What waits now, but for jobs ``without`` (tenant, id) that are counted elsewhere."""
        query = sa.select(jobs.c.tenant, sa.func.count().label("waiting")).where(jobs.c.state == QUEUED)
        if without:
            query = query.where(sa.tuple_(jobs.c.tenant, jobs.c.id).not_in(list(without)))
        waiting = {row.tenant: int(row.waiting) for row in connection.execute(query.group_by(jobs.c.tenant))}
        return cls(waiting=waiting, start_interval_s=_start_interval_s(connection))

    def require_room(self, tenant: str, limits: QueueLimits, *, beside: Mapping[str, int] = NONE) -> None:
        """Raise :class:`CapacityError` when no further job of a tenant may wait; it says when one is likely to.

        ``beside`` are jobs that are being made, by tenant.
        """
        total = sum(self.waiting.values()) + sum(beside.values())
        own = self.waiting.get(tenant, 0) + beside.get(tenant, 0)
        if total >= limits.total:
            raise CapacityError(
                f"{total} jobs wait, and the queue holds {limits.total}; try again later",
                reason=QUEUE_FULL,
                metadata={"waiting": str(total), "limit": str(limits.total)},
                retry_after_s=self.start_interval_s,
            )
        if own >= limits.of_tenant:
            raise CapacityError(
                f"{own} jobs of yours wait, and at most {limits.of_tenant} may; wait for some to start, or cancel them",
                reason=TENANT_QUEUE_FULL,
                metadata={"waiting": str(own), "limit": str(limits.of_tenant)},
                # tenants take turns: its next job starts when each of the others has had one
                retry_after_s=min(LONGEST_S, self.start_interval_s * len({*self.waiting, *beside})),
            )


def _start_interval_s(connection: Connection) -> float:
    """Expected time between two starts: how long recent jobs took, shared by as many as run at a time."""
    last = sa.select((attempts.c.end_time - attempts.c.start_time).label("took_s"))
    last = last.where(attempts.c.end_time.is_not(None)).order_by(attempts.c.job.desc()).limit(RECENT)
    took_s = connection.scalar(sa.select(sa.func.avg(last.subquery().c.took_s)))
    if took_s is None:
        return UNKNOWN_S
    running = connection.scalar(sa.select(sa.func.count()).where(jobs.c.state.in_(HELD))) or 0
    return min(max(float(took_s) / max(1, running), SHORTEST_S), LONGEST_S)
