"""Results of pure functions kept for the next evaluation: bounded, and forgotten on demand.

A process that evaluates many fabrics meets the same graphs at other link rates, and the same queues at other graphs.
What is kept is equal to what would be computed again; only the time differs, which tells what was asked before. Whoever
evaluates for several parties calls :func:`forget_all` between them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Up to ``limit`` results by what they depend on; the least recently used go first. Safe to use from any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._results: OrderedDict[K, V] = OrderedDict()
        ALL.append(self)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The result for a key, made where it is not there."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        result = make()
        with self._lock:
            self._results[key] = result
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
