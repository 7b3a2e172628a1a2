"""When a failed call is made again: decided here once, waited for by every kind of client in its own way.

Only what passes by itself is tried again (the server away, or full with a delay told), only for calls whose
repetition changes nothing, and never beyond the deadline. The wait is what the server asked for, or doubles from
attempt to attempt; a part of it is random, so that clients that lost a server together do not come back together.

References
----------
gRPC proposal A6 (client retries), sections on push-back and exponential backoff. Google AIP-194.
"""

import random
import time
from typing import Any

from topodesign.client.call import Call
from topodesign.client.failure import Failure
from topodesign.client.options import ConnectionOptions

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0
SHORTEST_TIMEOUT_S = 0.001
SPREAD = 0.2
"""Most that is added at random to a delay that the server asked for, as a share of it."""


class Backoff:
    """The waits between attempts that fail in a row."""

    def __init__(self) -> None:
        self._next_s = FIRST_DELAY_S

    def after(self, failure: Failure) -> float:
        """Seconds to wait: what the server asked for and up to a fifth more, or half to the whole of its own."""
        if failure.delay_s is not None:
            return failure.delay_s * (1 + SPREAD * random.random())
        delay_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_DELAY_S)
        return delay_s * (1 + random.random()) / 2


class Attempts:
    """The attempts at one call, from the moment this is made.

    Parameters
    ----------
    call : Call
    options : ConnectionOptions
    """

    def __init__(self, call: Call[Any], options: ConnectionOptions) -> None:
        self._may_repeat = call.may_repeat
        self._until = time.monotonic() + options.timeout_s + call.held_s
        self._retry_for_s = options.retry_for_s
        self._retry_until: float | None = None
        self._backoff = Backoff()

    def left_s(self) -> float:
        """Deadline of the next attempt, in seconds from now."""
        return max(self._until - time.monotonic(), SHORTEST_TIMEOUT_S)

    def delay_after(self, failure: Failure) -> float:
        """Seconds to wait before the next attempt; raises the failure's error when there is to be none."""
        if not self._may_repeat or not failure.passes or failure.is_refused:
            raise failure.error
        now = time.monotonic()
        if self._retry_until is None:  # counts from here: the server may have held the call back until now
            self._retry_until = min(self._until, now + self._retry_for_s)
        delay_s = self._backoff.after(failure)
        if now + delay_s >= self._retry_until:
            raise failure.error
        return delay_s


class Patience:
    """How long a stream is taken up again: the clock begins with the first of the failures in a row.

    Parameters
    ----------
    options : ConnectionOptions
        Before the stream has ever said something its ``retry_for_s`` counts, after that its ``timeout_s``.
    """

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options
        self._for_s = options.retry_for_s
        self._until: float | None = None
        self._backoff = Backoff()

    def renew(self) -> None:
        """The stream said something."""
        self._for_s = self._options.timeout_s
        self._until, self._backoff = None, Backoff()

    def delay_after(self, failure: Failure) -> float:
        """Seconds to wait before the stream is taken up again; raises the failure's error when it is not."""
        if not failure.passes or failure.is_refused:
            raise failure.error
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._for_s
        delay_s = self._backoff.after(failure)
        if now + delay_s >= self._until:
            raise failure.error
        return delay_s
