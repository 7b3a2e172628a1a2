"""Where a build-out goes: found to be usable before hours are spent on it; files of others are never replaced.

What lies there is read back here: the years that it lists are those whose folders are ours.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from topodesign.domain.buildout import Buildout
from topodesign.domain.codec import decode_json
from topodesign.domain.errors import Conflict, NotFound
from topodesign.outputs.target import OUTPUT_FILES, require_usable_target

BUILDOUT_FILE = "buildout.json"
BUILDOUT_FILES = (
    BUILDOUT_FILE,
    "years.csv",
    "years.parquet",
    "sites.csv",
    "sites.parquet",
    "spending.csv",
    "spending.parquet",
    "buildout.geojson",
    "timeline.png",
    "timeline.svg",
    "buildout.html",
)
"""Every file of a build-out's own; the folders of its years and the kept answers are beside them."""
ANSWERS = "answers"
"""Folder of what was asked and answered."""


def require_buildout_folder(folder: Path, years: Iterable[int]) -> None:
    """Raise unless a build-out of these years can be begun or gone on with in ``folder``, which need not exist yet.

    Raises
    ------
    Conflict
        When none was begun there and it has a file of one of our names, or the folder of a year has a plan that is of
        no build-out there (``FILE_EXISTS``); and as :func:`~topodesign.outputs.target.require_usable_target`.
    InvalidInput
        When nothing can be written there (``NOT_WRITABLE``), and as :func:`load_buildout`.
    """
    require_usable_target(folder, BUILDOUT_FILES, what="build-out")
    ours = years_in(folder)
    for year in years:
        place = folder / str(year)
        require_usable_target(place)
        if year not in ours:
            _require_absent(place, OUTPUT_FILES)
    if not (folder / ANSWERS).is_dir() and not (folder / BUILDOUT_FILE).exists():
        _require_absent(folder, (*BUILDOUT_FILES, ANSWERS))


def years_in(folder: Path) -> frozenset[int]:
    """The years of the build-out that was written into a folder; none where there is no ``buildout.json``."""
    if not (folder / BUILDOUT_FILE).is_file():
        return frozenset()
    return frozenset(item.year for item in load_buildout(folder).years)


def load_buildout(path: str | Path) -> Buildout:
    """A build-out from its folder, or from a ``buildout.json``.

    Raises
    ------
    NotFound
        When there is no such file (``BUILDOUT_NOT_FOUND``).
    InvalidInput
        When it is not a build-out; the message names the JSON path of the first value that does not fit.
    """
    place = Path(path)
    file = place / BUILDOUT_FILE if place.is_dir() else place
    if not file.is_file():
        raise NotFound(
            f"{file} does not exist; give a build-out's folder or its {BUILDOUT_FILE}",
            reason="BUILDOUT_NOT_FOUND",
            metadata={"path": str(file)},
        )
    return decode_json(file.read_bytes(), Buildout, what=str(file))


def _require_absent(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if os.path.lexists(folder / name):
            raise Conflict(
                f"{folder / name} is there already and is of no build-out; move it away, or give another folder",
                reason="FILE_EXISTS",
                metadata={"path": str(folder / name)},
            )
