"""How many calls a tenant may make: in a second, and at a time."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from topodesign.domain.errors import QuotaExceeded

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
        Calls that run at a time, streams among them. ``None``: any number.
    clock : callable
        Seconds, never going back.
    """

    def __init__(
        self, *, per_s: float | None, at_once: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_s = per_s
        self._at_once = at_once
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._running: Counter[str] = Counter()

    @contextmanager
    def counted(self, tenant: str) -> Iterator[None]:
        """Count a call for as long as it runs; raises :class:`QuotaExceeded` when it is one too many."""
        self._require_room(tenant)
        self._take(tenant)
        self._running[tenant] += 1
        try:
            yield
        finally:
            self._running[tenant] -= 1
            if not self._running[tenant]:
                del self._running[tenant]

    def _require_room(self, tenant: str) -> None:
        if self._at_once is not None and self._running[tenant] >= self._at_once:
            raise QuotaExceeded(
                f"{self._running[tenant]} calls of this tenant run, and at most {self._at_once} may at a time; "
                "end some, or try again when others have ended",
                quota="tenant_calls_at_once",
                retry_after_s=RETRY_S,
                metadata={"running": str(self._running[tenant]), "limit": str(self._at_once)},
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
