"""Errors cross the wire with family, reason, path and problems."""

import pytest
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import (
    CapacityError,
    Conflict,
    InternalError,
    InvalidInput,
    InvalidScenario,
    NotFound,
    Problem,
    ServiceUnavailable,
    TopoDesignError,
    VerificationFailed,
)
from topodesign.domain.plan import Violation
from topodesign.wire import error_from_status, status_from_error
from topodesign.wire.faults import LASTING_REASONS

PROBLEMS = [
    Problem(file="sites.geojson", row=3, field="zone_id", reason="REFERENCE_UNKNOWN", message="no such zone"),
    Problem(file="scenario.toml", field="workload.parameters", reason="FIELD_INVALID", message="too small"),
    Problem(file="fiber.geojson", row=7, reason="SELF_LOOP", message="a is b"),
    Problem(file="power_zones.geojson", reason="FILE_MISSING", message="give it"),
    Problem(file="request", field="scenario.sites[0].lon", reason="FIELD_INVALID", message="longitude"),
]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("x is 3; lower it", field_path="limits.x", metadata={"value": "3"}), code_pb2.INVALID_ARGUMENT),
        (NotFound("no plan p", reason="PLAN_UNKNOWN"), code_pb2.NOT_FOUND),
        (Conflict("taken", reason="SCENARIO_EXISTS"), code_pb2.ALREADY_EXISTS),
        (Conflict("not yet", reason="PLAN_NOT_READY"), code_pb2.FAILED_PRECONDITION),
        (CapacityError("100 wait", reason="QUEUE_FULL"), code_pb2.RESOURCE_EXHAUSTED),
        (ServiceUnavailable("draining", reason="SERVER_DRAINING"), code_pb2.UNAVAILABLE),
        (InternalError("defect"), code_pb2.INTERNAL),
    ],
)
def test_an_error_comes_back_as_the_same_family_reason_and_path(error: TopoDesignError, code: int) -> None:
    status = Status.FromString(status_from_error(error).SerializeToString())
    back = error_from_status(status)
    assert status.code == code
    assert type(back) is type(error)
    assert (back.message, back.reason, back.field_path) == (error.message, error.reason, error.field_path)
    assert back.metadata == error.metadata


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.file)
def test_a_problem_comes_back_with_file_row_and_field(problem: Problem) -> None:
    back = error_from_status(status_from_error(InvalidScenario([problem])))
    assert isinstance(back, InvalidScenario)
    assert back.problems == (problem,)


def test_every_problem_is_one_field_violation() -> None:
    status = status_from_error(InvalidScenario(PROBLEMS))
    bad_request = BadRequest()
    assert any(detail.Unpack(bad_request) for detail in status.details)
    assert [violation.field for violation in bad_request.field_violations] == [
        "sites.geojson:3.zone_id",
        "scenario.toml:workload.parameters",
        "fiber.geojson:7",
        "power_zones.geojson:",
        "scenario.sites[0].lon",
    ]


def test_a_thousand_problems_still_fit_into_the_trailers() -> None:
    many = [
        Problem(file="sites.geojson", row=row, field="zone_id", reason="REFERENCE_UNKNOWN", message="no such zone " * 5)
        for row in range(1, 1001)
    ]
    status = status_from_error(InvalidScenario(many))
    # Base64 adds a third, and the message travels a second time as text: 8 kB is what peers accept by default.
    assert len(status.SerializeToString()) * 4 / 3 + 4 * len(status.message) < 8192
    back = error_from_status(status)
    assert isinstance(back, InvalidScenario)
    assert back.metadata["problem_count"] == "1000"
    assert back.problems == tuple(many[: len(back.problems)])


def test_every_status_names_the_domain_and_a_reason() -> None:
    info = ErrorInfo()
    status = status_from_error(VerificationFailed(["cost differs"]), incident_id="abc")
    assert status.details[0].Unpack(info)
    assert (info.domain, info.reason, info.metadata["incident_id"]) == ("topodesign", "VERIFICATION_FAILED", "abc")


def test_errors_that_pass_by_themselves_say_when_to_come_again() -> None:
    retry = RetryInfo()
    status = status_from_error(CapacityError("full", reason="QUEUE_FULL"))
    assert any(detail.Unpack(retry) for detail in status.details)
    assert retry.retry_delay.seconds > 0


def test_errors_that_the_same_request_would_meet_again_do_not_invite_to_repeat_it() -> None:
    for reason in sorted(LASTING_REASONS):
        status = status_from_error(CapacityError("too much", reason=reason))
        assert not any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)


def test_a_status_of_another_service_still_becomes_an_error_of_its_family() -> None:
    back = error_from_status(Status(code=code_pb2.UNIMPLEMENTED, message="no such method"))
    assert (type(back), back.reason) == (NotFound, "UNIMPLEMENTED")  # a server of another version, no defect


def violation(number: int, *, text: str = "80 GW") -> Violation:
    return Violation(
        rule="site_power", id=f"s{number}", value=12.5, limit="ten", unit="MW", message=f"s{number} draws {text}"
    )


def test_the_violations_of_a_plan_that_failed_verification_come_back() -> None:
    error = VerificationFailed([violation(1), violation(2)])
    status = Status.FromString(status_from_error(error, incident_id="cafe").SerializeToString())
    back = error_from_status(status)
    assert status.code == code_pb2.INTERNAL
    assert isinstance(back, VerificationFailed)
    assert back.violations == error.violations
    assert (back.reason, back.metadata["violation_count"]) == ("VERIFICATION_FAILED", "2")
    assert "cafe" in back.message


def test_a_thousand_violations_fit_into_the_trailers_and_are_counted() -> None:
    error = VerificationFailed([violation(number, text="x" * 5000) for number in range(1000)])
    status = status_from_error(error)
    assert status.ByteSize() < 8000
    back = error_from_status(status)
    assert isinstance(back, VerificationFailed)
    assert 1 <= len(back.violations) < 1000
    assert back.metadata["violation_count"] == "1000"
