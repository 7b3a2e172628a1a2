"""The history of a job as it grows, for calls that watch it."""

from collections.abc import AsyncIterator

from topodesign_server.job_rows import EventRow
from topodesign_server.job_store import JobStore
from topodesign_server.offloading import Offloader
from topodesign_server.watchers import Watchers


class Histories:
    """Follows jobs. Made and used on the event loop."""

    def __init__(self, jobs: JobStore, watchers: Watchers, offload: Offloader) -> None:
        self._jobs = jobs
        self._watchers = watchers
        self._offload = offload

    async def follow(self, tenant: str, job_id: str, *, what: str, after: int) -> AsyncIterator[EventRow]:
        """Entries after a sequence number, in order, until the job has ended.

        Parameters
        ----------
        what : {"plans", "sweeps"}
            The collection that the job was asked for in.

        Raises
        ------
        NotFound
            When that has none of this id.
        ServiceUnavailable
            When the server shuts down.
        """
        number = (await self._offload(self._jobs.get, tenant, job_id, what=what)).number
        with self._watchers.watching(number) as changed:
            while True:
                changed.clear()
                job, rows = await self._offload(self._jobs.history, tenant, job_id, after=after, what=what)
                for row in rows:
                    after = row.sequence
                    yield row
                if job.is_final and after >= job.sequence:
                    return
                self._watchers.require_serving()
                if not rows:
                    await changed.wait()
