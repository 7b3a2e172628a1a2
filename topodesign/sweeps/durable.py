"""What makes a folder's content outlast a kill or a power cut: locks, whole files, and a database that says what is
wrong with it."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from topodesign.domain.errors import Conflict
from topodesign.sweeps.versions import planner_versions


def versions() -> bytes:
    """Of everything that decides which plan is found: results of other versions are not gone on with."""
    return " ".join(planner_versions().values()).encode()


def locked(file: Path, *, what: str) -> int:
    """A descriptor with a lock that goes with the process, however that ends.

    Raises
    ------
    Conflict
        When another process has it (``SWEEP_RUNNING``).
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Conflict(
            f"the {what} in {file.parent} is being run by another process; wait for it, or give another folder",
            reason="SWEEP_RUNNING",
            metadata={"path": str(file.parent)},
        ) from None
    return descriptor


def opened(file: Path, schema: str, *, what: str) -> sqlite3.Connection:
    """A database in which a commit is on disk."""
    with sound(file, what=what):
        database = sqlite3.connect(file, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(schema)
        except BaseException:
            database.close()
            raise
        return database


@contextlib.contextmanager
def sound(file: Path, *, what: str) -> Iterator[None]:
    """What goes wrong with a file of a store names it, and says what to do.

    Raises
    ------
    Conflict
        ``SWEEP_DAMAGED``.
    """
    try:
        yield
    except (sqlite3.Error, msgspec.DecodeError, FileNotFoundError) as error:
        raise Conflict(
            f"{file} cannot be used as a {what}'s: {error}; put it back as it was, or begin the {what} in another "
            "folder",
            reason="SWEEP_DAMAGED",
            metadata={"path": str(file)},
        ) from error


def write_durably(place: Path, content: bytes) -> None:
    """All of it or nothing, also when the power fails. What a kill leaves half written is written over next time."""
    half = place.with_name(f".{place.name}.half")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
