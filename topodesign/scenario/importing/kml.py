"""KML and KMZ: placemarks that are points become places, those that are lines become routes.

Nothing outside of the file is opened: network links, styles and pictures by address are left alone.
"""

from collections.abc import Iterator
from xml.etree import ElementTree

from topodesign.domain.scenario import Position
from topodesign.scenario.geometry import GeometryReader
from topodesign.scenario.importing.draft import Draft, Origin, Place, Route, line_geometry, point_geometry
from topodesign.scenario.importing.files import SourceFile, entries_of
from topodesign.scenario.importing.positions import as_number
from topodesign.scenario.importing.renaming import Renaming
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row
from topodesign.scenario.xml_guard import XmlRefused, elements, local_name, parse_xml, text_of

DRAWN = ("Point", "LineString")


def read_kml(source: SourceFile, renaming: Renaming, log: ProblemLog) -> Draft:
    """Points and lines of all placemarks, whatever folder they are in.

    Values are ``ExtendedData`` (``Data`` and ``SimpleData``); a placemark of several lines gives a route for each.

    References
    ----------
    OGC KML 2.3, OGC 12-007r2, 2015; in a KMZ the first ``.kml`` is the document (annex C).
    """
    data = _document(source, log)
    if data is None:
        return Draft()
    try:
        root = parse_xml(data)
    except XmlRefused as error:
        log.add("KML_INVALID", f"{source.name} is not valid KML ({error}); save it again", file=source.name)
        return Draft()
    places: list[Place] = []
    routes: list[Route] = []
    reader = GeometryReader(source.name, log)
    for number, placemark in enumerate(elements(root, "Placemark"), start=1):
        origin = Origin(file=source.name, row=number)
        name = text_of(placemark, "name")
        values = renaming.applied(_values(placemark))
        for shape in (shape for shape in placemark.iter() if local_name(shape) in DRAWN):
            positions = _positions(shape, origin, name or f"placemark {number}", reader)
            if local_name(shape) == "Point" and positions:
                places.append(Place(origin=origin, name=name, position=positions[0], values=values))
            elif positions:
                routes.append(Route(origin=origin, name=name, line=positions, values=values))
    if not places and not routes and not log.is_about(source.name):
        message = f"{source.name} has no placemark with a Point or a LineString; export the routes as lines"
        log.add("FILE_EMPTY", message, file=source.name)
    return Draft(places=places, routes=routes, notes=tuple(_left_out(source.name, root)))


def _document(source: SourceFile, log: ProblemLog) -> bytes | None:
    if not source.is_archive:
        return source.data
    found = entries_of(source, (".kml",), log)
    if found is None:
        return None
    if not found:
        log.add("KML_INVALID", f"{source.name} is an archive without a .kml file; save it again", file=source.name)
        return None
    return next(iter(found.values()))


def _values(placemark: ElementTree.Element) -> dict[str, object]:
    values: dict[str, object] = {}
    for entry in placemark.iter():
        tag, name = local_name(entry), entry.get("name", "")
        text = text_of(entry, "value") if tag == "Data" else (entry.text or "").strip()
        if tag in ("Data", "SimpleData") and name and text:
            values.setdefault(name, text)
    return values


def _positions(
    shape: ElementTree.Element, origin: Origin, thing: str, reader: GeometryReader
) -> tuple[Position, ...] | None:
    """Checked positions of a Point or LineString: ``lon,lat[,height]`` apart by white space."""
    listed = [[as_number(part) for part in text.split(",")] for text in text_of(shape, "coordinates").split()]
    if local_name(shape) == "LineString":
        return reader.line(Row(number=origin.row, values={}, geometry=line_geometry(listed)), f"line {thing!r}")
    row = Row(number=origin.row, values={}, geometry=point_geometry(listed[0] if listed else None))
    position = reader.point(row, f"point {thing!r}")
    return None if position is None else (position,)


def _left_out(file: str, root: ElementTree.Element) -> Iterator[str]:
    links = sum(1 for _ in elements(root, "NetworkLink"))
    if links:
        yield f"{file}: {links} network link{'s' if links > 1 else ''} not followed; save what is behind as a file"
    polygons = sum(1 for _ in elements(root, "Polygon"))
    if polygons:
        yield f"{file}: {polygons} polygon{'s' if polygons > 1 else ''} left out; only points and lines are taken"
