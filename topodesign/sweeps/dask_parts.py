"""Which large parts of payloads the workers of a cluster keep for an engine, so that a scenario is sent once.

All of this runs in the event loop of :class:`~topodesign.sweeps.dask_link.DaskLink`.
"""

import asyncio
import collections
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence, Set

KEPT_BYTES = 2**28
"""Most bytes of parts that a worker keeps for an engine, beyond those that its tasks are at."""
Deliver = Callable[[Mapping[str, bytes], Sequence[str]], Awaitable[bool]]


class KeptParts:
    """Parts that one process of a worker keeps, by their digests.

    A part counts as kept only once the worker has said that it is, so that no task overtakes what it needs; and none
    is let go of while a task that needs it is on its way.

    Parameters
    ----------
    deliver : callable
        Has the worker keep some parts and let go of others; whether it said that it did, which it does not once it
        is gone.
    """

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._sizes: dict[str, int] = {}  # those used last at the end
        self._users: collections.Counter[str] = collections.Counter()
        self._turn = asyncio.Lock()

    @contextlib.contextmanager
    def held(self, digests: Set[str]) -> Iterator[None]:
        """Within this none of these is let go of."""
        self._users.update(digests)
        try:
            yield
        finally:
            self._users.subtract(digests)
            self._users = +self._users

    async def have(self, parts: Mapping[str, bytes]) -> None:
        """Return once the worker keeps these, or is gone. Not to be canceled halfway: others wait for the same part."""
        while not parts.keys() <= self._sizes.keys():
            async with self._turn:  # what is on its way to the worker is not sent a second time
                new = {digest: part for digest, part in parts.items() if digest not in self._sizes}
                if new and not await self._deliver(new, self._dropped(sum(map(len, new.values())))):
                    return
                self._sizes.update({digest: len(part) for digest, part in new.items()})
        for digest in parts:
            self._sizes[digest] = self._sizes.pop(digest)  # used last

    def forget(self, digests: Set[str]) -> None:
        """The worker has said that it lacks some of these."""
        for digest in digests:
            self._sizes.pop(digest, None)

    def _dropped(self, new_bytes: int) -> list[str]:
        """What is let go of to make room, the longest unused first; it is not kept any more."""
        dropped = []
        total = new_bytes + sum(self._sizes.values())
        for digest in [digest for digest in self._sizes if not self._users[digest]]:
            if total <= KEPT_BYTES:
                break
            total -= self._sizes.pop(digest)
            dropped.append(digest)
        return dropped
