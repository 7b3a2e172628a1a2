"""The files of a scenario: which names count, how large they may be, and their bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from topodesign.domain.nearest import nearest
from topodesign.scenario.problems import ProblemLog

SETTINGS_FILE = "scenario.toml"
SETTINGS_LIMIT_BYTES = 1_000_000
DATA_LIMIT_BYTES = 256_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """A part of a scenario folder: the stem of its file name, the formats it may have, whether it must be there."""

    stem: str
    formats: tuple[str, ...]
    required: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.stem}.{extension}" for extension in self.formats)


SITES = FileKind(stem="sites", formats=("geojson", "gpkg", "csv"))
ZONES = FileKind(stem="power_zones", formats=("geojson", "gpkg", "csv"))
JUNCTIONS = FileKind(stem="junctions", formats=("geojson", "gpkg", "csv"), required=False)
FIBER = FileKind(stem="fiber", formats=("geojson", "graphml", "csv", "gpkg"))
DEMAND = FileKind(stem="demand", formats=("csv",), required=False)
LIGHTPATHS = FileKind(stem="lightpaths", formats=("csv",), required=False)
REACH = FileKind(stem="reach", formats=("csv",), required=False)
SETTINGS = FileKind(stem="scenario", formats=("toml",))
KINDS = (SITES, ZONES, JUNCTIONS, FIBER, DEMAND, LIGHTPATHS, REACH, SETTINGS)


def limit_bytes(name: str) -> int:
    """Largest size of a file that is still parsed, in bytes."""
    return SETTINGS_LIMIT_BYTES if name == SETTINGS_FILE else DATA_LIMIT_BYTES


def gather_folder(folder: Path, log: ProblemLog) -> dict[str, bytes]:
    """Bytes of the scenario files in a folder; other files are not opened."""
    if not folder.exists():
        log.add("FOLDER_MISSING", f"{str(folder)!r} does not exist; give the scenario's folder", file=str(folder))
        return {}
    if not folder.is_dir():
        log.add("NOT_A_FOLDER", f"{str(folder)!r} is not a folder; give the scenario's folder", file=str(folder))
        return {}
    try:
        present = {path.name for path in folder.iterdir()}
    except OSError as error:
        log.add("FOLDER_UNREADABLE", f"{str(folder)!r}: {error.strerror}; check its permissions", file=str(folder))
        return {}
    files: dict[str, bytes] = {}
    for kind in KINDS:
        for name in kind.names:
            path = folder / name
            if name not in present:
                continue
            if not path.is_file():
                log.add("FILE_UNREADABLE", f"{name} is not a regular file; put a file there", file=name)
                continue
            try:
                if not _is_within_limit(name, path.stat().st_size, log):
                    files[name] = b""
                    continue
                files[name] = path.read_bytes()
            except OSError as error:
                log.add("FILE_UNREADABLE", f"{name}: {error.strerror}; check its permissions", file=name)
    _require_kinds(files, present, log)
    return files


def gather_files(files: Mapping[str, bytes], log: ProblemLog) -> dict[str, bytes]:
    """The scenario files among uploaded ones, by exact name; others are ignored."""
    known = {name for kind in KINDS for name in kind.names}
    kept = {
        name: data if _is_within_limit(name, len(data), log) else b"" for name, data in files.items() if name in known
    }
    _require_kinds(kept, set(files), log)
    return kept


def _is_within_limit(name: str, size: int, log: ProblemLog) -> bool:
    limit = limit_bytes(name)
    if size > limit:
        is_settings = name == SETTINGS_FILE
        remedy = "keep only settings in it" if is_settings else "simplify the geometry or split the scenario"
        log.add(
            "FILE_TOO_LARGE",
            f"{name} has {size:,} bytes, but at most {limit:,} are read; {remedy}",
            file=name,
        )
    return size <= limit


def _require_kinds(files: Mapping[str, bytes], present: set[str], log: ProblemLog) -> None:
    for kind in KINDS:
        found = [name for name in kind.names if name in files]
        if len(found) > 1:
            log.add(
                "FILE_AMBIGUOUS",
                f"{' and '.join(found)} are both there, but only one of them can be meant; remove the others",
                file=found[1],
            )
        if not found and kind.required and not any(problem.file in kind.names for problem in log.problems):
            strangers = present - {name for other in KINDS for name in other.names}
            similar = nearest(kind.names[0], strangers) if strangers else ""
            hint = f" ({similar})" if similar.startswith("did you mean") else ""
            log.add("FILE_MISSING", f"{' or '.join(kind.names)} is missing{hint}; add it", file=kind.names[0])
