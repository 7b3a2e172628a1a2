"""Scenarios kept in memory."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from topodesign_server.names import chosen_id, parse_name
from topodesign_server.scenario_checks import ScenarioContent, canonical_scenario
from topodesign_server.sources import require_plain_names
from topodesign_server.summaries import scenario_summary

from topodesign.client.call import as_message
from topodesign.client.calls.scenarios import SERVICE
from topodesign.domain.errors import Conflict, InvalidInput, InvalidScenario, NotFound, Problem
from topodesign.local.repetition import FirstAnswers
from topodesign.local.tasks import run_here
from topodesign.local.timestamps import timestamp
from topodesign.v1 import scenario_pb2
from topodesign.v1 import scenario_service_pb2 as pb
from topodesign.wire import to_proto


@dataclass(frozen=True, slots=True)
class _Kept:
    created: float
    content: scenario_pb2.Scenario


class LocalScenarios:
    """What ``ScenarioService`` does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._first = FirstAnswers("CreateScenario")

    def answers(self) -> Mapping[str, Callable[[Any, float], Iterator[Message]]]:
        """Who answers, by the path of the method."""
        return {
            f"{SERVICE}/CreateScenario": self._create,
            f"{SERVICE}/GetScenario": self._get,
            f"{SERVICE}/ListScenarios": self._list,
            f"{SERVICE}/DeleteScenario": self._delete,
            f"{SERVICE}/CheckScenario": self._check,
        }

    def source(self, request: Any) -> scenario_pb2.Scenario:
        """The scenario that a request for a job has or names; raises what is wrong with it."""
        if request.HasField("scenario"):
            return canonical_scenario(request.scenario)
        return self.content(request.scenario_name, field="scenario_name")

    def content(self, name: str, *, field: str) -> scenario_pb2.Scenario:
        """A kept scenario; raises :class:`InvalidInput` or :class:`NotFound`."""
        return self._of(parse_name(name, "scenarios", field=field)).content

    def _create(self, request: pb.CreateScenarioRequest, _: float) -> Iterator[Message]:
        scenario_id = chosen_id(request.scenario_id, field="scenario_id", prefix="s")
        content = _read(request)
        with self._lock:
            earlier = self._first.answer(request.request_id, request)
            if earlier is None and scenario_id in self._kept:
                raise Conflict(
                    f"scenarios/{scenario_id} exists already; choose another scenario_id",
                    reason="SCENARIO_EXISTS",
                    metadata={"id": scenario_id},
                )
            if earlier is None:
                self._kept[scenario_id] = _Kept(time.time(), content)
                self._first.remember(request.request_id, request, scenario_id)
        yield self._stored(earlier or scenario_id)

    def _get(self, request: pb.GetScenarioRequest, _: float) -> Iterator[Message]:
        yield self._stored(parse_name(request.name, "scenarios"))

    def _list(self, _request: pb.ListScenariosRequest, _: float) -> Iterator[Message]:
        with self._lock:
            kept = list(self._kept.items())
        yield pb.ListScenariosResponse(
            scenarios=[
                pb.StoredScenario(
                    name=f"scenarios/{scenario_id}",
                    create_time=timestamp(item.created),
                    scenario=scenario_summary(item.content),
                )
                for scenario_id, item in reversed(kept)
            ]
        )

    def _delete(self, request: pb.DeleteScenarioRequest, _: float) -> Iterator[Message]:
        scenario_id = parse_name(request.name, "scenarios")
        with self._lock:
            if self._kept.pop(scenario_id, None) is None:
                raise _unknown(scenario_id)
        yield Empty()

    def _check(self, request: pb.CheckScenarioRequest, _: float) -> Iterator[Message]:
        try:
            _read(request)
        except InvalidScenario as error:
            problems = error.problems
        except InvalidInput as error:
            if error.field_path.partition(".")[0] != "scenario":
                raise  # the request itself is wrong, not the scenario in it
            problems = (Problem(file="request", field=error.field_path, reason=error.reason, message=error.message),)
        else:
            problems = ()
        found = [as_message(scenario_pb2.Problem, to_proto(problem)) for problem in problems]
        yield pb.CheckScenarioResponse(ok=not found, problems=found)

    def _stored(self, scenario_id: str) -> pb.StoredScenario:
        kept = self._of(scenario_id)
        return pb.StoredScenario(
            name=f"scenarios/{scenario_id}", create_time=timestamp(kept.created), scenario=kept.content
        )

    def _of(self, scenario_id: str) -> _Kept:
        with self._lock:
            kept = self._kept.get(scenario_id)
        if kept is None:
            raise _unknown(scenario_id)
        return kept


def _read(request: pb.CreateScenarioRequest | pb.CheckScenarioRequest) -> scenario_pb2.Scenario:
    if request.HasField("scenario"):
        return canonical_scenario(request.scenario)
    require_plain_names(request.files)
    read = ScenarioContent.unpacked(run_here("read_files", request.files.SerializeToString()))
    return scenario_pb2.Scenario.FromString(read.content)


def _unknown(scenario_id: str) -> NotFound:
    return NotFound(
        f"scenarios/{scenario_id} does not exist; list the scenarios for those that do",
        reason="SCENARIO_UNKNOWN",
        metadata={"id": scenario_id},
    )
