"""Scenarios in requests: inline, as files, or by the name of a kept one."""

from google.protobuf.message import Message

from topodesign.domain.errors import InvalidInput
from topodesign.v1 import scenario_pb2, scenario_service_pb2
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.readings import Readings
from topodesign_server.scenario_checks import ScenarioContent, canonical_content

READ_HERE_BYTES = 16 * 1024
"""Larger scenarios are read in children."""


class ScenarioReader:
    """Turns what a request gives into one checked, canonical ``Scenario``, serialized, with its fingerprint.

    Parameters
    ----------
    offload : FairOffloader
        Threads of its own: nothing else waits behind the reading of scenarios.
    readings : Readings
        Where large ones are read.
    """

    def __init__(self, offload: FairOffloader, readings: Readings) -> None:
        self.offload = offload
        self._readings = readings

    async def inline(self, tenant: str, message: scenario_pb2.Scenario) -> ScenarioContent:
        """Validate a scenario; raises :class:`InvalidInput` or :class:`InvalidScenario` with paths of the request."""
        if message.ByteSize() <= READ_HERE_BYTES:
            return await self.offload(canonical_content, message)
        return await self._in_child("check_scenario", tenant, message)

    async def files(self, tenant: str, message: scenario_service_pb2.ScenarioFiles) -> ScenarioContent:
        """Read the files of a folder; raises :class:`InvalidScenario` with file, row and field of each problem."""
        require_plain_names(message)
        return await self._in_child("read_files", tenant, message)

    async def serialized(self, message: Message) -> bytes:
        """What a child gets of a request."""
        return await self.offload(message.SerializeToString)

    async def _in_child(self, task: str, tenant: str, message: Message) -> ScenarioContent:
        read = await self._readings.run(task, await self.serialized(message), tenant=tenant)
        return await self.offload(ScenarioContent.unpacked, read)


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
