"""Junctions: rows to domain objects; the zone of each prices the power of equipment there."""

from topodesign.domain.scenario import Junction, Position, PowerZone
from topodesign.scenario.columns import Defaults, RowReader, absent_columns
from topodesign.scenario.geometry import GeometryReader
from topodesign.scenario.located import Located, Part, without_repeated
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row, Table
from topodesign.scenario.sites import with_lon_lat
from topodesign.scenario.zones import ZoneMap

REQUIRED = ("node_id",)
COLUMNS = (*REQUIRED, "name", "regeneration", "zone_id")


class JunctionBuilder:
    """Builds the junctions of one table against the zones read before (``None``: they could not be read)."""

    def __init__(self, table: Table, zones: Part[PowerZone] | None, log: ProblemLog) -> None:
        self._table = table
        self._log = log
        self._zone_ids = None if zones is None else [zone.zone_id for zone in zones.values]
        self._map = ZoneMap(() if zones is None else zones.values)
        self._defaults = Defaults("junction", "junctions")

    def build(self) -> Part[Junction]:
        """All junctions; rows without an id or position are left out, their problems are recorded."""
        table, log = self._table, self._log
        absent = absent_columns(table, REQUIRED, log)
        geometry = GeometryReader(table.file, log)
        found = []
        for row in table.rows:
            reader = RowReader(table, row, log, self._defaults, absent)
            node_id = reader.identifier("node_id")
            reader.thing = f"junction {node_id!r}" if node_id else reader.thing
            position = geometry.point(with_lon_lat(table, row), reader.thing)
            regeneration = reader.flag("regeneration")
            zone_id = self._zone_of(row, reader, position)
            if node_id is None or position is None:
                continue
            values = {
                "node_id": node_id,
                "name": reader.text("name"),
                "lon": position[0],
                "lat": position[1],
                "regeneration": regeneration,
                "zone_id": zone_id,
                "extra": reader.extra((*COLUMNS, "lon", "lat") if table.textual else COLUMNS),
            }
            junction = reader.build(Junction, values, {"node_id": "unnamed"})
            if junction is not None:
                found.append(Located(junction, row.number))
        items = without_repeated(found, lambda node: node.node_id, file=table.file, field="node_id", log=log)
        return Part(file=table.file, items=items, assumptions=(*table.notes, *self._defaults.sentences))

    def _zone_of(self, row: Row, reader: RowReader, position: Position | None) -> str | None:
        zone_id = reader.optional_identifier("zone_id")
        if zone_id is not None:
            if self._zone_ids is not None and zone_id not in self._zone_ids:
                hint = self._log.hint(zone_id, self._zone_ids)
                message = f"{reader.thing}: zone_id {zone_id!r} names no power zone; {hint}"
                self._log.add("ZONE_UNKNOWN", message, file=self._table.file, row=row.number, field="zone_id")
                return None
            return zone_id
        if position is None:
            return None
        hits = self._map.zones_at(position)
        if hits:
            self._defaults.used("zone_id", "by position")
            return hits[0]
        found = self._map.nearest_zone(position)
        if found is None:
            self._defaults.used("zone_id", "none, so the mean price and carbon of all zones apply")
        else:
            self._defaults.used("zone_id", "in no zone, so the nearest one is taken")
        return found
