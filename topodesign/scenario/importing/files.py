"""Bytes of the sources: read within limits, out of archives too, and never from anywhere else."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.sources import DATA_LIMIT_BYTES

MOST_ENTRIES = 1000
ZIP_HEADER = b"PK\x03\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A source by its name, and the files beside it that have its stem (a Shapefile is several files)."""

    name: str
    data: bytes
    beside: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def is_archive(self) -> bool:
        return self.data.startswith(ZIP_HEADER)


def read_source(path: Path, log: ProblemLog, *, with_suffixes: Sequence[str] = ()) -> SourceFile | None:
    """A file, and those beside it of the same stem with one of the suffixes; ``None`` with problems recorded."""
    data = _read(path, log)
    if data is None:
        return None
    beside: dict[str, bytes] = {}
    for suffix in with_suffixes:
        companion = _companion(path, suffix)
        found = None if companion is None or companion == path else _read(companion, log)
        if found is not None:
            beside[suffix] = found
    return SourceFile(name=path.name, data=data, beside=beside)


def entries_of(source: SourceFile, suffixes: Iterable[str], log: ProblemLog) -> dict[str, bytes] | None:
    """Files in a zip archive that end in one of ``suffixes`` (lower case), by name; ``None`` with problems recorded.

    Only as many bytes are unpacked as a source may have: neither the sizes that an archive states nor how often it
    repeats the same bytes are relied on.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            return _unpacked(archive, source.name, tuple(suffixes), log)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        log.add("ARCHIVE_INVALID", f"{source.name} cannot be unpacked ({error}); save it again", file=source.name)
        return None


def _unpacked(
    archive: zipfile.ZipFile, file: str, suffixes: tuple[str, ...], log: ProblemLog
) -> dict[str, bytes] | None:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        message = f"{file} holds {len(entries):,} files, but at most {MOST_ENTRIES:,} are accepted; keep only the data"
        log.add("ARCHIVE_TOO_LARGE", message, file=file)
        return None
    found: dict[str, bytes] = {}
    left = DATA_LIMIT_BYTES
    for entry in entries:
        if not entry.filename.lower().endswith(suffixes):  # which no folder does: theirs end in a slash
            continue
        with archive.open(entry) as member:
            data = member.read(left + 1)
        left -= len(data)
        if left < 0:
            message = f"{file} unpacks to more than {DATA_LIMIT_BYTES:,} bytes; simplify the geometry or split the file"
            log.add("ARCHIVE_TOO_LARGE", message, file=file)
            return None
        found[entry.filename] = data
    return found


def _read(path: Path, log: ProblemLog) -> bytes | None:
    name = path.name
    if not path.exists():
        log.add("FILE_MISSING", f"{str(path)!r} does not exist; correct the path", file=name)
        return None
    if not path.is_file():
        log.add("FILE_UNREADABLE", f"{str(path)!r} is not a regular file; give a file", file=name)
        return None
    try:
        size = path.stat().st_size
        if size <= DATA_LIMIT_BYTES:
            data = path.read_bytes()
    except OSError as error:
        log.add("FILE_UNREADABLE", f"{str(path)!r}: {error.strerror}; check its permissions", file=name)
        return None
    if size > DATA_LIMIT_BYTES:
        message = f"{name} has {size:,} bytes, but at most {DATA_LIMIT_BYTES:,} are read; simplify or split it"
        log.add("FILE_TOO_LARGE", message, file=name)
        return None
    if not data:
        log.add("FILE_EMPTY", f"{name} is empty; save it again", file=name)
        return None
    return data


def _companion(path: Path, suffix: str) -> Path | None:
    """The file of the same stem, whichever case its suffix is in."""
    for written in (suffix, suffix.upper()):
        companion = path.with_suffix(written)
        if companion.is_file():
            return companion
    return None
