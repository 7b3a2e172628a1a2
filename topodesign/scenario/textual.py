"""Reads CSV and GraphML, whose values are text that each column converts."""

import csv
import io

from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.rows import Row, Table
from topodesign.scenario.xml_guard import XmlRefused, elements, parse_xml


def read_csv(file: str, data: bytes, log: ProblemLog) -> Table | None:
    """Rows of a comma-separated table with a header line; columns ``lon`` and ``lat`` become the geometry."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        log.add("ENCODING_INVALID", f"{file} is not UTF-8 at byte {error.start}; save it as UTF-8", file=file)
        return None
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        log.add("CSV_INVALID", f"{file} is not valid CSV ({error}); save it again", file=file)
        return None
    if not lines:
        return Table(file=file, rows=(), textual=True)
    header = [name.strip() for name in lines[0]]
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        log.add("COLUMN_REPEATED", f"column {repeated[0]!r} occurs more than once; rename one", file=file)
        return None
    rows = []
    for number, line in enumerate((line for line in lines[1:] if line), start=1):
        if len(line) != len(header):
            log.add(
                "CSV_INVALID",
                f"the row has {len(line)} values for {len(header)} columns; quote values that contain commas",
                file=file,
                row=number,
            )
            continue
        values = {name: value.strip() for name, value in zip(header, line, strict=True) if value.strip()}
        rows.append(Row(number=number, values=values))
    return Table(file=file, rows=tuple(rows), textual=True)


def read_graphml(file: str, data: bytes, log: ProblemLog) -> Table | None:
    """Edges of a GraphML graph: ``source`` and ``target`` become ``a`` and ``b``, the edge's id its ``segment_id``."""
    try:
        root = parse_xml(data)
    except XmlRefused as error:
        log.add("GRAPHML_INVALID", f"{file} is not valid GraphML ({error}); save it again", file=file)
        return None
    names = {
        key.get("id", ""): key.get("attr.name", key.get("id", ""))
        for key in elements(root, "key")
        if key.get("for", "all") in ("edge", "all")
    }
    rows = []
    for number, edge in enumerate(elements(root, "edge"), start=1):
        values: dict[str, object] = {
            name: value
            for name, value in (("segment_id", edge.get("id")), ("a", edge.get("source")), ("b", edge.get("target")))
            if value
        }
        for entry in elements(edge, "data"):
            text = (entry.text or "").strip()
            if text:
                values[names.get(entry.get("key", ""), entry.get("key", ""))] = text
        rows.append(Row(number=number, values=values))
    return Table(file=file, rows=tuple(rows), textual=True)
