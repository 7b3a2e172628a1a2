"""Changes that other servers make to the jobs that somebody waits for here, or that are worked on here.

One task of each server asks for all of these jobs at once, twice a second: a thousand idle watchers cost one query over
a thousand keys. Changes of this server's own reach its watchers without it.
"""

import asyncio
from functools import partial

import structlog

from topodesign.domain.errors import TopoDesignError
from topodesign_server.job_rows import CANCELLING, Position
from topodesign_server.job_store import JobStore
from topodesign_server.offloading import Offloader
from topodesign_server.watchers import Watchers
from topodesign_server.workers import Workers

log = structlog.get_logger("topodesign_server")


class ChangePoller:
    """Compares how far jobs are with how far they were.

    Parameters
    ----------
    poll_s : float
        Time between two looks.
    """

    def __init__(
        self, *, jobs: JobStore, workers: Workers, watchers: Watchers, offload: Offloader, poll_s: float
    ) -> None:
        self._jobs = jobs
        self._workers = workers
        self._watchers = watchers
        self._offload = offload
        self._poll_s = poll_s
        self._seen: dict[int, Position | None] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self.look()
            except TopoDesignError as error:  # the store does not answer; the next look finds what this one missed
                log.warning("poll", reason=error.reason)

    async def look(self) -> None:
        """Wake the watchers of jobs that changed since the last look, and tell attempts that are to be cancelled."""
        worked_on = self._workers.numbers()
        numbers = sorted(self._watchers.numbers() | worked_on)
        found = await self._offload(self._jobs.positions, numbers) if numbers else {}
        seen = {number: found.get(number) for number in numbers}
        for number, position in seen.items():
            # a job that was not looked at before may have changed since its watcher read it
            if number not in self._seen or self._seen[number] != position:
                self._watchers.wake(number)
        self._seen = seen
        for number, position in found.items():
            if position.state == CANCELLING and number in worked_on:
                await self._offload(partial(self._workers.cancel, late_s=self._poll_s), number)
