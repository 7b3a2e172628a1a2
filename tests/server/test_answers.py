"""Answers that are kept: once for callers at the same time or later, apart for each tenant, within their memory."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from topodesign_server.answers import Answers
from topodesign_server.bounded_cache import ENTRY_BYTES, BoundedCache
from topodesign_server.call_children import OneEach
from topodesign_server.calls import Calls
from topodesign_server.children import ChildFactory
from topodesign_server.metrics import Metrics
from topodesign_server.offloading import Offloader
from topodesign_server.optics_servicer import read_and_design
from topodesign_server.tenants import act_for
from topodesign_server.training_servicer import read_and_estimate

import topodesign as td
from topodesign.domain.errors import InvalidInput
from topodesign.optics.gaussian_noise import FACTORS
from topodesign.training.stragglers import NORMALS
from topodesign.v1 import fabric_pb2, fabric_service_pb2, optics_service_pb2, training_service_pb2
from topodesign.wire import fabric_to_proto

GIB = 2**30


def request(link_gbps: float = 400.0) -> bytes:
    fabric = fabric_to_proto(td.Torus(shape=(4, 4), link_gbps=link_gbps))
    return fabric_service_pb2.EvaluateFabricRequest(fabric=fabric).SerializeToString(deterministic=True)


class Bench:
    """Answers over real children, and how many were computed."""

    def __init__(self, children: ChildFactory, cache_bytes: int) -> None:
        self.metrics = Metrics()
        self.calls = Calls(OneEach(children), slots=2, queue_limit=0, limit_s=60.0, memory_bytes=2**32)
        self.answers = Answers(self.calls, self.calls, self.metrics, cache_bytes=cache_bytes)

    def ask(self, content: bytes, *, tenant: str = "a", task: str = "evaluate_fabric") -> Coroutine[Any, Any, bytes]:
        return self.answers.run(tenant, task, content, limit_s=100.0, memory_bytes=4 * GIB, is_small=False)

    def computed(self) -> float:
        value = self.metrics.registry.get_sample_value("topodesign_answers_total", {"source": "computed"})
        assert value is not None
        return value


def test_a_request_is_computed_once_for_each_tenant(children: ChildFactory) -> None:
    async def run() -> None:
        bench = Bench(children, 10**6)
        first = await bench.ask(request())
        assert fabric_pb2.FabricEvaluation.FromString(first).accelerators == 16
        assert await bench.ask(request()) == first
        assert bench.computed() == 1
        assert await bench.ask(request(), tenant="b") == first
        assert bench.computed() == 2

    asyncio.run(run())


def test_ten_at_once_take_one_slot_and_the_one_that_leaves_takes_it_from_nobody(children: ChildFactory) -> None:
    """The queue holds nobody and there are two slots: ten computations would be refused."""

    async def run() -> None:
        bench = Bench(children, 0)  # nothing is kept: all must have shared one computation
        callers = [asyncio.create_task(bench.ask(request())) for _ in range(10)]
        await asyncio.sleep(0)
        callers[0].cancel()
        answers = await asyncio.gather(*callers, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert len(set(map(bytes, answers[1:]))) == 1  # type: ignore[arg-type]

    asyncio.run(run())


def test_a_computation_ends_with_the_last_of_its_callers(children: ChildFactory) -> None:
    async def run() -> None:
        bench = Bench(children, 10**6)
        callers = [asyncio.create_task(bench.ask(request(500.0))) for _ in range(2)]
        await asyncio.sleep(0)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        again = await bench.ask(request(500.0))  # not the one that was cancelled
        assert fabric_pb2.FabricEvaluation.FromString(again).accelerators == 16

    asyncio.run(run())


def test_errors_are_not_kept(children: ChildFactory) -> None:
    async def run() -> None:
        bench = Bench(children, 10**6)
        empty = fabric_service_pb2.EvaluateFabricRequest().SerializeToString()
        for _ in range(2):
            with pytest.raises(InvalidInput):
                await bench.ask(empty)
        assert bench.metrics.registry.get_sample_value("topodesign_answers_total", {"source": "kept"}) == 0

    asyncio.run(run())


def test_a_cache_keeps_what_was_used_last_within_its_bytes() -> None:
    cache: BoundedCache[str] = BoundedCache(2 * (100 + ENTRY_BYTES))
    cache.put("a", bytes(100))
    cache.put("b", bytes(100))
    assert cache.get("a") == bytes(100)
    cache.put("c", bytes(100))
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (bytes(100), None, bytes(100))
    assert cache.size_bytes == 2 * (100 + ENTRY_BYTES)
    cache.put("large", bytes(1000))
    assert cache.get("large") is None
    assert cache.get("a") == bytes(100)


def test_what_links_and_estimates_have_in_common_is_computed_for_each_tenant() -> None:
    """On threads of the server, which answers several tenants at a time."""
    link = optics_service_pb2.DesignLinkRequest(length_km=100, baud_gbd=61.25)
    estimate = training_service_pb2.EstimateTrainingRequest(
        parameters=1e12, step_s=1, sites=37, gbps=1e6, jitter_s=0.01
    )

    async def ask(tenant: str) -> None:
        act_for(tenant)
        offload = Offloader(threads=1)
        await offload(read_and_design, link)
        await offload(read_and_estimate, estimate)
        offload.close()

    async def run() -> None:
        await asyncio.gather(ask("tenant-a"), ask("tenant-b"))

    asyncio.run(run())
    for remembered in (FACTORS, NORMALS):
        of_a, of_b = ({key for party, key in remembered._results if party == of} for of in ("tenant-a", "tenant-b"))
        assert of_a == of_b != set()
