"""The standard services beside ours."""

import grpc
import pytest
from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from served.running_server import RunningServer
from topodesign_server.services import SERVICES


@pytest.mark.parametrize("service", ["", *SERVICES])
def test_every_service_says_that_it_serves(server: RunningServer, service: str) -> None:
    with grpc.insecure_channel(server.address) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_names_every_service(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        assert set(SERVICES) <= set(ProtoReflectionDescriptorDatabase(channel).get_services())


def test_a_message_above_the_limit_is_refused(server: RunningServer) -> None:
    with grpc.insecure_channel(server.address, options=(("grpc.max_send_message_length", -1),)) as channel:
        call = channel.unary_unary("/topodesign.v1.ScenarioService/CheckScenario")
        with pytest.raises(grpc.RpcError) as caught:
            call(bytes(65 * 1024 * 1024))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_the_operations_service_refuses_filters(server: RunningServer) -> None:
    from google.longrunning import operations_pb2_grpc

    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        operations_pb2_grpc.OperationsStub(channel).ListOperations(
            operations_pb2.ListOperationsRequest(name="operations", filter="done = true")
        )
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
