"""Scenarios of requests: large ones are read in children, with the same outcome, and on no thread of the store."""

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Any

import pytest
from served.small_scenarios import two_sites
from topodesign_server.call_children import OneEach, WarmChildren
from topodesign_server.calls import Calls
from topodesign_server.children import ChildFactory
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.names import DIGEST_AT_ONCE_BYTES, RequestKey, request_key
from topodesign_server.offloading import Offloader
from topodesign_server.readings import READER_UP_TO_BYTES, Readings
from topodesign_server.request_gate import AT_ONCE_BYTES, RequestGate
from topodesign_server.scenario_checks import canonical_content
from topodesign_server.sources import READ_HERE_BYTES, ScenarioReader
from topodesign_server.tenants import act_for

from topodesign.domain.errors import CapacityError, InvalidInput
from topodesign.domain.fabric_switched import Jellyfish
from topodesign.v1 import fabric_service_pb2, plan_pb2, scenario_pb2, scenario_service_pb2
from topodesign.wire import fabric_to_proto, to_proto

GIB = 2**30


def scenario(*, size_bytes: int = 0) -> scenario_pb2.Scenario:
    message = to_proto(two_sites(attribution="x" * size_bytes))
    assert isinstance(message, scenario_pb2.Scenario)
    return message


def long_work() -> bytes:
    """An evaluation that lasts until it is ended, as far as these tests see."""
    fabric = fabric_to_proto(Jellyfish(switches=30_000, network_ports=19, server_ports=5, seed=1))
    return fabric_service_pb2.EvaluateFabricRequest(fabric=fabric).SerializeToString()


class Bench:
    """A reader over real threads and children, one computation at a time and none waiting."""

    def __init__(self, children: ChildFactory) -> None:
        self.threads = FairOffloader(threads=1, name="scenario")
        act_for("b")
        self.calls = Calls(OneEach(children), slots=1, queue_limit=0, limit_s=60.0, memory_bytes=4 * GIB)
        self.one_reader = Calls(WarmChildren(children), slots=1, queue_limit=0, limit_s=60.0, memory_bytes=4 * GIB)
        self.readings = Readings(self.calls, self.one_reader)
        self.reader = ScenarioReader(self.threads, self.readings)

    def close(self) -> None:
        self.calls.close()
        self.one_reader.close()
        self.threads.close()


@pytest.mark.parametrize("size_bytes", [READ_HERE_BYTES, READER_UP_TO_BYTES])
def test_a_large_scenario_waits_for_a_child_and_a_small_one_does_not(children: ChildFactory, size_bytes: int) -> None:
    async def run() -> None:
        bench = Bench(children)
        calls = bench.calls if size_bytes == READER_UP_TO_BYTES else bench.one_reader
        long = asyncio.create_task(calls.run("evaluate_fabric", long_work(), tenant="a"))
        await asyncio.sleep(0)
        with pytest.raises(CapacityError) as caught:
            await bench.reader.inline("b", scenario(size_bytes=size_bytes))
        assert caught.value.reason == "CALLS_FULL"
        assert await bench.reader.inline("b", scenario()) == canonical_content(scenario())
        assert not long.done()
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        bench.close()

    asyncio.run(run())


@pytest.mark.parametrize("size_bytes", [READ_HERE_BYTES, READER_UP_TO_BYTES])
def test_a_child_reads_what_a_thread_reads_and_finds_the_same_faults(children: ChildFactory, size_bytes: int) -> None:
    async def run() -> None:
        bench = Bench(children)
        large = scenario(size_bytes=size_bytes)
        assert await bench.reader.inline("a", large) == canonical_content(large)
        large.sites[1].zone_id = "none"
        told = [
            await error_of(reading)
            for reading in (bench.reader.inline("a", large), bench.threads(canonical_content, large))
        ]
        assert told[0] == told[1]
        assert told[0][0] == "REFERENCE_UNKNOWN"
        bench.close()

    asyncio.run(run())


def test_what_a_plan_is_verified_against_is_checked_where_it_is_verified(children: ChildFactory) -> None:
    async def run() -> None:
        bench = Bench(children)
        given = scenario()
        given.workload.model = "no-such-model"
        no_plan = plan_pb2.Plan().SerializeToString()
        task = bench.calls.run("verify_given_plan", given.SerializeToString(), no_plan, tenant="a")
        assert (await error_of(task))[:2] == ("MODEL_UNKNOWN", "scenario.workload.model")
        task = bench.calls.run("verify_given_plan", scenario().SerializeToString(), no_plan, tenant="a")
        assert str((await error_of(task))[1]).startswith("plan")
        bench.close()

    asyncio.run(run())


def test_a_large_request_is_hashed_on_a_thread_and_its_key_is_that_of_its_repetition() -> None:
    """Threads that are closed take nothing: what needs none is answered all the same."""

    async def run() -> None:
        threads = Offloader(threads=1, name="scenario")
        large = scenario_service_pb2.CreateScenarioRequest(
            request_id=str(uuid.uuid4()), scenario=scenario(size_bytes=DIGEST_AT_ONCE_BYTES)
        )
        assert await key(large, threads) == await key(large, threads)
        threads.close()
        with pytest.raises(RuntimeError, match="shutdown"):
            await key(large, threads)
        large.ClearField("scenario")
        assert await key(large, threads) is not None

    asyncio.run(run())


@pytest.mark.parametrize("size_bytes", [0, AT_ONCE_BYTES, READER_UP_TO_BYTES])
def test_a_large_scenario_that_breaks_a_rule_is_refused_without_being_read(
    children: ChildFactory, size_bytes: int
) -> None:
    """Of a small one all faults are told, as the library does; of a large one the rules tell the first."""

    async def run() -> None:
        bench = Bench(children)
        gate = RequestGate(bench.readings)
        fields = ["sites[0].power_mw"] if size_bytes else ["sites[0].power_mw", "sites[1].lon"]
        given = scenario(size_bytes=size_bytes)
        await gate.require(scenario_service_pb2.CreateScenarioRequest(scenario=given))
        given.sites[0].power_mw, given.sites[1].lon = -1, 999
        with pytest.raises(InvalidInput) as caught:
            await gate.require(scenario_service_pb2.CreateScenarioRequest(scenario=given))
        problems = getattr(caught.value, "problems", ())
        told = [problem.field for problem in problems] or [caught.value.field_path]
        assert told == [f"scenario.{field}" for field in fields]
        assert ("CheckScenario lists all" in caught.value.message) == (not problems)
        await gate.require(scenario_service_pb2.CheckScenarioRequest(scenario=given))
        bench.close()

    asyncio.run(run())


@pytest.mark.parametrize("size_bytes", [AT_ONCE_BYTES, READER_UP_TO_BYTES])
def test_the_rules_of_a_large_request_are_checked_in_a_child(children: ChildFactory, size_bytes: int) -> None:
    async def run() -> None:
        bench = Bench(children)
        gate = RequestGate(bench.readings)
        calls = bench.calls if size_bytes == READER_UP_TO_BYTES else bench.one_reader
        long = asyncio.create_task(calls.run("evaluate_fabric", long_work(), tenant="a"))
        await asyncio.sleep(0)
        with pytest.raises(CapacityError) as caught:
            await gate.require(scenario_service_pb2.CreateScenarioRequest(scenario=scenario(size_bytes=size_bytes)))
        assert caught.value.reason == "CALLS_FULL"
        await gate.require(scenario_service_pb2.CreateScenarioRequest(scenario=scenario()))
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        bench.close()

    asyncio.run(run())


async def key(request: scenario_service_pb2.CreateScenarioRequest, threads: Offloader) -> RequestKey | None:
    return await request_key("a", "CreateScenario", request, request.request_id, offload=threads)


async def error_of(reading: Coroutine[Any, Any, object]) -> tuple[object, ...]:
    with pytest.raises(InvalidInput) as caught:
        await reading
    error = caught.value
    return error.reason, error.field_path, error.message, dict(error.metadata)
