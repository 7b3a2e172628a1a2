"""How many calls a tenant may make: in a second, and at a time.

At a time a tenant may have no more than it leaves for others, beside a limit of its own.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from topodesign.domain.errors import QuotaExceeded
from topodesign_server.fair_share import may_take_another

RETRY_S = 1.0


@dataclass(slots=True)
class _Bucket:
    """Calls that may be made at once, filled at the allowed rate."""

    level: float
    filled: float


class TenantCalls:
    """Counts the calls of each tenant on this server.

    Parameters
    ----------
    per_s : float, optional
        Calls a second; those of one second (at least one call) may come at once. ``None``: any number.
    at_once : int, optional
        Calls that run at a time, streams left out. ``None``: any number.
    streams_at_once : int, optional
        Streams, and calls that wait for a job, at a time. ``None``: any number.
    calls, streams : int, optional
        Calls and streams of all tenants that there is room for. ``None``: tenants need leave none for each other.
    clock : callable
        Seconds, never going back.
    """

    def __init__(
        self,
        *,
        per_s: float | None,
        at_once: int | None,
        streams_at_once: int | None = None,
        calls: int | None = None,
        streams: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_s = per_s
        self._at_once = {"tenant_calls_at_once": at_once, "tenant_streams_at_once": streams_at_once}
        self._room = {"tenant_calls_at_once": calls, "tenant_streams_at_once": streams}
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._running: dict[str, Counter[str]] = {quota: Counter() for quota in self._at_once}

    @contextmanager
    def counted(self, tenant: str, *, is_stream: bool = False) -> Iterator[None]:
        """Count a call for as long as it runs; raises :class:`QuotaExceeded` when it is one too many."""
        quota = "tenant_streams_at_once" if is_stream else "tenant_calls_at_once"
        self._require_room(tenant, quota)
        self._take(tenant)
        running = self._running[quota]
        running[tenant] += 1
        try:
            yield
        finally:
            running[tenant] -= 1
            if not running[tenant]:
                del running[tenant]

    def _require_room(self, tenant: str, quota: str) -> None:
        running, limit, room = self._running[quota][tenant], self._at_once[quota], self._room[quota]
        what = "streams" if "streams" in quota else "calls"
        if limit is not None and running >= limit:
            raise _too_many(
                f"{running} {what} of this tenant run, and at most {limit} may at a time; end some, or try again when "
                "others have ended",
                quota=quota,
                running=running,
                limit=limit,
            )
        if room is None:  # the edge of the server keeps to it
            return
        left = room - self._running[quota].total()
        if not may_take_another(running, left):
            raise _too_many(
                f"{running} {what} of this tenant run, and {left} more have room here: one tenant may have no more "
                "than it leaves for others; end some, or try again when others have ended",
                quota=quota,
                running=running,
                limit=left,
            )

    def _take(self, tenant: str) -> None:
        if self._per_s is None:
            return
        now, most = self._clock(), max(1.0, self._per_s)
        bucket = self._buckets.setdefault(tenant, _Bucket(level=most, filled=now))
        bucket.level = min(most, bucket.level + (now - bucket.filled) * self._per_s)
        bucket.filled = now
        if bucket.level < 1:
            wait_s = (1 - bucket.level) / self._per_s
            raise QuotaExceeded(
                f"this tenant makes more than {self._per_s:g} calls a second; try again in {wait_s:.3g} s",
                quota="tenant_calls_per_s",
                retry_after_s=wait_s,
                metadata={"limit": f"{self._per_s:g}", "retry_after_s": f"{wait_s:.3g}"},
            )
        bucket.level -= 1


def _too_many(text: str, *, quota: str, running: int, limit: int) -> QuotaExceeded:
    return QuotaExceeded(
        text, quota=quota, retry_after_s=RETRY_S, metadata={"running": str(running), "limit": str(limit)}
    )
