"""Wakes the calls that wait for a job when its history grows."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator

from topodesign.domain.errors import ServiceUnavailable


class Watchers:
    """Calls that wait for jobs. Made on the event loop; :meth:`notify` may come from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._draining = False

    @contextlib.contextmanager
    def watching(self, job_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job changes. Clear it before reading the job, so that nothing is missed."""
        event = asyncio.Event()
        self._waiting[job_id].add(event)
        try:
            yield event
        finally:
            self._waiting[job_id].discard(event)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    def notify(self, job_id: str) -> None:
        """The job changed."""
        with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits any more
            self._loop.call_soon_threadsafe(self._wake, job_id)

    def drain(self) -> None:
        """Send every waiting call home."""
        self._draining = True
        for job_id in list(self._waiting):
            self._wake(job_id)

    def require_serving(self) -> None:
        """Raise :class:`ServiceUnavailable` while the server shuts down."""
        if self._draining:
            raise ServiceUnavailable(
                "the server is shutting down; ask again, what was accepted is kept", reason="SERVER_DRAINING"
            )

    def _wake(self, job_id: str) -> None:
        for event in self._waiting.get(job_id, ()):
            event.set()
