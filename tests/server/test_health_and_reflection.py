"""The standard services beside ours."""

import grpc
import pytest
from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from served.running_server import RunningServer
from topodesign_server.server import SERVICES

from topodesign.client import Client
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, Torus


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


def test_fabrics_are_evaluated_as_the_library_does(client: Client) -> None:
    from topodesign.fabric import evaluate_fabric

    fabrics = [Torus(shape=(4, 4, 4)), Clos(accelerators=64, radix=16)]
    assert client.compare_fabrics(fabrics) == tuple(evaluate_fabric(fabric) for fabric in fabrics)
    assert client.evaluate_fabric(fabrics[0]) == evaluate_fabric(fabrics[0])


def test_a_fabric_that_cannot_be_is_refused_with_its_path(server: RunningServer) -> None:
    from topodesign.v1 import fabric_pb2, fabric_service_pb2, fabric_service_pb2_grpc

    request = fabric_service_pb2.CompareFabricsRequest(
        fabrics=[
            fabric_pb2.FabricSpec(torus=fabric_pb2.Torus(shape=[4])),
            fabric_pb2.FabricSpec(clos=fabric_pb2.Clos(accelerators=8, radix=7)),
        ]
    )
    from topodesign.client.connection import as_domain_error

    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        fabric_service_pb2_grpc.FabricServiceStub(channel).CompareFabrics(request)
    error = as_domain_error(caught.value)
    assert isinstance(error, InvalidInput)
    assert error.field_path == "fabrics[1].clos.radix"
