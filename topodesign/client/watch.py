"""The progress of a job, as an iterator."""

import time
from collections.abc import Iterator
from typing import Generic, TypeVar

from topodesign.client.connection import Connection
from topodesign.client.failure import CallFailed
from topodesign.client.watching import Following

E = TypeVar("E")


class Watch(Generic[E]):
    """An iterator over the progress of a job."""

    def __init__(self, connection: Connection, following: Following[E]) -> None:
        self._connection = connection
        self._following = following
        self._events = self._read()

    @property
    def sequence(self) -> int:
        """Number of the last entry that was read; with it another stream goes on where this one is."""
        return self._following.sequence

    def __iter__(self) -> Iterator[E]:
        return self._events

    def __next__(self) -> E:
        return next(self._events)

    def _read(self) -> Iterator[E]:
        while True:
            try:
                for entry in self._connection.stream(self._following.call(), timeout_s=self._following.timeout_s()):
                    yield from self._following.event_of(entry)
                return
            except CallFailed as failed:
                failure = failed.failure
            time.sleep(self._following.delay_after(failure))
