"""Shapefiles of fiber routes, as their several files or zipped: lines become routes, points places."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from topodesign.scenario.geometry import GeometryReader
from topodesign.scenario.geopackage import record_values
from topodesign.scenario.importing.draft import Draft, Origin, Place, Route, line_geometry, point_geometry
from topodesign.scenario.importing.files import SourceFile, entries_of
from topodesign.scenario.importing.renaming import Renaming
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.projection import WGS84_NAMES, refuse_unknown
from topodesign.scenario.rows import Row

if TYPE_CHECKING:
    import geopandas
    from shapely.geometry.base import BaseGeometry

SUFFIXES = (".shp", ".shx", ".dbf", ".prj", ".cpg")
MAGIC = b"\x00\x00\x27\x0a"
"""File code 9994, big endian (ESRI Shapefile Technical Description, 1998, table 1)."""

NAMES = ("name", "NAME", "Name", "segment_id", "site_id", "node_id")


def read_shapefile(source: SourceFile, renaming: Renaming, log: ProblemLog) -> Draft:
    """Lines and points of a Shapefile; a feature of several lines gives a route for each.

    The reference system is that of the ``.prj`` file, and a file without one is refused.
    """
    parts = _parts(source, log)
    if parts is None:
        return Draft()
    frame = _frame(source.name, parts, log)
    if frame is None:
        return Draft()
    authority = None if frame.crs is None else frame.crs.to_authority(min_confidence=70)
    if authority is None:
        refuse_unknown("undefined" if frame.crs is None else str(frame.crs.name), log, file=source.name)
        return Draft()
    code = ":".join(authority).upper()
    notes: list[str] = []
    if code not in WGS84_NAMES:
        frame = frame.to_crs(4326)
        notes.append(f"{source.name}: reprojected from {code} to WGS 84")
    places, routes, left_out = [], [], 0
    for item in _features(source.name, frame, renaming, log):
        if isinstance(item, Place):
            places.append(item)
        elif isinstance(item, Route):
            routes.append(item)
        else:
            left_out += 1
    if left_out:
        notes.append(f"{source.name}: {left_out} features left out that are neither points nor lines")
    if not places and not routes and not log.is_about(source.name):
        log.add("FILE_EMPTY", f"{source.name} has no points and no lines; export the routes", file=source.name)
    return Draft(places=places, routes=routes, notes=notes)


def _parts(source: SourceFile, log: ProblemLog) -> dict[str, bytes] | None:
    """The files by their suffix; ``None`` with problems recorded."""
    if not source.is_archive:
        parts = {".shp": source.data, **source.beside}
    else:
        entries = entries_of(source, SUFFIXES, log)
        if entries is None:
            return None
        shapes = [name for name in entries if name.lower().endswith(".shp")]
        if len(shapes) != 1:
            message = f"{source.name} holds {len(shapes)} .shp files ({', '.join(shapes)[:200]}); zip one Shapefile"
            log.add("SHAPEFILE_INVALID", message, file=source.name)
            return None
        stem = PurePosixPath(shapes[0]).with_suffix("")
        parts = {
            PurePosixPath(name).suffix.lower(): data
            for name, data in entries.items()
            if PurePosixPath(name).with_suffix("") == stem
        }
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in parts]
    if missing:
        message = f"{source.name} needs the files {' and '.join(missing)} of the same name; put them beside it"
        log.add("FILE_MISSING", message, file=source.name)
        return None
    # the library below chooses a format by content, and some formats are lists of paths to open
    if not parts[".shp"].startswith(MAGIC):
        log.add("SHAPEFILE_INVALID", f"{source.name} is no Shapefile; export it again as one", file=source.name)
        return None
    try:
        parts.get(".prj", b"").decode()
    except UnicodeDecodeError:  # on which the library below fails with an error of its own
        refuse_unknown("of a .prj file that is no UTF-8", log, file=source.name)
        return None
    return parts


def _frame(file: str, parts: dict[str, bytes], log: ProblemLog) -> "geopandas.GeoDataFrame | None":
    """Read from memory, under a name of ours, so that nothing beside the parts can be opened."""
    import geopandas
    from pyogrio.errors import DataLayerError, DataSourceError

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for suffix in SUFFIXES:
            if suffix in parts:
                bundle.writestr(f"routes{suffix}", parts[suffix])
    try:
        frame = geopandas.read_file(io.BytesIO(archive.getvalue()), layer="routes", engine="pyogrio")
    except (DataSourceError, DataLayerError, UnicodeDecodeError, LookupError) as error:
        log.add("SHAPEFILE_INVALID", f"{file} cannot be read ({error}); export it again", file=file)
        return None
    if not isinstance(frame, geopandas.GeoDataFrame):
        log.add("SHAPEFILE_INVALID", f"{file} has no geometry; export the routes as lines", file=file)
        return None
    return frame


def _features(
    file: str, frame: "geopandas.GeoDataFrame", renaming: Renaming, log: ProblemLog
) -> Iterator[Place | Route | None]:
    """A place or a route for each part of each feature, ``None`` for what is neither."""
    import shapely

    reader = GeometryReader(file, log)
    # a table without columns has no records at all, however many features there are
    records = frame.drop(columns=frame.geometry.name).to_dict("records") or [{}] * len(frame)
    for number, (record, shape) in enumerate(zip(records, frame.geometry, strict=True), start=1):
        values = renaming.applied(record_values(record))
        name = next((str(values[item]) for item in NAMES if item in values), "")
        origin = Origin(file=file, row=number)
        for part in [] if shape is None else shapely.get_parts(shape):
            yield _item(part, origin, name, values, reader)


def _item(
    part: "BaseGeometry", origin: Origin, name: str, values: dict[str, object], reader: GeometryReader
) -> Place | Route | None:
    thing = name or f"feature {origin.row}"
    coordinates = [list(position) for position in part.coords] if part.geom_type in ("Point", "LineString") else []
    if part.geom_type == "Point":
        row = Row(number=origin.row, values={}, geometry=point_geometry(coordinates[0]))
        return Place(origin=origin, name=name, position=reader.point(row, f"point {thing!r}"), values=values)
    if part.geom_type == "LineString":
        row = Row(number=origin.row, values={}, geometry=line_geometry(coordinates))
        return Route(origin=origin, name=name, line=reader.line(row, f"line {thing!r}") or (), values=values)
    return None
