"""Reads GeoJSON (RFC 7946) feature by feature, so that each fault is located."""

import json
from typing import Any

from topodesign.domain.json_keys import RepeatedKey, object_of_unique_keys
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.projection import (
    WGS84_NAMES,
    refuse_unknown,
    registry_code,
    reprojected,
    transformer_from,
)
from topodesign.scenario.rows import Geometry, Row, Table


def read_geojson(file: str, data: bytes, log: ProblemLog) -> Table | None:
    """Rows of a FeatureCollection; ``None`` with problems recorded when the file as a whole cannot be read."""
    document = _parse(file, data, log)
    if document is None:
        return None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection" or not isinstance(features, list):
        kind = document.get("type") if isinstance(document, dict) else type(document).__name__
        log.add(
            "GEOJSON_INVALID",
            f"{file} holds {kind!r}, but it must be a FeatureCollection with a list of features; wrap the features",
            file=file,
        )
        return None
    code = _stated_crs(file, document, log)
    if code is None:
        return None
    transformer = None if code in WGS84_NAMES else transformer_from(code, log, file=file)
    if transformer is None and code not in WGS84_NAMES:
        return None
    rows = []
    for number, feature in enumerate(features, start=1):
        row = _row(file, number, feature, log)
        if row is not None and row.geometry is not None and transformer is not None:
            moved = reprojected(row.geometry.get("coordinates"), transformer)
            row = Row(number=number, values=row.values, geometry={**row.geometry, "coordinates": moved})
        if row is not None:
            rows.append(row)
    notes = (f"{file}: reprojected from {code} to WGS 84",) if transformer is not None else ()
    return Table(file=file, rows=tuple(rows), notes=notes)


def _parse(file: str, data: bytes, log: ProblemLog) -> Any:
    try:
        document = json.loads(data.decode("utf-8-sig"), object_pairs_hook=object_of_unique_keys)
    except UnicodeDecodeError as error:
        log.add("ENCODING_INVALID", f"{file} is not UTF-8 at byte {error.start}; save it as UTF-8", file=file)
        return None
    except json.JSONDecodeError as error:
        log.add(
            "GEOJSON_INVALID",
            f"{file} is not valid JSON at line {error.lineno}, column {error.colno} ({error.msg}); "
            "it may be cut off, save it again",
            file=file,
        )
        return None
    except RepeatedKey as error:
        log.add("JSON_KEY_REPEATED", f"{error}; remove one of the two", file=file, field=error.key)
        return None
    except ValueError as error:  # a whole number of thousands of digits
        log.add("GEOJSON_INVALID", f"{file} cannot be read ({error}); correct it", file=file)
        return None
    except RecursionError:
        log.add("GEOJSON_INVALID", f"{file} is nested too deeply for GeoJSON; save it again", file=file)
        return None
    if document is None:
        log.add("GEOJSON_INVALID", f"{file} holds null; put a FeatureCollection there", file=file)
    return document


def _stated_crs(file: str, document: dict[str, Any], log: ProblemLog) -> str | None:
    """Registry code of the file's reference system (RFC 7946: WGS 84 unless an old-style ``crs`` says otherwise)."""
    if "crs" not in document:
        return "OGC:CRS84"
    stated = document["crs"]
    properties = stated.get("properties") if isinstance(stated, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    code = registry_code(name) if isinstance(name, str) else None
    if code is None:
        refuse_unknown(name if isinstance(name, str) else json.dumps(stated)[:80], log, file=file)
    return code


def _row(file: str, number: int, feature: object, log: ProblemLog) -> Row | None:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        log.add("FEATURE_INVALID", "the feature is no object of type 'Feature'; correct it", file=file, row=number)
        return None
    if properties is not None and not isinstance(properties, dict):
        log.add("FEATURE_INVALID", "properties is no object; correct it", file=file, row=number, field="properties")
        return None
    geometry: Geometry | None = feature.get("geometry")
    if geometry is not None and not isinstance(geometry, dict):
        log.add("GEOMETRY_INVALID", "geometry is no object; correct it", file=file, row=number, field="geometry")
        return None
    values = {str(name): value for name, value in (properties or {}).items() if value is not None}
    return Row(number=number, values=values, geometry=geometry)
