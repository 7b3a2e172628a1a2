"""Coordinate reference systems: WGS 84 as it is, a stated one reprojected, an unknown one refused."""

import re
from typing import TYPE_CHECKING, Any

from topodesign.scenario.columns import is_finite
from topodesign.scenario.problems import ProblemLog

if TYPE_CHECKING:
    from pyproj import Transformer

MOST_COORDINATE_LEVELS = 4
"""Lists around a position in a MultiPolygon, the deepest geometry."""

WGS84_NAMES = frozenset({"EPSG:4326", "OGC:CRS84", "EPSG:4979", "OGC:CRS84H"})

# Only registry codes are accepted: a free PROJ or WKT text could name grid files on disk or in the network.
_CODE = re.compile(
    r"^(?:urn:(?:x-)?ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?(EPSG|OGC)[:/][0-9.]*[:/]*(CRS84h?|[0-9]{4,6})$",
    re.IGNORECASE,
)


def registry_code(name: str) -> str | None:
    """``EPSG:3857`` or ``OGC:CRS84`` out of the ways in which files write it; ``None`` for anything else."""
    match = _CODE.match(name.strip())
    return f"{match.group(1)}:{match.group(2)}".upper() if match else None


def transformer_from(code: str, log: ProblemLog, *, file: str) -> "Transformer | None":
    """A transformer to longitude and latitude in WGS 84, or ``None`` with a problem recorded."""
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError, ProjError

    try:
        return Transformer.from_crs(CRS.from_string(code), CRS.from_epsg(4326), always_xy=True)
    except (CRSError, ProjError):
        refuse_unknown(code, log, file=file)
        return None


def refuse_unknown(name: str, log: ProblemLog, *, file: str) -> None:
    """Record that a file's coordinate reference system is not known."""
    log.add(
        "CRS_UNKNOWN",
        f"the coordinate reference system {name!r} is not a known EPSG code; save the file in WGS 84 (EPSG:4326)",
        file=file,
        field="crs",
    )


def reprojected(coordinates: Any, transformer: "Transformer", *, depth: int = 0) -> Any:
    """GeoJSON coordinates of any depth in WGS 84; what is no position is returned as it is, to be refused later."""
    if not isinstance(coordinates, list | tuple) or depth > MOST_COORDINATE_LEVELS:
        return coordinates
    is_position = len(coordinates) >= 2 and all(isinstance(number, int | float) for number in coordinates[:2])
    if not is_position:
        return [reprojected(part, transformer, depth=depth + 1) for part in coordinates]
    if not all(is_finite(number) for number in coordinates[:2]):
        return coordinates
    return [*transformer.transform(coordinates[0], coordinates[1])]
