"""Whose job is next: tenants take turns, so that a thousand jobs of one do not delay the first of another.

And how many places a tenant may take, so that many of one leave some to others.

The tenant with the fewest jobs running comes first; among equals the one whose last job was started longest ago (never
is longest), and among those the one that has waited longest. Within a tenant plans and sweeps take turns, and jobs of
one kind are made in the order they came: a sweep of thousands of points neither delays a plan, nor waits for all plans.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from topodesign_server.job_rows import PLAN


def may_take_another(own: int, left: int) -> bool:
    """Whether a tenant that has ``own`` places may take another of the ``left``: for as long as it has fewer than that.

    A tenant that is alone gets half of all places, of two that take what they can each gets a third, of n each one in
    n + 1. However many take what they can, there are places for one that has nothing yet, whom only their end refuses.

    References
    ----------
    A. K. Choudhury, E. L. Hahne, "Dynamic queue length thresholds for shared-memory packet switches", IEEE/ACM
    Transactions on Networking 6(2), 1998: a queue may be as long as there is free memory, times a factor, here one.
    """
    return own == 0 or own < left


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTenant:
    """A tenant with a job of a kind that may start: how many of all its jobs run, and the number of the first that
    waits.
    """

    tenant: str
    running: int
    first: int
    kind: str = PLAN


class Turns:
    """When each tenant, and each kind of its jobs, had its last turn. Not for several threads at once."""

    def __init__(self) -> None:
        self._count = 0
        self._last: dict[str, int] = {}
        self._last_of_kind: dict[tuple[str, str], int] = {}

    def in_order(self, waiting: Iterable[WaitingTenant]) -> list[WaitingTenant]:
        """Tenants, the one whose turn it is first."""
        return sorted(waiting, key=self._rank)

    def take(self, tenant: str, kind: str = PLAN) -> None:
        """A job of a tenant was started."""
        self._count += 1
        self._last[tenant] = self._last_of_kind[tenant, kind] = self._count

    def keep_only(self, tenants: Mapping[str, object] | set[str]) -> None:
        """Forget the tenants that neither wait nor run: who comes back is as new."""
        self._last = {tenant: turn for tenant, turn in self._last.items() if tenant in tenants}
        self._last_of_kind = {key: turn for key, turn in self._last_of_kind.items() if key[0] in tenants}

    def _rank(self, one: WaitingTenant) -> tuple[int, int, int, int]:
        # kinds are compared within a tenant only: no two tenants had the same turn, and who had none has no kind either
        last_of_kind = self._last_of_kind.get((one.tenant, one.kind), 0)
        return one.running, self._last.get(one.tenant, 0), last_of_kind, one.first
