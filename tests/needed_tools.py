"""Programs that tests need beside Python: where they are missing a test is skipped, or fails where all are required."""

import os
from typing import NoReturn

import pytest


def missing(tool: str) -> NoReturn:
    """Skip the test, or fail it when ``TOPODESIGN_REQUIRE_TOOLS`` is set, as continuous integration does."""
    message = f"needs {tool}, which this machine lacks: NOT tested"
    if os.environ.get("TOPODESIGN_REQUIRE_TOOLS"):
        pytest.fail(message)
    pytest.skip(message)
