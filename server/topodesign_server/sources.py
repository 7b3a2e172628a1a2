"""Scenarios in requests: inline, as files, or by the name of a kept one."""

from topodesign.catalog.workload_of_model import figures_of_model
from topodesign.domain.errors import InvalidInput, NotFound
from topodesign.domain.scenario import Scenario
from topodesign.v1 import scenario_pb2, scenario_service_pb2
from topodesign.wire import from_proto, to_proto
from topodesign_server.calls import Calls
from topodesign_server.offloading import Offloader


class ScenarioReader:
    """Turns what a request gives into one checked, canonical ``Scenario`` message."""

    def __init__(self, offload: Offloader, calls: Calls) -> None:
        self._offload = offload
        self._calls = calls

    async def inline(self, message: scenario_pb2.Scenario) -> scenario_pb2.Scenario:
        """Validate a scenario; raises :class:`InvalidInput` or :class:`InvalidScenario` with paths of the request."""
        return await self._offload(canonical_scenario, message)

    async def files(self, message: scenario_service_pb2.ScenarioFiles) -> scenario_pb2.Scenario:
        """Read the files of a folder; raises :class:`InvalidScenario` with file, row and field of each problem."""
        require_plain_names(message)
        return scenario_pb2.Scenario.FromString(await self._calls.run("read_files", message.SerializeToString()))


def source_missing(field: str, choices: str) -> InvalidInput:
    """The error for a request that gives none of several forms of its input."""
    return InvalidInput(f"{field} is missing; give {choices}", reason="FIELD_REQUIRED", field_path=field)


def require_plain_names(message: scenario_service_pb2.ScenarioFiles) -> None:
    """Raise :class:`InvalidInput` when a file's name could lead out of the folder."""
    for name in message.files:
        if not name or "/" in name or "\\" in name or name.startswith("."):
            raise InvalidInput(
                f"files has an entry named {name[:120]!r}, but names must be plain file names without folders; "
                "use the names of a scenario folder",
                reason="FILE_NAME_INVALID",
                field_path="files",
                metadata={"value": name[:120]},
            )


def canonical_scenario(message: scenario_pb2.Scenario) -> scenario_pb2.Scenario:
    """The message that says the same and was checked; raises :class:`InvalidInput` or :class:`InvalidScenario`."""
    checked = to_proto(from_proto(_with_model(message), Scenario, path="scenario"))
    assert isinstance(checked, scenario_pb2.Scenario)
    return checked


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
