"""Rows of a table as every file format gives them: a number from 1, values by column, a GeoJSON-like geometry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Geometry = Mapping[str, Any]  # a GeoJSON geometry object, untyped by nature and checked where it is used


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One feature or data row. ``values`` has no missing (null, empty) entries."""

    number: int
    values: Mapping[str, object]
    geometry: Geometry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All rows of a file. In a ``textual`` table (CSV, GraphML) every value is text and is converted by its column.

    ``notes`` say what was done to the data on the way, such as a reprojection.
    """

    file: str
    rows: tuple[Row, ...]
    textual: bool = False
    notes: tuple[str, ...] = field(default=())
