"""What a request breaks of the rules of its definition: asked in the server for small requests, in a child for large
ones. Not preloaded: every child would map 23 MiB more, for 0.2 s that one of them takes once."""

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from topodesign.domain.errors import InvalidInput
from topodesign.v1 import scenario_service_pb2
from topodesign_server.request_rules import RequestRules, TooManyEntries
from topodesign_server.services import WITH_STORE, WITHOUT_STORE

REQUESTS: dict[str, type[Message]] = {
    method.input_type.name: GetMessageClass(method.input_type)
    for service in (*WITH_STORE, *WITHOUT_STORE)
    for method in service.methods
}
"""By name, of all methods."""
LISTS_FAULTS = scenario_service_pb2.CheckScenarioRequest.DESCRIPTOR
"""Faults of a scenario are this method's answer, not an error."""
_RULES = RequestRules(*REQUESTS.values())


def breach(request: Message) -> InvalidInput | None:
    """The first rule that a request breaks, ``None`` when there is none that its caller is not answered with."""
    fault = _RULES.fault(request)
    if fault is None or (request.DESCRIPTOR is LISTS_FAULTS and not isinstance(fault, TooManyEntries)):
        return None
    return fault


def naming_the_rest(fault: InvalidInput) -> InvalidInput:
    """A fault that may not be the only one of a scenario, with where to ask for all."""
    if isinstance(fault, TooManyEntries) or not fault.field_path.startswith("scenario."):
        return fault
    return InvalidInput(
        f"{fault.message}; CheckScenario lists all faults of a scenario",
        reason=fault.reason,
        field_path=fault.field_path,
        metadata=fault.metadata,
    )
