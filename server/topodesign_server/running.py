"""Starts a server in this process: children first, gRPC after."""

import asyncio

from topodesign_server.children import TASKS, ChildFactory
from topodesign_server.logs import configure_logs
from topodesign_server.settings import ServerSettings


def run_server(settings: ServerSettings, *, tasks: str = TASKS) -> None:
    """Serve until SIGTERM or SIGINT; returns when everything is drained. Call it in the main thread.

    Parameters
    ----------
    settings : ServerSettings
    tasks : str
        Module whose ``TASKS`` the children run.

    Raises
    ------
    Conflict
        When another server uses the data directory.
    InvalidInput
        When the address cannot be bound.
    """
    configure_logs()
    children = ChildFactory(tasks=tasks)
    # Imported here and not above: gRPC must not be initialized before the children's process exists.
    from topodesign_server.server import serve

    asyncio.run(serve(settings, children))
