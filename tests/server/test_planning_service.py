"""Plans over the wire: made, kept, listed, repeated, refused."""

import io
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import geopandas
import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from served.running_server import RunningServer
from served.small_scenarios import two_sites, wide_grid

from topodesign.client import Client
from topodesign.domain.errors import CapacityError, Conflict, InvalidInput, InvalidScenario, NotFound
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import LitLightpath, Policy, Size, Traffic, Workload
from topodesign.outputs import LAYERS
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import planning_service_pb2_grpc, scenario_pb2, scenario_service_pb2, scenario_service_pb2_grpc
from topodesign.wire import to_proto


@pytest.fixture(scope="module")
def plan_name(server: RunningServer) -> str:
    """A plan that was made."""
    with Client(server.address) as client:
        job = client.submit_plan(two_sites(), time_limit_s=60)
        assert job.result(120).status in ("optimal", "feasible")
        return job.plan_name


@pytest.mark.parametrize("service", ["topodesign.v1.PlanningService", "topodesign.v9.Nothing"])
def test_a_method_that_there_is_not_is_refused_with_a_reason(server: RunningServer, service: str) -> None:
    path = f"/{service}/Guess"
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(path)(b"", timeout=30)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    info = error_info(caught.value)
    assert (info.reason, info.domain, info.metadata["method"]) == ("METHOD_UNKNOWN", "topodesign", path)


def test_a_method_of_the_standard_that_we_do_not_have_is_refused_with_a_reason(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/google.longrunning.Operations/Guess")(b"", timeout=30)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert error_info(caught.value).reason == "METHOD_UNKNOWN"


def test_an_answer_that_is_too_large_is_refused_with_a_reason_and_a_remedy(tmp_path: Path) -> None:
    with RunningServer(tmp_path, message_bytes=40_000) as server, Client(server.address) as client:
        for _ in range(4):  # each plan fits by itself, all of them on one page do not
            client.submit_plan(two_sites(attribution="x" * 10_000), time_limit_s=60).result(120)
        with pytest.raises(CapacityError) as caught:
            client.list_plans()
    assert caught.value.reason == "ANSWER_TOO_LARGE"
    assert caught.value.metadata["limit_bytes"] == "40000"
    assert "page" in caught.value.message


def decisions(plan: Plan) -> Plan:
    """A plan without what differs from run to run."""
    return replace(plan, wall_s=0.0, stopped_by="gap")


def test_the_service_gives_the_plan_that_the_library_gives(client: Client, plan_name: str) -> None:
    from topodesign.api import plan

    local = plan(two_sites(), time_limit_s=60, gap=0.01, seed=0, threads=2)
    assert decisions(client.get_plan(plan_name)) == decisions(local)


def test_the_operation_of_a_plan_carries_it_and_its_progress(client: Client, plan_name: str) -> None:
    job = client.job(plan_name)
    status = job.status()
    assert (status.state, status.plan_name, status.attempts) == ("succeeded", plan_name, 1)
    assert job.result() == client.get_plan(plan_name)


def test_watching_after_the_end_gives_the_whole_history_in_order(server: RunningServer, plan_name: str) -> None:
    with grpc.insecure_channel(server.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        history = list(stub.WatchPlan(pb.WatchPlanRequest(name=plan_name)))
        assert [entry.sequence for entry in history] == list(range(1, len(history) + 1))
        assert [entry.state for entry in history][:2] == [pb.PLAN_STATE_QUEUED, pb.PLAN_STATE_RUNNING]
        assert history[-1].state == pb.PLAN_STATE_SUCCEEDED
        rest = list(stub.WatchPlan(pb.WatchPlanRequest(name=plan_name, after_sequence=2)))
        assert rest == history[2:]


def test_a_kept_plan_is_verified_against_its_own_scenario(client: Client, plan_name: str) -> None:
    assert client.verify_plan(plan_name).valid


def test_a_plan_of_any_origin_is_verified_against_a_given_scenario(client: Client, plan_name: str) -> None:
    plan = client.get_plan(plan_name)
    forged = replace(plan, cost_usd=(plan.cost_usd or 0.0) - 1.0)
    assert client.verify_plan(plan, two_sites()).valid
    assert not client.verify_plan(forged, two_sites()).valid


def test_a_plan_says_what_scenario_it_was_made_from(client: Client, plan_name: str) -> None:
    assert client.get_plan(plan_name).scenario == two_sites()
    assert client.job(plan_name).result().scenario == two_sites()


def test_a_plan_begins_from_a_kept_one_although_that_is_deleted_at_once(client: Client) -> None:
    first = client.submit_plan(two_sites(), time_limit_s=60)
    cost = first.result(120).cost_usd
    second = client.submit_plan(two_sites(), time_limit_s=60, start=first.plan_name)
    client.delete_plan(first.plan_name)
    plan = second.result(120)
    assert (plan.status, plan.verified, plan.cost_usd) == ("optimal", True, cost)


def test_a_plan_to_begin_from_that_is_not_kept_is_refused_before_anything_starts(
    client: Client, server: RunningServer
) -> None:
    before = {job.name for job in client.jobs()}
    with pytest.raises(NotFound) as caught:
        client.submit_plan(two_sites(), start="plans/nowhere")
    assert caught.value.reason == "PLAN_UNKNOWN"
    with pytest.raises(InvalidInput) as refused:
        client.submit_plan(two_sites(), start="nowhere")
    assert (refused.value.reason, refused.value.field_path) == ("NAME_INVALID", "start_plan")
    with grpc.insecure_channel(server.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        scenario = to_proto(two_sites())
        assert isinstance(scenario, scenario_pb2.Scenario)
        request = pb.CreatePlanRequest(scenario=scenario, start_plan="plans/nowhere", validate_only=True)
        with pytest.raises(grpc.RpcError) as missing:
            stub.CreatePlan(request)
        assert missing.value.code() is grpc.StatusCode.NOT_FOUND
    assert {job.name for job in client.jobs()} == before


def test_a_plan_that_is_still_being_made_cannot_be_begun_from(client: Client) -> None:
    running = client.submit_plan(wide_grid(), time_limit_s=60, gap=0.0)
    with pytest.raises(Conflict) as caught:
        client.submit_plan(two_sites(), start=running.plan_name)
    assert caught.value.reason == "PLAN_NOT_READY"
    running.cancel()
    running.result(60)


def test_the_most_accelerators_for_a_budget_come_back_as_the_goal(client: Client) -> None:
    # each pod's 4608 accelerators and its site fit into half a billion once, not twice
    scenario = two_sites(size=Size(pod_accelerators=4608, budget_usd=5e8), policy=Policy())
    plan = client.submit_plan(scenario, objective="accelerators", time_limit_s=60).result(120)
    assert plan.goal is not None
    assert (plan.goal.objective, plan.goal.value, plan.goal.unit) == ("accelerators", 4608, "accelerators")
    assert client.verify_plan(plan, scenario).valid


def test_an_objective_that_the_scenario_does_not_go_with_fails_with_the_reason(client: Client) -> None:
    job = client.submit_plan(two_sites(), objective="accelerators", time_limit_s=60)
    with pytest.raises(InvalidInput) as caught:
        job.result(120)
    assert caught.value.reason == "GOAL_MISMATCH"


def test_an_unknown_objective_is_refused(server: RunningServer) -> None:
    scenario = to_proto(two_sites())
    assert isinstance(scenario, scenario_pb2.Scenario)
    request = pb.CreatePlanRequest(scenario=scenario)
    request.limits.objective = 9  # type: ignore[assignment]
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        planning_service_pb2_grpc.PlanningServiceStub(channel).CreatePlan(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "limits.objective" in (caught.value.details() or "")


def test_a_demand_matrix_and_lightpaths_in_service_are_planned_over_the_wire(client: Client) -> None:
    scenario = two_sites(
        workload=Workload(demand="matrix"),
        traffic=(Traffic(a="east", b="west", gbps=900), Traffic(a="west", b="east", gbps=100)),
        lit_lightpaths=(LitLightpath(a="west", z="east", mode="zr-400", count=1, segments=("north",)),),
    )
    plan = client.submit_plan(scenario, time_limit_s=60).result(120)
    assert plan.verified
    assert plan.sync is not None
    assert (plan.sync.demand_gbps, plan.sync.time_s) == (1000, None)
    assert plan.scenario == scenario
    assert client.verify_plan(plan, scenario).valid


def test_plan_json_is_exported_whole(client: Client, plan_name: str) -> None:
    from topodesign.domain.codec import decode_json

    content = client.export_plan(plan_name, "plan-json")
    assert decode_json(content, Plan, what="plan.json") == client.get_plan(plan_name)


def test_geoparquet_is_exported_as_an_archive_with_a_file_for_each_layer(client: Client, plan_name: str) -> None:
    content = client.export_plan(plan_name, "geoparquet")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == sorted(f"{layer}.parquet" for layer in LAYERS)
        clusters = geopandas.read_parquet(io.BytesIO(archive.read("clusters.parquet")))
    assert list(clusters["site_id"]) == [site.id for site in client.get_plan(plan_name).sites]


def test_lists_show_plans_without_their_large_parts(client: Client, plan_name: str) -> None:
    listed = {kept.name: kept for kept in client.list_plans()}
    assert listed[plan_name].plan.lightpaths == ()
    assert listed[plan_name].plan.cost_usd == client.get_plan(plan_name).cost_usd


def test_pages_hold_every_plan_once_the_newest_first(server: RunningServer, client: Client, plan_name: str) -> None:
    newer = client.submit_plan(two_sites(), time_limit_s=60)
    newer.result(120)
    with grpc.insecure_channel(server.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        names, token = [], ""
        while True:
            page = stub.ListPlans(pb.ListPlansRequest(page_size=1, page_token=token))
            assert len(page.plans) == 1
            names.append(page.plans[0].name)
            token = page.next_page_token
            if not token:
                break
    assert names[0] == newer.plan_name
    assert plan_name in names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("token", ["x", "AAAAAAAAAAEAAAAAAAAAAAAAAAA="])
def test_a_page_token_of_ones_own_making_is_refused(server: RunningServer, token: str) -> None:
    with grpc.insecure_channel(server.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.ListPlans(pb.ListPlansRequest(page_token=token))
    assert error_info(caught.value).reason == "PAGE_TOKEN_INVALID"


def test_validate_only_checks_and_starts_nothing(server: RunningServer, client: Client) -> None:
    before = len(client.jobs())
    request = create_request()
    request.validate_only = True
    with grpc.insecure_channel(server.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        assert stub.CreatePlan(request).name == ""
        request.scenario.sites[0].zone_id = "nowhere"
        with pytest.raises(grpc.RpcError) as caught:
            stub.CreatePlan(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(client.jobs()) == before


def test_many_repetitions_of_a_request_make_one_job(client: Client) -> None:
    request_id = str(uuid.uuid4())
    before = len(client.jobs())
    with ThreadPoolExecutor(16) as threads:
        names = list(threads.map(lambda _: client.submit_plan(two_sites(), request_id=request_id).name, range(16)))
    assert len(set(names)) == 1
    assert len(client.jobs()) == before + 1


def test_a_request_id_cannot_be_used_for_another_request(client: Client) -> None:
    request_id = str(uuid.uuid4())
    client.submit_plan(two_sites(), request_id=request_id)
    with pytest.raises(InvalidInput) as caught:
        client.submit_plan(two_sites(name="another"), request_id=request_id)
    assert (caught.value.reason, caught.value.field_path) == ("REQUEST_ID_REUSED", "request_id")


@pytest.mark.parametrize(
    ("changes", "field_path"),
    [
        ({"time_limit_s": 0.0}, "limits.time_limit_s"),
        ({"time_limit_s": float("nan")}, "limits.time_limit_s"),
        ({"gap": -0.1}, "limits.gap"),
        ({"threads": 0}, "limits.threads"),
        ({"seed": -1}, "limits.seed"),
        ({"request_id": "no uuid"}, "request_id"),
    ],
)
def test_limits_out_of_range_are_refused_with_their_path(
    client: Client, changes: dict[str, object], field_path: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        client.submit_plan(two_sites(), **changes)  # type: ignore[arg-type]
    assert caught.value.field_path == field_path


def test_every_fault_of_an_inline_scenario_is_a_field_violation(server: RunningServer) -> None:
    request = create_request()
    request.scenario.sites[0].power_mw = -1
    request.scenario.segments[1].length_km = float("inf")
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        planning_service_pb2_grpc.PlanningServiceStub(channel).CreatePlan(request)
    bad_request = detail(caught.value, BadRequest())
    assert {violation.field for violation in bad_request.field_violations} == {
        "scenario.sites[0].power_mw",
        "scenario.segments[1].length_km",
    }


def test_a_client_gets_every_fault_of_a_scenario_back(server: RunningServer, client: Client) -> None:
    files = {"scenario.toml": b"[workload]\nparameters = -5\n"}
    with pytest.raises(InvalidScenario) as caught:
        client.create_scenario(files)
    assert "scenario.toml" in {problem.file for problem in caught.value.problems}


def test_bytes_that_are_no_message_are_the_callers_fault(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        call = channel.unary_unary("/topodesign.v1.PlanningService/CreatePlan")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\xff\xff\xff")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_info(caught.value).reason == "MESSAGE_UNDECODABLE"


def test_bytes_that_are_no_message_are_the_callers_fault_in_streams_too(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        call = channel.unary_stream("/topodesign.v1.PlanningService/WatchPlan")
        with pytest.raises(grpc.RpcError) as caught:
            list(call(b"\xff\xff\xff"))
    assert error_info(caught.value).reason == "MESSAGE_UNDECODABLE"


@pytest.mark.parametrize("name", ["", "plans/", "plans/UPPER", "plans/../x", "scenarios/x", "plans/x/y", "plans/é"])
def test_names_of_another_form_are_refused(client: Client, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        client.get_plan(name)
    assert caught.value.reason == "NAME_INVALID"


def test_what_does_not_exist_is_not_found(client: Client) -> None:
    for call in (client.get_plan, client.delete_plan, client.verify_plan):
        with pytest.raises(NotFound):
            call("plans/nothing")
    with pytest.raises(NotFound):
        client.job("operations/nothing").cancel()
    with pytest.raises(NotFound):
        list(client.job("operations/nothing").watch())


def test_a_chosen_plan_id_is_used_once(server: RunningServer) -> None:
    request = create_request()
    request.plan_id = "my-plan"
    with grpc.insecure_channel(server.address) as channel:
        stub = planning_service_pb2_grpc.PlanningServiceStub(channel)
        assert stub.CreatePlan(request).name == "operations/my-plan"
        with pytest.raises(grpc.RpcError) as caught:
            stub.CreatePlan(request)
    assert caught.value.code() is grpc.StatusCode.ALREADY_EXISTS
    assert error_info(caught.value).reason == "PLAN_EXISTS"


def test_a_plan_of_a_kept_scenario_outlives_the_scenario(client: Client) -> None:
    kept = client.create_scenario(two_sites(), scenario_id="short-lived")
    job = client.submit_plan(kept.name, time_limit_s=60)
    client.delete_scenario(kept.name)
    assert job.result(120).scenario_name == "two sites"
    assert client.verify_plan(job.plan_name).valid
    with pytest.raises(NotFound):
        client.submit_plan(kept.name)


def test_a_deleted_plan_is_gone_and_its_operation_says_so(client: Client) -> None:
    job = client.submit_plan(two_sites(), time_limit_s=60)
    job.result(120)
    client.delete_plan(job.plan_name)
    with pytest.raises(NotFound):
        client.get_plan(job.plan_name)
    with pytest.raises(NotFound) as caught:
        job.result()
    assert caught.value.reason == "PLAN_DELETED"


def test_a_deleted_operation_leaves_its_plan(server: RunningServer, client: Client) -> None:
    job = client.submit_plan(two_sites(), time_limit_s=60)
    plan = job.result(120)
    with grpc.insecure_channel(server.address) as channel:
        operations_pb2_grpc.OperationsStub(channel).DeleteOperation(
            operations_pb2.DeleteOperationRequest(name=job.name)
        )
    with pytest.raises(NotFound):
        job.status()
    assert client.get_plan(job.plan_name) == plan


def test_a_full_queue_refuses_at_once_and_says_when_to_come_again(
    server: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        RunningServer(tmp_path_factory.mktemp("full"), queue_limit=1) as small,
        Client(small.address, retry_for_s=0.0) as client,
    ):
        busy = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
        small.wait_for_attempt()
        waiting = client.submit_plan(two_sites())
        with pytest.raises(CapacityError) as caught:
            client.submit_plan(two_sites())
        assert caught.value.reason == "QUEUE_FULL"
        with grpc.insecure_channel(small.address) as channel, pytest.raises(grpc.RpcError) as refused:
            planning_service_pb2_grpc.PlanningServiceStub(channel).CreatePlan(create_request())
        assert detail(refused.value, RetryInfo()).retry_delay.seconds > 0
        with pytest.raises(Conflict) as unready:
            client.get_plan(waiting.plan_name)
        assert unready.value.reason == "PLAN_NOT_READY"
        with pytest.raises(Conflict):
            client.delete_plan(busy.plan_name)


def test_an_infeasible_scenario_is_a_successful_operation_that_says_why(client: Client) -> None:
    from topodesign.domain.scenario import Size

    too_much = two_sites(size=Size(pod_accelerators=4608, accelerators=4608 * 50))
    plan = client.submit_plan(too_much, time_limit_s=60).result(120)
    assert plan.status == "infeasible"
    assert plan.infeasibility is not None
    assert plan.infeasibility.clashing


M = TypeVar("M", BadRequest, ErrorInfo, RetryInfo)


def create_request() -> pb.CreatePlanRequest:
    scenario = to_proto(two_sites())
    assert isinstance(scenario, scenario_pb2.Scenario)
    return pb.CreatePlanRequest(scenario=scenario)


def detail(error: grpc.RpcError, message: M) -> M:
    metadata = dict(error.trailing_metadata())  # type: ignore[attr-defined]
    status = Status.FromString(metadata["grpc-status-details-bin"])
    assert any(packed.Unpack(message) for packed in status.details)
    return message


def error_info(error: grpc.RpcError) -> ErrorInfo:
    info = detail(error, ErrorInfo())
    assert info.domain == "topodesign"
    return info


def test_a_model_fills_what_the_workload_of_a_request_leaves_out(server: RunningServer) -> None:
    request = scenario_service_pb2.CreateScenarioRequest(scenario=to_proto(two_sites()), request_id=str(uuid.uuid4()))
    request.scenario.workload.CopyFrom(
        scenario_pb2.Workload(model="deepseek-v3-671b", utilization=0.9, global_batch_tokens=1e7)
    )
    with grpc.insecure_channel(server.address) as channel:
        stub = scenario_service_pb2_grpc.ScenarioServiceStub(channel)
        kept = stub.CreateScenario(request, timeout=30).scenario
        assert (kept.workload.parameters, kept.workload.active_parameters, kept.workload.layers) == (671e9, 37e9, 61)
        assert kept.workload.global_batch_tokens == 1e7
        assert any("in place of" in told for told in kept.assumptions)
        again = stub.CreateScenario(
            scenario_service_pb2.CreateScenarioRequest(scenario=kept, request_id=str(uuid.uuid4())), timeout=30
        )
        assert list(again.scenario.assumptions) == list(kept.assumptions)  # told once
        request.scenario.workload.model, request.request_id = "llama-405b", str(uuid.uuid4())
        with pytest.raises(grpc.RpcError) as caught:
            stub.CreateScenario(request, timeout=30)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_info(caught.value).reason == "MODEL_UNKNOWN"
