"""Sites: rows to domain objects, with the zone that each lies in."""

from collections.abc import Sequence
from typing import get_args

from topodesign.domain.scenario import Position, PowerZone, Site, SiteRole
from topodesign.scenario.columns import Defaults, RowReader, absent_columns
from topodesign.scenario.geometry import GeometryReader
from topodesign.scenario.located import Located, Part, without_repeated
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row, Table
from topodesign.scenario.zones import ZoneMap

REQUIRED = ("site_id", "power_mw")
COLUMNS = (
    *REQUIRED,
    "name",
    "zone_id",
    "pue",
    "fixed_capex_usd",
    "capex_usd_per_mw",
    "max_pods",
    "min_pods",
    "role",
    "required",
    "forbidden",
    "in_service_year",
    "hose_gbps",
)
_SUBSTITUTES = {
    "site_id": "unnamed",
    "power_mw": 0.0,
    "pue": 1.2,
    "fixed_capex_usd": 0.0,
    "capex_usd_per_mw": 0.0,
    "min_pods": 0,
    "max_pods": None,
    "required": False,
    "hose_gbps": 0.0,
}


class SiteBuilder:
    """Builds the sites of one table against the zones read before (``None``: they could not be read)."""

    def __init__(self, table: Table, zones: Part[PowerZone] | None, log: ProblemLog) -> None:
        self._table = table
        self._log = log
        self._zone_ids = None if zones is None else [zone.zone_id for zone in zones.values]
        # Without every polygon, "in no zone" would be a guess.
        self._shapes_complete = zones is not None and not log.is_about(zones.file, field="geometry")
        self._map = ZoneMap(() if zones is None else zones.values)
        self._defaults = Defaults("site", "sites")
        self._by_position = 0

    def build(self) -> Part[Site]:
        """All sites; rows without an id or position are left out, their problems are recorded."""
        table, log = self._table, self._log
        absent = absent_columns(table, REQUIRED, log)
        geometry = GeometryReader(table.file, log)
        readers = [(row, RowReader(table, row, log, self._defaults, absent)) for row in table.rows]
        located: list[tuple[Row, RowReader, str | None, Position | None]] = []
        for row, reader in readers:
            site_id = reader.identifier("site_id")
            reader.thing = f"site {site_id!r}" if site_id else reader.thing
            located.append((row, reader, site_id, geometry.point(with_lon_lat(table, row), reader.thing)))
        swapped = self._report_swapped([position for *_, position in located if position is not None])
        found = []
        for row, reader, site_id, position in located:
            zone_id = self._zone_of(row, reader, position, swapped=swapped)
            site = self._site(reader, site_id, zone_id, position)
            if site is not None:
                found.append(Located(site, row.number))
        if not table.rows:
            log.add("FILE_EMPTY", f"{table.file} has no sites; add at least one", file=table.file)
        items = without_repeated(found, lambda site: site.site_id, file=table.file, field="site_id", log=log)
        by_position = (f"zone_id: by position for {self._by_position} sites",) if self._by_position else ()
        return Part(file=table.file, items=items, assumptions=(*table.notes, *by_position, *self._defaults.sentences))

    def _site(
        self, reader: RowReader, site_id: str | None, zone_id: str | None, position: Position | None
    ) -> Site | None:
        power = reader.required_number("power_mw")
        values = {
            "site_id": site_id,
            "name": reader.text("name"),
            "zone_id": zone_id or "unknown",
            "power_mw": 0.0 if power is None else power,
            "pue": reader.number("pue", 1.2),
            "fixed_capex_usd": reader.number("fixed_capex_usd", 0.0),
            "capex_usd_per_mw": reader.number("capex_usd_per_mw", 0.0),
            "max_pods": reader.optional_whole("max_pods", "no limit but power"),
            "min_pods": reader.whole("min_pods", 0),
            "role": reader.choice("role", get_args(SiteRole), "compute"),
            "required": reader.flag("required"),
            "forbidden": reader.flag("forbidden"),
            "in_service_year": reader.optional_whole("in_service_year", "none given, taken as in service"),
            # Left out it says only that the site has no hose, which is no assumption worth listing.
            "hose_gbps": reader.number("hose_gbps", 0.0) if reader.has("hose_gbps") else 0.0,
            "extra": reader.extra((*COLUMNS, "lon", "lat") if self._table.textual else COLUMNS),
        }
        if site_id is None or position is None:
            # Built all the same with a position that is in range, so that this row's other faults are found too.
            values |= {"site_id": site_id or "unnamed", "lon": 0.0, "lat": 0.0}
            reader.build(Site, values, _SUBSTITUTES)
            return None
        return reader.build(Site, values | {"lon": position[0], "lat": position[1]}, _SUBSTITUTES)

    def _zone_of(self, row: Row, reader: RowReader, position: Position | None, *, swapped: bool) -> str | None:
        zone_id = reader.optional_identifier("zone_id")
        if zone_id is not None:
            if self._zone_ids is not None and zone_id not in self._zone_ids:
                hint = self._log.hint(zone_id, self._zone_ids)
                message = f"{reader.thing}: zone_id {zone_id!r} names no power zone; {hint}"
                self._add(row, "ZONE_UNKNOWN", message)
                return None
            return zone_id
        if position is None or swapped or not self._shapes_complete or "zone_id" in row.values:
            return None
        hits = self._map.zones_at(position)
        if len(hits) == 1:
            self._by_position += 1
            return hits[0]
        place = f"{reader.thing} at ({position[0]:g}, {position[1]:g})"
        if hits:
            message = f"{place} lies in the zones {' and '.join(hits)}; give zone_id or mend the polygons"
            self._add(row, "SITE_IN_TWO_ZONES", message)
        elif self._map.has_shapes:
            self._add(row, "SITE_IN_NO_ZONE", f"{place} lies in no power zone; give zone_id or mend the polygons")
        else:
            self._add(row, "SITE_IN_NO_ZONE", f"{place}: the power zones have no polygons; give zone_id")
        return None

    def _report_swapped(self, positions: Sequence[Position]) -> bool:
        """Whether every site lies outside of every zone and every one inside of one once its axes are swapped."""
        swapped = (
            bool(positions)
            and self._map.has_shapes
            and not any(self._map.zones_at(position) for position in positions)
            and all(self._map.zones_at((lat, lon)) for lon, lat in positions)
        )
        if swapped:
            self._log.add(
                "COORDINATES_SWAPPED",
                f"all {len(positions)} sites lie outside of every power zone, but inside once longitude and latitude "
                "are swapped; longitude comes first",
                file=self._table.file,
                field="geometry",
            )
        return swapped

    def _add(self, row: Row, reason: str, message: str) -> None:
        self._log.add(reason, message, file=self._table.file, row=row.number, field="zone_id")


def with_lon_lat(table: Table, row: Row) -> Row:
    """In a table without geometries, the columns ``lon`` and ``lat`` are a row's position."""
    if row.geometry is not None or not table.textual:
        return row
    if "lon" not in row.values or "lat" not in row.values:
        return row
    coordinates = [_number_or_text(row.values[column]) for column in ("lon", "lat")]
    return Row(number=row.number, values=row.values, geometry={"type": "Point", "coordinates": coordinates})


def _number_or_text(value: object) -> object:
    try:
        return float(str(value))
    except ValueError:
        return value
