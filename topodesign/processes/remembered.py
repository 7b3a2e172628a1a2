"""Results of pure functions kept for the next evaluation: bounded, each party's own, and forgotten on demand.

A process that evaluates many fabrics meets the same graphs at other link rates, and the same queues at other graphs;
many links have the same spans. What is kept is equal to what would be computed again; only the time differs, which
tells what was asked before. Whoever evaluates for several parties calls :func:`forget_all` between them, or, where they
ask at the same time, :func:`remember_for` in the task or thread of each.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_party: ContextVar[str] = ContextVar("party", default="")


def remember_for(party: str) -> None:
    """From here on the running task, or thread, finds only what was remembered for a party, and remembers for it."""
    _party.set(party)


class Remembered(Generic[K, V]):
    """Up to ``limit`` results of all parties by what they depend on; the least recently used go first.

    Safe to use from any thread.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._results: OrderedDict[tuple[str, K], V] = OrderedDict()
        ALL.append(self)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The result for a key, made where it is not there."""
        own = (_party.get(), key)
        with self._lock:
            if own in self._results:
                self._results.move_to_end(own)
                return self._results[own]
        result = make()
        with self._lock:
            self._results[own] = result
            while len(self._results) > self._limit:
                self._results.popitem(last=False)
        return result

    def forget(self) -> None:
        with self._lock:
            self._results.clear()


ALL: list[Remembered[Any, Any]] = []
"""What :func:`forget_all` empties."""


def forget_all() -> None:
    """Forget every result of this process."""
    for one in ALL:
        one.forget()
