"""Calls that have arrived and that the event loop has not looked at yet.

gRPC's Python server takes calls from the C core one at a time, each by a turn of the event loop and one of the thread
that hands over events. What comes faster waits in the core, up to a thousand calls, before any interceptor can see it:
measured at 1,000 GetPlan a second on a busy core, 1,000 calls waited there while at most five ran and the event loop
was 2 ms late. Neither calls that run nor a late loop tell of such an overload; the core's own counters do.

The counters of the server are one look however many connections there are, but they never forget a call that the core
dropped by itself: one that is no POST, has no path or no content type, or came when a thousand waited. It counts as
started and never as ended. The counters of the connections do know that its stream has ended; they take a look for each
connection. So the server's are read each time, and those of the connections when the former tell of too many calls.

References
----------
gRPC proposal A14 (channelz): a server's calls started, succeeded and failed; a socket's streams.
"""

import json
import re
import time
from collections.abc import Callable, Iterator

# The counters have no public function without the package grpcio-channelz, which calls this very one and then parses
# the text into messages; a test holds what is read here against a server that holds its calls up.
from grpc._cython import cygrpc  # type: ignore[attr-defined]

LOOK_S = 0.02
"""A look takes about half a millisecond; looks come no more often than this."""
RECOUNT_SHARE = 0.02
"""Part of the time that may go into looks at every connection."""
COUNTS = re.compile(rb'"(?:calls|streams)(Started|Succeeded|Failed)":"(\d+)"')


class Arrivals:
    """How many calls wait in front of this process's server.

    Parameters
    ----------
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_look_s = self._next_recount_s = clock()
        self._lost = 0

    def waiting(self, taken: int, *, plausible: int = 0) -> int:
        """Calls that wait now, when ``taken`` calls have been taken in and have not ended.

        More than ``plausible`` are looked at more closely: some may be calls that the core has dropped.
        """
        begun = _calls_begun()
        # What is known to be lost does not make it plausible: calls that left while they waited are among it for a
        # moment, and it is counted anew for as long as there is any doubt.
        if begun - taken > plausible and self._clock() >= self._next_recount_s:
            self._recount()
            begun = _calls_begun()
        self._lost = min(self._lost, max(0, begun - taken))
        return max(0, begun - taken - self._lost)

    def is_due(self) -> bool:
        """Whether it is time for another look; then the next one is due later."""
        now_s = self._clock()
        if now_s < self._next_look_s:
            return False
        self._next_look_s = now_s + LOOK_S
        return True

    def _recount(self) -> None:
        """Calls that have begun and not ended, but for those with a stream, are lost."""
        begun_s = self._clock()
        before = _calls_begun()
        streams = sum(_not_ended(cygrpc.channelz_get_socket(number)) for number in _connections())
        self._lost = max(0, min(before, _calls_begun()) - streams)  # calls come meanwhile: rather too few than too many
        ended_s = self._clock()
        self._next_recount_s = ended_s + (ended_s - begun_s) / RECOUNT_SHARE


def _calls_begun() -> int:
    """Calls that have begun and, as the server's counters have it, not ended."""
    return _not_ended(cygrpc.channelz_get_servers(0))


def _not_ended(answer: bytes | None) -> int:
    """What has started and neither succeeded nor failed; nothing for a connection that has gone."""
    counts = {b"Started": 0, b"Succeeded": 0, b"Failed": 0}
    for name, digits in COUNTS.findall(answer or b""):
        counts[name] += int(digits)
    return counts[b"Started"] - counts[b"Succeeded"] - counts[b"Failed"]


def _connections() -> Iterator[int]:
    for server in json.loads(cygrpc.channelz_get_servers(0)).get("server", ()):
        number, first, is_end = int(server["ref"]["serverId"]), 0, False
        while not is_end:
            page = json.loads(cygrpc.channelz_get_server_sockets(number, first, 0))
            found = [int(socket["socketId"]) for socket in page.get("socketRef", ())]
            yield from found
            is_end = page.get("end", False) or not found
            first = max(found, default=0) + 1
