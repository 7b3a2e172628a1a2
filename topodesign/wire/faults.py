"""The error tree to and from ``google.rpc.Status``.

Every status carries ``ErrorInfo`` (domain ``topodesign``, a stable reason); faults of input, and fields that name
something unknown, also carry ``BadRequest``; faults that pass by themselves ``RetryInfo``; quotas that are used up
``QuotaFailure``; a plan that failed verification its violations (``topodesign.v1.Verification``); each of these at most
once. A status travels in HTTP/2 trailers, which peers limit to about 8 kB: messages and lists are cut to fit, and
``problem_count`` or ``violation_count`` tells how many there are.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import (
    CapacityError,
    Conflict,
    InternalError,
    InvalidInput,
    InvalidScenario,
    NotFound,
    Problem,
    QuotaExceeded,
    ServiceUnavailable,
    TopoDesignError,
    Unauthenticated,
    VerificationFailed,
)
from topodesign.domain.plan import Violation
from topodesign.v1 import plan_pb2
from topodesign.wire.mapper import from_proto, to_proto

DOMAIN = "topodesign"
REQUEST = "request"
MOST_MESSAGE_BYTES = 600
MOST_VALUE_BYTES = 200
MOST_VIOLATION_BYTES = 2500
RETRY_DELAY_S = 5
LASTING_REASONS = frozenset(
    {
        "ANSWER_TOO_LARGE",
        "CALL_CRASHED",
        "CALL_TOO_LONG",
        "OUT_OF_MEMORY",
        "SOLVER_CRASHED",
        "SOLVER_MEMORY",
        "SOLVER_TIMEOUT",
    }
)
"""Of faults of capacity that the same request would meet again: a client that repeats it only burdens the service."""


def status_from_error(error: TopoDesignError, *, incident_id: str = "") -> Status:
    """The status that tells a client of an error.

    Parameters
    ----------
    error : TopoDesignError
        What went wrong.
    incident_id : str
        Names the log entry of a defect; becomes metadata ``incident_id``.
    """
    metadata = {key: _cut(value, MOST_VALUE_BYTES) for key, value in list(error.metadata.items())[:16]}
    if isinstance(error, VerificationFailed):
        metadata["violation_count"] = str(len(error.violations))
    message = error.message
    if incident_id:
        metadata["incident_id"] = incident_id
        message = f"{_cut(message, MOST_MESSAGE_BYTES - 80)} (incident {incident_id})"
    if error.field_path:
        metadata["field_path"] = _cut(error.field_path, MOST_VALUE_BYTES)
    status = Status(code=_code(error), message=_cut(message, MOST_MESSAGE_BYTES))
    status.details.add().Pack(ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata))
    violations = _violations(error)
    if violations:
        status.details.add().Pack(BadRequest(field_violations=violations))
    if isinstance(error, VerificationFailed):
        status.details.add().Pack(plan_pb2.Verification(valid=False, violations=_found(error)))
    if isinstance(error, QuotaExceeded):
        violation = QuotaFailure.Violation(subject=error.quota, description=_cut(error.message, MOST_MESSAGE_BYTES))
        status.details.add().Pack(QuotaFailure(violations=[violation]))
    retry_after_s = _retry_after_s(error)
    if retry_after_s is not None:
        delay = Duration()
        delay.FromMilliseconds(math.ceil(1000 * retry_after_s))
        status.details.add().Pack(RetryInfo(retry_delay=delay))
    return status


def error_from_status(status: Status) -> TopoDesignError:
    """The error that a status tells of, of the same family and with the same reason, path and problems."""
    info, bad_request, retry = ErrorInfo(), BadRequest(), RetryInfo()
    may_retry = False
    found: list[Violation] = []
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad_request)
        may_retry = detail.Unpack(retry) or may_retry
        verification = plan_pb2.Verification()
        if detail.Unpack(verification):
            found.extend(from_proto(violation, Violation) for violation in verification.violations)
    metadata = dict(info.metadata)
    field_path = metadata.pop("field_path", "")
    if status.code == code_pb2.INVALID_ARGUMENT and info.reason == InvalidScenario.default_reason:
        return _invalid_scenario(bad_request, status.message, metadata)
    if info.reason == VerificationFailed.default_reason:
        return _verification_failed(found, status.message, metadata)
    if info.reason == QuotaExceeded.default_reason:
        retry_after_s = retry.retry_delay.ToMilliseconds() / 1000 if may_retry else None
        quota = metadata.pop("quota", "")
        return QuotaExceeded(status.message, quota=quota, retry_after_s=retry_after_s, metadata=metadata)
    family = _family(status.code)
    reason = info.reason or code_pb2.Code.Name(status.code)
    return family(status.message, reason=reason, field_path=field_path, metadata=metadata)


def violation_field(problem: Problem) -> str:
    """Where a problem is, in one line: ``sites.geojson:3.zone_id``, or a message path for a request."""
    if problem.file == REQUEST:
        return problem.field or ""
    row = "" if problem.row is None else str(problem.row)
    return f"{problem.file}:{'.'.join(part for part in (row, problem.field or '') if part)}"


def problem_at(field: str, *, reason: str, message: str) -> Problem:
    """The problem that :func:`violation_field` wrote down."""
    file, colon, place = field.partition(":")
    if not colon:
        return Problem(file=REQUEST, field=field or None, reason=reason, message=message)
    match = re.fullmatch(r"(?:(\d+)(?:\.|$))?(.*)", place, re.DOTALL)
    row, name = (match[1], match[2]) if match else (None, place)
    return Problem(file=file, row=int(row) if row else None, field=name or None, reason=reason, message=message)


def _retry_after_s(error: TopoDesignError) -> float | None:
    """Seconds after which the same call may succeed; ``None``: no time helps."""
    if isinstance(error, QuotaExceeded):
        return error.retry_after_s
    if not isinstance(error, CapacityError | ServiceUnavailable) or error.reason in LASTING_REASONS:
        return None
    known_s = error.retry_after_s if isinstance(error, CapacityError) else None
    return RETRY_DELAY_S if known_s is None else known_s


def _violations(error: TopoDesignError) -> Sequence[BadRequest.FieldViolation]:
    if isinstance(error, InvalidScenario):
        problems = list(error.problems)
    elif isinstance(error, InvalidInput | NotFound) and error.field_path:
        problems = [Problem(file=REQUEST, field=error.field_path, reason=error.reason, message=error.message)]
    else:
        return []
    violations: list[BadRequest.FieldViolation] = []
    size = 0
    for problem in problems:
        violation = BadRequest.FieldViolation(
            field=violation_field(problem),
            description=_cut(problem.message, MOST_MESSAGE_BYTES),
            reason=problem.reason,
        )
        size += violation.ByteSize()
        if violations and size > MOST_VIOLATION_BYTES:
            break
        violations.append(violation)
    return violations


def _code(error: TopoDesignError) -> int:
    code = code_pb2.INTERNAL
    if isinstance(error, InvalidInput):
        code = code_pb2.INVALID_ARGUMENT
    elif isinstance(error, NotFound):
        code = code_pb2.NOT_FOUND
    elif isinstance(error, Conflict):
        code = _conflict_code(error.reason)
    elif isinstance(error, CapacityError):
        code = code_pb2.RESOURCE_EXHAUSTED
    elif isinstance(error, ServiceUnavailable):
        code = code_pb2.UNAVAILABLE
    elif isinstance(error, Unauthenticated):
        code = code_pb2.UNAUTHENTICATED
    return int(code)


def _conflict_code(reason: str) -> int:
    if reason.endswith("_EXISTS"):
        return int(code_pb2.ALREADY_EXISTS)
    return int(code_pb2.ABORTED if reason == "ETAG_MISMATCH" else code_pb2.FAILED_PRECONDITION)


def _family(code: int) -> type[TopoDesignError]:
    families: dict[int, type[TopoDesignError]] = {
        code_pb2.INVALID_ARGUMENT: InvalidInput,
        code_pb2.OUT_OF_RANGE: InvalidInput,
        code_pb2.NOT_FOUND: NotFound,
        code_pb2.UNIMPLEMENTED: NotFound,
        code_pb2.ALREADY_EXISTS: Conflict,
        code_pb2.FAILED_PRECONDITION: Conflict,
        code_pb2.ABORTED: Conflict,
        code_pb2.RESOURCE_EXHAUSTED: CapacityError,
        code_pb2.UNAVAILABLE: ServiceUnavailable,
        code_pb2.DEADLINE_EXCEEDED: ServiceUnavailable,
        code_pb2.CANCELLED: ServiceUnavailable,
        code_pb2.UNAUTHENTICATED: Unauthenticated,
    }
    return families.get(code, InternalError)


def _invalid_scenario(bad_request: BadRequest, message: str, metadata: dict[str, str]) -> InvalidScenario:
    error = InvalidScenario(
        [
            problem_at(violation.field, reason=violation.reason, message=violation.description)
            for violation in bad_request.field_violations
        ]
    )
    # Fewer problems than there are may have fitted; the server's message and count stay true.
    error.message, error.metadata = message, metadata
    error.args = (message,)
    return error


def _found(error: VerificationFailed) -> Sequence[plan_pb2.Violation]:
    """The violations as messages, as many as fit; ``violation_count`` in the error's metadata tells of all."""
    messages: list[plan_pb2.Violation] = []
    size = 0
    for violation in error.violations:
        if not isinstance(violation, Violation):
            continue
        message = to_proto(replace(violation, message=_cut(violation.message, MOST_MESSAGE_BYTES)))
        assert isinstance(message, plan_pb2.Violation)
        size += message.ByteSize()
        if messages and size > MOST_VIOLATION_BYTES:
            break
        messages.append(message)
    return messages


def _verification_failed(violations: Sequence[Violation], message: str, metadata: dict[str, str]) -> VerificationFailed:
    error = VerificationFailed(violations)
    # Fewer violations than there are may have fitted; the server's message stays true, and names its incident.
    error.message, error.metadata = message, metadata
    error.args = (message,)
    return error


def _cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis, in at most ``most`` bytes of UTF-8."""
    encoded = text.encode("utf-8", errors="replace")
    return text if len(encoded) <= most else encoded[: most - 3].decode("utf-8", errors="ignore") + "…"
