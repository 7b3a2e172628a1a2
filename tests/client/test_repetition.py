"""What clients repeat, what they never repeat, and how long they wait: against a server that answers as it is told."""

import inspect
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf.empty_pb2 import Empty
from hypothesis import given
from hypothesis import strategies as st
from served.scripted_server import Answer, Refusal, ScriptedServer, Silence
from served.small_scenarios import two_sites
from served.ways import Way, ways_to

import topodesign as td
from topodesign.client import Client, watching
from topodesign.client.call import Call, Method
from topodesign.client.failure import Failure, failure_of
from topodesign.client.options import ConnectionOptions
from topodesign.client.retrying import LONGEST_DELAY_S, SPREAD, Attempts, Backoff, Patience
from topodesign.domain.errors import CapacityError, InternalError, InvalidInput, ServiceUnavailable
from topodesign.domain.scenario_sweep import SweepDefinition
from topodesign.sweeps.grammar import axis_of
from topodesign.v1 import (
    catalog_service_pb2,
    fabric_service_pb2,
    optics_service_pb2,
    plan_pb2,
    planning_service_pb2,
    scenario_service_pb2,
    sweep_service_pb2,
    training_service_pb2,
)
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import scenario_service_pb2 as scenario_pb

AWAY = Refusal(grpc.StatusCode.UNAVAILABLE)
FULL = Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, retry_delay_s=0.01)
TOO_LARGE = Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED)
GONE = Failure(error=ServiceUnavailable("away"), passes=True)
ONCE = ("sync", "async")


@contextmanager
def told(*answers: Answer, way: str, **options: float) -> Iterator[tuple[ScriptedServer, Way]]:
    with ScriptedServer(*answers) as server, ways_to(server.address, **options)[way] as caller:
        yield server, caller


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("refusal", [AWAY, FULL, Refusal(grpc.StatusCode.UNAVAILABLE, pushback_ms="5")])
def test_what_passes_by_itself_is_asked_again(refusal: Refusal, way: str) -> None:
    with told(refusal, refusal, operations_pb2.ListOperationsResponse(), way=way) as (server, caller):
        assert caller.call("jobs") == ()
        assert len(server.received) == 3


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize(
    "refusal",
    [
        TOO_LARGE,
        Refusal(grpc.StatusCode.UNAVAILABLE, pushback_ms="-1"),
        Refusal(grpc.StatusCode.UNAVAILABLE, pushback_ms="soon"),
        Refusal(grpc.StatusCode.INTERNAL),
        Refusal(grpc.StatusCode.ABORTED),
        Refusal(grpc.StatusCode.DEADLINE_EXCEEDED),
        Refusal(grpc.StatusCode.INVALID_ARGUMENT, retry_delay_s=0.01),
    ],
)
def test_what_does_not_pass_is_asked_once(refusal: Refusal, way: str) -> None:
    with told(refusal, way=way) as (server, caller), pytest.raises(td.TopoDesignError) as caught:
        caller.call("jobs")
    assert len(server.received) == 1
    assert (caught.value.reason, caught.value.metadata) == ("TOLD_TO", {"value": "7"})


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("method", ["delete_plan", "delete_scenario"])
def test_a_deletion_is_never_repeated(method: str, way: str) -> None:
    with told(AWAY, Empty(), way=way) as (server, caller), pytest.raises(ServiceUnavailable):
        caller.call(method, "plans/p-1")
    assert len(server.received) == 1


@pytest.mark.parametrize("way", ONCE)
def test_a_repeated_creation_carries_the_same_request_id(way: str) -> None:
    with told(AWAY, operations_pb2.Operation(name="operations/p-1"), way=way) as (server, caller):
        assert caller.call("submit_plan", two_sites()).name == "operations/p-1"
        first, second = (pb.CreatePlanRequest.FromString(item.request) for item in server.received)
        assert first.request_id == second.request_id != ""
        caller.call("submit_plan", two_sites())
        assert pb.CreatePlanRequest.FromString(server.received[-1].request).request_id != first.request_id


@pytest.mark.parametrize("way", ONCE)
def test_a_full_server_is_not_waited_for_beyond_the_deadline(way: str) -> None:
    full = Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, retry_delay_s=60.0)
    with told(full, way=way, timeout_s=30.0) as (server, caller), pytest.raises(CapacityError) as caught:
        caller.call("jobs")
    assert (len(server.received), caught.value.reason) == (1, "TOLD_TO")


@pytest.mark.parametrize("way", ONCE)
def test_nothing_is_repeated_where_that_was_not_wanted(way: str) -> None:
    with told(AWAY, way=way, retry_for_s=0.0) as (server, caller), pytest.raises(ServiceUnavailable):
        caller.call("jobs")
    assert len(server.received) == 1


@pytest.mark.parametrize("way", ONCE)
def test_a_list_is_asked_for_page_by_page_and_every_page_may_be_repeated(way: str) -> None:
    pages = [scenario_pb.ListScenariosResponse(next_page_token=token) for token in ("two", "")]
    for page, name in zip(pages, ("scenarios/a", "scenarios/b"), strict=True):
        page.scenarios.add(name=name)
    with told(pages[0], AWAY, pages[1], way=way) as (server, caller):
        assert [item.name for item in caller.call("list_scenarios")] == ["scenarios/a", "scenarios/b"]
        asked = [scenario_pb.ListScenariosRequest.FromString(item.request).page_token for item in server.received]
        assert asked == ["", "two", "two"]


def entry(sequence: int, *, seconds: float | None = None) -> pb.WatchPlanResponse:
    event = None if seconds is None else plan_pb2.PlanEvent(phase="branching", wall_s=seconds)
    return pb.WatchPlanResponse(sequence=sequence, state=pb.PLAN_STATE_RUNNING, event=event)


@pytest.mark.parametrize("way", ONCE)
def test_a_stream_goes_on_after_the_last_entry_that_came(way: str) -> None:
    first = [entry(1), entry(2, seconds=0.5)]
    second = [entry(3, seconds=1.5), entry(4)]
    lost = Refusal(grpc.StatusCode.UNAVAILABLE, after=first)
    with told(lost, AWAY, second, way=way) as (server, caller):
        events = caller.of_job(caller.call("job", "plans/p-1"), "watch")
        assert [event.wall_s for event in events] == [0.5, 1.5]
        asked = [pb.WatchPlanRequest.FromString(item.request).after_sequence for item in server.received]
        assert asked == [0, 2, 2]


@pytest.mark.parametrize("way", ONCE)
def test_a_stream_on_which_nothing_comes_is_made_anew(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "STREAM_S", 0.2)
    with told(Silence([entry(1, seconds=0.5)]), Silence(), [entry(2, seconds=1.5)], way=way) as (server, caller):
        events = caller.of_job(caller.call("job", "plans/p-1"), "watch")
        assert [event.wall_s for event in events] == [0.5, 1.5]
        asked = [pb.WatchPlanRequest.FromString(item.request).after_sequence for item in server.received]
        assert asked == [0, 1, 1]


@pytest.mark.parametrize("way", ONCE)
def test_a_server_that_says_it_is_late_before_the_deadline_is_not_asked_again_and_again(way: str) -> None:
    with told(Refusal(grpc.StatusCode.DEADLINE_EXCEEDED), way=way) as (server, caller):
        with pytest.raises(ServiceUnavailable) as caught:
            caller.of_job(caller.call("job", "plans/p-1"), "watch")
        assert (len(server.received), caught.value.reason) == (1, "TOLD_TO")


@pytest.mark.parametrize("way", ONCE)
def test_waiting_with_progress_ends_in_time(way: str) -> None:
    with told(Silence(), way=way) as (_, caller), pytest.raises(ServiceUnavailable) as caught:
        caller.of_job(caller.call("job", "plans/p-1"), "result", 0.2, on_progress=print)
    assert (caught.value.reason, caught.value.metadata) == ("DEADLINE_EXCEEDED", {"name": "operations/p-1"})


def test_a_stream_tells_where_another_can_go_on() -> None:
    with ScriptedServer([entry(1), entry(2, seconds=0.5), entry(3, seconds=1.0)]) as server:
        with Client(server.address) as client:
            stream = client.job("plans/p-1").watch()
            next(stream)
            assert stream.sequence == 2
            list(client.job("plans/p-1").watch(after_sequence=stream.sequence))
        assert pb.WatchPlanRequest.FromString(server.received[-1].request).after_sequence == 2


@pytest.mark.parametrize("way", ONCE)
def test_a_stream_that_is_refused_for_good_ends_with_the_error(way: str) -> None:
    with told(Refusal(grpc.StatusCode.NOT_FOUND), way=way) as (_, caller):
        job = caller.call("job", "plans/p-1")
        with pytest.raises(td.TopoDesignError) as caught:
            caller.of_job(job, "watch")
    assert caught.value.reason == "TOLD_TO"


ARGUMENTS: dict[str, tuple[object, ...]] = {
    "check_scenario": ({},),
    "create_scenario": ({},),
    "submit_plan": ("scenarios/s",),
    "verify_plan": ("plans/p",),
    "export_plan": ("plans/p", "geojson"),
    "submit_sweep": ("scenarios/s", SweepDefinition(axes=(axis_of("policy.max_sites=1,2"),))),
    "export_sweep": ("sweeps/s", "csv"),
    "evaluate_fabric": (td.Torus(shape=(2, 2)),),
    "price_fabric": (td.Torus(shape=(2, 2)),),
    "compare_fabrics": ([td.Torus(shape=(2, 2))],),
    "design_link": (80.0,),
    "plan_sharding": ("m", "a"),
    "compare_at_equal_size": (("torus",),),
    "compare_at_equal_cost": (("torus",),),
    "fabrics_for_budget": (("torus",),),
}
NAMED: dict[str, dict[str, object]] = {
    "plan_sharding": {"pods": {"a": 1}, "pod_accelerators": 8},
    "compare_at_equal_size": {"accelerators": 64},
    "compare_at_equal_cost": {"accelerators": 64},
    "fabrics_for_budget": {"budget_usd": 1e6},
    "slice_goodput": {"blocks": 4, "hosts_per_block": 2, "slice_blocks": 1, "host_availability": 0.9},
    "estimate_training": {"parameters": 1e12},
    "estimate_goodput": {"write_s": 60.0, "restart_s": 600.0, "accelerators": 8},
}
UNUSED = "/google.longrunning.Operations/DeleteOperation"


def methods_of_the_service() -> set[str]:
    files = (
        *(catalog_service_pb2, fabric_service_pb2, optics_service_pb2, planning_service_pb2),
        *(scenario_service_pb2, sweep_service_pb2, training_service_pb2, operations_pb2),
    )
    return {
        f"/{service.full_name}/{method.name}"
        for file in files
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


LOCAL_ONLY = {"close", "job", "sweep", "failure_report"}
"""Closing and naming ask nothing; the report is the same call as the evaluation."""


@pytest.mark.parametrize("way", ONCE)
def test_every_call_has_a_deadline(way: str) -> None:
    methods = {
        name for name, item in inspect.getmembers(Client) if not name.startswith("_") and inspect.isfunction(item)
    }
    with told(TOO_LARGE, way=way, timeout_s=20.0) as (server, caller):
        for count, name in enumerate(sorted(methods - LOCAL_ONLY), start=1):
            named_only = name.startswith(("list_", "jobs", "training_", "slice_", "estimate_"))
            arguments = ARGUMENTS.get(name, () if named_only else ("plans/p",))
            with pytest.raises(CapacityError):
                caller.call(name, *arguments, **NAMED.get(name, {}))
            assert len(server.received) == count
        job = caller.call("job", "plans/p")
        for name in ("watch", "result", "status", "failure", "scenario", "cancel"):
            with pytest.raises(CapacityError):
                caller.of_job(job, name)
        swept = caller.call("sweep", "sweeps/s")
        for name in ("watch", "result", "points", "status", "failure", "scenario", "definition", "cancel"):
            with pytest.raises(CapacityError):
                caller.of_job(swept, name)
        with pytest.raises(CapacityError):
            caller.of_job(swept, "plan", 0)
        assert all(item.left_s is not None and item.left_s <= 400 for item in server.received)
    assert {item.method for item in server.received} == methods_of_the_service() - {UNUSED}


def test_details_that_cannot_be_read_do_not_hide_the_status() -> None:
    class Cut(grpc.RpcError):
        """As gRPC raises it, with trailers that were cut on the way."""

        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNAVAILABLE

        def details(self) -> str:
            return "connection reset"

        def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
            return (("grpc-status-details-bin", b"\x0a\xff"),)

    failure = failure_of(Cut(), target="there:1")
    assert failure.passes
    assert "the server at there:1 cannot be reached (connection reset)" in failure.error.message


def options(**changes: float) -> ConnectionOptions:
    return ConnectionOptions(**{"target": "there:1", "timeout_s": 30.0, "retry_for_s": 30.0, **changes})  # type: ignore[arg-type]


def call_of(*, may_repeat: bool = True, held_s: float = 0.0) -> Call[None]:
    method = Method(path="/a/B", answer=Empty)
    return Call(method=method, request=Empty(), read=lambda _: None, may_repeat=may_repeat, held_s=held_s)


@given(delay_s=st.floats(0, 20))
def test_the_wait_is_what_the_server_asked_for_and_at_most_a_fifth_more(delay_s: float) -> None:
    failure = Failure(error=GONE.error, passes=True, delay_s=delay_s)
    assert delay_s <= Attempts(call_of(), options()).delay_after(failure) <= delay_s * (1 + SPREAD)
    assert delay_s <= Patience(options()).delay_after(failure) <= delay_s * (1 + SPREAD)


def test_the_wait_doubles_up_to_its_limit_and_differs_from_client_to_client() -> None:
    backoff = Backoff()
    for cap in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_DELAY_S, LONGEST_DELAY_S):
        assert cap / 2 <= backoff.after(GONE) <= cap
    assert len({Backoff().after(GONE) for _ in range(10)}) > 1


def test_time_that_the_server_may_hold_a_call_back_comes_on_top_of_the_timeout() -> None:
    assert 49 < Attempts(call_of(held_s=20.0), options()).left_s() <= 50


def test_time_for_repetitions_counts_from_the_first_failure_and_never_goes_beyond_the_deadline() -> None:
    clock = iter((0.0, 19.0, 19.5, 22.5, 100.0, 129.0, 131.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: next(clock))
        held = Attempts(call_of(held_s=20.0), options(retry_for_s=3.0))
        assert held.delay_after(GONE) > 0  # after 19 s of the 50
        assert held.delay_after(GONE) > 0  # 0.5 s later
        with pytest.raises(ServiceUnavailable):
            held.delay_after(GONE)  # 3.5 s after the first
        late = Attempts(call_of(), options(retry_for_s=3.0))
        assert late.delay_after(GONE) > 0  # 1 s before its deadline
        with pytest.raises(ServiceUnavailable):
            late.delay_after(GONE)


def test_patience_with_a_stream_begins_anew_whenever_it_says_something() -> None:
    patience = Patience(options(retry_for_s=0.0))
    with pytest.raises(ServiceUnavailable):
        patience.delay_after(GONE)
    patience.renew()
    assert patience.delay_after(GONE) > 0


def test_a_failure_of_ours_is_no_reason_to_try_again() -> None:
    defect = Failure(error=InternalError("defect"))
    with pytest.raises(InternalError):
        Attempts(call_of(), options()).delay_after(defect)
    with pytest.raises(ServiceUnavailable):
        Attempts(call_of(may_repeat=False), options()).delay_after(GONE)


@pytest.mark.parametrize("target", ["", "localhost", "host:", "a b:1", "host:port"])
def test_an_address_without_a_port_is_refused_before_anything_is_sent(target: str) -> None:
    with pytest.raises(InvalidInput, match="HOST:PORT") as caught:
        Client(target)
    assert caught.value.reason == "TARGET_INVALID"


@pytest.mark.parametrize("changes", [{"timeout_s": 0.0}, {"timeout_s": float("nan")}, {"retry_for_s": -1.0}])
def test_times_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(InvalidInput) as caught:
        Client("there:1", **changes)
    assert caught.value.field_path == next(iter(changes))
