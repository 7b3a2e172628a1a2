"""Places for work that callers wait for: so many at a time, and tenants take turns.

A tenant has no more places, at work and waiting together, than it leaves for others: however many calls some make,
another finds room, and with its first call comes before their next.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from topodesign.domain.errors import CapacityError, QuotaExceeded
from topodesign_server.fair_share import Turns, WaitingTenant, may_take_another

RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Waiter:
    """A caller that waits; ``number`` counts those that came before."""

    number: int
    turn: "asyncio.Future[None]"


class FairSlots:
    """``slots`` at a time, ``queue_limit`` more wait, ``None``: any number. Made and used on the event loop."""

    def __init__(self, *, slots: int, queue_limit: int | None) -> None:
        self._slots = slots
        self._queue_limit = queue_limit
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, list[_Waiter]] = {}
        self._turns = Turns()
        self._asked = 0

    def waiting(self) -> int:
        """How many callers wait."""
        return sum(len(waiters) for waiters in self._waiting.values())

    @asynccontextmanager
    async def slot(self, tenant: str) -> AsyncIterator[None]:
        """A place, when it is the tenant's turn.

        Raises
        ------
        CapacityError
            When too many callers wait (``CALLS_FULL``).
        QuotaExceeded
            When the tenant has as many, at work and waiting, as there are left for others.
        """
        self._require_room(tenant)
        if self._running.total() < self._slots:  # then nobody waits: a place that is given back is given on at once
            self._take(tenant)
        else:
            await self._turn(tenant)
        try:
            yield
        finally:
            self._give_back(tenant)

    def _require_room(self, tenant: str) -> None:
        if self._queue_limit is None:
            return
        waiting = self.waiting()
        if self._running.total() >= self._slots and waiting >= self._queue_limit:
            raise CapacityError(
                f"{waiting} calls wait, and at most {self._queue_limit} may; try again later",
                reason="CALLS_FULL",
                metadata={"waiting": str(waiting), "limit": str(self._queue_limit)},
            )
        own = self._running[tenant] + len(self._waiting.get(tenant, ()))
        left = self._slots + self._queue_limit - self._running.total() - waiting
        if not may_take_another(own, left):
            raise QuotaExceeded(
                f"{own} computations of this tenant run or wait, and {left} more have room here: one tenant may have "
                "no more than it leaves for others; try again when some have ended",
                quota="call_queue_limit",
                retry_after_s=RETRY_S,
                metadata={"waiting": str(own), "limit": str(left)},
            )

    async def _turn(self, tenant: str) -> None:
        """Wait for a place, which is taken for the tenant when this returns."""
        self._asked += 1
        waiter = _Waiter(self._asked, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(tenant, []).append(waiter)
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.cancelled():
                self._forget(tenant, waiter)
            else:  # it left at the very moment that its turn came
                self._give_back(tenant)
            raise

    def _take(self, tenant: str) -> None:
        self._running[tenant] += 1
        self._turns.take(tenant)

    def _give_back(self, tenant: str) -> None:
        """A place is free: it goes to the tenant whose turn it is."""
        self._running[tenant] -= 1
        if not self._running[tenant]:
            del self._running[tenant]
        # Those that have left are in the lists until they are told so.
        waiting = {of: [one for one in waiters if not one.turn.done()] for of, waiters in self._waiting.items()}
        turns = self._turns.in_order(
            WaitingTenant(tenant=of, running=self._running[of], first=waiters[0].number)
            for of, waiters in waiting.items()
            if waiters
        )
        if turns:
            following = turns[0].tenant
            waiter = waiting[following][0]
            self._forget(following, waiter)
            self._take(following)
            waiter.turn.set_result(None)
        self._turns.keep_only({*self._running, *self._waiting})

    def _forget(self, tenant: str, waiter: _Waiter) -> None:
        self._waiting[tenant].remove(waiter)
        if not self._waiting[tenant]:
            del self._waiting[tenant]
