"""The server that all clients from elsewhere talk to: the one of the session."""

import pytest
from served.running_server import RunningServer


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server
