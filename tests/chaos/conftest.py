"""A server whose solvers go wild when a scenario's name says so (``served/chaos_tasks.py``)."""

from collections.abc import Iterator

import pytest
from served.running_server import RunningServer

from topodesign.client import Client

GIB = 1024**3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(
        tmp_path_factory.mktemp("data"),
        tasks="chaos_tasks",
        workers=2,
        max_attempts=2,
        retry_pause_s=0.05,
        plan_memory_bytes=GIB,
        cancel_grace_s=0.3,
        overrun_s=0.2,
    ) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    with Client(server.address) as connected:
        yield connected
