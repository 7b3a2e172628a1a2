"""Quotas of tenants: what is one too much is refused with the quota's name, and nobody else is touched."""

from contextlib import ExitStack

import grpc
import pytest
import sqlalchemy as sa
from google.rpc.error_details_pb2 import QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st
from served.guarded_server import GuardedServer, all_methods, call, new_request, reason_of
from served.small_scenarios import two_sites, wide_grid
from served.store_place import StorePlace, attempt_store, claimed, job_store, new_job
from sqlalchemy.dialects import sqlite
from topodesign_server.database import Database
from topodesign_server.quotas import Quotas, kept_bytes
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.tenant_calls import TenantCalls

from topodesign.domain.errors import CapacityError, QuotaExceeded
from topodesign.wire import error_from_status, status_from_error, to_proto


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def refused(calls: TenantCalls, tenant: str) -> QuotaExceeded:
    with pytest.raises(QuotaExceeded) as caught, calls.counted(tenant):
        pass
    return caught.value


def made(calls: TenantCalls, tenant: str) -> None:
    with calls.counted(tenant):
        pass


def test_calls_come_at_the_allowed_rate_after_those_of_one_second() -> None:
    clock = Clock()
    calls = TenantCalls(per_s=4, at_once=None, clock=clock)
    for _ in range(4):
        made(calls, "a")
    error = refused(calls, "a")
    assert (error.quota, error.retry_after_s) == ("tenant_calls_per_s", 0.25)
    made(calls, "b")  # another tenant's calls are its own
    clock.now += 0.25
    made(calls, "a")
    refused(calls, "a")
    clock.now += 3600
    for _ in range(4):  # an hour of silence saves up no more than a second
        made(calls, "a")
    refused(calls, "a")


def test_a_rate_below_one_lets_one_call_pass_at_a_time() -> None:
    clock = Clock()
    calls = TenantCalls(per_s=0.1, at_once=None, clock=clock)
    made(calls, "a")
    assert refused(calls, "a").retry_after_s == pytest.approx(10.0)
    clock.now += 10.0
    made(calls, "a")


def test_calls_at_a_time_are_counted_until_they_end_however_they_do() -> None:
    calls = TenantCalls(per_s=None, at_once=2)
    with calls.counted("a"):
        with pytest.raises(ZeroDivisionError), calls.counted("a"):
            assert refused(calls, "a").quota == "tenant_calls_at_once"
            made(calls, "b")
            raise ZeroDivisionError
        made(calls, "a")


def taken(calls: TenantCalls, tenant: str, kept: ExitStack, *, most: int = 1000, is_stream: bool = False) -> int:
    """How many calls a tenant gets that takes what it can, up to ``most``."""
    for number in range(most):
        try:
            kept.enter_context(calls.counted(tenant, is_stream=is_stream))
        except QuotaExceeded as error:
            assert error.retry_after_s is not None
            return number
    return most


@pytest.mark.parametrize("is_stream", [False, True])
def test_tenants_that_take_what_they_can_leave_room_for_one_that_has_nothing(is_stream: bool) -> None:
    """Of 48 places: 24 when alone; then half of what is left, 12, 6 and 3; of two that take turns a third, 16."""
    room = {"streams": 48} if is_stream else {"calls": 48}
    calls = TenantCalls(per_s=None, at_once=None, **room)
    with ExitStack() as kept:
        assert [taken(calls, tenant, kept, is_stream=is_stream) for tenant in "abcd"] == [24, 12, 6, 3]
        assert taken(calls, "a", kept, is_stream=is_stream) == 0
    with ExitStack() as kept:
        both = [taken(calls, tenant, kept, most=1, is_stream=is_stream) for _ in range(30) for tenant in "ab"]
        assert sum(both) == 2 * 16
        assert taken(calls, "c", kept, is_stream=is_stream) == 8


@given(asking=st.lists(st.sampled_from("abcdef"), max_size=40), rest=st.integers(1, 4))
def test_however_six_tenants_take_what_they_can_a_64th_of_the_room_is_left(asking: list[str], rest: int) -> None:
    """Who takes leaves at least half of what it finds, rounded down, and finds no more a second time: 1 / 2^6."""
    room = rest * 2**6
    calls = TenantCalls(per_s=None, at_once=None, calls=room)
    with ExitStack() as kept:
        assert room - sum(taken(calls, tenant, kept) for tenant in asking) >= rest
        made(calls, "new")


def test_a_tenant_keeps_so_many_plans_and_the_next_needs_one_deleted(database: Database) -> None:
    store = job_store(database, quotas=Quotas(plans=1))
    store.create(new_job("one", tenant="a"), key=None)
    with pytest.raises(QuotaExceeded) as caught:
        store.create(new_job("two", tenant="a"), key=None)
    with pytest.raises(QuotaExceeded):
        store.require_creatable(new_job("two", tenant="a"), key=None)
    assert (caught.value.quota, caught.value.retry_after_s) == ("tenant_plans", None)
    attempts = attempt_store(database)
    attempts.succeed(claimed(attempts), plan=b"plan", summary=b"summary", cancelled=False)
    with pytest.raises(QuotaExceeded):
        store.create(new_job("two", tenant="a"), key=None)
    store.delete_plan("a", "one")
    store.create(new_job("two", tenant="a"), key=None)


def test_a_tenant_keeps_so_many_scenarios_and_bytes(database: Database) -> None:
    quotas = Quotas(scenarios=2, bytes=250)
    store, jobs = ScenarioStore(database, quotas), job_store(database, quotas=quotas)
    store.create("a", "one", content=b"x" * 100, summary=b"1" * 20, key=None)
    with pytest.raises(QuotaExceeded, match="120 bytes are kept and 140 would be added") as caught:
        store.create("a", "two", content=b"y" * 120, summary=b"2" * 20, key=None)
    assert (caught.value.quota, caught.value.retry_after_s) == ("tenant_bytes", None)
    store.require_creatable("a", "two", size_bytes=130, key=None)
    with pytest.raises(QuotaExceeded, match="bytes"):
        store.require_creatable("a", "two", size_bytes=131, key=None)
    with pytest.raises(QuotaExceeded, match="bytes"):
        jobs.create(new_job("job", tenant="a", scenario=b"z" * 131), key=None)
    jobs.create(new_job("job", tenant="a", scenario=b"z" * 130), key=None)
    jobs.create(new_job("job", tenant="b", scenario=b"z" * 250), key=None)
    store.delete("a", "one")
    for name in ("two", "three"):
        store.create("a", name, content=name.encode(), summary=b"", key=None)
    with pytest.raises(QuotaExceeded, match="2 scenarios are there"):
        store.create("a", "four", content=b"4", summary=b"", key=None)


def test_the_bytes_of_a_tenant_are_added_up_without_reading_its_contents(file_place: StorePlace) -> None:
    """Refusals take milliseconds however much others keep: blobs from the index alone, points of own sweeps only."""
    database = file_place.open()
    query = kept_bytes("a").compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with database.reading() as connection:
        steps = [row.detail for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}"))]
    assert any("blobs USING COVERING INDEX ix_blobs_tenant_size_bytes" in step for step in steps)
    for table in ("sweeps", "sweep_points", "events"):
        assert any(f"SEARCH {table} USING" in step for step in steps)
    assert not any("SCAN" in step and "CONSTANT ROW" not in step for step in steps)


@pytest.mark.parametrize("retry_after_s", [None, 0.25, 5.0])
def test_a_quota_goes_over_the_wire_with_its_name_and_the_time_to_wait(retry_after_s: float | None) -> None:
    error = QuotaExceeded("too much", quota="tenant_plans", retry_after_s=retry_after_s, metadata={"limit": "3"})
    status = status_from_error(error)
    kinds = [detail.TypeName() for detail in status.details]
    assert ("google.rpc.RetryInfo" in kinds) == (retry_after_s is not None)
    assert "google.rpc.QuotaFailure" in kinds
    back = error_from_status(status)
    assert isinstance(back, QuotaExceeded)
    assert isinstance(back, CapacityError)
    assert (back.quota, back.retry_after_s, back.metadata) == ("tenant_plans", retry_after_s, error.metadata)


def test_a_refusal_says_which_quota_and_whether_to_wait(guarded: GuardedServer) -> None:
    token, other = guarded.new_token("greedy")[1], guarded.new_token("modest")[1]
    create = next(method for method in all_methods() if method.name == "CreateScenario")
    with guarded.client(token) as client, grpc.insecure_channel(guarded.address) as channel:
        for _ in range(3):
            client.create_scenario(two_sites())
        request = new_request(create)
        request.scenario.CopyFrom(to_proto(two_sites()))
        with pytest.raises(grpc.RpcError) as caught:
            call(channel, create, request, token=token)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert reason_of(caught.value).reason == "TENANT_QUOTA"
        assert quota_of(caught.value).violations[0].subject == "tenant_scenarios"
        call(channel, create, request, token=other)


def test_streams_that_are_open_count_and_those_that_were_left_do_not(guarded: GuardedServer) -> None:
    token = guarded.new_token("watching")[1]
    watch = next(method for method in all_methods() if method.name == "WatchPlan")
    with guarded.client(token) as client, grpc.insecure_channel(guarded.address) as channel:
        job = client.submit_plan(wide_grid(), time_limit_s=600)
        name = job.name.replace("operations/", "plans/")
        begin = channel.unary_stream(
            f"/{watch.containing_service.full_name}/WatchPlan", lambda message: message.SerializeToString(), bytes
        )
        streams = []
        for _ in range(40):  # one after the other: more that come at once than may wait are refused at the edge
            stream = begin(new_request(watch, name=name), metadata=[("authorization", f"Bearer {token}")])
            next(stream)
            streams.append(stream)
        with pytest.raises(QuotaExceeded) as caught:
            next(job.watch())
        assert (caught.value.quota, caught.value.retry_after_s) == ("tenant_streams_at_once", 1.0)
        assert client.list_scenarios() == ()  # calls are counted apart
        for stream in streams:
            stream.cancel()
        for _ in range(1000):  # until the server has seen it
            try:
                next(job.watch())
                break
            except QuotaExceeded:
                continue
        job.cancel()


def quota_of(error: grpc.RpcError) -> QuotaFailure:
    (raw,) = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    found = QuotaFailure()
    details = Status.FromString(raw).details
    assert [detail.Unpack(found) for detail in details].count(True) == 1
    assert not any(detail.Is(RetryInfo.DESCRIPTOR) for detail in details)  # waiting would not help
    return found


def test_nothing_is_limited_unless_it_is_asked_for(file_place: StorePlace) -> None:
    database = file_place.open()
    store = ScenarioStore(database)
    for number in range(20):
        store.create("a", f"s{number}", content=b"x", summary=b"", key=None)
    calls = TenantCalls(per_s=None, at_once=None)
    for _ in range(10_000):
        made(calls, "a")
