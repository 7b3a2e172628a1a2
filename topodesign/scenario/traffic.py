"""The demand between sites in Gbit/s: a matrix in ``demand.csv``, or a hose in the sites' column ``hose_gbps``."""

from collections.abc import Set as AbstractSet

from topodesign.domain.references import unused_because
from topodesign.domain.scenario import Demand, Site, Traffic
from topodesign.scenario.columns import Defaults, RowReader, absent_columns
from topodesign.scenario.located import Located, Part
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row, Table
from topodesign.scenario.sources import DEMAND

REQUIRED = ("a", "b", "gbps")
MOST_NAMED = 10
_SUBSTITUTES = {"gbps": 1.0}


class TrafficBuilder:
    """Builds the demand matrix of one table between the sites read before.

    ``site_ids`` are all ids that the file of sites names, also in rows with a fault, or ``None`` when it could not be
    read.
    """

    def __init__(self, table: Table, sites: Part[Site], site_ids: AbstractSet[str] | None, log: ProblemLog) -> None:
        self._table = table
        self._site_of = {site.site_id: site for site in sites.values}
        self._site_ids = site_ids
        self._log = log
        self._rows: dict[tuple[str, str], int] = {}

    def build(self) -> Part[Traffic]:
        """All entries; rows with a fault are left out, their problems are recorded."""
        table, log = self._table, self._log
        absent = absent_columns(table, REQUIRED, log)
        if not table.rows:
            log.add("FILE_EMPTY", f"{table.file} has no traffic; add at least one row", file=table.file)
        found = []
        for row in table.rows:
            reader = RowReader(table, row, log, Defaults("entry", "entries"), absent)
            ends = self._ends(row, reader)
            gbps = reader.required_number("gbps")
            values = {
                "a": ends[0] if ends else "a",
                "b": ends[1] if ends else "b",
                "gbps": 1.0 if gbps is None else gbps,
            }
            traffic = reader.build(Traffic, values, _SUBSTITUTES)
            if traffic is not None and ends is not None:
                found.append(Located(traffic, row.number))
        ends_named = sorted({end for item in found for end in (item.value.a, item.value.b)})
        sentences = [f"{table.file}: the sites that it names are required: {named(ends_named)}"] if found else []
        sentences += unused_columns(table, REQUIRED)
        return Part(file=table.file, items=tuple(found), assumptions=tuple(sentences))

    def _ends(self, row: Row, reader: RowReader) -> tuple[str, str] | None:
        a, b = reader.identifier("a"), reader.identifier("b")
        if a is None or b is None:
            return None
        reader.thing = f"traffic {a!r} to {b!r}"
        if a == b:
            self._add(row, "SELF_LOOP", f"{reader.thing}: a and b are the same site; drop the row or correct one", "b")
            return None
        sound = [self._is_usable(row, reader, column, end) for column, end in (("a", a), ("b", b))]
        first = self._rows.setdefault((a, b), row.number)
        if first != row.number:
            self._add(row, "DUPLICATE_ID", f"{reader.thing} is already in row {first}; add the two up in one row", "b")
            return None
        return (a, b) if all(sound) else None

    def _is_usable(self, row: Row, reader: RowReader, column: str, end: str) -> bool:
        if self._site_ids is not None and end not in self._site_ids:
            message = f"{reader.thing}: {column} {end!r} names no site; {self._log.hint(end, self._site_ids)}"
            self._add(row, "REFERENCE_UNKNOWN", message, column)
            return False
        site = self._site_of.get(end)
        fault = None if site is None else unused_because(role=site.role, is_forbidden=site.forbidden)
        if fault is not None:
            message = f"{reader.thing}: {column} {end!r} {fault}; allow the site or drop the row"
            self._add(row, "SITE_NOT_USABLE", message, column)
        return site is not None and fault is None

    def _add(self, row: Row, reason: str, message: str, column: str) -> None:
        self._log.add(reason, message, file=self._table.file, row=row.number, field=column)


def check_hose(sites: Part[Site], log: ProblemLog) -> tuple[str, ...]:
    """Record what is wrong with a hose over these sites; the assumptions about it, in words."""
    members = [item for item in sites.items if item.value.hose_gbps > 0]
    for item in members:
        fault = unused_because(role=item.value.role, is_forbidden=item.value.forbidden)
        if fault is not None:
            message = (
                f"site {item.value.site_id!r} has hose_gbps {item.value.hose_gbps:g}, but {fault}; allow it or set 0"
            )
            log.add("SITE_NOT_USABLE", message, file=sites.file, row=item.row, field="hose_gbps")
    if len(members) < 2 and not log.is_about(sites.file):
        message = (
            f'{len(members)} sites have hose_gbps above 0, but workload.demand "hose" needs at least 2; give hose_gbps '
            "to the sites that exchange traffic"
        )
        log.add("DEMAND_EMPTY", message, file=sites.file, field="hose_gbps")
    ids = sorted(item.value.site_id for item in members)
    return (
        f"hose_gbps: the sites that have one are required: {named(ids)}",
        "workload.demand hose: each pair of sites keeps its shares of paths, whatever the traffic (static routing)",
    )


def unused_demand(demand: Demand, sites: Part[Site], *, has_matrix: bool) -> tuple[str, ...]:
    """Sentences about demand that the files give but that this kind of demand does not look at."""
    sentences = []
    if has_matrix and demand != "matrix":
        sentences.append(f"{DEMAND.names[0]}: ignored, since workload.demand is {demand!r}")
    if demand != "hose" and any(site.hose_gbps > 0 for site in sites.values):
        sentences.append(f"{sites.file} hose_gbps: ignored, since workload.demand is {demand!r}")
    return tuple(sentences)


def unused_columns(table: Table, known: tuple[str, ...]) -> list[str]:
    """A sentence that names the columns of a table that nothing reads."""
    unknown = sorted({name for row in table.rows for name in row.values} - set(known))
    return [f"{table.file}: columns that are not used: {named(unknown)}"] if unknown else []


def named(ids: list[str]) -> str:
    """The first few ids, joined."""
    return ", ".join(ids[:MOST_NAMED]) + (f", and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else "")
