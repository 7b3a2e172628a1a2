"""Where a plan goes: found to be usable before hours are spent on the plan, and without leaving anything there."""

import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from topodesign.domain.errors import Conflict, InvalidInput
from topodesign.outputs.chart_words import CHART_WORDS
from topodesign.outputs.properties import LAYERS

GEOPARQUET_FOLDER = "geoparquet"

OUTPUT_FILES = (
    "plan.json",
    "verification.json",
    "site-plan.geojson",
    "plan.gpkg",
    *(f"{GEOPARQUET_FOLDER}/{layer}.parquet" for layer in LAYERS),
    "bill-of-materials.csv",
    "bill-of-materials-by-year.csv",
    "fabrics.json",
    *(f"{chart}.{ending}" for chart in CHART_WORDS for ending in ("png", "svg")),
    "scenario.json",
    "explanation.json",
    "report.html",
)
"""Every file that a plan's folder may have from us, with ``/`` where it lies in one inside; others are left alone."""


def require_usable_target(directory: str | Path, names: Sequence[str] = OUTPUT_FILES, *, what: str = "plan") -> None:
    """Raise unless a plan can be saved into ``directory``, which need not exist yet. Nothing is left behind.

    Parameters
    ----------
    directory : path
    names : sequence of str
        The files that are to be written, as in :data:`OUTPUT_FILES`.
    what : str
        What they are of, for messages.

    Raises
    ------
    Conflict
        When it, or what it lies in, is no folder (``NOT_A_DIRECTORY``), when it is a link to nothing
        (``LINK_DANGLING``), or when something other than a file has the name of one of ours (``NOT_A_FILE``).
    InvalidInput
        When nothing can be written there (``NOT_WRITABLE``).
    """
    target = Path(directory)
    require_replaceable(target, names, what=what)
    place = _nearest_existing(target)
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".topodesign-", dir=place))  # noqa: PTH106  (one expression, nothing kept)
    except OSError as error:
        raise _not_writable(target, place, error) from None


def require_usable_file(file: str | Path) -> None:
    """Raise unless a file can be written there; its folder must exist.

    Raises
    ------
    Conflict
        When it is a folder (``NOT_A_FILE``), or its folder is none (``NOT_A_DIRECTORY``).
    InvalidInput
        When nothing can be written there (``NOT_WRITABLE``).
    """
    target = Path(file)
    if target.is_dir():
        raise _conflict(f"{target} is a folder, but one file is to be written; give the name of a file", "NOT_A_FILE")
    if not target.parent.is_dir():
        raise _conflict(f"{target.parent} is no folder; make it, or give a file elsewhere", "NOT_A_DIRECTORY")
    existed = os.path.lexists(target)
    try:
        with target.open("ab"):
            pass
        if not existed:
            target.unlink()
        if not existed or target.is_file():  # it is written beside first, and moved into place
            os.rmdir(tempfile.mkdtemp(prefix=".topodesign-", dir=target.resolve().parent))  # noqa: PTH106
    except OSError as error:
        raise _not_writable(target, target.parent, error) from None


def require_replaceable(target: Path, names: Sequence[str] = OUTPUT_FILES, *, what: str = "plan") -> None:
    """Raise :class:`Conflict` unless ``target`` is missing or a folder in which our names are free or regular files."""
    if target.is_symlink() and not target.exists():
        raise _conflict(
            f"{target} is a link to {target.readlink()}, which does not exist; make that folder or remove the link",
            "LINK_DANGLING",
        )
    if target.exists() and not target.is_dir():
        raise _conflict(
            f"{target} is a file, but a {what} is a folder of files; give another directory", "NOT_A_DIRECTORY"
        )
    for inside in sorted({(target / name).parent for name in names} - {target}):
        if os.path.lexists(inside) and not stat.S_ISDIR(inside.lstat().st_mode):
            raise _conflict(
                f"{inside} is {_kind(inside)}, but the {what}'s folder of that name would take its place; "
                "move it away or give another directory",
                "NOT_A_DIRECTORY",
            )
    for name in names:
        entry = target / name
        if os.path.lexists(entry) and not stat.S_ISREG(entry.lstat().st_mode):
            raise _conflict(
                f"{entry} is {_kind(entry)}, but the {what}'s file of that name would take its place; "
                "move it away or give another directory",
                "NOT_A_FILE",
            )


def _kind(entry: Path) -> str:
    if entry.is_symlink():
        return "a link"
    if entry.is_dir():
        return "a folder"
    return "a file" if entry.is_file() else "a special file"


def _nearest_existing(target: Path) -> Path:
    """The folder in which the first new thing would be made."""
    for place in (target, *target.parents):
        if place.is_dir():
            return place
        if os.path.lexists(place):
            raise _conflict(f"{place} is no folder, so {target} cannot be made in it; give another", "NOT_A_DIRECTORY")
    return Path()


def _conflict(message: str, reason: str) -> Conflict:
    return Conflict(message, reason=reason)


def _not_writable(target: Path, place: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        f"{target} cannot be written: {place}: {error.strerror or error}; give another place or change its permissions",
        reason="NOT_WRITABLE",
        metadata={"path": str(target)},
    )
