"""Scenarios of requests, checked: what their workloads leave out is taken from the models that they name."""

from dataclasses import dataclass

import msgspec

from topodesign.catalog.workload_of_model import figures_of_model
from topodesign.domain.errors import InvalidInput, NotFound
from topodesign.domain.scenario import Scenario
from topodesign.scenario import scenario_digest
from topodesign.v1 import scenario_pb2
from topodesign.wire import from_proto, to_proto


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioContent:
    """A checked scenario, serialized always in the same way, and its fingerprint.

    ``sha256`` is that of :func:`~topodesign.scenario.scenario_digest`. It is taken where the scenario is checked: who
    has the content alone would have to decode all of it, which holds the interpreter for half a minute where it has
    60 MB. ``None`` for what was kept before fingerprints were.
    """

    content: bytes
    sha256: str | None

    def packed(self) -> bytes:
        """What a child gives back."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def unpacked(cls, data: bytes) -> "ScenarioContent":
        return msgspec.msgpack.decode(data, type=cls)


def checked_scenario(message: scenario_pb2.Scenario) -> Scenario:
    """The scenario that a message says; raises :class:`InvalidInput` or :class:`InvalidScenario`."""
    return from_proto(_with_model(message), Scenario, path="scenario")


def canonical_scenario(message: scenario_pb2.Scenario) -> scenario_pb2.Scenario:
    """The message that says the same and was checked; raises :class:`InvalidInput` or :class:`InvalidScenario`."""
    checked = to_proto(checked_scenario(message))
    assert isinstance(checked, scenario_pb2.Scenario)
    return checked


def canonical_content(message: scenario_pb2.Scenario) -> ScenarioContent:
    """As :func:`canonical_scenario`, serialized."""
    scenario = checked_scenario(message)
    return ScenarioContent(content=_serialized(scenario), sha256=scenario_digest(scenario))


def content_of_files(scenario: Scenario) -> ScenarioContent:
    """The content of a scenario that was read from files.

    Its fingerprint is that of what the content says, as of all plans made from it: a column of one's own may have a
    whole number of more than 64 bits, which the wire has as a float.
    """
    content = _serialized(scenario)
    sent = from_proto(scenario_pb2.Scenario.FromString(content), Scenario, path="scenario")
    return ScenarioContent(content=content, sha256=scenario_digest(sent))


def _serialized(scenario: Scenario) -> bytes:
    return bytes(to_proto(scenario).SerializeToString(deterministic=True))


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
