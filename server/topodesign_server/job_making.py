"""Requests that make jobs: each makes one, however often it is repeated, and has a place in the queue first."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf.message import Message

from topodesign.domain.errors import CapacityError
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.job_rows import JobRow, NewJob
from topodesign_server.job_store import JobStore
from topodesign_server.names import RequestKey, request_key
from topodesign_server.offloading import Offloader
from topodesign_server.queue_door import QueueDoor
from topodesign_server.request_gate import RequestGate
from topodesign_server.resources import operation
from topodesign_server.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A request for a job.

    Parameters
    ----------
    method : str
        As request ids are kept under it.
    message : Message
        With ``request_id``.
    new : callable
        Reads what the job is made from; raises what is wrong with it.
    """

    tenant: str
    job_id: str
    method: str
    message: Any
    new: Callable[[], Awaitable[NewJob]]


class JobMaker:
    """Makes jobs, or says what would keep one from being made. Made and used on the event loop.

    Parameters
    ----------
    reading : FairOffloader
        Threads for large requests.
    """

    def __init__(
        self,
        *,
        jobs: JobStore,
        workers: Workers,
        door: QueueDoor,
        gate: RequestGate,
        offload: Offloader,
        reading: FairOffloader,
    ) -> None:
        self._jobs = jobs
        self._workers = workers
        self._door = door
        self._gate = gate
        self._offload = offload
        self._reading = reading

    async def make(self, asked: JobRequest) -> operations_pb2.Operation:
        """The operation of the job: a new one, or what the same request made before.

        Raises
        ------
        CapacityError
            When too many jobs wait, before anything is read.
        """
        async with AsyncExitStack() as places:
            try:
                await places.enter_async_context(self._door.place(asked.tenant, asked.job_id))
            except CapacityError:
                earlier = await self._door.repeated(await self._key(asked))
                if earlier is None:
                    raise
                job = earlier
            else:
                job = await self._job(asked)
        self._workers.wake()
        return await self._offload(self._operation, job)

    async def check(self, asked: JobRequest, answer: Message) -> operations_pb2.Operation:
        """The operation of a request that is only to be checked: done, with that answer."""
        await self._gate.require(asked.message)
        key = await self._key(asked)
        await self._offload(self._jobs.require_creatable, await asked.new(), key=key)
        checked = operations_pb2.Operation(done=True)
        checked.response.Pack(answer)
        return checked

    async def _job(self, asked: JobRequest) -> JobRow:
        """The job of a request that has a place in the queue: what the same request made before, or a new one."""
        await self._gate.require(asked.message)
        key = await self._key(asked)
        earlier = None if key is None else await self._offload(self._jobs.repeated, key)
        if earlier is not None:  # answered even when what it was made from is deleted since
            return earlier
        new = await asked.new()
        return await self._offload(self._jobs.create, new, key=key)

    def _operation(self, job: JobRow) -> operations_pb2.Operation:
        """The operation of a job; one that ended before its request was repeated has its plan."""
        return operation(*self._jobs.get_with_plan(job.tenant, job.id)) if job.is_final else operation(job, None)

    async def _key(self, asked: JobRequest) -> RequestKey | None:
        request_id = asked.message.request_id
        return await request_key(asked.tenant, asked.method, asked.message, request_id, offload=self._reading)
