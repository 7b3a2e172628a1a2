"""Folders written so that a failure leaves no half result: all of it beside first, then moved into place."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path


def write_whole(target: Path, names: Sequence[str], fill: Callable[[Path], None], recheck: Callable[[], None]) -> None:
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

    Raises
    ------
    OSError
        When the disk is full or a permission is missing; nothing has changed then.
    """
    if target.is_dir():
        beside = target  # what it lies in may be read-only, or another disk
    else:
        beside = target.parent
        beside.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".topodesign-", dir=beside))
    try:
        fresh = staging / "fresh"
        fresh.mkdir()
        fill(fresh)
        recheck()
        _move_into_place(fresh, target, names, previous=staging / "previous")
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _move_into_place(fresh: Path, target: Path, names: Sequence[str], *, previous: Path) -> None:
    """Rename the folder where there is none yet; else exchange our files, and undo that when it fails half way."""
    if not target.exists():
        fresh.rename(target)
        return
    previous.mkdir()
    try:
        for name in names:
            _move(target, previous, name)
        for name in names:
            _move(fresh, target, name)
    except BaseException:  # an interrupt must not leave two results mixed either; raised again below
        _put_back(target, names, previous)
        raise
    finally:
        _remove_emptied(target, names)


def _move(source: Path, target: Path, name: str) -> None:
    if (source / name).exists():
        (target / name).parent.mkdir(exist_ok=True)
        (source / name).replace(target / name)


def _put_back(target: Path, names: Sequence[str], previous: Path) -> None:
    for name in names:
        if (previous / name).exists():
            _move(previous, target, name)
        else:
            (target / name).unlink(missing_ok=True)


def _remove_emptied(target: Path, names: Sequence[str]) -> None:
    for folder in {target / Path(name).parent for name in names} - {target}:
        with suppress(OSError):  # it holds something, or was never there
            folder.rmdir()
