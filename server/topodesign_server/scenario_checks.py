"""Scenarios of requests, checked: what their workloads leave out is taken from the models that they name."""

from topodesign.catalog.workload_of_model import figures_of_model
from topodesign.domain.errors import InvalidInput, NotFound
from topodesign.domain.scenario import Scenario
from topodesign.v1 import scenario_pb2
from topodesign.wire import from_proto, to_proto


def checked_scenario(message: scenario_pb2.Scenario) -> Scenario:
    """The scenario that a message says; raises :class:`InvalidInput` or :class:`InvalidScenario`."""
    return from_proto(_with_model(message), Scenario, path="scenario")


def canonical_scenario(message: scenario_pb2.Scenario) -> scenario_pb2.Scenario:
    """The message that says the same and was checked; raises :class:`InvalidInput` or :class:`InvalidScenario`."""
    checked = to_proto(checked_scenario(message))
    assert isinstance(checked, scenario_pb2.Scenario)
    return checked


def canonical_content(message: scenario_pb2.Scenario) -> bytes:
    """As :func:`canonical_scenario`, serialized always in the same way."""
    return canonical_scenario(message).SerializeToString(deterministic=True)


def _with_model(message: scenario_pb2.Scenario) -> scenario_pb2.Scenario:
    """The scenario with what its workload leaves out taken from the model that it names, as from a folder's files."""
    if not message.workload.HasField("model"):
        return message
    try:
        given = {field.name: value for field, value in message.workload.ListFields()}
        figures = figures_of_model(message.workload.model, given)
    except NotFound as error:
        raise InvalidInput(error.message, reason=error.reason, field_path="scenario.workload.model") from None
    full = scenario_pb2.Scenario()
    full.CopyFrom(message)
    for name, value in figures.filled.items():
        setattr(full.workload, name, value)
    full.assumptions.extend(told for told in figures.assumptions if told not in message.assumptions)
    return full
