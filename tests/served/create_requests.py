"""Requests for clients that have only the generated messages."""

from topodesign.domain.scenario import Scenario
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import scenario_pb2
from topodesign.wire import to_proto


def create_request(scenario: Scenario, **limits: float) -> pb.CreatePlanRequest:
    """A request for a plan."""
    message = to_proto(scenario)
    assert isinstance(message, scenario_pb2.Scenario)
    request = pb.CreatePlanRequest(scenario=message)
    for name, value in limits.items():
        setattr(request.limits, name, value)
    return request
