"""Sweeps of a real server: what is finished is neither lost nor solved again, and they end when they are told to."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status
from served.guarded_server import GuardedServer, reason_of
from served.running_server import RunningServer, wait_until_gone
from served.small_scenarios import two_sites
from sweeps.swept_campus import without_times

from topodesign.client import Client
from topodesign.domain.errors import Conflict, InvalidInput, NotFound
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario_sweep import PointResult, SweepDefinition, SweepEvent, SweepOutcome
from topodesign.sweeps.grammar import axis_of
from topodesign.v1 import plan_pb2, sweep_pb2, sweep_service_pb2_grpc
from topodesign.v1 import sweep_service_pb2 as pb
from topodesign.wire import to_proto

PATIENCE_S = 120.0
LIMITS = SolveLimits(gap=0.0, threads=1)
SMALL = SweepDefinition(axes=(axis_of("policy.max_sites=1,2"), axis_of("workload.sync_time_s=10,20")), limits=LIMITS)
"""Two points that cannot be, as two sites are wanted at least, and two plans."""
LONG = SweepDefinition(axes=(axis_of("workload.sync_time_s=1..500"),), limits=LIMITS)
"""More points than are solved in a test."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A sweep whose server was killed in the middle of it, and that another server has finished."""

    server: RunningServer
    client: Client
    name: str
    before: tuple[PointResult, ...]
    seen: tuple[SweepEvent, ...]
    outcome: SweepOutcome


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interrupted]:
    data = tmp_path_factory.mktemp("sweeps")
    with RunningServer(data) as first, Client(first.address) as client:
        sweep = client.submit_sweep(two_sites(), SMALL)
        next(iter(sweep.watch()))
        child = first.wait_for_point()
        before = sweep.points()
        first.kill()
        wait_until_gone(child)
    with RunningServer(data) as second, Client(second.address) as client:
        seen: list[SweepEvent] = []
        outcome = client.sweep(sweep.name).result(PATIENCE_S, on_progress=seen.append)
        yield Interrupted(second, client, sweep.sweep_name, before, tuple(seen), outcome)


def test_after_the_death_of_the_server_a_sweep_goes_on_and_no_point_is_solved_twice(interrupted: Interrupted) -> None:
    assert 1 <= len(interrupted.before) < SMALL.count
    assert interrupted.outcome.is_complete
    # a point that was solved again would have taken another time, and stand in the history twice
    kept = {result.number: result for result in interrupted.outcome.results}
    assert [kept[result.number] for result in interrupted.before] == list(interrupted.before)
    assert sorted(event.point.number for event in interrupted.seen) == list(range(SMALL.count))
    assert [event.counts.finished_count for event in interrupted.seen] == list(range(1, SMALL.count + 1))
    last = interrupted.seen[-1].counts
    assert (last.optimal_count, last.invalid_count) == (2, 2)


def test_the_results_are_those_of_a_sweep_that_was_not_interrupted(interrupted: Interrupted) -> None:
    """And those are the local engine's: tests/client/test_every_call.py compares them, plans by their digests."""
    whole = interrupted.client.submit_sweep(two_sites(), SMALL).result(PATIENCE_S)
    assert whole.is_complete
    assert without_times(interrupted.outcome.results) == without_times(whole.results)


def test_the_plan_of_a_point_is_whole_and_verified_against_its_own_scenario(interrupted: Interrupted) -> None:
    sweep = interrupted.client.sweep(interrupted.name)
    planned = next(result for result in interrupted.outcome.results if result.figures is not None)
    plan = sweep.plan(planned.number)
    assert plan.lightpaths and plan.verified and plan.scenario is not None
    assert interrupted.client.verify_plan(plan, plan.scenario).valid
    assert plan.scenario.policy.max_sites == planned.values[0]
    invalid = next(result for result in interrupted.outcome.results if result.status == "invalid")
    with pytest.raises(NotFound) as missing:
        sweep.plan(invalid.number)
    assert missing.value.reason == "SWEEP_PLAN_UNKNOWN"


def test_points_come_in_pages_and_the_stream_goes_on_after_any_entry(interrupted: Interrupted) -> None:
    with grpc.insecure_channel(interrupted.server.address) as channel:
        stub = sweep_service_pb2_grpc.SweepServiceStub(channel)
        found, token = [], ""
        while not found or token:
            page = stub.ListSweepPoints(
                pb.ListSweepPointsRequest(parent=interrupted.name, page_size=3, page_token=token)
            )
            found += [point.number for point in page.points]
            token = page.next_page_token
        entries = list(stub.WatchSweep(pb.WatchSweepRequest(name=interrupted.name)))
        rest = list(stub.WatchSweep(pb.WatchSweepRequest(name=interrupted.name, after_sequence=3)))
    assert found == list(range(SMALL.count))
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    assert rest == entries[3:]


def test_a_cancelled_sweep_frees_the_processor_and_keeps_what_was_finished(interrupted: Interrupted) -> None:
    client = interrupted.client
    sweep = client.submit_sweep(two_sites(), LONG)
    first = next(iter(sweep.watch()))
    child = interrupted.server.wait_for_point()
    with pytest.raises(Conflict) as refused:
        client.delete_sweep(sweep.sweep_name)
    assert refused.value.reason == "SWEEP_NOT_ENDED"
    sweep.cancel()
    outcome = sweep.result(PATIENCE_S)
    wait_until_gone(child)
    assert sweep.status().state == "cancelled"
    assert not outcome.is_complete and first.point in outcome.results
    assert sweep.plan(first.point.number).cost_usd == first.point.figures.cost_usd  # type: ignore[union-attr]
    client.delete_sweep(sweep.sweep_name)
    with pytest.raises(NotFound) as gone:
        sweep.result()
    assert gone.value.reason == "SWEEP_DELETED"
    with pytest.raises(NotFound) as unknown:
        sweep.points()
    assert unknown.value.reason == "SWEEP_UNKNOWN"
    with pytest.raises(NotFound) as unseen:
        list(sweep.watch())
    assert unseen.value.reason == "SWEEP_UNKNOWN"


def test_a_plan_of_another_tenant_is_made_while_a_long_sweep_has_the_only_worker(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with GuardedServer(tmp_path_factory.mktemp("turns"), workers=1) as server:
        (_, one), (_, another) = server.new_token("one"), server.new_token("another")
        with server.client(one) as first, server.client(another) as second:
            sweep = first.submit_sweep(two_sites(), LONG)
            server.wait_for_point()
            plan = second.submit_plan(two_sites(), gap=0.0, threads=1).result(PATIENCE_S)
            before = sweep.points()
            assert plan.lightpaths and 0 < len(before) < LONG.count
            seen = next(event for event in sweep.watch() if event.counts.finished_count > len(before))
            assert seen.point not in before  # it goes on, and repeats nothing


def test_one_request_id_is_one_sweep(interrupted: Interrupted) -> None:
    client, request_id = interrupted.client, str(uuid.uuid4())
    definition = SweepDefinition(axes=(axis_of("policy.max_sites=1"),), limits=LIMITS)
    names = {client.submit_sweep(two_sites(), definition, request_id=request_id).name for _ in range(3)}
    assert len(names) == 1
    with pytest.raises(InvalidInput) as reused:
        client.submit_sweep(two_sites(), SMALL, request_id=request_id)
    assert reused.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"axes": ["policy.max_sites=2", "policy.max_site=2"]}, "definition.axes[1]", "SWEEP_FIELD_UNKNOWN"),
        ({"axes": ["policy.max_sites=x"]}, "definition.axes[0]", "SWEEP_VALUES_INVALID"),
        ({"axes": ["zones.nowhere.headroom_mw=2"]}, "definition.axes", "SWEEP_ID_UNKNOWN"),
        ({"axes": []}, "definition.axes", "FIELD_INVALID"),
        ({"axes": ["policy.max_sites=2"] * 17}, "definition.axes", "FIELD_INVALID"),
        ({"axes": ["policy.max_sites=1..2000"]}, "definition", "SWEEP_TOO_MANY_POINTS"),
        ({"axes": [",".join(["policy.max_sites=1..10000", *["1..10000"] * 2000])]}, "", "FIELD_INVALID"),
        (
            {"axes": [f"policy.max_sites={'0' * 40_000}2", f"policy.seed={'0' * 40_000}2"]},
            "definition.axes",
            "FIELD_INVALID",
        ),
        ({"axes": ["policy.max_sites=2"], "points": 4}, "definition.points", "FIELD_INVALID"),
        ({"axes": ["policy.max_sites=2"], "design": 77}, "definition.design", "ENUM_UNKNOWN"),
        (
            {"axes": ["policy.max_sites=2"], "limits": plan_pb2.SolveLimits(time_limit_s=3601)},
            "definition.limits.time_limit_s",
            "FIELD_INVALID",
        ),
    ],
)
def test_a_definition_is_refused_with_the_path_of_what_is_wrong(
    shared_server: RunningServer, fields: dict[str, Any], path: str, reason: str
) -> None:
    request = pb.CreateSweepRequest(
        scenario=to_proto(two_sites()),  # type: ignore[arg-type]
        definition=sweep_pb2.SweepDefinition(**fields),
        validate_only=True,
    )
    with grpc.insecure_channel(shared_server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        sweep_service_pb2_grpc.SweepServiceStub(channel).CreateSweep(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    found, bad = reason_and_paths(caught.value)
    assert found == reason
    assert not path or bad == [path]


def reason_and_paths(error: Any) -> tuple[str, list[str]]:
    (raw,) = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    bad = BadRequest()
    for detail in Status.FromString(raw).details:
        detail.Unpack(bad)
    return reason_of(error).reason, [violation.field for violation in bad.field_violations]


def test_what_is_only_to_be_checked_is_not_kept(shared_server: RunningServer) -> None:
    request = pb.CreateSweepRequest(
        scenario=to_proto(two_sites()),  # type: ignore[arg-type]
        definition=sweep_pb2.SweepDefinition(axes=["policy.max_sites=2"]),
        sweep_id="checked-only",
        validate_only=True,
    )
    with grpc.insecure_channel(shared_server.address) as channel:
        checked = sweep_service_pb2_grpc.SweepServiceStub(channel).CreateSweep(request)
    assert checked.done and not checked.name
    with Client(shared_server.address) as client, pytest.raises(NotFound):
        client.sweep("sweeps/checked-only").points()
