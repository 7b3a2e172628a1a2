"""Where a build-out goes: found to be usable before hours are spent on it; files of others are never replaced."""

import os
from collections.abc import Iterable
from pathlib import Path

from topodesign.domain.errors import Conflict
from topodesign.outputs.target import require_usable_target

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
        When none was begun there and it has a file of one of our names (``FILE_EXISTS``); and as
        :func:`~topodesign.outputs.target.require_usable_target`.
    InvalidInput
        When nothing can be written there (``NOT_WRITABLE``).
    """
    require_usable_target(folder, BUILDOUT_FILES, what="build-out")
    for year in years:
        require_usable_target(folder / str(year))
    if (folder / ANSWERS).is_dir() or (folder / BUILDOUT_FILE).exists():
        return
    for name in (*BUILDOUT_FILES, ANSWERS):
        if os.path.lexists(folder / name):
            raise Conflict(
                f"{folder / name} is there already and is of no build-out; move it away, or give another folder",
                reason="FILE_EXISTS",
                metadata={"path": str(folder / name)},
            )
