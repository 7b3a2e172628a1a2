"""Calls that have arrived and that the event loop has not looked at yet.

gRPC's Python server takes calls from the C core one at a time, each by a turn of the event loop and one of the thread
that hands over events. What comes faster waits in the core, up to a thousand calls, before any interceptor can see it:
measured at 1,000 GetPlan a second on a busy core, 1,000 calls waited there while at most five ran and the event loop
was 2 ms late. Neither calls that run nor a late loop tell of such an overload; the core's own counters do.

References
----------
gRPC proposal A14 (channelz): a server's calls started, succeeded and failed.
"""

import re
import time
from collections.abc import Callable

# The counters have no public function without the package grpcio-channelz, which calls this very one and then parses
# the text into messages; a test holds what is read here against a server that holds its calls up.
from grpc._cython import cygrpc  # type: ignore[attr-defined]

LOOK_S = 0.02
"""A look takes about half a millisecond; looks come no more often than this."""
COUNTS = re.compile(rb'"calls(Started|Succeeded|Failed)":"(\d+)"')


class Arrivals:
    """How many calls wait in front of this process's server.

    Parameters
    ----------
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_look_s = clock()

    def waiting(self, taken: int) -> int:
        """Calls that wait now, when ``taken`` calls have been taken in and have not ended."""
        counts = {b"Started": 0, b"Succeeded": 0, b"Failed": 0}
        for name, digits in COUNTS.findall(cygrpc.channelz_get_servers(0)):
            counts[name] += int(digits)
        return max(0, counts[b"Started"] - counts[b"Succeeded"] - counts[b"Failed"] - taken)

    def is_due(self) -> bool:
        """Whether it is time for another look; then the next one is due later."""
        now_s = self._clock()
        if now_s < self._next_look_s:
            return False
        self._next_look_s = now_s + LOOK_S
        return True
