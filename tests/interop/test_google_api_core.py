"""``google-api-core``: long-running operations and errors as Google's own clients have them."""

import grpc
import pytest
from google.api_core import exceptions, grpc_helpers
from google.api_core import operation as operation_futures
from google.api_core.operations_v1 import OperationsClient
from served.create_requests import create_request
from served.running_server import RunningServer
from served.small_scenarios import two_sites, wide_grid

from topodesign.v1 import plan_pb2, planning_service_pb2_grpc
from topodesign.v1 import planning_service_pb2 as pb


def start(channel: grpc.Channel, request: pb.CreatePlanRequest) -> operation_futures.Operation:
    started = planning_service_pb2_grpc.PlanningServiceStub(channel).CreatePlan(request)
    return operation_futures.from_gapic(
        started, OperationsClient(channel), pb.StoredPlan, metadata_type=pb.CreatePlanMetadata
    )


def test_googles_operation_future_gets_plan_and_metadata(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        future = start(channel, create_request(two_sites()))
        stored = future.result(timeout=120)
        assert stored.plan.scenario_name == "two sites"
        assert future.metadata.plan == stored.name
        assert future.metadata.state == pb.PLAN_STATE_SUCCEEDED


def test_googles_operation_future_cancels(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        future = start(channel, create_request(wide_grid(), time_limit_s=120.0, gap=0.0))
        planning = planning_service_pb2_grpc.PlanningServiceStub(channel)
        watching = planning.WatchPlan(pb.WatchPlanRequest(name=future.metadata.plan))
        assert any(entry.HasField("event") for entry in watching)  # it runs
        watching.cancel()
        assert future.cancel()
        # A cancelled job keeps its best plan, so the future has a result and no error.
        assert future.result(timeout=90).plan.stopped_by == plan_pb2.STOPPED_BY_CANCELLED


def test_googles_operations_client_lists_page_by_page(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        start(channel, create_request(two_sites())).result(timeout=120)
        start(channel, create_request(two_sites())).result(timeout=120)
        names = [item.name for item in OperationsClient(channel).list_operations("operations", "")]
    assert len(names) >= 2
    assert len(set(names)) == len(names)


def test_googles_errors_carry_reason_domain_and_metadata(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        get_plan = grpc_helpers.wrap_errors(planning_service_pb2_grpc.PlanningServiceStub(channel).GetPlan)
        with pytest.raises(exceptions.NotFound) as caught:
            get_plan(pb.GetPlanRequest(name="plans/nothing"))
    assert (caught.value.reason, caught.value.domain) == ("PLAN_UNKNOWN", "topodesign")
    assert caught.value.metadata == {"id": "nothing"}


def test_googles_errors_carry_the_field_that_is_wrong(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        create_plan = grpc_helpers.wrap_errors(planning_service_pb2_grpc.PlanningServiceStub(channel).CreatePlan)
        with pytest.raises(exceptions.InvalidArgument) as caught:
            create_plan(create_request(two_sites(), time_limit_s=-1.0))
    violations = [item.field for detail in caught.value.details for item in getattr(detail, "field_violations", ())]
    assert violations == ["limits.time_limit_s"]
