"""What following a job and waiting for it have in common, whoever waits."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from topodesign.client.call import Call
from topodesign.client.failure import Failure
from topodesign.client.options import ConnectionOptions
from topodesign.client.retrying import SHORTEST_TIMEOUT_S, Patience
from topodesign.domain.errors import ServiceUnavailable
from topodesign.wire import from_proto

E = TypeVar("E")
HELD_S = 20.0
"""Seconds that a server is asked to hold a call back while a job goes on."""
CLOCK_S = 0.05
"""Most by which gRPC's clock may be ahead of ours, seconds."""
STREAM_S = 300.0
"""Deadline of one stream, seconds: a connection that died without a word is noticed by then, and made anew."""


class Waiting:
    """The wait for a job, from the moment this is made; ``timeout_s`` ``None``: until it ends."""

    def __init__(self, name: str, timeout_s: float | None) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._until = None if timeout_s is None else time.monotonic() + timeout_s

    def at_most_s(self, most: float) -> float:
        """Seconds that are left, and at most so many."""
        return most if self._until is None else max(min(most, self._until - time.monotonic()), 0.0)

    def require_time(self) -> None:
        """Raise :class:`ServiceUnavailable` (``DEADLINE_EXCEEDED``) when none is left."""
        if self._until is not None and time.monotonic() >= self._until:
            raise ServiceUnavailable(
                f"{self._name} has not ended within {self._timeout_s:g} s; wait longer or cancel it",
                reason="DEADLINE_EXCEEDED",
                metadata={"name": self._name},
            )


class Following(Generic[E]):
    """Where the reading of a job's progress is, and how it goes on after a failure.

    Every entry has a number, without holes; what is asked for after a failure is what follows the last one that came.
    So nothing is lost and nothing comes twice, also when the server was started anew.

    Parameters
    ----------
    entries : callable
        The call for the entries after a sequence number.
    kind : type
        Of their events: a domain dataclass.
    """

    def __init__(
        self,
        entries: Callable[[int], Call[tuple[Any, ...]]],
        kind: type[E],
        *,
        after_sequence: int,
        options: ConnectionOptions,
        waiting: Waiting,
    ) -> None:
        self.sequence = after_sequence
        self._entries = entries
        self._kind = kind
        self._patience = Patience(options)
        self._waiting = waiting
        self._late_at = math.inf

    def call(self) -> Call[tuple[Any, ...]]:
        """The call for what follows."""
        return self._entries(self.sequence)

    def timeout_s(self) -> float:
        """Deadline of the stream that is now begun, in seconds."""
        timeout_s = max(self._waiting.at_most_s(STREAM_S), SHORTEST_TIMEOUT_S)
        self._late_at = time.monotonic() + timeout_s - CLOCK_S
        return timeout_s

    def event_of(self, entry: Any) -> Sequence[E]:
        """The event of an entry: one, or none when only the state changed."""
        self.sequence = entry.sequence
        self._patience.renew()
        return (from_proto(entry.event, self._kind),) if entry.HasField("event") else ()

    def delay_after(self, failure: Failure) -> float:
        """Seconds to wait before the stream is taken up again; raises the failure's error when it is not."""
        if failure.is_late and time.monotonic() >= self._late_at:  # our own deadline, nobody's fault
            self._waiting.require_time()
            return 0.0
        return self._patience.delay_after(failure)
