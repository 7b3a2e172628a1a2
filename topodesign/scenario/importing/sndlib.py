"""SNDlib instances, in the native text format and in XML: nodes, links and demands.

References
----------
S. Orlowski, R. Wessaely, M. Pioro, A. Tomaszewski, "SNDlib 1.0, Survivable Network Design Library", Networks 55(3),
2010; the formats are described on the library's site under "Data formats".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from topodesign.scenario.geometry import GeometryReader
from topodesign.scenario.importing.draft import Demand, Draft, Origin, Place, Route, point_geometry
from topodesign.scenario.importing.files import SourceFile
from topodesign.scenario.importing.positions import as_number
from topodesign.scenario.importing.renaming import Renaming
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row
from topodesign.scenario.xml_guard import XmlRefused, elements, parse_xml, text_of

NATIVE = b"?SNDlib native format"
_OPENING = re.compile(r"^([A-Z_]+)\s*\($")
_ENDS = r"^(\S+)\s*\(\s*(\S+)\s+(\S+)\s*\)"
_ENTRIES = {
    "NODES": re.compile(r"^(\S+)(?:\s*\(\s*(\S+)\s+(\S+)\s*\))?$"),
    "LINKS": re.compile(_ENDS),
    "DEMANDS": re.compile(_ENDS + r"\s+\S+\s+(\S+)"),
}


class _Malformed(ValueError):
    """The text is not of the format; the message says where."""


@dataclass(frozen=True, slots=True)
class _Network:
    """As the file has it, every value still text: (id, coordinates), (id, ends), (id, ends, value)."""

    nodes: tuple[tuple[str, tuple[str, ...]], ...]
    links: tuple[tuple[str, str, str], ...]
    demands: tuple[tuple[str, str, str, str], ...]


def read_sndlib(source: SourceFile, renaming: Renaming, log: ProblemLog) -> Draft:
    """Nodes as places, links as routes, demands in the units of the instance.

    Capacities and costs of modules have units that the format does not state; they are left out, and the notes say so.
    """
    try:
        is_native = source.data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(NATIVE)
        network = _native(source.data) if is_native else _xml(source.data)
    except (_Malformed, XmlRefused, UnicodeDecodeError) as error:
        log.add("SNDLIB_INVALID", f"{source.name} is not valid SNDlib ({error}); correct it", file=source.name)
        return Draft()
    file = source.name
    if _is_drawing(file, network, log):
        return Draft()
    places = tuple(_places(file, network, renaming, log))
    keys = {place.key for place in places}
    routes = []
    for number, (name, a, b) in enumerate(network.links, start=1):
        if _are_known(file, number, f"link {name!r}", (a, b), keys, log):
            routes.append(Route(origin=Origin(file=file, row=number), name=name, ends=(a, b)))
    demands = tuple(_demands(file, network, keys, log))
    note = f"{file}: capacities, modules and costs are left out: SNDlib states no units for them"
    return Draft(places=places, routes=routes, demands=demands, notes=(note,))


def _is_drawing(file: str, network: _Network, log: ProblemLog) -> bool:
    """Whether a node lies off the globe; recorded once, for then all positions are those of a drawing."""
    for number, (name, coordinates) in enumerate(network.nodes, start=1):
        degrees = [as_number(part) for part in coordinates]
        if any(isinstance(x, int | float) and abs(x) > most for x, most in zip(degrees, (180, 90), strict=False)):
            message = (
                f"node {name!r} is at ({', '.join(coordinates)}), which is beyond longitude -180..180 and latitude "
                "-90..90: the coordinates are those of a drawing; put degrees in their place"
            )
            log.add("COORDINATES_OUT_OF_RANGE", message, file=file, row=number, field="coordinates")
            return True
    return False


def _places(file: str, network: _Network, renaming: Renaming, log: ProblemLog) -> Iterator[Place]:
    geometry = GeometryReader(file, log)
    for number, (name, coordinates) in enumerate(network.nodes, start=1):
        position = None
        if coordinates:
            point = Row(number=number, values={}, geometry=point_geometry([as_number(part) for part in coordinates]))
            position = geometry.point(point, f"node {name!r}")
        values = renaming.applied({})
        yield Place(origin=Origin(file=file, row=number), key=name, position=position, values=values)


def _demands(file: str, network: _Network, keys: set[str], log: ProblemLog) -> Iterator[Demand]:
    for number, (name, a, b, amount) in enumerate(network.demands, start=1):
        value = as_number(amount)
        if not isinstance(value, int | float):
            message = f"demand {name!r}: its value is {amount!r}, but it must be a number; correct it"
            log.add("TYPE_WRONG", message, file=file, row=number, field="demandValue")
        elif _are_known(file, number, f"demand {name!r}", (a, b), keys, log):
            yield Demand(origin=Origin(file=file, row=number), a=a, b=b, amount=float(value))


def _are_known(file: str, row: int, thing: str, ends: tuple[str, str], keys: set[str], log: ProblemLog) -> bool:
    for column, end in zip(("source", "target"), ends, strict=True):
        if end not in keys:
            message = f"{thing}: {column} {end!r} names no node; {log.hint(end, keys)}"
            log.add("REFERENCE_UNKNOWN", message, file=file, row=row, field=column)
    return set(ends) <= keys


def _native(data: bytes) -> _Network:
    """The text format: sections of one entry a line, ``#`` before comments."""
    found: dict[str, list[tuple[str, ...]]] = {section: [] for section in _ENTRIES}
    section, depth = "", 0
    for number, line in enumerate(data.decode("utf-8-sig").splitlines()[1:], start=2):
        text = line.partition("#")[0].strip()
        opening = _OPENING.match(text)
        if opening and not section:
            section, depth = opening.group(1), 1
        elif text == ")":
            depth -= 1
            section = section if depth > 0 else ""
        elif text.endswith("(") and section and section not in _ENTRIES:
            depth += 1  # admissible paths are lists of lists
        elif text and not section:
            raise _Malformed(f"line {number} is {text[:60]!r}, but a section such as NODES ( is expected")
        elif text and section in _ENTRIES:
            entry = _ENTRIES[section].match(text)
            if entry is None:
                raise _Malformed(f"line {number} is {text[:60]!r}, which is no entry of {section}")
            found[section].append(tuple(part for part in entry.groups() if part is not None))
    if section:
        raise _Malformed(f"the section {section} is not closed; the file may be cut off")
    if not found["NODES"] or not found["LINKS"]:
        raise _Malformed("it has no nodes or no links")
    return _Network(
        nodes=tuple((name, tuple(coordinates)) for name, *coordinates in found["NODES"]),
        links=tuple((name, a, b) for name, a, b in found["LINKS"]),
        demands=tuple((name, a, b, amount) for name, a, b, amount in found["DEMANDS"]),
    )


def _xml(data: bytes) -> _Network:
    """The XML format; coordinates that are pixels of a drawing are refused."""
    root = parse_xml(data)
    for nodes in elements(root, "nodes"):
        kind = nodes.get("coordinatesType", "geographical")
        if kind != "geographical":
            raise _Malformed(f"its coordinates are of type {kind!r}, but only 'geographical' ones are places on earth")
    network = _Network(
        nodes=tuple((node.get("id", ""), tuple(_coordinates(node))) for node in elements(root, "node")),
        links=tuple(
            (link.get("id", ""), text_of(link, "source"), text_of(link, "target")) for link in elements(root, "link")
        ),
        demands=tuple(
            (item.get("id", ""), text_of(item, "source"), text_of(item, "target"), text_of(item, "demandValue"))
            for item in elements(root, "demand")
        ),
    )
    if not network.nodes or not network.links:
        raise _Malformed("it has no nodes or no links")
    return network


def _coordinates(node: ElementTree.Element) -> Iterator[str]:
    for place in elements(node, "coordinates"):
        yield from (text_of(place, "x"), text_of(place, "y"))
