"""Collects located problems, so that a reader goes on after the first fault and reports all of them together."""

import ast
from collections.abc import Iterable

from topodesign.domain.errors import InvalidInput, Problem
from topodesign.domain.nearest import nearest

MOST_HINTS = 20


class ProblemLog:
    """Problems of one scenario in the order in which they were found."""

    def __init__(self) -> None:
        # A dict as an ordered set: a fault met on two ways is one problem.
        self._problems: dict[Problem, None] = {}
        self._hints_left = MOST_HINTS

    def add(self, reason: str, message: str, *, file: str, row: int | None = None, field: str | None = None) -> None:
        """Record a problem; ``row`` counts features or data rows from 1."""
        shown = None if field is None else _printable(field)
        self._problems[
            Problem(file=_printable(file), row=row, field=shown, reason=reason, message=_printable(message))
        ] = None

    def hint(self, name: str, known: Iterable[str]) -> str:
        """As :func:`nearest`, but only for the first few: comparing every name of a large file would take minutes."""
        if self._hints_left == 0:
            return "correct it or add it"
        self._hints_left -= 1
        return nearest(name, known)

    def add_error(
        self, error: InvalidInput, *, file: str, row: int | None, thing: str, field: str | None = None
    ) -> None:
        """Record a domain object's refusal of a value; ``thing`` names the row (``site 'iad-3'``)."""
        message = f"{thing}: {error.message}" if thing else error.message
        self.add(reason_of(error), message, file=file, row=row, field=field or error.field_path or None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems)

    def is_about(self, *files: str, field: str | None = None) -> bool:
        """Whether any of the files has a problem already (in that field, where one is given)."""
        return any(problem.file in files and field in (None, problem.field) for problem in self._problems)


def _printable(text: str) -> str:
    """Text of a file made safe for a terminal: control characters as escapes."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def reason_of(error: InvalidInput) -> str:
    """A reason that says what is wrong with a number; any other error keeps its own."""
    limit = error.metadata.get("limit", "")
    if error.reason != "FIELD_INVALID" or not limit.startswith(("a finite number", "at least", "at most", "greater")):
        return error.reason
    try:
        value = ast.literal_eval(error.metadata.get("value", ""))
    except (ValueError, SyntaxError):
        # The reprs of infinity and not-a-number are no literals, nor are those of odd objects.
        return "NUMBER_NOT_FINITE" if limit == "a finite number" else error.reason
    if isinstance(value, bool) or not isinstance(value, int | float):
        return error.reason
    return "NUMBER_NEGATIVE" if value < 0 else "NUMBER_OUT_OF_RANGE"
