"""Answers that depend on their request alone: computed once, for callers that ask at the same time or later.

Each tenant has its own: how fast an answer comes tells nobody what others asked.
"""

import asyncio
from dataclasses import dataclass
from hashlib import sha256

from topodesign_server.bounded_cache import BoundedCache
from topodesign_server.calls import Calls
from topodesign_server.metrics import Metrics

Key = tuple[str, str, bytes]


@dataclass(slots=True)
class _Shared:
    """A computation that some callers wait for."""

    task: "asyncio.Task[bytes]"
    callers: int = 0


class Answers:
    """Runs tasks through :class:`Calls`, and keeps what they return in at most ``cache_bytes``.

    Small ones have calls of their own, so that they never wait behind large ones.
    """

    def __init__(self, calls: Calls, small_calls: Calls, metrics: Metrics, *, cache_bytes: int) -> None:
        self._calls = calls
        self._small_calls = small_calls
        self._metrics = metrics
        self._kept: BoundedCache[Key] = BoundedCache(cache_bytes)
        self._running: dict[Key, _Shared] = {}

    async def run(
        self, tenant: str, task: str, request: bytes, *, limit_s: float, memory_bytes: int, is_small: bool
    ) -> bytes:
        """The answer of a task to a request, serialized always in the same way; raises what :meth:`Calls.run` does.

        The computation ends when the last of its callers has left.
        """
        key = (tenant, task, sha256(request).digest())
        kept = self._kept.get(key)
        self._metrics.answers.labels("computed" if kept is None else "kept").inc()
        if kept is not None:
            return kept
        shared = self._running.get(key)
        if shared is None:
            shared = _Shared(asyncio.create_task(self._computed(key, request, limit_s, memory_bytes, is_small)))
            self._running[key] = shared
        shared.callers += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.callers -= 1
            if shared.callers == 0 and not shared.task.done():
                self._forget(key, shared)
                shared.task.cancel()

    async def _computed(self, key: Key, request: bytes, limit_s: float, memory_bytes: int, is_small: bool) -> bytes:
        shared = self._running[key]
        try:
            calls = self._small_calls if is_small else self._calls
            answer = await calls.run(key[1], request, tenant=key[0], limit_s=limit_s, memory_bytes=memory_bytes)
            self._kept.put(key, answer)
            return answer
        finally:
            self._forget(key, shared)

    def _forget(self, key: Key, shared: _Shared) -> None:
        """Have nobody join a computation any more; another one under the same key stays."""
        if self._running.get(key) is shared:
            del self._running[key]
