"""The services that a server has, as their definitions name them."""

from google.longrunning import operations_pb2
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from topodesign.v1 import (
    catalog_service_pb2,
    fabric_service_pb2,
    optics_service_pb2,
    planning_service_pb2,
    scenario_service_pb2,
    sweep_service_pb2,
    training_service_pb2,
)

WITH_STORE = (
    planning_service_pb2.DESCRIPTOR.services_by_name["PlanningService"],
    scenario_service_pb2.DESCRIPTOR.services_by_name["ScenarioService"],
    sweep_service_pb2.DESCRIPTOR.services_by_name["SweepService"],
    operations_pb2.DESCRIPTOR.services_by_name["Operations"],
)
WITHOUT_STORE = (
    fabric_service_pb2.DESCRIPTOR.services_by_name["FabricService"],
    optics_service_pb2.DESCRIPTOR.services_by_name["OpticsService"],
    training_service_pb2.DESCRIPTOR.services_by_name["TrainingService"],
    catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"],
)
STANDARD = (
    health_pb2.DESCRIPTOR.services_by_name["Health"],
    reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"],
)
SERVICES = tuple(service.full_name for service in (*WITH_STORE, *WITHOUT_STORE))


def methods_of(*services: ServiceDescriptor, only_streams: bool = False) -> list[str]:
    """The methods of services as gRPC names them in calls; ``only_streams``: those that answer in streams."""
    return [
        f"/{service.full_name}/{method.name}"
        for service in services
        for method in service.methods
        if method.server_streaming or not only_streams
    ]
