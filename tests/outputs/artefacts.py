"""Where tests leave pictures for people to look at: ``TOPODESIGN_ARTEFACTS``, else ``out/screenshots``."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]


def artefacts() -> Path:
    """The folder, made when it does not exist."""
    folder = Path(os.environ.get("TOPODESIGN_ARTEFACTS") or ROOT / "out" / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
