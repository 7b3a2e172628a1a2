"""No request is worked on that breaks a rule of its definition."""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message

from topodesign.domain.fabric_failures import SliceGoodputRequest
from topodesign.domain.goodput_request import GoodputRequest
from topodesign.domain.link import LinkRequest
from topodesign.sweeps.messages import definition_from_proto
from topodesign.v1 import planning_service_pb2, sweep_service_pb2
from topodesign.wire import from_proto
from topodesign_server.fabric_requests import comparison_asked, evaluation_asked
from topodesign_server.limits import read_limits
from topodesign_server.optics_servicer import asked_modes
from topodesign_server.readings import Readings
from topodesign_server.rule_checks import breach, naming_the_rest
from topodesign_server.scenario_checks import canonical_scenario
from topodesign_server.tenants import acting_tenant
from topodesign_server.training_servicer import read_and_estimate, read_and_shard

AT_ONCE_BYTES = 16 * 1024
"""Smaller requests are checked at once, in a fraction of a millisecond; larger ones in a child."""
AFTER_THE_DOOR = (planning_service_pb2.CreatePlanRequest.DESCRIPTOR, sweep_service_pb2.CreateSweepRequest.DESCRIPTOR)
"""Their servicers ask for a place in the queue first, so that a refusal waits for no check of a scenario."""


def _read_scenario(request: Any) -> object:
    return canonical_scenario(request.scenario) if request.HasField("scenario") else None


def _read_plan(request: Any) -> object:
    return read_limits(request.limits), _read_scenario(request)


def _read_sweep(request: Any) -> object:
    return definition_from_proto(request.definition), _read_scenario(request)


READERS: Mapping[str, Callable[[Any], object]] = {
    "CreateScenarioRequest": _read_scenario,
    "CreatePlanRequest": _read_plan,
    "CreateSweepRequest": _read_sweep,
    "VerifyPlanRequest": _read_scenario,
    "DesignLinkRequest": lambda request: from_proto(request, LinkRequest),
    "ListModesRequest": asked_modes,
    "EstimateTrainingRequest": read_and_estimate,
    "EstimateGoodputRequest": lambda request: from_proto(request, GoodputRequest),
    "PlanShardingRequest": read_and_shard,
    "EstimateSliceGoodputRequest": lambda request: from_proto(request, SliceGoodputRequest),
    "EvaluateFabricRequest": evaluation_asked,
    "CompareFabricsRequest": comparison_asked,
}
"""What makes objects of the domain of small requests: they refuse what breaks a rule too, in the library's words and
with all faults of a scenario at once. Of larger ones the rules name the first, so that none costs more to refuse than
its rules to check: to make objects of a scenario of 800 kB takes seven times as long, and holds the interpreter."""


class RequestGate:
    """Refuses requests by the rules in their definitions."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    async def require_at_boundary(self, request: Message) -> None:
        """As :meth:`require`, for every request but those that their servicers check."""
        if request.DESCRIPTOR not in AFTER_THE_DOOR:
            await self.require(request)

    async def require(self, request: Message) -> None:
        """Raise :class:`InvalidInput`, or what else the domain says to the request, where a rule is broken."""
        if request.ByteSize() <= AT_ONCE_BYTES:
            _require(request)
        else:
            name = request.DESCRIPTOR.name.encode("ascii")
            await self._readings.run("check_rules", name, request.SerializeToString(), tenant=acting_tenant())


def _require(request: Message) -> None:
    fault = breach(request)
    if fault is None:
        return
    reader = READERS.get(request.DESCRIPTOR.name)
    if reader is not None:
        reader(request)
    raise naming_the_rest(fault)
