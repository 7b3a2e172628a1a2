"""Children that answer one small task after the other: replaced when they are lost, limited as all others are."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from topodesign_server.call_children import OneEach, WarmChildren
from topodesign_server.calls import Calls
from topodesign_server.children import Child, ChildFactory
from topodesign_server.fabric_effort import ports_at_most
from topodesign_server.frames import FrameKind

import topodesign as td
from topodesign.domain.errors import CapacityError, InvalidInput
from topodesign.domain.fabric_switched import Jellyfish
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.evaluating import PATTERNED
from topodesign.fabric.families import fabric_kinds, fabric_of_size, topology_of
from topodesign.processes.remembered import forget_all
from topodesign.v1 import fabric_service_pb2
from topodesign.wire import fabric_to_proto

GIB = 2**30
SMALL = (
    td.Torus(shape=(4, 4, 4)),
    td.Torus(shape=(4, 4, 4), link_gbps=100.0),  # the same graph as the one before
    td.Torus(shape=(3, 4, 5)),
    td.Clos(accelerators=64, radix=16),
    Jellyfish(switches=20, network_ports=4, server_ports=2, seed=1),
)


def request(fabric: td.Torus | td.Clos | Jellyfish = SMALL[0]) -> bytes:
    message = fabric_service_pb2.EvaluateFabricRequest(fabric=fabric_to_proto(fabric))
    return message.SerializeToString(deterministic=True)


@pytest.fixture
def warm(children: ChildFactory) -> Iterator[WarmChildren]:
    made = WarmChildren(children, tasks_each=3)
    yield made
    made.close()


def begun(warm: WarmChildren, *, tenant: str = "a", memory_bytes: int = 4 * GIB) -> Child:
    return warm.begin("evaluate_fabric", (request(),), tenant=tenant, memory_bytes=memory_bytes, is_again=False)


def answered(warm: WarmChildren, *, tenant: str = "a") -> int:
    """Process id of the child that answered one task."""
    child = begun(warm, tenant=tenant)
    frame = child.receive(60)
    assert frame is not None
    assert frame.kind is FrameKind.RESULT
    warm.end(child, has_answered=True)
    return child.pid


def test_a_child_answers_its_number_of_tasks_and_then_gives_way(warm: WarmChildren) -> None:
    first = answered(warm)
    assert [answered(warm), answered(warm)] == [first, first]
    assert answered(warm) != first


def test_a_child_killed_at_rest_is_replaced_and_its_next_caller_hears_nothing_of_it(children: ChildFactory) -> None:
    async def run() -> None:
        warm = WarmChildren(children)
        calls = Calls(warm, slots=1, queue_limit=0, limit_s=60.0, memory_bytes=4 * GIB)
        first = await calls.run("evaluate_fabric", request(), tenant="a")
        killed = answered(warm)
        os.kill(killed, signal.SIGKILL)
        assert await calls.run("evaluate_fabric", request(), tenant="a") == first
        assert answered(warm) != killed
        calls.close()

    asyncio.run(run())


def test_a_child_that_is_killed_at_its_first_task_is_no_one_elses_fault(warm: WarmChildren) -> None:
    child = begun(warm)
    os.kill(child.pid, signal.SIGKILL)
    frame = child.receive(60)
    while frame is not None and frame.kind is not FrameKind.END:  # it may have answered before
        frame = child.receive(60)
    assert not warm.is_lost(child)
    warm.end(child, has_answered=False)


def test_a_child_that_was_cancelled_is_not_used_again(children: ChildFactory) -> None:
    async def run() -> None:
        warm = WarmChildren(children)
        calls = Calls(warm, slots=1, queue_limit=0, limit_s=60.0, memory_bytes=4 * GIB)
        before = answered(warm)
        large = request(Jellyfish(switches=600, network_ports=8, server_ports=2, seed=1))
        call = asyncio.create_task(calls.run("evaluate_fabric", large, tenant="a"))
        while not calls._running:
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await calls.run("evaluate_fabric", request(), tenant="a")
        assert answered(warm) != before
        calls.close()

    asyncio.run(run())


def test_children_that_rest_remember_for_one_tenant(warm: WarmChildren) -> None:
    one, other = begun(warm, tenant="a"), begun(warm, tenant="b")
    for child in (one, other):
        assert child.receive(60) is not None
        warm.end(child, has_answered=True)
    assert answered(warm, tenant="a") == one.pid
    assert answered(warm, tenant="b") == other.pid


def test_memory_beyond_the_limit_ends_the_child_with_a_reason(children: ChildFactory) -> None:
    async def run() -> None:
        calls = Calls(WarmChildren(children), slots=1, queue_limit=0, limit_s=60.0, memory_bytes=4 * GIB)
        wide = request(Jellyfish(switches=600, network_ports=8, server_ports=2, seed=1))
        with pytest.raises(CapacityError) as caught:  # the limit is less than the libraries have mapped already
            await calls.run("evaluate_fabric", wide, tenant="a", memory_bytes=64 * 2**20)
        assert caught.value.reason == "OUT_OF_MEMORY"
        assert await calls.run("evaluate_fabric", request(), tenant="a")
        calls.close()

    asyncio.run(run())


def test_warm_and_new_children_answer_byte_for_byte_alike(children: ChildFactory) -> None:
    async def answers(calls: Calls) -> list[bytes]:
        return [await calls.run("evaluate_fabric", request(fabric), tenant="a") for fabric in SMALL]

    async def run() -> None:
        warm = Calls(WarmChildren(children), slots=1, queue_limit=0, limit_s=60.0, memory_bytes=4 * GIB)
        new = Calls(OneEach(children), slots=1, queue_limit=0, limit_s=60.0, memory_bytes=4 * GIB)
        expected = await answers(new)
        assert await answers(warm) == expected
        assert await answers(warm) == expected  # now from what is remembered
        warm.close()
        new.close()

    asyncio.run(run())


def test_what_is_remembered_is_what_would_be_computed_again() -> None:
    for fabric in SMALL:
        forget_all()
        fresh = evaluate_fabric(fabric)
        assert evaluate_fabric(fabric) == fresh
        digest = topology_of(fabric).graph().digest()
        assert PATTERNED.get(digest, tuple) == fresh.throughput[1:]  # it was there
        forget_all()
        assert PATTERNED.get(digest, tuple) == ()  # it was not
        forget_all()  # this very answer above all


@pytest.mark.parametrize("kind", fabric_kinds())
def test_the_effort_told_from_a_spec_is_no_less_than_the_ports_that_are_built(kind: str) -> None:
    looked = 0
    for accelerators in (16, 64, 72, 128, 144, 200, 256, 400, 512, 1024, 4096):
        try:
            spec = fabric_of_size(kind, accelerators)
        except InvalidInput:
            continue  # the kind has no such size
        ports = 2 * sum(run.count for run in topology_of(spec).cable_runs())
        assert ports_at_most(spec) >= ports
        looked += 1
    assert looked
