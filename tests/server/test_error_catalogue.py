"""docs/errors.md names every reason that a call can fail with, and every error has the form that it promises."""

import ast
import json
import os
import re
import signal
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.message import Message
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from served.running_server import RunningServer
from served.small_scenarios import two_sites, wide_grid

from topodesign.domain import errors
from topodesign.v1 import (
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    fabric_kinds_pb2,
    fabric_pb2,
    fabric_service_pb2,
    fabric_service_pb2_grpc,
    optics_service_pb2,
    optics_service_pb2_grpc,
    planning_service_pb2_grpc,
    scenario_pb2,
    scenario_service_pb2_grpc,
)
from topodesign.v1 import planning_service_pb2 as plans
from topodesign.v1 import scenario_service_pb2 as scenarios
from topodesign.wire import status_from_error, to_proto

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "errors.md"
SERVER = ROOT / "server" / "topodesign_server"
ROOMS = (
    *("domain", "catalog", "training", "optics", "fabric", "planning", "verify", "evaluation", "wire", "api.py"),
    *("sweeps/fields.py", "sweeps/grammar.py"),
)
DETAILS_KEY = "grpc-status-details-bin"

AT_START = {
    *("ADDRESS_UNUSABLE", "DATA_DIRECTORY_IN_USE", "DATABASE_TOO_NEW", "DATABASE_URL_INVALID"),
    *("CONFIGURATION_INVALID", "OPTION_UNKNOWN", "TELEMETRY_NOT_INSTALLED"),
    *("TLS_FILES_UNUSABLE", "TLS_INCOMPLETE", "TLS_REQUIRED"),
}
IN_LOGS = {"LEASE_LOST"}
OF_THE_SYSTEM = {"SC_PAGE_SIZE"}
IN_COMMANDS = {"ALREADY_REVOKED", "TOKEN_UNKNOWN"}
IN_THE_LIBRARY = {
    *("EDGE_LIST_INVALID", "FAILURES_INVALID"),  # text of the command line
    *("EXTRA_NOT_INSTALLED", "GNPY_FAILED"),  # checks with GNPy
    *("FUTURES_TOO_MANY", "FUTURE_NAME_TWICE", "PROBABILITIES_SUM"),  # futures that are told one by one
    *("JSON_INVALID", "JSON_KEY_REPEATED", "NOT_A_PLAN"),  # files of plans
    *("OPTION_UNKNOWN", "PLAN_EMPTY", "RELIEF_UNKNOWN", "SCENARIO_MISSING", "SWEEP_TOO_LARGE"),  # calls in Python
}
WITHOUT_OWN_REASON = {"CAPACITY", "CONFLICT", "NOT_FOUND", "UNAUTHENTICATED", "UNAVAILABLE"}
"""Defaults of families, each of whose errors has a reason of its own."""


@cache
def documented() -> dict[str, set[str]]:
    """Codes by reason, as the page has them."""
    rows = re.findall(r"^\| `(\w+)` \| ([A-Z_]+(?: or [A-Z_]+)*) \| [^|]+ \| [^|]+ \|$", PAGE.read_text(), re.MULTILINE)
    assert [reason for reason, count in Counter(reason for reason, _ in rows).items() if count > 1] == []
    return {reason: set(codes.split(" or ")) for reason, codes in rows}


def raised() -> Iterator[tuple[str, str]]:
    """Family and reason of every error that the code makes with a reason in words."""
    engine = [ROOT / "topodesign" / room for room in ROOMS]
    files = [file for path in (SERVER, *engine) for file in (path.rglob("*.py") if path.is_dir() else [path])]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for keyword in node.keywords:
                    if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant):
                        yield node.func.id, str(keyword.value.value)


def in_the_server() -> set[str]:
    """Whatever in the server's code looks like a reason."""
    text = "\n".join(path.read_text() for path in SERVER.rglob("*.py"))
    return set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', text)) - AT_START - IN_COMMANDS - IN_LOGS - OF_THE_SYSTEM


def test_the_page_names_every_reason_and_no_other() -> None:
    families = {kind.default_reason for kind in vars(errors).values() if hasattr(kind, "default_reason")}
    named = {reason for kind, reason in raised() if hasattr(errors, kind)} - AT_START - IN_COMMANDS - IN_THE_LIBRARY
    of_names = {"PLAN_UNKNOWN", "OPERATION_UNKNOWN", "SWEEP_UNKNOWN"}  # made from the name of the collection
    expected = named | in_the_server() | of_names | families - WITHOUT_OWN_REASON
    assert set(documented()) == expected


def test_the_page_has_the_codes_that_reasons_are_sent_with() -> None:
    codes: dict[str, set[str]] = defaultdict(set)
    for family, reason in raised():
        kind = getattr(errors, family, None)
        if kind is not None and reason in documented():
            codes[reason].add(code_pb2.Code.Name(status_from_error(kind("x", reason=reason)).code))
    assert codes
    # a few that a name in a scenario causes are told as faults of the scenario
    assert {
        reason: found - documented()[reason] for reason, found in codes.items() if found - documented()[reason]
    } == {}


def test_every_reason_of_the_service_is_reached_by_a_test() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    elsewhere = {reason for reason in documented() if re.search(rf"\b{reason}\b", tests)}
    own = in_the_server() | {
        "PLAN_UNKNOWN",
        "OPERATION_UNKNOWN",
        "SWEEP_UNKNOWN",
        "INTERNAL",
        "FIELD_INVALID",
        "SCENARIO_INVALID",
    }
    here = set(re.findall(r'require_form\(.*"(\w+)"\)', Path(__file__).read_text()))
    assert own - elsewhere - here - {reason for reason, *_ in CALLS} == set()


def create_scenario(**fields: Any) -> scenarios.CreateScenarioRequest:
    return scenarios.CreateScenarioRequest(scenario=to_proto(two_sites()), **fields)  # type: ignore[arg-type]


def faulty_scenario() -> scenarios.CreateScenarioRequest:
    request = create_scenario()
    request.scenario.sites[0].power_mw = -1
    request.scenario.zones[0].headroom_mw = -1
    return request


USED = str(uuid.UUID(int=0x4000_8000_0000_0000_0001))
SCENARIO = scenario_service_pb2_grpc.ScenarioServiceStub
PLANNING = planning_service_pb2_grpc.PlanningServiceStub
OPTICS = optics_service_pb2_grpc.OpticsServiceStub
FABRIC = fabric_service_pb2_grpc.FabricServiceStub
CATALOG = catalog_service_pb2_grpc.CatalogServiceStub
OPERATIONS = operations_pb2_grpc.OperationsStub
TORUS = fabric_pb2.FabricSpec(torus=fabric_pb2.Torus(shape=[2, 2, 2], twist=True))
CALLS: list[tuple[str, type, str, Message]] = [
    ("FIELD_REQUIRED", OPTICS, "DesignLink", optics_service_pb2.DesignLinkRequest()),
    ("FIELD_INVALID", OPTICS, "DesignLink", optics_service_pb2.DesignLinkRequest(length_km=-1)),
    ("EQUIPMENT_UNKNOWN", OPTICS, "DesignLink", optics_service_pb2.DesignLinkRequest(length_km=9, fiber="glass")),
    ("MODES_EMPTY", OPTICS, "DesignLink", optics_service_pb2.DesignLinkRequest(length_km=9, rate_gbps=1.5)),
    ("FABRIC_NOT_TWISTABLE", FABRIC, "EvaluateFabric", fabric_service_pb2.EvaluateFabricRequest(fabric=TORUS)),
    ("ENUM_UNKNOWN", CATALOG, "ListEquipment", catalog_service_pb2.ListEquipmentRequest(kind=99)),  # type: ignore[arg-type]
    ("PAGE_TOKEN_INVALID", CATALOG, "ListEquipment", catalog_service_pb2.ListEquipmentRequest(page_token="x")),
    ("ID_INVALID", SCENARIO, "CreateScenario", create_scenario(scenario_id="No Id")),
    ("REQUEST_ID_INVALID", SCENARIO, "CreateScenario", create_scenario(request_id="once")),
    ("REQUEST_ID_REUSED", SCENARIO, "CreateScenario", create_scenario(request_id=USED, scenario_id="another")),
    ("SCENARIO_EXISTS", SCENARIO, "CreateScenario", create_scenario(scenario_id="kept")),
    ("SCENARIO_EXISTS", SCENARIO, "CreateScenario", create_scenario(scenario_id="kept", validate_only=True)),
    (
        "REQUEST_ID_REUSED",
        SCENARIO,
        "CreateScenario",
        create_scenario(request_id=USED, scenario_id="another", validate_only=True),
    ),
    ("SCENARIO_INVALID", SCENARIO, "CreateScenario", faulty_scenario()),
    (
        "FILE_NAME_INVALID",
        SCENARIO,
        "CheckScenario",
        scenarios.CheckScenarioRequest(files=scenarios.ScenarioFiles(files={"../x": b""})),
    ),
    ("SCENARIO_UNKNOWN", SCENARIO, "GetScenario", scenarios.GetScenarioRequest(name="scenarios/none")),
    ("NAME_INVALID", SCENARIO, "GetScenario", scenarios.GetScenarioRequest(name="plans/none")),
    ("ETAG_MISMATCH", SCENARIO, "DeleteScenario", scenarios.DeleteScenarioRequest(name="scenarios/kept", etag="old")),
    ("PLAN_UNKNOWN", PLANNING, "GetPlan", plans.GetPlanRequest(name="plans/none")),
    ("PLAN_UNKNOWN", PLANNING, "WatchPlan", plans.WatchPlanRequest(name="plans/none")),
    (
        "SCENARIO_UNKNOWN",
        PLANNING,
        "CreatePlan",
        plans.CreatePlanRequest(scenario_name="scenarios/none", validate_only=True),
    ),
    ("OPERATION_UNKNOWN", OPERATIONS, "GetOperation", operations_pb2.GetOperationRequest(name="operations/none")),
    ("FILTER_UNSUPPORTED", OPERATIONS, "ListOperations", operations_pb2.ListOperationsRequest(filter="done")),
]


@pytest.fixture(scope="module")
def channel(server: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as opened:
        SCENARIO(opened).CreateScenario(create_scenario(scenario_id="kept", request_id=USED))
        yield opened


def status_of_call(call: Any) -> tuple[grpc.StatusCode, Status]:
    with pytest.raises(grpc.RpcError) as caught:
        answer = call()
        list(answer) if hasattr(answer, "__next__") else None
    error: Any = caught.value
    found = [value for key, value in error.trailing_metadata() if key == DETAILS_KEY]
    assert len(found) == 1
    return error.code(), Status.FromString(found[0])


def require_form(code: grpc.StatusCode, status: Status, reason: str) -> None:
    """The promises of the page."""
    assert code.value[0] == status.code
    assert code.name in documented()[reason]
    kinds = [detail.TypeName() for detail in status.details]
    assert len(kinds) == len(set(kinds))
    info, bad_request = ErrorInfo(), BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad_request)
    assert (info.domain, info.reason) == ("topodesign", reason)
    assert len(reason) <= 63
    if code is grpc.StatusCode.INVALID_ARGUMENT and reason != "MESSAGE_UNDECODABLE":
        assert bad_request.field_violations
        assert all(item.field and item.description for item in bad_request.field_violations)


@pytest.mark.parametrize(("reason", "stub", "method", "request_"), CALLS, ids=[call[0] for call in CALLS])
def test_an_error_has_its_reason_its_code_and_each_detail_once(
    reason: str, stub: Any, method: str, request_: Message, channel: grpc.Channel
) -> None:
    code, status = status_of_call(lambda: getattr(stub(channel), method)(request_, timeout=60))
    require_form(code, status, reason)


def test_bytes_that_are_no_message_have_a_reason(channel: grpc.Channel) -> None:
    call = channel.unary_unary("/topodesign.v1.OpticsService/DesignLink")
    code, status = status_of_call(lambda: call(b"\xff\xff\xff", timeout=60))
    require_form(code, status, "MESSAGE_UNDECODABLE")


def test_a_plan_that_is_being_made_is_neither_given_nor_deleted(channel: grpc.Channel) -> None:
    begun = PLANNING(channel).CreatePlan(plans.CreatePlanRequest(plan_id="long", scenario=busy()))
    operation = operations_pb2.DeleteOperationRequest(name=begun.name)
    require_form(*status_of_call(lambda: OPERATIONS(channel).DeleteOperation(operation)), "OPERATION_RUNNING")
    plan = plans.GetPlanRequest(name="plans/long")
    require_form(*status_of_call(lambda: PLANNING(channel).GetPlan(plan)), "PLAN_NOT_READY")
    again = plans.CreatePlanRequest(plan_id="long", scenario=busy(), validate_only=True)
    require_form(*status_of_call(lambda: PLANNING(channel).CreatePlan(again)), "PLAN_EXISTS")
    OPERATIONS(channel).CancelOperation(operations_pb2.CancelOperationRequest(name=begun.name))


def test_calls_beyond_those_that_may_wait_and_one_whose_process_ends_are_refused(tmp_path: Path) -> None:
    def large(switches: int) -> fabric_pb2.FabricSpec:
        jellyfish = fabric_kinds_pb2.Jellyfish(switches=switches, network_ports=19, server_ports=5)
        return fabric_pb2.FabricSpec(jellyfish=jellyfish)

    long = fabric_service_pb2.EvaluateFabricRequest(fabric=large(switches=35_000))
    with (
        RunningServer(tmp_path, call_slots=1, call_queue_limit=0) as server,
        grpc.insecure_channel(server.address) as opened,
    ):
        stub = FABRIC(opened)
        first = stub.EvaluateFabric.future(long, timeout=60)
        child = json.loads(server.wait_for(lambda line: '"event": "call"' in line))["pid"]
        other = large(switches=34_000)  # the same again would share the answer
        another = fabric_service_pb2.EvaluateFabricRequest(fabric=other)
        require_form(*status_of_call(lambda: stub.EvaluateFabric(another, timeout=60)), "CALLS_FULL")
        os.kill(child, signal.SIGUSR1)
        require_form(*status_of_call(first.result), "CALL_CRASHED")


def busy() -> scenario_pb2.Scenario:
    message = to_proto(wide_grid())
    assert isinstance(message, scenario_pb2.Scenario)
    return message


def test_a_scenario_is_deleted_by_its_own_etag_only(channel: grpc.Channel) -> None:
    stub = SCENARIO(channel)
    first = stub.CreateScenario(create_scenario(scenario_id="passing"))
    assert stub.GetScenario(scenarios.GetScenarioRequest(name=first.name)).etag == first.etag
    assert first.etag in [item.etag for item in stub.ListScenarios(scenarios.ListScenariosRequest()).scenarios]
    stub.DeleteScenario(scenarios.DeleteScenarioRequest(name=first.name, etag=first.etag))
    second = stub.CreateScenario(create_scenario(scenario_id="passing"))
    assert second.etag != first.etag
    stale = scenarios.DeleteScenarioRequest(name=first.name, etag=first.etag)
    code, status = status_of_call(lambda: stub.DeleteScenario(stale))
    assert code is grpc.StatusCode.ABORTED
    require_form(code, status, "ETAG_MISMATCH")


def test_what_is_only_validated_is_not_kept(channel: grpc.Channel) -> None:
    stub = SCENARIO(channel)
    answer = stub.CreateScenario(create_scenario(scenario_id="thought-of", validate_only=True))
    assert (answer.name, answer.scenario.name) == ("", "two sites")
    code, _ = status_of_call(lambda: stub.GetScenario(scenarios.GetScenarioRequest(name="scenarios/thought-of")))
    assert code is grpc.StatusCode.NOT_FOUND


def test_several_faults_of_a_scenario_are_told_together_and_as_an_answer_of_a_check(channel: grpc.Channel) -> None:
    faulty = faulty_scenario().scenario
    answer = SCENARIO(channel).CheckScenario(scenarios.CheckScenarioRequest(scenario=faulty))
    fields = {"scenario.sites[0].power_mw", "scenario.zones[0].headroom_mw"}
    assert (answer.ok, {problem.field for problem in answer.problems}) == (False, fields)
