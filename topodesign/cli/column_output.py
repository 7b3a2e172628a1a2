"""Columns of figures as CSV, one JSON document, or a file: a million rows without a million objects."""

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topodesign.cli.output import emit_json, say
from topodesign.domain.errors import InvalidInput
from topodesign.outputs.target import require_usable_file
from topodesign.scenario.whole_folders import write_whole_file

Columns = Mapping[str, NDArray[np.generic]]
ROWS_AT_A_TIME = 20_000
SUFFIXES = (".csv", ".parquet")


def require_column_file(place: Path | None) -> None:
    """Raise :class:`InvalidInput` unless columns can be written there: before they are worked out."""
    if place is None:
        return
    if place.suffix not in SUFFIXES:
        raise InvalidInput(
            f"--out is {place.name!r}, but it must end with .csv or .parquet; give such a name", field_path="--out"
        )
    require_usable_file(place)


def write_columns(columns: Columns, place: Path | None, *, rows_name: str, as_json: bool) -> None:
    """Into a file, or on stdout: as CSV, or as one JSON document with a list of that name.

    What is infinite or not a number is left empty in CSV, and ``null`` in JSON and Parquet.
    """
    count = len(next(iter(columns.values())))
    if place is not None:
        write_whole_file(place, lambda fresh: _write_file(columns, fresh))
        if as_json:
            emit_json({"count": count, "files": [str(place)]})
        else:
            say(f"{count:,} rows written to {place}")
    elif as_json:
        names = list(columns)
        emit_json({rows_name: [dict(zip(names, row, strict=True)) for row in _rows(columns)]})
    else:
        for text in _csv_texts(columns):
            say(text.removesuffix("\n"))


def _write_file(columns: Columns, place: Path) -> None:
    if place.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        arrays = {name: pyarrow.array(values, mask=~_is_given(values)) for name, values in columns.items()}
        parquet.write_table(pyarrow.table(arrays), place)
        return
    with place.open("w", encoding="utf-8", newline="") as file:
        file.writelines(_csv_texts(columns))


def _csv_texts(columns: Columns) -> Iterator[str]:
    """The header, then many lines at a time."""
    rows = itertools.chain([tuple(columns)], _rows(columns))
    while chunk := list(itertools.islice(rows, ROWS_AT_A_TIME)):
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(chunk)
        yield text.getvalue()


def _rows(columns: Columns) -> Iterator[Sequence[Any]]:
    count = len(next(iter(columns.values())))
    for first in range(0, count, ROWS_AT_A_TIME):
        yield from zip(*(_cells(values[first : first + ROWS_AT_A_TIME]) for values in columns.values()), strict=True)


def _cells(values: NDArray[np.generic]) -> list[Any]:
    given = _is_given(values)
    cells: list[Any] = values.tolist()
    if not given.all():
        for place in np.flatnonzero(~given).tolist():
            cells[place] = None
    return cells


def _is_given(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    if np.issubdtype(values.dtype, np.floating):
        return np.isfinite(values.astype(np.float64))
    return np.ones(len(values), dtype=bool)
