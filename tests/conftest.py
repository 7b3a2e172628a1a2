"""What all tests share.

Property tests draw the same examples in every run, so that a failure is a change's; new ones by `make campaign`.
No example has a time limit: the first one may load a library.

The collector of garbage looks more seldom: what pytest keeps of seven thousand tests is no garbage, and it would go
through it again and again.
"""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from served.running_server import RunningServer

from topodesign.sweeps.local_engine import LocalEngine

gc.set_threshold(100_000, 20, 100)
settings.register_profile("same examples", derandomize=True, deadline=None)
settings.register_profile("new examples", print_blob=True, deadline=None)
settings.load_profile("new examples" if os.environ.get("TOPODESIGN_NEW_EXAMPLES") else "same examples")


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests that neither stop it nor count what it keeps."""
    with RunningServer(tmp_path_factory.mktemp("data"), reflection=True) as running:
        yield running


@pytest.fixture(scope="session")
def warm_engine() -> Iterator[LocalEngine]:
    """Two processes that have loaded the solvers once."""
    with LocalEngine(workers=2) as engine:
        yield engine
