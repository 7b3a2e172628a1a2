"""Fiber segments: rows to domain objects, with the length of each."""

from collections.abc import Mapping
from typing import get_args

from topodesign.domain.scenario import FiberSegment, FiberType, Position
from topodesign.scenario.columns import Defaults, RowReader, absent_columns
from topodesign.scenario.geometry import GeometryReader, geodesic_length_km
from topodesign.scenario.located import Located, Part, without_repeated
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row, Table

REQUIRED = ("segment_id", "a", "b")
COLUMNS = (
    *REQUIRED,
    "length_km",
    "pairs_available",
    "usd_per_pair_km",
    "usd_per_route_km_year",
    "build_usd_per_km",
    "build_pairs",
    "fiber_type",
    "conduits",
    "lit_pairs",
    "in_service_year",
)
ROUTE_FACTOR = 1.3
"""Fiber route over great circle where only the ends are known: US conduits between 120 cities (arXiv:1811.10737)."""

_MOST_NAMED = 10
_SUBSTITUTES = {
    "segment_id": "unnamed",
    "length_km": 1.0,
    "pairs_available": 1,
    "usd_per_pair_km": 0.0,
    "usd_per_route_km_year": 0.0,
    "build_usd_per_km": None,
    "build_pairs": 0,
    "lit_pairs": 0,
    "conduits": (),
    "in_service_year": None,
}


class FiberBuilder:
    """Builds the segments of one table between the nodes (sites and junctions) read before.

    ``positions`` are those of sound nodes; ``node_ids`` are all ids that the files name, also of rows with a fault, or
    ``None`` when a file could not be read: then every end would be reported as unknown, which says nothing new.
    """

    def __init__(
        self, table: Table, positions: Mapping[str, Position], node_ids: frozenset[str] | None, log: ProblemLog
    ) -> None:
        self._table = table
        self._positions = positions
        self._node_ids = node_ids
        self._log = log
        self._defaults = Defaults("segment", "segments")
        self._estimated: list[str] = []
        self._too_short: list[str] = []
        self.usable_ends: list[tuple[str, str]] = []
        """Ends of every row that has or can have pairs, also of rows with a fault elsewhere."""

    def build(self) -> Part[FiberSegment]:
        """All segments; rows without an id or known ends are left out, their problems are recorded."""
        table, log = self._table, self._log
        absent = absent_columns(table, REQUIRED, log)
        geometry = GeometryReader(table.file, log)
        found = []
        for row in table.rows:
            reader = RowReader(table, row, log, self._defaults, absent)
            segment_id = reader.identifier("segment_id")
            reader.thing = f"segment {segment_id!r}" if segment_id else reader.thing
            ends = self._ends(row, reader)
            line = geometry.line(row, reader.thing)
            length = self._length(row, reader, segment_id, ends, line)
            values = self._values(reader) | {"segment_id": segment_id or "unnamed", "length_km": length}
            values |= {"a": ends[0], "b": ends[1]} if ends else {"a": "a", "b": "b"}
            if reader.has("in_service_year"):  # of build-outs only: its default is nothing that a plan assumes
                values["in_service_year"] = reader.optional_whole("in_service_year", "in service")
            segment = reader.build(FiberSegment, values | {"geometry": line or ()}, _SUBSTITUTES)
            if segment is None or ends is None:
                continue
            if segment.most_pairs > 0:
                self.usable_ends.append(ends)
            if segment_id is not None:
                found.append(Located(segment, row.number))
        items = without_repeated(
            found, lambda segment: segment.segment_id, file=table.file, field="segment_id", log=log
        )
        return Part(file=table.file, items=items, assumptions=self._assumptions())

    def _values(self, reader: RowReader) -> dict[str, object]:
        return {
            "pairs_available": reader.whole("pairs_available", 144),
            "usd_per_pair_km": reader.number("usd_per_pair_km", 2000.0),
            "usd_per_route_km_year": reader.number("usd_per_route_km_year", 155.0),
            "build_usd_per_km": reader.optional_number("build_usd_per_km", "no new build"),
            "build_pairs": reader.whole("build_pairs", 0),
            "fiber_type": reader.choice("fiber_type", get_args(FiberType), "ssmf"),
            "conduits": reader.names("conduits", "its own conduit"),
            "lit_pairs": reader.whole("lit_pairs", 0),
            "extra": reader.extra(COLUMNS),
        }

    def _ends(self, row: Row, reader: RowReader) -> tuple[str, str] | None:
        a, b = reader.identifier("a"), reader.identifier("b")
        if a is not None and a == b:
            message = f"{reader.thing}: a and b are both {a!r}; drop the self-loop or correct one end"
            self._log.add("SELF_LOOP", message, file=self._table.file, row=row.number, field="b")
        for column, end in (("a", a), ("b", b)):
            if end is not None and self._node_ids is not None and end not in self._node_ids:
                message = (
                    f"{reader.thing}: {column} {end!r} names no site or junction; {self._log.hint(end, self._node_ids)}"
                )
                self._log.add("REFERENCE_UNKNOWN", message, file=self._table.file, row=row.number, field=column)
        return None if a is None or b is None or a == b else (a, b)

    def _length(
        self,
        row: Row,
        reader: RowReader,
        segment_id: str | None,
        ends: tuple[str, str] | None,
        line: tuple[Position, ...] | None,
    ) -> float:
        known = [self._positions[end] for end in ends or () if end in self._positions]
        direct = geodesic_length_km(known) if len(known) == 2 else None
        if "length_km" in row.values:
            length = reader.required_number("length_km")
            if length is not None and direct is not None and 0 < length < 0.99 * direct:
                self._too_short.append(segment_id or reader.thing)
            return _SUBSTITUTES["length_km"] if length is None else length  # type: ignore[return-value]
        if line:
            self._defaults.used("length_km", "measured along the geometry (geodesic)")
            return geodesic_length_km(line)
        if direct is None:
            return 1.0
        self._estimated.append(segment_id or reader.thing)
        return ROUTE_FACTOR * direct

    def _assumptions(self) -> tuple[str, ...]:
        sentences = [*self._table.notes, *self._defaults.sentences]
        if self._estimated:
            sentences.append(
                f"length_km: ESTIMATED as great circle x {ROUTE_FACTOR} between the ends for {_named(self._estimated)}"
            )
        if self._too_short:
            named = _named(self._too_short)
            sentences.append(f"length_km: shorter than the great circle between the ends, taken as given, for {named}")
        return tuple(sentences)


def _named(ids: list[str]) -> str:
    shown = ", ".join(sorted(ids)[:_MOST_NAMED]) + (", ..." if len(ids) > _MOST_NAMED else "")
    return f"{len(ids)} segment{'s' if len(ids) != 1 else ''} ({shown})"
