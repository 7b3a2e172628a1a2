"""Notes that tokens are used, beside the calls that use them: no call waits for the write, and each is made once."""

import asyncio
import time
from collections.abc import Callable

from topodesign_server.incidents import status_of
from topodesign_server.offloading import Offloader
from topodesign_server.token_store import TokenStore

PAUSE_S = 60.0
"""Time for which a token is left alone after its use could not be noted."""


class TokenUses:
    """Writes down which tokens are used. Belongs to the event loop.

    Every call sees that a note is due until it is written: a herd of them would fill whatever threads it is given with
    writes of the same row, each as slow as the disk.

    Parameters
    ----------
    tokens : TokenStore
    offload : Offloader
        A thread for the writes; not one that looks tokens up, as a write may wait long for others.
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, tokens: TokenStore, offload: Offloader, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._offload = offload
        self._clock = clock
        self._noting: dict[str, asyncio.Task[None]] = {}
        self._paused_until: dict[str, float] = {}

    def note(self, token_id: str) -> None:
        """Note a use soon, unless that is being done or has failed a moment ago."""
        paused_until = self._paused_until.get(token_id)
        is_paused = paused_until is not None and self._clock() < paused_until
        if token_id in self._noting or is_paused:
            return
        self._noting[token_id] = asyncio.create_task(self._note(token_id))

    async def settle(self) -> None:
        """Return when every note that was begun is written, or has failed."""
        await asyncio.gather(*self._noting.values())

    async def _note(self, token_id: str) -> None:
        self._paused_until.pop(token_id, None)
        try:
            await self._offload(self._tokens.note_use, token_id)
        except Exception as error:  # noqa: BLE001 - the call goes on without the note
            status_of(error, during="note_use")
            self._paused_until[token_id] = self._clock() + PAUSE_S
        finally:
            del self._noting[token_id]
