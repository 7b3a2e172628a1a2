"""Power zones: rows to domain objects, and which zone a position lies in."""

from collections.abc import Sequence

from topodesign.domain.scenario import Position, PowerZone
from topodesign.scenario.columns import Defaults, RowReader, absent_columns
from topodesign.scenario.geometry import GeometryReader
from topodesign.scenario.located import Located, Part, without_repeated
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Table

REQUIRED = ("zone_id", "headroom_mw")
COLUMNS = (
    *REQUIRED,
    "name",
    "energy_usd_per_mwh",
    "carbon_g_per_kwh",
    "utility",
    "availability",
    "curtailed_hours_per_year",
    "firm_share",
)
_SUBSTITUTES = {
    "zone_id": "unnamed",
    "headroom_mw": 0.0,
    "energy_usd_per_mwh": 0.0,
    "carbon_g_per_kwh": 0.0,
    "availability": 1.0,
    "curtailed_hours_per_year": 0.0,
    "firm_share": 0.0,
}


def zones_of(table: Table, log: ProblemLog) -> Part[PowerZone]:
    """All zones of a table; rows without an id are left out, their problem is recorded."""
    defaults = Defaults("zone", "zones")
    absent = absent_columns(table, REQUIRED, log)
    geometry = GeometryReader(table.file, log)
    found: list[Located[PowerZone]] = []
    for row in table.rows:
        reader = RowReader(table, row, log, defaults, absent)
        zone_id = reader.identifier("zone_id")
        reader.thing = f"zone {zone_id!r}" if zone_id else reader.thing
        headroom = reader.required_number("headroom_mw")
        values = {
            "zone_id": zone_id,
            "name": reader.text("name"),
            "headroom_mw": 0.0 if headroom is None else headroom,
            "energy_usd_per_mwh": reader.number("energy_usd_per_mwh", 60.0),
            "carbon_g_per_kwh": reader.number("carbon_g_per_kwh", 0.0),
            "utility": reader.text("utility"),
            "availability": reader.number("availability", 1.0),
            "curtailed_hours_per_year": _number_if_given(reader, "curtailed_hours_per_year"),
            "firm_share": _number_if_given(reader, "firm_share"),
            "polygons": geometry.polygons(row, reader.thing) or (),
            "extra": reader.extra(COLUMNS),
        }
        if not values["utility"]:
            defaults.used("utility", "none named, so no utility share applies")
        zone = None if zone_id is None else reader.build(PowerZone, values, _SUBSTITUTES)
        if zone is not None:
            found.append(Located(zone, row.number))
    if not table.rows:
        log.add("FILE_EMPTY", f"{table.file} has no zones; add at least one", file=table.file)
    items = without_repeated(found, lambda zone: zone.zone_id, file=table.file, field="zone_id", log=log)
    return Part(file=table.file, items=items, assumptions=(*table.notes, *defaults.sentences))


def _number_if_given(reader: RowReader, column: str) -> float:
    """Columns that came later: where a file has none of them nothing is assumed, and its fingerprint stays."""
    return reader.number(column, 0.0) if reader.has(column) else 0.0


class ZoneMap:
    """Answers which zones a position lies in."""

    def __init__(self, zones: Sequence[PowerZone]) -> None:
        import shapely

        self._zone_ids: list[str] = []
        shapes: list[shapely.Geometry] = []
        for zone in zones:
            for rings in zone.polygons:
                self._zone_ids.append(zone.zone_id)
                shapes.append(shapely.Polygon(rings[0], rings[1:]))
        self._tree = shapely.STRtree(shapes)

    @property
    def has_shapes(self) -> bool:
        """Whether any zone has a polygon."""
        return bool(self._zone_ids)

    def zones_at(self, position: Position) -> tuple[str, ...]:
        """Ids of the zones that hold the position inside; on a border, of those that touch it."""
        import shapely

        point = shapely.Point(position)
        for predicate in ("within", "intersects"):
            hits = self._tree.query(point, predicate=predicate)
            if len(hits):
                return tuple(sorted({self._zone_ids[hit] for hit in hits}))
        return ()

    def nearest_zone(self, position: Position) -> str | None:
        """Id of the zone nearest to the position (in degrees); ``None`` when no zone has a shape."""
        import shapely

        if not self.has_shapes:
            return None
        hits = self._tree.query_nearest(shapely.Point(position))
        return min(self._zone_ids[int(hit)] for hit in hits)
