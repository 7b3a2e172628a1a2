"""Where a sweep goes: found to be usable before hours are spent on it; files of others are never replaced."""

import os
from collections.abc import Sequence
from pathlib import Path

from topodesign.domain.errors import Conflict
from topodesign.outputs.target import require_usable_target
from topodesign.sweeps.store import DATABASE, PLANS, SCENARIO

SWEEP_FILES = (
    "points.csv",
    "points.parquet",
    "sweep.gpkg",
    "cost.png",
    "cost.svg",
    "heat-map.png",
    "heat-map.svg",
    "sweep.html",
)
"""Every file that is made from the results; the store's own are beside them."""


def require_sweep_folder(folder: Path) -> None:
    """Raise unless a sweep can be begun or gone on with in ``folder``, which need not exist yet.

    Raises
    ------
    Conflict
        When no sweep was begun there and it has a file of one of our names: of a plan, or somebody's own
        (``FILE_EXISTS``); and as :func:`~topodesign.outputs.target.require_usable_target`.
    InvalidInput
        When nothing can be written there (``NOT_WRITABLE``).
    """
    require_own_folder(folder, SWEEP_FILES, inner=(PLANS, SCENARIO), marker=DATABASE, what="sweep")


def require_own_folder(
    folder: Path, files: Sequence[str], *, inner: Sequence[str] = (), marker: str, what: str
) -> None:
    """Raise unless ``files`` can be written into a folder that is new, or was begun by us: it has the ``marker``.

    Parameters
    ----------
    folder : Path
        It need not exist yet.
    files, inner : sequence of str
        Files that are written into it, and what else it has of us.
    marker : str
        The file that is made first, and is of nobody else.
    what : str
        What the folder is of, for messages.

    Raises
    ------
    Conflict, InvalidInput
        As :func:`require_sweep_folder`.
    """
    require_usable_target(folder, files, what=what)
    if (folder / marker).exists():
        return  # whether it is the same one is for the store to say
    for name in (*files, *inner):
        if os.path.lexists(folder / name):
            raise Conflict(
                f"{folder / name} is there already and is of no {what}; move it away, or give another folder",
                reason="FILE_EXISTS",
                metadata={"path": str(folder / name)},
            )
