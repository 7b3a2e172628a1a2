"""Measured reaches: rows of ``reach.csv`` to domain objects."""

from typing import get_args

from topodesign.catalog import load_catalog
from topodesign.domain.scenario import FiberType, MeasuredReach
from topodesign.scenario.columns import Defaults, RowReader, absent_columns
from topodesign.scenario.located import Located, Part
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row, Table
from topodesign.scenario.traffic import named, unused_columns

REQUIRED = ("mode", "fiber_type", "reach_km")
FIBER_TYPES: tuple[str, ...] = get_args(FiberType)
_SUBSTITUTES = {"reach_km": 1.0}


class ReachBuilder:
    """Builds the measured reaches of one table; modes are those of the whole catalogue."""

    def __init__(self, table: Table, log: ProblemLog) -> None:
        self._table = table
        self._log = log
        self._modes = [mode.id for mode in load_catalog().transceivers]
        self._rows: dict[tuple[str, str], int] = {}

    def build(self) -> Part[MeasuredReach]:
        """All reaches; rows with a fault are left out, their problems are recorded."""
        table, log = self._table, self._log
        absent = absent_columns(table, REQUIRED, log)
        if not table.rows:
            message = f"{table.file} has no rows; give a mode, a fiber_type and a reach_km, or remove the file"
            log.add("FILE_EMPTY", message, file=table.file)
        found = []
        for row in table.rows:
            reader = RowReader(table, row, log, Defaults("reach", "reaches"), absent)
            reach = self._reach(row, reader)
            if reach is not None:
                found.append(Located(reach, row.number))
        told = [f"{item.value.mode} on {item.value.fiber_type} {item.value.reach_km:g} km" for item in found]
        sentences = [f"{table.file}: measured, in place of the line model: {named(told)}"] if told else []
        sentences += unused_columns(table, REQUIRED)
        return Part(file=table.file, items=tuple(found), assumptions=tuple(sentences))

    def _reach(self, row: Row, reader: RowReader) -> MeasuredReach | None:
        mode, fiber_type = reader.identifier("mode"), reader.identifier("fiber_type")
        if mode is not None and fiber_type is not None:
            reader.thing = f"reach of {mode!r} on {fiber_type!r}"
        km = reader.required_number("reach_km")
        known = [
            self._is_known(row, reader, "mode", mode, self._modes),
            self._is_known(row, reader, "fiber_type", fiber_type, FIBER_TYPES),
        ]
        values = {"mode": mode or "mode", "fiber_type": fiber_type, "reach_km": 1.0 if km is None else km}
        reach = reader.build(MeasuredReach, values, _SUBSTITUTES)
        if reach is None or mode is None or fiber_type is None or km is None or not all(known):
            return None
        first = self._rows.setdefault((mode, fiber_type), row.number)
        if first != row.number:
            message = f"{reader.thing} is already in row {first}; keep one of the two"
            self._add(row, "DUPLICATE_ID", message, "mode")
        return reach if first == row.number else None

    def _is_known(
        self, row: Row, reader: RowReader, column: str, name: str | None, known: list[str] | tuple[str, ...]
    ) -> bool:
        if name is None or name in known:
            return True
        kind = "mode of the catalogue" if column == "mode" else "kind of fiber"
        message = f"{reader.thing}: {column} {name!r} is no {kind}; {self._log.hint(name, known)}"
        self._add(row, "EQUIPMENT_UNKNOWN" if column == "mode" else "VALUE_UNKNOWN", message, column)
        return False

    def _add(self, row: Row, reason: str, message: str, column: str) -> None:
        self._log.add(reason, message, file=self._table.file, row=row.number, field=column)
