"""Lightpaths in service today: rows of ``lightpaths.csv`` to domain objects."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from topodesign.catalog import load_catalog
from topodesign.domain.references import broken_walk
from topodesign.domain.scenario import FiberSegment, LitLightpath
from topodesign.scenario.columns import Defaults, RowReader, absent_columns
from topodesign.scenario.located import Located, Part
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row, Table
from topodesign.scenario.traffic import named, unused_columns

REQUIRED = ("a", "z", "mode", "count", "segments")


class LightpathBuilder:
    """Builds the lightpaths of one table over the segments read before.

    ``site_ids`` and ``segment_ids`` are all ids that the files name, also of rows with a fault, or ``None`` when the
    file could not be read.
    """

    def __init__(
        self,
        table: Table,
        segments: Sequence[FiberSegment],
        *,
        site_ids: AbstractSet[str] | None,
        segment_ids: AbstractSet[str] | None,
        log: ProblemLog,
    ) -> None:
        self._table = table
        self._segment_of = {segment.segment_id: segment for segment in segments}
        self._site_ids = site_ids
        self._segment_ids = segment_ids
        self._log = log
        self._modes = [mode.id for mode in load_catalog().transceivers]
        self._rows: dict[tuple[object, ...], int] = {}

    def build(self) -> Part[LitLightpath]:
        """All lightpaths; rows with a fault are left out, their problems are recorded."""
        table = self._table
        absent = absent_columns(table, REQUIRED, self._log)
        found = []
        for row in table.rows:
            reader = RowReader(table, row, self._log, Defaults("lightpath", "lightpaths"), absent)
            path = self._lightpath(row, reader)
            if path is not None:
                found.append(Located(path, row.number))
        paths = [item.value for item in found]
        return Part(file=table.file, items=tuple(found), assumptions=self._assumptions(paths))

    def _lightpath(self, row: Row, reader: RowReader) -> LitLightpath | None:
        a, z = reader.identifier("a"), reader.identifier("z")
        if a is not None and z is not None:
            reader.thing = f"lightpath {a!r} to {z!r}"
        ends_known = [self._is_known(row, reader, column, end, self._site_ids) for column, end in (("a", a), ("z", z))]
        mode = reader.identifier("mode")
        mode_known = self._is_mode(row, reader, mode)
        count = reader.required_whole("count")
        segments = reader.route("segments")
        route_known = [self._is_known(row, reader, "segments", item, self._segment_ids) for item in segments]
        if a is None or z is None or mode is None or count is None or not segments:
            return None
        values = {"a": a, "z": z, "mode": mode, "count": count, "segments": segments}
        path = reader.build(LitLightpath, values, {"count": 1})
        if path is None or not all((*ends_known, mode_known, *route_known)):
            return None
        return path if self._joins_up(row, reader, path) and self._is_first(row, reader, path) else None

    def _is_known(
        self, row: Row, reader: RowReader, column: str, name: str | None, known: AbstractSet[str] | None
    ) -> bool:
        if name is None or known is None or name in known:
            return True
        kind = "fiber segment" if column == "segments" else "site"
        message = f"{reader.thing}: {column} names {name!r}, which is no {kind}; {self._log.hint(name, known)}"
        self._add(row, "REFERENCE_UNKNOWN", message, column)
        return False

    def _is_mode(self, row: Row, reader: RowReader, mode: str | None) -> bool:
        if mode is None or mode in self._modes:
            return True
        message = f"{reader.thing}: mode {mode!r} is no mode of the catalogue; {self._log.hint(mode, self._modes)}"
        self._add(row, "EQUIPMENT_UNKNOWN", message, "mode")
        return False

    def _joins_up(self, row: Row, reader: RowReader, path: LitLightpath) -> bool:
        known = [self._segment_of.get(item) for item in path.segments]
        ends = [(segment.a, segment.b) for segment in known if segment is not None]
        if len(ends) < len(known):
            return False  # a segment with a fault of its own, which is reported with its file
        fault = broken_walk(path.a, path.z, path.segments, ends)
        if fault is not None:
            message = f"{reader.thing}: {fault}; give the segments in order from a"
            self._add(row, "ROUTE_BROKEN", message, "segments")
        return fault is None

    def _is_first(self, row: Row, reader: RowReader, path: LitLightpath) -> bool:
        first = self._rows.setdefault(path.key, row.number)
        if first != row.number:
            message = f"{reader.thing}: the same ends, mode and route are in row {first}; add the counts up in one row"
            self._add(row, "DUPLICATE_ID", message, "segments")
        return first == row.number

    def _assumptions(self, paths: Sequence[LitLightpath]) -> tuple[str, ...]:
        sentences = unused_columns(self._table, REQUIRED)
        if paths:
            sentences.append(
                f"{self._table.file}: {sum(path.count for path in paths)} lightpaths are in service; their "
                "transceivers are sunk cost, and a plan may keep them or switch them off"
            )
        dark = {item for path in paths for item in path.segments if self._segment_of[item].lit_pairs == 0}
        if dark:
            sentences.append(
                f"{self._table.file}: segments with lit_pairs 0 carry lightpaths in service, so keeping those pays for "
                f"fiber pairs: {named(sorted(dark))}"
            )
        return tuple(sentences)

    def _add(self, row: Row, reason: str, message: str, column: str) -> None:
        self._log.add(reason, message, file=self._table.file, row=row.number, field=column)
