"""Reads a layer of a GeoPackage."""

import io
import math
import warnings
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.projection import WGS84_NAMES, refuse_unknown
from topodesign.scenario.rows import Row, Table

if TYPE_CHECKING:
    import geopandas
    import pandas

# The readers underneath choose a format by content; some formats are lists of paths and addresses to open. So only a
# SQLite file that calls itself a GeoPackage is passed on (GeoPackage 1.3, requirements 1 and 2).
_SQLITE_HEADER = b"SQLite format 3\x00"
_STYLES_TABLE = "layer_styles"  # QGIS keeps how it draws the layers there; it is none of them
_APPLICATION_IDS = frozenset({b"GPKG", b"GP10", b"GP11"})


def read_geopackage(file: str, data: bytes, log: ProblemLog) -> Table | None:
    """Rows of the layer named as the file, or of the only layer; ``None`` with problems recorded when there is none."""
    import geopandas
    import shapely

    if not data.startswith(_SQLITE_HEADER) or data[68:72] not in _APPLICATION_IDS:
        log.add("GEOPACKAGE_INVALID", f"{file} is no GeoPackage; save it again as one", file=file)
        return None
    frame = _frame(file, data, log)
    if frame is None:
        return None
    geometries: list[Any] = [None] * len(frame)
    notes: tuple[str, ...] = ()
    if isinstance(frame, geopandas.GeoDataFrame):
        authority = None if frame.crs is None else frame.crs.to_authority()
        if authority is None:
            refuse_unknown("undefined" if frame.crs is None else str(frame.crs.name), log, file=file)
            return None
        code = ":".join(authority).upper()
        if code not in WGS84_NAMES:
            frame = frame.to_crs(4326)
            notes = (f"{file}: reprojected from {code} to WGS 84",)
        geometries = list(frame.geometry)
        frame = frame.drop(columns=frame.geometry.name)
    rows = tuple(
        Row(
            number=number,
            values=record_values(record),
            geometry=None if shape is None else shapely.geometry.mapping(shape),
        )
        for number, (record, shape) in enumerate(zip(frame.to_dict("records"), geometries, strict=True), start=1)
    )
    return Table(file=file, rows=rows, notes=notes)


def _frame(file: str, data: bytes, log: ProblemLog) -> "geopandas.GeoDataFrame | pandas.DataFrame | None":
    """The layer as a table; without geometry column a plain one."""
    import geopandas
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        with warnings.catch_warnings():
            # The data are handed over in memory, without a file name whose extension could conform.
            warnings.filterwarnings("ignore", message=".*non conformant file extension")
            names = [str(name) for name, _ in pyogrio.list_layers(io.BytesIO(data))]
            layer = _layer(file, [name for name in names if name != _STYLES_TABLE], log)
            return None if layer is None else geopandas.read_file(io.BytesIO(data), layer=layer, engine="pyogrio")
    except (DataSourceError, DataLayerError) as error:
        log.add("GEOPACKAGE_INVALID", f"{file} cannot be read ({error}); save it again", file=file)
        return None


def _layer(file: str, layers: list[str], log: ProblemLog) -> str | None:
    stem = file.partition(".")[0]
    if stem in layers:
        return stem
    if len(layers) == 1:
        return layers[0]
    log.add(
        "LAYER_AMBIGUOUS",
        f"{file} has the layers {', '.join(layers) or '(none)'}, but none is called {stem!r}; rename the one meant",
        file=file,
    )
    return None


def record_values(record: Mapping[Hashable, object]) -> dict[str, object]:
    """Plain values of a record of a frame, without those that are missing."""
    values: dict[str, object] = {}
    for name, value in record.items():
        item = getattr(value, "item", None)
        plain = item() if callable(item) else value  # numpy scalars to plain Python
        missing = plain is None or (isinstance(plain, float) and math.isnan(plain)) or str(plain) in ("NaT", "<NA>")
        if not missing:
            values[str(name)] = plain
    return values
