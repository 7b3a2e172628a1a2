"""Scenarios in requests: inline, as files, or by the name of a kept one."""

from google.protobuf.message import Message

from topodesign.domain.errors import InvalidInput
from topodesign.v1 import scenario_pb2, scenario_service_pb2
from topodesign_server.calls import Calls
from topodesign_server.fair_threads import FairOffloader
from topodesign_server.scenario_checks import ScenarioContent, canonical_content

READ_HERE_BYTES = 16 * 1024
"""Larger scenarios are read in children, which end when their callers leave, and where tenants take turns: in one that
is warm, or in a new one."""
READ_WARM_BYTES = 1024 * 1024
"""Of this size one takes half a second; of 60 MB half a minute."""


class ScenarioReader:
    """Turns what a request gives into one checked, canonical ``Scenario``, serialized, with its fingerprint.

    Parameters
    ----------
    offload : FairOffloader
        Threads of its own: nothing else waits behind the reading of scenarios.
    calls, small_calls : Calls
        Where large ones are read.
    """

    def __init__(self, offload: FairOffloader, calls: Calls, small_calls: Calls) -> None:
        self.offload = offload
        self._calls = calls
        self._small_calls = small_calls

    async def inline(self, tenant: str, message: scenario_pb2.Scenario) -> ScenarioContent:
        """Validate a scenario; raises :class:`InvalidInput` or :class:`InvalidScenario` with paths of the request."""
        size = message.ByteSize()
        if size <= READ_HERE_BYTES:
            return await self.offload(canonical_content, message)
        calls = self._small_calls if size <= READ_WARM_BYTES else self._calls
        return await self._in_child(calls, "check_scenario", message, tenant=tenant)

    async def files(self, tenant: str, message: scenario_service_pb2.ScenarioFiles) -> ScenarioContent:
        """Read the files of a folder; raises :class:`InvalidScenario` with file, row and field of each problem."""
        require_plain_names(message)
        return await self._in_child(self._calls, "read_files", message, tenant=tenant)

    async def serialized(self, message: Message) -> bytes:
        """What a child gets of a request."""
        return await self.offload(message.SerializeToString)

    async def _in_child(self, calls: Calls, task: str, message: Message, *, tenant: str) -> ScenarioContent:
        read = await calls.run(task, await self.serialized(message), tenant=tenant)
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
