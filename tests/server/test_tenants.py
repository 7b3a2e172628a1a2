"""Tenant A can neither read, list, cancel nor guess anything of tenant B (promise 9)."""

import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from served.guarded_server import GuardedServer, all_methods, call, new_request, path_of, reason_of
from served.small_scenarios import two_sites, wide_grid
from topodesign_server.database import open_beside_server
from topodesign_server.paging import Pager

from topodesign.client import Client
from topodesign.domain.errors import InvalidInput, NotFound
from topodesign.v1 import plan_pb2, sweep_pb2
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.wire import to_proto

# Every string of a request names a resource, or is one of these, which name nothing that another tenant could have.
NAMES = {"name": "", "parent": "", "scenario_name": "scenarios", "start_plan": "plans"}
COLLECTIONS = {
    "PlanningService": "plans",
    "SweepService": "sweeps",
    "ScenarioService": "scenarios",
    "Operations": "operations",
}
SUFFIXES = {"sweeps": "-s"}
"""Plans and sweeps of one tenant share no id."""
OTHER_STRINGS = {
    "etag",
    "request_id",
    "plan_id",
    "sweep_id",
    "scenario_id",
    "page_token",
    "filter",
    "kind",
    "method",
    "model",
}
WITH_STORE = tuple(COLLECTIONS)


def naming_fields(method: MethodDescriptor) -> list[str]:
    """The fields of a request that name a resource."""
    if method.containing_service.name not in COLLECTIONS:
        return []
    is_list = method.name == "ListOperations"  # its name is that of the collection
    return [field.name for field in method.input_type.fields if field.name in NAMES and not is_list]


CASES = [
    pytest.param(method, field, id=f"{method.name}.{field}")
    for method in all_methods()
    for field in naming_fields(method)
]


def make_plan(server: GuardedServer, token: str, plan_id: str, **fields: Any) -> None:
    """Queue a plan with an id of the caller's."""
    (method,) = [method for method in all_methods() if method.name == "CreatePlan"]
    limits = plan_pb2.SolveLimits(time_limit_s=600.0, gap=0.01, threads=1)
    with grpc.insecure_channel(server.address) as channel:
        call(channel, method, new_request(method, plan_id=plan_id, limits=limits, **fields), token=token)


def make_sweep(server: GuardedServer, token: str, sweep_id: str, axis: str) -> None:
    """Queue a sweep with an id of the caller's."""
    (method,) = [method for method in all_methods() if method.name == "CreateSweep"]
    fields = {"scenario": to_proto(two_sites()), "definition": sweep_pb2.SweepDefinition(axes=[axis])}
    with grpc.insecure_channel(server.address) as channel:
        call(channel, method, new_request(method, sweep_id=sweep_id, **fields), token=token)


class Tenants:
    """A, who has nothing, and B, who has a scenario, a plan, a sweep and jobs that run, all named ``b-secret``."""

    def __init__(self, server: GuardedServer) -> None:
        self.server = server
        self.a_token = server.new_token("tenant-a")[1]
        self.b_token = server.new_token("tenant-b")[1]
        with server.client(self.b_token) as client:
            for scenario_id in ("b-first", "b-secret"):
                client.create_scenario(two_sites(), scenario_id=scenario_id)
            make_plan(server, self.b_token, "b-first", scenario=to_proto(two_sites()))
            make_plan(server, self.b_token, "b-secret", scenario=to_proto(two_sites()))
            for name in ("operations/b-first", "operations/b-secret"):
                client.job(name).result(120)
            make_plan(server, self.b_token, "b-running", scenario=to_proto(wide_grid()))
            make_sweep(server, self.b_token, "b-secret-s", "policy.max_sites=2")
            client.sweep("sweeps/b-secret-s").result(120)
            make_sweep(server, self.b_token, "b-running-s", "workload.sync_time_s=1..500")

    def of_b(self, client: Client) -> object:
        """What B has; progress of the running job aside."""
        states = [(job.name, job.state if "running" not in job.name else "") for job in client.jobs()]
        plans = [plan.name for plan in client.list_plans()]
        sweeps = [sweep.name for sweep in client.list_sweeps()], client.sweep("sweeps/b-secret-s").points()
        return (
            states,
            plans,
            sweeps,
            [scenario.name for scenario in client.list_scenarios()],
            client.get_plan("plans/b-secret"),
        )


@pytest.fixture(scope="module")
def tenants(guarded: GuardedServer) -> Iterator[Tenants]:
    made = Tenants(guarded)
    yield made
    with guarded.client(made.b_token) as client:
        client.job("operations/b-running").cancel()
        client.sweep("operations/b-running-s").cancel()


@pytest.fixture
def channel(guarded: GuardedServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(guarded.address) as opened:
        yield opened


def asking_for(method: MethodDescriptor, field: str, item: str) -> Any:
    """A request, sound in all else, that names something."""
    collection = NAMES[field] or COLLECTIONS[method.containing_service.name]
    request = new_request(method, **{field: f"{collection}/{item}{SUFFIXES.get(collection, '')}"})
    if "definition" in method.input_type.fields_by_name:
        request.definition.axes.append("policy.max_sites=2")
    if field == "start_plan":
        request.scenario.CopyFrom(to_proto(two_sites()))
    if "format" in method.input_type.fields_by_name:
        request.format = pb.EXPORT_FORMAT_GEOJSON
    return request


def refusal(
    channel: grpc.Channel, method: MethodDescriptor, field: str, item: str, token: str
) -> tuple[object, str, object]:
    with pytest.raises(grpc.RpcError) as caught:
        call(channel, method, asking_for(method, field, item), token=token)
    return caught.value.code(), caught.value.details(), reason_of(caught.value)


def test_tenants_may_use_the_same_ids_and_request_ids(guarded: GuardedServer) -> None:
    request_id = str(uuid.uuid4())
    for tenant in ("same-a", "same-b"):
        token = guarded.new_token(tenant)[1]
        with guarded.client(token) as client:
            name = f"for {tenant}"
            kept = client.create_scenario(two_sites(name=name), scenario_id="same", request_id=request_id)
            assert client.get_scenario("scenarios/same").name == name
            make_plan(guarded, token, "same", scenario_name="scenarios/same", request_id=request_id)
            client.job("operations/same").result(120)
            assert client.get_plan("plans/same").scenario_name == name
            assert kept.name == "scenarios/same"
    for tenant in ("same-a", "same-b"):
        with guarded.client(guarded.new_token(tenant)[1]) as client:
            client.delete_plan("plans/same")
            with pytest.raises(NotFound):
                client.get_plan("plans/same")
            client.delete_scenario("scenarios/same")


@pytest.mark.parametrize("item", ["b-secret", "b-running"])
@pytest.mark.parametrize(("method", "field"), CASES)
def test_what_another_tenant_has_is_refused_as_what_nobody_has(
    tenants: Tenants, channel: grpc.Channel, method: MethodDescriptor, field: str, item: str
) -> None:
    nobodys = "x" * len(item)
    code, details, info = refusal(channel, method, field, item, tenants.a_token)
    assert code is grpc.StatusCode.NOT_FOUND
    assert str(info).replace(item, nobodys) == str(refusal(channel, method, field, nobodys, tenants.a_token)[2])
    assert details.replace(item, nobodys) == refusal(channel, method, field, nobodys, tenants.a_token)[1]


def test_after_all_of_these_tries_the_other_tenant_has_what_it_had(tenants: Tenants, channel: grpc.Channel) -> None:
    with tenants.server.client(tenants.b_token) as client:
        before = tenants.of_b(client)
        for parameters in CASES:
            method, field = parameters.values
            for item in ("b-secret", "b-running"):
                refusal(channel, method, field, item, tenants.a_token)
        assert tenants.of_b(client) == before
        assert client.job("operations/b-running").status().state in ("queued", "running")


def test_no_request_has_a_string_that_might_name_something_and_is_not_tried() -> None:
    unknown = {
        f"{method.full_name}.{field.name}"
        for method in all_methods()
        if method.containing_service.name in WITH_STORE
        for field in method.input_type.fields
        if field.type == FieldDescriptor.TYPE_STRING and field.name not in {*NAMES, *OTHER_STRINGS}
    }
    assert unknown == set()
    assert len(CASES) >= 20


def test_lists_show_what_is_ones_own_only(tenants: Tenants, guarded: GuardedServer) -> None:
    with guarded.client(guarded.new_token("tenant-empty")[1]) as client:
        assert (client.jobs(), client.list_plans(), client.list_sweeps(), client.list_scenarios()) == ((), (), (), ())
    with guarded.client(tenants.b_token) as client:
        assert [scenario.name for scenario in client.list_scenarios()] == ["scenarios/b-secret", "scenarios/b-first"]


@pytest.mark.parametrize(
    "method",
    [
        method
        for method in all_methods()
        if method.name in ("ListScenarios", "ListPlans", "ListSweeps", "ListOperations")
    ],
    ids=lambda method: method.name,
)
def test_a_page_token_of_another_tenant_is_refused(
    tenants: Tenants, channel: grpc.Channel, method: MethodDescriptor
) -> None:
    (first,) = call(channel, method, new_request(method, page_size=1), token=tenants.b_token)
    following = new_request(method, page_size=1, page_token=first.next_page_token)
    assert call(channel, method, following, token=tenants.b_token)
    with pytest.raises(grpc.RpcError) as caught:
        call(channel, method, following, token=tenants.a_token)
    assert reason_of(caught.value).reason == "PAGE_TOKEN_INVALID"


def test_page_tokens_do_not_show_how_much_others_do() -> None:
    """Numbers of jobs count up over all tenants; neighbors give tokens that have nothing in common."""
    pager = Pager(b"k" * 32)
    tokens = [pager.token(number, "a plans") for number in range(1, 65)]
    assert len(set(tokens)) == 64
    assert len({token[:4] for token in tokens}) > 60  # the first three bytes of a number below 65 are all zero
    assert [pager.page(page_size=1, page_token=token, arguments="a plans").before for token in tokens] == list(
        range(1, 65)
    )
    for other in ("b plans", "a plan", ""):
        with pytest.raises(InvalidInput, match="was not given"):
            pager.page(page_size=1, page_token=tokens[0], arguments=other)


@pytest.mark.parametrize("method", list(all_methods()), ids=lambda method: f"{method.name}")
def test_without_a_token_nothing_is_answered_and_nothing_is_read(
    channel: grpc.Channel, method: MethodDescriptor
) -> None:
    undecodable = channel.unary_stream(path_of(method))(b"\xff" * 100, timeout=30)
    with pytest.raises(grpc.RpcError) as caught:
        list(undecodable)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason_of(caught.value).reason == "TOKEN_MISSING"


def test_blobs_of_tenants_with_equal_content_are_their_own(guarded: GuardedServer) -> None:
    from topodesign_server.tables import blobs

    for tenant in ("blob-a", "blob-b"):
        with guarded.client(guarded.new_token(tenant)[1]) as client:
            client.create_scenario(two_sites(name="shared by chance"))
    database = open_beside_server(guarded.data_directory)
    try:
        with database.reading() as connection:
            kept = connection.execute(blobs.select().where(blobs.c.tenant.in_(("blob-a", "blob-b")))).all()
    finally:
        database.close()
    assert len({row.sha256 for row in kept}) == len(kept) / 2
