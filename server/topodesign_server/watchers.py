"""Wakes the calls that wait for a job when its history grows."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator

from topodesign.domain.errors import ServiceUnavailable


class Watchers:
    """Calls that wait for jobs, by number. Made and used on the event loop; :meth:`notify` is for any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._draining = False

    @contextlib.contextmanager
    def watching(self, job: int) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job changes. Clear it before reading the job, so that nothing is missed."""
        event = asyncio.Event()
        self._waiting[job].add(event)
        try:
            yield event
        finally:
            self._waiting[job].discard(event)
            if not self._waiting[job]:
                del self._waiting[job]

    def numbers(self) -> set[int]:
        """The jobs that somebody waits for."""
        return set(self._waiting)

    def count(self) -> int:
        """How many calls wait."""
        return sum(len(events) for events in list(self._waiting.values()))

    def notify(self, job: int) -> None:
        """The job changed."""
        with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits any more
            self._loop.call_soon_threadsafe(self.wake, job)

    def wake(self, job: int) -> None:
        """The job changed; for callers on the event loop."""
        for event in self._waiting.get(job, ()):
            event.set()

    def drain(self) -> None:
        """Send every waiting call home."""
        self._draining = True
        for job in list(self._waiting):
            self.wake(job)

    def require_serving(self) -> None:
        """Raise :class:`ServiceUnavailable` while the server shuts down."""
        if self._draining:
            raise ServiceUnavailable(
                "the server is shutting down; ask again, what was accepted is kept", reason="SERVER_DRAINING"
            )
