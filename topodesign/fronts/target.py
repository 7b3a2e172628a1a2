"""The files of a front, and where they may go: files of others are never replaced."""

from pathlib import Path

from topodesign.sweeps.questions import DATABASE, PLANS
from topodesign.sweeps.target import require_own_folder

WHAT = "Pareto front"
FRONT_FILES = ("front.json", "front.csv", "front.parquet", "cells.csv", "front.png", "front.svg", "front.html")
"""Every file that is made from the answers; these and the plans are beside them."""


def require_front_folder(folder: Path) -> None:
    """Raise unless a front can be begun or gone on with in ``folder``, which need not exist yet.

    Raises
    ------
    Conflict, InvalidInput
        As :func:`~topodesign.sweeps.target.require_own_folder`.
    """
    require_own_folder(folder, FRONT_FILES, inner=(PLANS,), marker=DATABASE, what=WHAT)
