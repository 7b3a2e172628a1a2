"""Where a front goes: found to be usable before hours are spent on it; files of others are never replaced."""

import os
from pathlib import Path

from topodesign.domain.errors import Conflict
from topodesign.outputs.target import require_usable_target
from topodesign.sweeps.questions import DATABASE, PLANS

WHAT = "Pareto front"
FRONT_FILES = ("front.json", "front.csv", "front.parquet", "cells.csv", "front.png", "front.svg", "front.html")
"""Every file that is made from the answers; these and the plans are beside them."""


def require_front_folder(folder: Path) -> None:
    """Raise unless a front can be begun or gone on with in ``folder``, which need not exist yet.

    Raises
    ------
    Conflict
        When nothing was asked there and it has a file of one of our names (``FILE_EXISTS``); and as
        :func:`~topodesign.outputs.target.require_usable_target`.
    InvalidInput
        When nothing can be written there (``NOT_WRITABLE``).
    """
    require_usable_target(folder, FRONT_FILES, what=WHAT)
    if (folder / DATABASE).exists():
        return
    for name in (*FRONT_FILES, PLANS):
        if os.path.lexists(folder / name):
            raise Conflict(
                f"{folder / name} is there already and is of no {WHAT}; move it away, or give another folder",
                reason="FILE_EXISTS",
                metadata={"path": str(folder / name)},
            )
