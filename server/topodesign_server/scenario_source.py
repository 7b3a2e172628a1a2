"""The scenario that a request for a job names or has."""

from typing import Any

from topodesign_server.names import parse_name
from topodesign_server.offloading import Offloader
from topodesign_server.scenario_checks import ScenarioContent
from topodesign_server.scenario_store import ScenarioStore
from topodesign_server.sources import ScenarioReader, source_missing


class ScenarioSource:
    """Reads the ``source`` of requests: ``scenario`` itself, or ``scenario_name`` of a kept one."""

    def __init__(self, scenarios: ScenarioStore, reader: ScenarioReader, offload: Offloader) -> None:
        self._scenarios = scenarios
        self._reader = reader
        self._offload = offload

    async def serialized(self, tenant: str, request: Any) -> ScenarioContent:
        """The scenario of a request, checked and serialized.

        Raises
        ------
        InvalidInput, InvalidScenario
            When it is missing or wrong.
        NotFound
            When none of that name is kept.
        """
        source = request.WhichOneof("source")
        if source is None:
            raise source_missing("source", "either scenario or scenario_name")
        if source == "scenario":
            return await self._reader.inline(tenant, request.scenario)
        scenario_id = parse_name(request.scenario_name, "scenarios", field="scenario_name")
        kept = await self._offload(self._scenarios.get, tenant, scenario_id)
        return ScenarioContent(content=kept.content, sha256=kept.scenario_sha256)
