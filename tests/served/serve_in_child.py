"""Runs a server with settings given as JSON: what a test starts as its own process."""

import json
import sys
from pathlib import Path

from topodesign_server.children import TASKS
from topodesign_server.running import run_server
from topodesign_server.settings import ServerSettings

if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    tasks = options.pop("tasks", TASKS)
    run_server(ServerSettings(data_directory=Path(options.pop("data_directory")), **options), tasks=tasks)
