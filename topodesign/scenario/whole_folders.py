"""Folders and files written so that a failure leaves no half result: all of it beside first, then moved into place."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

Move = Callable[[Path, Path], object]
"""Puts the file of the first name in the place of the second, which may exist."""


def write_whole(
    target: Path,
    names: Sequence[str],
    fill: Callable[[Path], None],
    recheck: Callable[[], None],
    *,
    move: Move | None = None,
) -> None:
    """Write files into a folder, all of them or none.

    Parameters
    ----------
    target : Path
        Made with its parents when it does not exist. What else is in it stays.
    names : sequence of str
        Every file that may be there from us, with ``/`` where it lies in a folder inside. Those of an earlier time go,
        also those that ``fill`` makes none of.
    fill : callable
        Makes the files in the folder that it is given.
    recheck : callable
        Raises when ``target`` cannot be written any more: making the files may have taken long.
    move : callable, optional
        How a file gets to another place on the same disk; default: it is renamed.

    Raises
    ------
    OSError
        When the disk is full or a permission is missing; nothing has changed then. Should earlier files not get back
        into place either, they stay in a folder ``.topodesign-*`` beside them.
    """
    if target.is_dir():
        beside = target  # what it lies in may be read-only, or another disk
    else:
        beside = target.parent
        beside.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".topodesign-", dir=beside))
    fresh, previous = staging / "fresh", staging / "previous"
    try:
        fresh.mkdir()
        fill(fresh)
        recheck()
        _move_into_place(fresh, target, names, previous=previous, move=move or _rename)
    except BaseException:
        if not _has_files(previous):  # else they are the only copy
            shutil.rmtree(staging, ignore_errors=True)
        raise
    shutil.rmtree(staging, ignore_errors=True)


def write_whole_file(place: Path, fill: Callable[[Path], object]) -> None:
    """Write one file whole or not at all: until it is, what was there before stays.

    Parameters
    ----------
    place : Path
        Its folder must exist. A link's file is replaced, not the link. What is no regular file, such as ``/dev/null``
        or a pipe, is written to as it is.
    fill : callable
        Makes the file of the path that it is given, which has the name of ``place``.

    Raises
    ------
    OSError
        Of ``place``, when it cannot be written; that is found before ``fill`` is called, where it can be.
    """
    try:
        if place.exists() and not stat.S_ISREG(place.stat().st_mode):
            fill(place)  # not resolved: /dev/stdout may be a pipe, which has no path
            return
        target = place.resolve()
        staging = Path(tempfile.mkdtemp(prefix=".topodesign-", dir=target.parent))
        try:
            fresh = staging / target.name
            fill(fresh)
            if target.exists():
                shutil.copymode(target, fresh)
            fresh.replace(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        if error.errno is None:
            raise
        # what failed may be a file in the staging folder, of which the caller knows nothing
        raise OSError(error.errno, os.strerror(error.errno), str(place)) from error


def _move_into_place(fresh: Path, target: Path, names: Sequence[str], *, previous: Path, move: Move) -> None:
    """Rename the folder where there is none yet; else exchange our files, and undo that when it fails half way."""
    if not target.exists():
        fresh.rename(target)
        return
    previous.mkdir()
    gone: list[str] = []
    placed: list[str] = []
    try:
        for name in names:
            gone.append(name)  # before the move: an interrupt may come between the two
            _move(target, previous, name, move)
        for name in names:
            placed.append(name)
            _move(fresh, target, name, move)
    except BaseException:  # an interrupt must not leave two results mixed either; raised again below
        _undo(target, previous, gone=gone, placed=placed, move=move)
        raise
    finally:
        _remove_emptied(target, names)


def _rename(file: Path, place: Path) -> None:
    file.replace(place)


def _move(source: Path, target: Path, name: str, move: Move) -> None:
    if (source / name).exists():
        (target / name).parent.mkdir(exist_ok=True)
        move(source / name, target / name)


def _undo(target: Path, previous: Path, *, gone: Sequence[str], placed: Sequence[str], move: Move) -> None:
    """Take away what was placed, and put back what had gone; a file that resists does not keep the others away.

    Files are placed only once all earlier ones have gone, so that what has a placed file's name is the new one.
    """
    for name in placed:
        with suppress(OSError):  # never placed: what it should lie in is no folder
            (target / name).unlink(missing_ok=True)
    for name in gone:
        with suppress(OSError):  # it stays where it was moved to
            _move(previous, target, name, move)


def _has_files(folder: Path) -> bool:
    return any(not entry.is_dir() for entry in folder.rglob("*"))


def _remove_emptied(target: Path, names: Sequence[str]) -> None:
    for folder in {target / Path(name).parent for name in names} - {target}:
        with suppress(OSError):  # it holds something, or was never there
            folder.rmdir()
