"""Calls of ``ScenarioService``."""

import uuid
from collections.abc import Mapping
from datetime import UTC

from google.protobuf.empty_pb2 import Empty

from topodesign.client.call import Call, as_message, one, pages
from topodesign.client.kept import KeptScenario
from topodesign.domain.errors import Problem
from topodesign.domain.scenario import Scenario
from topodesign.v1 import scenario_pb2
from topodesign.v1 import scenario_service_pb2 as pb
from topodesign.wire import from_proto, to_proto

SERVICE = "/topodesign.v1.ScenarioService"
ScenarioSource = Scenario | Mapping[str, bytes]


def check_scenario(scenario: ScenarioSource) -> Call[tuple[Problem, ...]]:
    """Every problem of a scenario, or of the files of a scenario folder (content by file name)."""
    content, files = _source(scenario)
    return one(
        f"{SERVICE}/CheckScenario",
        pb.CheckScenarioResponse,
        pb.CheckScenarioRequest(scenario=content, files=files),
        lambda answer: tuple(from_proto(problem, Problem) for problem in answer.problems),
    )


def create_scenario(
    scenario: ScenarioSource, *, scenario_id: str = "", request_id: str | None = None
) -> Call[KeptScenario]:
    """Keep a scenario on the server.

    Parameters
    ----------
    scenario : Scenario or mapping of str to bytes
        The scenario, or the files of a scenario folder.
    scenario_id : str
        Id to use; empty: the server chooses.
    request_id : str, optional
        UUID that makes a repetition return the first answer; by default a new one.

    Raises
    ------
    InvalidScenario
        With every problem.
    Conflict
        When the id is taken.
    """
    content, files = _source(scenario)
    request = pb.CreateScenarioRequest(
        scenario_id=scenario_id, request_id=request_id or str(uuid.uuid4()), scenario=content, files=files
    )
    return one(
        f"{SERVICE}/CreateScenario",
        pb.StoredScenario,
        request,
        lambda answer: _kept(answer, content=from_proto(answer.scenario, Scenario, path="scenario")),
    )


def get_scenario(name: str) -> Call[Scenario]:
    """A kept scenario; raises :class:`NotFound`."""
    return one(
        f"{SERVICE}/GetScenario",
        pb.StoredScenario,
        pb.GetScenarioRequest(name=name),
        lambda answer: from_proto(answer.scenario, Scenario, path="scenario"),
    )


def list_scenarios() -> Call[tuple[KeptScenario, ...]]:
    """All kept scenarios, the newest first, without their content."""
    return pages(
        f"{SERVICE}/ListScenarios",
        pb.ListScenariosResponse,
        pb.ListScenariosRequest(),
        lambda page: [_kept(item, content=None) for item in page.scenarios],
    )


def delete_scenario(name: str) -> Call[None]:
    """Delete a kept scenario; plans made from it stay.

    Not repeated when the server goes away meanwhile, since the answer could be that of a second deletion.

    Raises
    ------
    NotFound
        When the server keeps none of that name.
    """
    return one(
        f"{SERVICE}/DeleteScenario", Empty, pb.DeleteScenarioRequest(name=name), lambda _: None, may_repeat=False
    )


def _source(scenario: ScenarioSource) -> tuple[scenario_pb2.Scenario | None, pb.ScenarioFiles | None]:
    if isinstance(scenario, Scenario):
        return as_message(scenario_pb2.Scenario, to_proto(scenario)), None
    return None, pb.ScenarioFiles(files=scenario)


def _kept(stored: pb.StoredScenario, *, content: Scenario | None) -> KeptScenario:
    return KeptScenario(
        name=stored.name,
        title=stored.scenario.name,
        created=stored.create_time.ToDatetime(tzinfo=UTC),
        scenario=content,
    )
