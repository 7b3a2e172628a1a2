"""No request is worked on that breaks a rule of its definition."""

from google.protobuf.message import Message

from topodesign.v1 import (
    catalog_service_pb2,
    fabric_service_pb2,
    optics_service_pb2,
    planning_service_pb2,
    scenario_service_pb2,
    training_service_pb2,
)
from topodesign_server.offloading import Offloader
from topodesign_server.request_rules import RequestRules, is_of_size
from topodesign_server.sources import canonical

AT_ONCE_BYTES = 16 * 1024
"""Smaller requests are checked at once, in a fraction of a millisecond; larger ones on a thread."""
SERVICES = (
    planning_service_pb2,
    scenario_service_pb2,
    fabric_service_pb2,
    optics_service_pb2,
    training_service_pb2,
    catalog_service_pb2,
)
LISTS_FAULTS = scenario_service_pb2.CheckScenarioRequest.DESCRIPTOR
"""Faults of a scenario are this method's answer, not an error."""


class RequestGate:
    """Refuses requests by the rules in their definitions."""

    def __init__(self, offload: Offloader) -> None:
        requests = [
            getattr(module, method.input_type.name)
            for module in SERVICES
            for service in module.DESCRIPTOR.services_by_name.values()
            for method in service.methods
        ]
        self._rules = RequestRules(*requests)
        self._offload = offload

    async def require(self, request: Message) -> None:
        """Raise :class:`InvalidInput` where a rule is broken, with all faults of a scenario that has one."""
        if request.ByteSize() <= AT_ONCE_BYTES:
            self._require(request)
        else:
            await self._offload(self._require, request)

    def _require(self, request: Message) -> None:
        fault = self._rules.fault(request)
        if fault is None:
            return
        if fault.field_path.startswith("scenario.") and not is_of_size(fault):
            if request.DESCRIPTOR is LISTS_FAULTS:
                return
            canonical(request.scenario)  # type: ignore[attr-defined]  # tells of all its faults, not just the first
        raise fault
