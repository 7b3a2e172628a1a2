"""Health by service (``grpc.health.v1``), and the look at the store that it rests on.

Beside each service there are the names ``""`` and ``ready`` (work is accepted, and the store answers) and ``live`` (the
process answers; true while it drains, so that nobody kills it for that).
"""

import asyncio
from collections.abc import Collection

import structlog
from grpc_health.v1 import health, health_pb2

from topodesign.domain.errors import TopoDesignError
from topodesign_server.job_store import JobStore
from topodesign_server.metrics import Metrics
from topodesign_server.offloading import Offloader

log = structlog.get_logger("topodesign_server")

READY, LIVE = "ready", "live"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """What the health service answers.

    Parameters
    ----------
    with_store, without_store : collection of str
        Full names of the services that need the store, and of those that do not.
    """

    def __init__(self, metrics: Metrics, *, with_store: Collection[str], without_store: Collection[str]) -> None:
        self.servicer = health.aio.HealthServicer()
        self._metrics = metrics
        self._with_store = ("", READY, *with_store)
        self._without_store = tuple(without_store)
        self._is_open = False
        self._is_store_up = True

    async def open(self) -> None:
        """Work is accepted from now on."""
        self._is_open = True
        await self.servicer.set(LIVE, SERVING)
        await self._tell()

    async def drain(self) -> None:
        """No work is accepted any more."""
        self._is_open = False
        await self._tell()

    async def set_store(self, is_up: bool) -> None:
        """Whether the store answers."""
        if is_up != self._is_store_up:
            self._is_store_up = is_up
            (log.info if is_up else log.warning)("store_health", is_up=is_up)
        await self._tell()

    async def _tell(self) -> None:
        self._metrics.serving.set(self._is_open)
        self._metrics.store_up.set(self._is_store_up)
        for names, is_up in ((self._with_store, self._is_store_up), (self._without_store, True)):
            for name in names:
                await self.servicer.set(name, SERVING if self._is_open and is_up else NOT_SERVING)


class StoreProbe:
    """Looks at the store again and again, one look at a time, on a thread of its own that may hang in it.

    Parameters
    ----------
    every_s, timeout_s : float
        Time between looks, and time after which a silent store counts as unreachable.
    """

    def __init__(self, *, jobs: JobStore, health: Health, metrics: Metrics, every_s: float, timeout_s: float) -> None:
        self._jobs = jobs
        self._health = health
        self._metrics = metrics
        self._every_s = every_s
        self._timeout_s = timeout_s
        self._thread = Offloader(threads=1, name="probe")
        self._look: asyncio.Task[int] | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._health.set_store(await self._answers())
            await asyncio.sleep(self._every_s)

    def close(self) -> None:
        self._thread.abandon()

    async def _answers(self) -> bool:
        if self._look is None:
            self._look = asyncio.create_task(self._thread(self._jobs.waiting))
        done, _ = await asyncio.wait({self._look}, timeout=self._timeout_s)
        if not done:
            return False  # the same look goes on: a second one would wait behind it
        look, self._look = self._look, None
        try:
            self._metrics.queued.set(look.result())
        except TopoDesignError as error:
            log.warning("store", during="health", reason=error.reason)
            return False
        return True
