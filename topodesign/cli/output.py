"""What commands write and how they end: the ``--json`` convention, exit codes, errors for people.

With ``--json`` exactly one JSON document goes to stdout; progress, logs and errors for people go to stderr.
"""

import dataclasses
import enum
import sys

from topodesign.domain.codec import encode_json, to_builtins
from topodesign.domain.errors import (
    CapacityError,
    Conflict,
    InvalidInput,
    InvalidScenario,
    NotFound,
    ServiceUnavailable,
    TopoDesignError,
    VerificationFailed,
)


class ExitCode(enum.IntEnum):
    """Exit codes of every command."""

    DONE = 0
    DEFECT = 1
    """A defect of ours; stderr has the details."""
    BAD_INPUT = 2
    """Bad usage or bad input; the message names file, row and field."""
    INFEASIBLE = 3
    UNVERIFIED = 4
    """A plan failed verification."""
    LIMIT = 5
    """A time or work limit was reached with no plan."""
    UNAVAILABLE = 6
    """The service cannot be reached or is full; trying later may succeed."""
    INTERRUPTED = 130


def emit_json(document: object) -> None:
    """Write the one JSON document of a ``--json`` run to stdout: builtins or domain objects, infinities as ``null``."""
    sys.stdout.write(encode_json(document).decode("utf-8"))
    sys.stdout.flush()


def note(text: str) -> None:
    """Write a line for people to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def say(text: str) -> None:
    """Write a line of a command's answer for people to stdout; never used together with ``--json``."""
    sys.stdout.write(text + "\n")


def exit_code_of(error: TopoDesignError) -> ExitCode:
    """The exit code that an error ends a command with."""
    if isinstance(error, InvalidInput | NotFound | Conflict):
        return ExitCode.BAD_INPUT
    if isinstance(error, VerificationFailed):
        return ExitCode.UNVERIFIED
    if isinstance(error, CapacityError | ServiceUnavailable):
        return ExitCode.UNAVAILABLE
    return ExitCode.DEFECT


def error_document(error: TopoDesignError) -> dict[str, object]:
    """The JSON document of a failure: ``{"error": {"reason", "message", "problems": [...]}}``.

    A failed verification adds ``violations``. An error of a single field is its own only problem, without a file.
    """
    body: dict[str, object] = {"reason": error.reason, "message": error.message, "problems": []}
    if isinstance(error, InvalidScenario):
        body["problems"] = [to_builtins(problem) for problem in error.problems]
    elif isinstance(error, InvalidInput) and error.field_path:
        body["problems"] = [
            {
                "file": None,
                "row": None,
                "field": error.field_path,
                "reason": error.reason,
                "message": error.message,
            }
        ]
    if isinstance(error, VerificationFailed):
        body["violations"] = [
            to_builtins(violation) if dataclasses.is_dataclass(violation) else str(violation)
            for violation in error.violations
        ]
    return {"error": body}


def report(error: TopoDesignError, *, as_json: bool) -> ExitCode:
    """Write a failure in the form that the run asked for and return its exit code."""
    if as_json:
        emit_json(error_document(error))
    else:
        note(f"error: {error.message} [{error.reason}]")
    return exit_code_of(error)
