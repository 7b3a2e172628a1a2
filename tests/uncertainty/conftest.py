"""Shared by the tests of uncertainty."""

from collections.abc import Iterator

import pytest

from topodesign.sweeps.local_engine import LocalEngine


@pytest.fixture(scope="session")
def two_processes() -> Iterator[LocalEngine]:
    """Processes that have loaded the solvers once."""
    with LocalEngine(workers=2) as engine:
        yield engine
