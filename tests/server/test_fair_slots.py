"""Places for computations, and threads: tenants take turns, and whoever leaves takes no place along."""

import asyncio
import threading

import pytest
from topodesign_server.call_children import OneEach
from topodesign_server.calls import Calls
from topodesign_server.children import ChildFactory
from topodesign_server.fair_slots import FairSlots
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.tenants import act_for

from topodesign.domain.errors import CapacityError, QuotaExceeded
from topodesign.domain.fabric_switched import Jellyfish
from topodesign.v1 import fabric_service_pb2
from topodesign.wire import fabric_to_proto

GIB = 2**30
PATIENCE_S = 60


class Callers:
    """Callers that keep their places until they are told to leave, and the order in which they got them."""

    def __init__(self, slots: FairSlots) -> None:
        self.slots = slots
        self.served: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._leave: dict[str, asyncio.Event] = {}

    async def come(self, *names: str) -> None:
        """Callers of the tenants that their names begin with."""
        for name in names:
            self._leave[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._stay(name))
            await asyncio.sleep(0)

    async def finish(self, name: str) -> None:
        assert name in self.served
        self._leave[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)  # who is next notes that it is served

    async def _stay(self, name: str) -> None:
        async with self.slots.slot(name[0]):
            self.served.append(name)
            await self._leave[name].wait()


def test_a_tenant_has_no_more_places_than_it_leaves_to_others() -> None:
    async def run() -> None:
        callers = Callers(FairSlots(slots=2, queue_limit=4))
        await callers.come("a1", "a2", "a3")  # of 2 + 4
        with pytest.raises(QuotaExceeded) as caught:
            async with callers.slots.slot("a"):
                pass
        assert (caught.value.quota, caught.value.metadata["limit"]) == ("call_queue_limit", "3")
        assert caught.value.retry_after_s is not None
        await callers.come("b1", "c1")
        with pytest.raises(QuotaExceeded):  # one place is left, and it has one
            async with callers.slots.slot("c"):
                pass
        await callers.come("d1")
        assert callers.slots.waiting() == 4
        with pytest.raises(CapacityError) as full:
            async with callers.slots.slot("e"):
                pass
        assert full.value.reason == "CALLS_FULL"
        for name in ("a1", "a2", "b1", "c1", "d1", "a3"):
            await callers.finish(name)
        async with callers.slots.slot("a"):
            assert callers.slots.waiting() == 0

    asyncio.run(run())


def test_a_tenant_has_one_place_where_there_is_one_only() -> None:
    async def run() -> None:
        callers = Callers(FairSlots(slots=1, queue_limit=0))
        await callers.come("a1")
        assert callers.served == ["a1"]
        await callers.finish("a1")

    asyncio.run(run())


def test_the_first_call_of_a_tenant_comes_before_the_next_ones_of_another() -> None:
    async def run() -> None:
        callers = Callers(FairSlots(slots=1, queue_limit=9))
        order = ("a1", "b1", "c1", "a2", "b2", "a3")
        await callers.come("a1", "a2", "a3", "b1", "b2", "c1")
        for name in order:
            await callers.finish(name)
        assert callers.served == list(order)

    asyncio.run(run())


def test_callers_that_leave_while_they_wait_or_as_their_turn_comes_keep_no_place() -> None:
    async def run() -> None:
        callers = Callers(FairSlots(slots=1, queue_limit=9))
        async with callers.slots.slot("a"):
            await callers.come("b1", "c1", "d1")
            callers.tasks["b1"].cancel()
            with pytest.raises(asyncio.CancelledError):
                await callers.tasks["b1"]
            assert callers.slots.waiting() == 2
        assert (callers.slots.waiting(), callers.served) == (1, [])  # it is c1's turn, and c1 has not seen it yet
        callers.tasks["c1"].cancel()
        with pytest.raises(asyncio.CancelledError):
            await callers.tasks["c1"]
        await asyncio.sleep(0)
        assert callers.served == ["d1"]
        await callers.finish("d1")

    asyncio.run(run())


def test_the_time_of_a_call_counts_from_when_it_was_asked_for(children: ChildFactory) -> None:
    async def run() -> None:
        calls = Calls(OneEach(children), slots=1, queue_limit=9, limit_s=60.0, memory_bytes=4 * GIB)
        fabric = fabric_to_proto(Jellyfish(switches=600, network_ports=8, server_ports=2, seed=1))
        content = fabric_service_pb2.EvaluateFabricRequest(fabric=fabric).SerializeToString()
        long = asyncio.create_task(calls.run("evaluate_fabric", content, tenant="a"))
        await asyncio.sleep(0)
        with pytest.raises(CapacityError) as caught:
            await calls.run("evaluate_fabric", content, tenant="b", limit_s=0.0)
        assert caught.value.reason == "CALLS_FULL"  # its turn did not come
        assert not long.done()
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        assert calls.waiting() == 0
        with pytest.raises(CapacityError) as caught:
            await calls.run("evaluate_fabric", content, tenant="b", limit_s=0.0)
        assert caught.value.reason == "CALL_TOO_LONG"
        calls.close()

    asyncio.run(run())


class Work:
    """Work on one thread, each piece of which lasts until the test lets it end; what was begun, in order."""

    def __init__(self) -> None:
        self.threads = FairOffloader(threads=1, name="work")
        self.begun: list[str] = []
        self._may_end = threading.Semaphore(0)
        self._has_begun = threading.Semaphore(0)

    def ask(self, name: str) -> asyncio.Task[None]:
        """A call of the tenant that its name begins with."""

        async def call() -> None:
            act_for(name[0])
            await self.threads(self._piece, name)

        return asyncio.create_task(call())

    def end(self, pieces: int) -> None:
        """Let so many pieces end."""
        for _ in range(pieces):
            self._may_end.release()

    async def until_begun(self) -> None:
        """Return when one more piece than before has begun."""
        await asyncio.to_thread(self._has_begun.acquire)

    def _piece(self, name: str) -> None:
        self.begun.append(name)
        self._has_begun.release()
        assert self._may_end.acquire(timeout=PATIENCE_S)


def test_threads_work_for_one_tenant_after_the_other_however_much_one_asks() -> None:
    async def run() -> None:
        work = Work()
        tasks = [work.ask(name) for name in ("a1", "a2", "a3", "a4", "b1", "c1")]
        work.end(len(tasks))
        await asyncio.gather(*tasks)
        assert work.begun == ["a1", "b1", "c1", "a2", "a3", "a4"]
        work.threads.close()

    asyncio.run(run())


def test_a_caller_that_leaves_has_had_its_turn_until_its_work_is_done() -> None:
    async def run() -> None:
        work = Work()
        first, second, other = (work.ask(name) for name in ("a1", "a2", "b1"))
        await work.until_begun()
        first.cancel()
        await asyncio.sleep(0)
        assert (work.begun, first.done()) == (["a1"], False)
        work.end(3)
        with pytest.raises(asyncio.CancelledError):
            await first
        await asyncio.gather(second, other)
        assert work.begun == ["a1", "b1", "a2"]
        work.threads.close()

    asyncio.run(run())
