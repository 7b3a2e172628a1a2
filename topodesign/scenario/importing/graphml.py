"""GraphML with positions, as the Internet Topology Zoo and TopoHub write it."""

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from topodesign.scenario.geometry import GeometryReader
from topodesign.scenario.importing.draft import Draft, Origin, Place, Route, point_geometry
from topodesign.scenario.importing.files import SourceFile
from topodesign.scenario.importing.positions import position_of
from topodesign.scenario.importing.renaming import Renaming
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row
from topodesign.scenario.xml_guard import XmlRefused, elements, parse_xml

NAMES = ("name", "label", "Name", "Label")


def read_graphml_network(source: SourceFile, renaming: Renaming, log: ProblemLog) -> Draft:
    """Nodes as places and edges as routes; ``data`` under their ``attr.name`` are values of either."""
    try:
        root = parse_xml(source.data)
    except XmlRefused as error:
        log.add("GRAPHML_INVALID", f"{source.name} is not valid GraphML ({error}); save it again", file=source.name)
        return Draft()
    names = {key.get("id", ""): key.get("attr.name", key.get("id", "")) for key in elements(root, "key")}
    places = list(_places(source.name, root, names, renaming, log))
    if not places:
        log.add("FILE_EMPTY", f"{source.name} has no nodes; is it GraphML?", file=source.name)
    keys = {place.key for place in places}
    routes = list(_routes(source.name, root, names, keys, renaming, log))
    return Draft(places=places, routes=routes)


def _places(
    file: str, root: ElementTree.Element, names: Mapping[str, str], renaming: Renaming, log: ProblemLog
) -> Iterator[Place]:
    geometry = GeometryReader(file, log)
    for number, node in enumerate(elements(root, "node"), start=1):
        values = renaming.applied(_data(node, names))
        key = node.get("id", "")
        name = next((str(values[item]) for item in NAMES if item in values), "")
        coordinates = position_of(values)
        position = None
        if coordinates is not None:
            point = Row(number=number, values={}, geometry=point_geometry(coordinates))
            position = geometry.point(point, f"node {name or key!r}")
        yield Place(origin=Origin(file=file, row=number), key=key, name=name, position=position, values=values)


def _routes(
    file: str,
    root: ElementTree.Element,
    names: Mapping[str, str],
    keys: set[str],
    renaming: Renaming,
    log: ProblemLog,
) -> Iterator[Route]:
    for number, edge in enumerate(elements(root, "edge"), start=1):
        ends = (edge.get("source", ""), edge.get("target", ""))
        for column, end in zip(("source", "target"), ends, strict=True):
            if end not in keys:
                message = f"edge {number}: {column} {end!r} names no node; {log.hint(end, keys)}"
                log.add("REFERENCE_UNKNOWN", message, file=file, row=number, field=column)
        if set(ends) <= keys:
            values = renaming.applied(_data(edge, names))
            yield Route(origin=Origin(file=file, row=number), name=edge.get("id", ""), ends=ends, values=values)


def _data(element: ElementTree.Element, names: Mapping[str, str]) -> dict[str, object]:
    """Values under the names of their keys, without empty ones; of a name that occurs twice, the first."""
    found: dict[str, object] = {}
    for entry in element:
        text = (entry.text or "").strip()
        if entry.tag.rpartition("}")[2] == "data" and text:
            found.setdefault(names.get(entry.get("key", ""), entry.get("key", "")), text)
    return found
