"""Plans as files."""

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from topodesign.domain.codec import encode_json
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.v1 import planning_service_pb2 as pb
from topodesign.v1 import sweep_service_pb2 as sweep_pb

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class ExportFile:
    """Name and media type of an exported file."""

    name: str
    media_type: str


FILES: Mapping[int, ExportFile] = {
    pb.EXPORT_FORMAT_GEOJSON: ExportFile("site-plan.geojson", "application/geo+json"),
    pb.EXPORT_FORMAT_PLAN_JSON: ExportFile("plan.json", "application/json"),
    pb.EXPORT_FORMAT_BOM_CSV: ExportFile("bill-of-materials.csv", "text/csv"),
    pb.EXPORT_FORMAT_GPKG: ExportFile("plan.gpkg", "application/geopackage+sqlite3"),
    pb.EXPORT_FORMAT_REPORT_HTML: ExportFile("report.html", "text/html"),
    pb.EXPORT_FORMAT_GEOPARQUET: ExportFile("geoparquet.zip", "application/zip"),
}


SWEEP_FILES: Mapping[int, ExportFile] = {
    sweep_pb.SWEEP_FORMAT_CSV: ExportFile("points.csv", "text/csv"),
    sweep_pb.SWEEP_FORMAT_PARQUET: ExportFile("points.parquet", "application/vnd.apache.parquet"),
    sweep_pb.SWEEP_FORMAT_REPORT_HTML: ExportFile("sweep.html", "text/html"),
    sweep_pb.SWEEP_FORMAT_GPKG: ExportFile("sweep.gpkg", "application/geopackage+sqlite3"),
}


def file_parts(content: bytes, file: ExportFile) -> Iterator[dict[str, Any]]:
    """The fields of the messages that carry a file; the first also tells of the whole."""
    yield {
        "data": content[:CHUNK_BYTES],
        "filename": file.name,
        "media_type": file.media_type,
        "size_bytes": len(content),
        "sha256": sha256(content).hexdigest(),
    }
    for start in range(CHUNK_BYTES, len(content), CHUNK_BYTES):
        yield {"data": content[start : start + CHUNK_BYTES]}


def export(scenario: Scenario, plan: Plan, format_name: str) -> bytes:
    """The file of a plan in the format with that name (``EXPORT_FORMAT_GEOJSON``)."""
    from topodesign.catalog import load_catalog
    from topodesign.outputs import (
        bill_csv,
        bill_of_materials,
        geojson_bytes,
        plan_to_geodataframes,
        plan_to_geojson,
        write_geopackage,
        write_geoparquet,
    )

    number = pb.ExportFormat.Value(format_name)
    if number == pb.EXPORT_FORMAT_PLAN_JSON:
        return encode_json(plan)
    if number == pb.EXPORT_FORMAT_GEOJSON:
        return geojson_bytes(plan_to_geojson(scenario, plan))
    if number == pb.EXPORT_FORMAT_BOM_CSV:
        return bill_csv(bill_of_materials(scenario, plan, load_catalog(scenario.catalog_overrides)))
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / FILES[number].name
        # what is made of the layers alone does not wait for charts and the report, which take seconds
        if number == pb.EXPORT_FORMAT_GPKG:
            write_geopackage(plan_to_geodataframes(scenario, plan), file)
        elif number == pb.EXPORT_FORMAT_GEOPARQUET:
            write_geoparquet(plan_to_geodataframes(scenario, plan), Path(directory))
            return _zipped(Path(directory))
        else:
            plan.of(scenario).save(directory)
        return file.read_bytes()


def _zipped(folder: Path) -> bytes:
    """The files of a folder as one archive; the same files give the same bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for file in sorted(folder.iterdir()):
            # a ZipInfo of its own has no time of writing; Parquet is compressed already, so entries are stored
            bundle.writestr(zipfile.ZipInfo(file.name), file.read_bytes())
    return archive.getvalue()
