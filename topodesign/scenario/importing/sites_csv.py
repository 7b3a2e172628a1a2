"""Sites out of a CSV table with a header line."""

from topodesign.scenario.geometry import GeometryReader
from topodesign.scenario.importing.draft import Draft, Origin, Place, point_geometry
from topodesign.scenario.importing.files import SourceFile
from topodesign.scenario.importing.positions import position_of
from topodesign.scenario.importing.renaming import Renaming
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row
from topodesign.scenario.textual import read_csv


def read_sites_csv(source: SourceFile, renaming: Renaming, log: ProblemLog) -> Draft:
    """One place for each row; every column stays a value, ``lon`` and ``lat`` become the position."""
    table = read_csv(source.name, source.data, log)
    if table is None:
        return Draft()
    if not table.rows:
        log.add("FILE_EMPTY", f"{source.name} has no rows; add at least one site", file=source.name)
    geometry = GeometryReader(source.name, log)
    places = []
    for row in table.rows:
        values = renaming.applied(row.values)
        name = str(values.get("name", ""))
        coordinates = position_of(values)
        if coordinates is None:
            message = f"row {row.number} has no lon and lat; give both, or name their columns with --column lon=... "
            log.add("VALUE_MISSING", message + "and --column lat=...", file=source.name, row=row.number, field="lon")
            continue
        point = Row(number=row.number, values={}, geometry=point_geometry(coordinates))
        position = geometry.point(point, f"site {name!r}" if name else f"row {row.number}")
        origin = Origin(file=source.name, row=row.number)
        places.append(Place(origin=origin, name=name, position=position, values=values))
    return Draft(places=places)
