"""What tests need beside the package: where it is missing a test is skipped, or fails where all of it is required."""

import importlib.util
import os
import platform
import sys
from typing import NoReturn

import pytest


def missing(tool: str) -> NoReturn:
    """Skip the test, or fail it when ``TOPODESIGN_REQUIRE_TOOLS`` is set, as continuous integration does."""
    message = f"needs {tool}, which this machine lacks: NOT tested"
    if os.environ.get("TOPODESIGN_REQUIRE_TOOLS"):
        pytest.fail(message)
    pytest.skip(message)


def need_gnpy() -> None:
    """Go on only where GNPy is installed; ``make setup`` installs it wherever GNPy itself can be."""
    if importlib.util.find_spec("gnpy") is not None:
        return
    if sys.version_info[:2] in ((3, 11), (3, 12)) and (sys.platform, platform.machine()) == ("linux", "x86_64"):
        missing("GNPy")
    pytest.skip("GNPy 3.0 cannot be installed on this Python or machine: NOT tested")
