"""What commands write and how they end: the ``--json`` convention, exit codes, errors for people.

With ``--json`` exactly one JSON document goes to stdout; progress, logs and errors for people go to stderr. A stdout
that takes nothing more (closed, full, its reader gone) ends a command as it ends Unix tools: see :class:`OutputLost`.
"""

import contextlib
import dataclasses
import enum
import errno
import os
import shutil
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from topodesign.domain.errors import (
    CapacityError,
    Conflict,
    InvalidInput,
    InvalidScenario,
    NotFound,
    ServiceUnavailable,
    TopoDesignError,
    Unauthenticated,
    VerificationFailed,
)

if TYPE_CHECKING:
    from rich.table import Table


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
    READER_GONE = 141
    """Whoever read stdout has closed it (``| head``); silent, as a program that SIGPIPE ends."""


class OutputLost(Exception):  # no OSError, which typer would turn into exit code 1 of its own
    """Stdout takes nothing more. ``reader_gone``: the other end of a pipe was closed, which is nobody's fault."""

    def __init__(self, error: OSError | None) -> None:
        self.reader_gone = error is not None and error.errno == errno.EPIPE
        self.why = "it is closed" if error is None else str(error.strerror or error)
        super().__init__(self.why)


def emit_json(document: object) -> None:
    """Write the one JSON document of a ``--json`` run to stdout: builtins or domain objects, infinities as ``null``."""
    from topodesign.domain.codec import encode_json  # not needed by help, which is to answer at once

    _write(encode_json(document).decode("utf-8"))
    flush_output()


def note(text: str) -> None:
    """Write a line for people to stderr."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError):  # there is no third place to tell that stderr takes nothing
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def say(text: str) -> None:
    """Write a line of a command's answer for people to stdout; never used together with ``--json``."""
    _write(text + "\n")


def say_tables(*tables: "Table", width: int) -> None:
    """Write tables for people to stdout, ``width`` columns wide.

    They are laid out first and then written as every other line is: rich itself ends a program whose reader is gone
    in its own way.
    """
    from rich.console import Console

    laid_out = StringIO()
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    console = Console(file=laid_out, width=width, highlight=False, force_terminal=is_terminal)
    for table in tables:
        console.print(table)
    _write(laid_out.getvalue())


def table_width(least: int) -> int:
    """Columns for tables: a pipe gets whole ones, a terminal what it has, if that is enough."""
    return max(least, shutil.get_terminal_size().columns)


def _write(text: str) -> None:
    if sys.stdout is None:  # closed before the program began
        raise OutputLost(None)
    try:
        sys.stdout.write(text)
    except OSError as error:
        raise OutputLost(error) from None


def flush_output() -> None:
    """Hand on what is still buffered; raises :class:`OutputLost` when nobody takes it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        raise OutputLost(error) from None


def abandon_output(lost: OutputLost) -> ExitCode:
    """The exit code of a run whose stdout is lost; says so, unless the reader just left."""
    if sys.stdout is not None:
        # What is still buffered would fail a second time, loudly, when the interpreter ends.
        with Path(os.devnull).open("w", encoding="utf-8") as sink:
            os.dup2(sink.fileno(), sys.stdout.fileno())
    if lost.reader_gone:
        return ExitCode.READER_GONE
    note(f"error: standard output cannot be written: {lost.why}; give it a place with room [OUTPUT_LOST]")
    return ExitCode.BAD_INPUT


def exit_code_of(error: TopoDesignError) -> ExitCode:
    """The exit code that an error ends a command with."""
    if isinstance(error, InvalidInput | NotFound | Conflict | Unauthenticated):
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
    from topodesign.domain.codec import to_builtins

    body: dict[str, object] = {"reason": error.reason, "message": error.message, "problems": []}
    if isinstance(error, InvalidScenario):
        body["problems"] = [to_builtins(problem) for problem in error.problems]
    elif isinstance(error, InvalidInput | NotFound) and error.field_path:
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
        if isinstance(error, VerificationFailed):
            for violation in error.violations:
                note(f"  {_violation_line(violation)}")
    return exit_code_of(error)


def report_interrupt(*, as_json: bool) -> ExitCode:
    """Say that Ctrl-C ended the command before it was done."""
    message = "interrupted before it was done"
    if as_json:
        emit_json({"error": {"reason": "INTERRUPTED", "message": message, "problems": []}})
    else:
        note(message)
    return ExitCode.INTERRUPTED


def _violation_line(violation: object) -> str:
    from topodesign.domain.plan import Violation

    return f"{violation.message} [{violation.rule}]" if isinstance(violation, Violation) else str(violation)
