"""Columns of a row: typed values, defaults that are counted, unknown columns that are kept."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from topodesign.domain.errors import InvalidInput
from topodesign.domain.nearest import nearest
from topodesign.domain.scenario import Scalar
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row, Table

T = TypeVar("T")

LARGEST_WHOLE = 2**31 - 1

_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


class Defaults:
    """Counts the defaults used in each column of one file; ``singular`` and ``plural`` name its rows."""

    def __init__(self, singular: str, plural: str) -> None:
        self._nouns = (singular, plural)
        self._rows: dict[tuple[str, str], int] = {}

    def used(self, column: str, words: str) -> None:
        """Count one use of a column's default, described in ``words``."""
        self._rows[(column, words)] = self._rows.get((column, words), 0) + 1

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each column: ``pue: default 1.2 for 36 sites``."""
        return tuple(
            f"{column}: {words} for {count} {self._nouns[0] if count == 1 else self._nouns[1]}"
            for (column, words), count in sorted(self._rows.items())
        )


class RowReader:
    """Takes typed values out of one row, recording every fault; ``thing`` names the row in messages.

    ``absent`` columns are in no row at all; that was reported once and is not repeated for each row.
    """

    def __init__(
        self, table: Table, row: Row, log: ProblemLog, defaults: Defaults, absent: frozenset[str] = frozenset()
    ) -> None:
        self._file = table.file
        self._textual = table.textual
        self._row = row
        self._log = log
        self._defaults = defaults
        self._absent = absent
        self.thing = f"row {row.number}"

    def has(self, column: str) -> bool:
        """Whether the row gives a value."""
        return column in self._row.values

    def identifier(self, column: str) -> str | None:
        """A required id; whole numbers are taken as text."""
        value = self._row.values.get(column)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str):
            return value
        if value is not None:
            self._wrong_type(column, value, "text")
        else:
            self.missing(column)
        return None

    def optional_identifier(self, column: str) -> str | None:
        """An id that may be left out."""
        return self.identifier(column) if column in self._row.values else None

    def missing(self, column: str) -> None:
        """Record that a required value is missing."""
        if column in self._absent:
            return
        self._add("VALUE_MISSING", column, f"{self.thing} has no {column}; give one")

    def text(self, column: str) -> str:
        """Text, empty when left out."""
        value = self._row.values.get(column, "")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str):
            return value
        self._wrong_type(column, value, "text")
        return ""

    def required_number(self, column: str) -> float | None:
        """A number that must be given."""
        if column not in self._row.values:
            self.missing(column)
            return None
        return self._number(column)

    def number(self, column: str, default: float) -> float:
        """A number with a default."""
        value = self._given(column, f"default {default:g}", self._number)
        return default if value is None else value

    def optional_number(self, column: str, words: str) -> float | None:
        """A number that may be left out; ``words`` say what that means."""
        return self._given(column, words, self._number)

    def whole(self, column: str, default: int) -> int:
        """A whole number with a default."""
        value = self._given(column, f"default {default}", self._whole)
        return default if value is None else value

    def optional_whole(self, column: str, words: str) -> int | None:
        """A whole number that may be left out; ``words`` say what that means."""
        return self._given(column, words, self._whole)

    def required_whole(self, column: str) -> int | None:
        """A whole number that must be given."""
        if column not in self._row.values:
            self.missing(column)
            return None
        return self._whole(column)

    def route(self, column: str) -> tuple[str, ...]:
        """Ids joined by ``;`` that must be given, in their order; empty when they are not."""
        if column not in self._row.values:
            self.missing(column)
            return ()
        return tuple(self._names(column) or ())

    def flag(self, column: str, *, default: bool = False) -> bool:
        """True or false, with a default."""
        value = self._given(column, f"default {str(default).lower()}", self._flag)
        return default if value is None else value

    def choice(self, column: str, choices: Sequence[str], default: str) -> str:
        """One of some words, with a default."""
        return self._given(column, f"default {default}", lambda name: self._choice(name, choices)) or default

    def names(self, column: str, words: str) -> tuple[str, ...]:
        """Ids joined by ``;`` (or a JSON list of them), sorted, without repetition."""
        return tuple(sorted(set(self._given(column, words, self._names) or ())))

    def extra(self, known: Sequence[str]) -> dict[str, Scalar]:
        """Unknown columns, to be carried to the outputs; lists and objects as JSON text."""
        return {name: _scalar(value) for name, value in sorted(self._row.values.items()) if name not in known}

    def build(self, kind: Callable[..., T], values: Mapping[str, Any], substitutes: Mapping[str, Any]) -> T | None:
        """A domain object; each value that it refuses is recorded and replaced, so that one pass finds them all."""
        given = dict(values)
        for _ in range(len(given) + 1):
            try:
                return kind(**given)
            except InvalidInput as error:
                self._log.add_error(error, file=self._file, row=self._row.number, thing=self.thing)
                if error.field_path not in substitutes or given.get(error.field_path) == substitutes[error.field_path]:
                    return None
                given[error.field_path] = substitutes[error.field_path]
        return None

    def _given(self, column: str, words: str, take: Callable[[str], T | None]) -> T | None:
        if column in self._row.values:
            return take(column)
        self._defaults.used(column, words)
        return None

    def _number(self, column: str) -> float | None:
        value = self._row.values[column]
        if self._textual and isinstance(value, str):
            with suppress(ValueError):  # else it is still text, and reported as such below
                value = float(value) if "_" not in value else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong_type(column, value, "a number")
            return None
        if not is_finite(value):
            self._add(
                "NUMBER_NOT_FINITE",
                column,
                f"{self.thing}: {column} is {str(value)[:30]}, but it must be finite; give a number",
            )
            return None
        return float(value)

    def _whole(self, column: str) -> int | None:
        value = self._number(column)
        if value is None:
            return None
        if value != int(value):
            self._wrong_type(column, value, "a whole number")
            return None
        if abs(value) > LARGEST_WHOLE:
            message = f"{self.thing}: {column} is {value:g}, but it must be at most {LARGEST_WHOLE}; lower it"
            self._add("NUMBER_OUT_OF_RANGE", column, message)
            return None
        return int(value)

    def _flag(self, column: str) -> bool | None:
        value = self._row.values[column]
        if isinstance(value, bool):
            return value
        word = str(value).lower()
        if (self._textual or isinstance(value, int)) and word in _TRUE | _FALSE:
            return word in _TRUE
        self._wrong_type(column, value, "true or false")
        return None

    def _choice(self, column: str, choices: Sequence[str]) -> str | None:
        value = self._row.values[column]
        if isinstance(value, str) and value in choices:
            return value
        hint = self._log.hint(str(value), choices)
        message = f"{self.thing}: {column} {value!r} is not one of {', '.join(choices)}; {hint}"
        self._add("VALUE_UNKNOWN", column, message)
        return None

    def _names(self, column: str) -> tuple[str, ...] | None:
        value = self._row.values[column]
        parts = value.split(";") if isinstance(value, str) else value
        if isinstance(parts, int) and not isinstance(parts, bool):
            parts = [str(parts)]
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            self._wrong_type(column, value, "ids joined by ';'")
            return None
        return tuple(part.strip() for part in parts if part.strip())

    def _wrong_type(self, column: str, value: object, wanted: str) -> None:
        shown = repr(value)[:60]
        self._add("TYPE_WRONG", column, f"{self.thing}: {column} is {shown}, but it must be {wanted}; correct it")

    def _add(self, reason: str, column: str, message: str) -> None:
        self._log.add(reason, message, file=self._file, row=self._row.number, field=column)


def is_finite(value: float) -> bool:
    """Whether a number fits a float and is finite; JSON and TOML allow whole numbers of any length."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _scalar(value: object) -> Scalar:
    """A value that the outputs can carry: JSON has no name for infinities, and tables no lists."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return value if is_finite(value) else None
    try:
        return json.dumps(value, default=str)
    except RecursionError:
        return None


def absent_columns(table: Table, required: Sequence[str], log: ProblemLog) -> frozenset[str]:
    """Required columns that no row has, each reported once for the file."""
    present = {name for row in table.rows for name in row.values}
    absent = frozenset(required) - present if table.rows else frozenset()
    for column in sorted(absent):
        similar = nearest(column, present)
        hint = f"; {similar}" if similar.startswith("did you mean") else "; add it"
        log.add("COLUMN_MISSING", f"{table.file} has no column {column!r}{hint}", file=table.file, field=column)
    return absent
