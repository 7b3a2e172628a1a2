"""Runs a server with settings given as JSON: what a test starts as its own process."""

import json
import sys
from pathlib import Path

from topodesign_server.children import TASKS
from topodesign_server.ending import Deadline
from topodesign_server.running import run_server
from topodesign_server.settings import ServerSettings

PATHS = ("data_directory", "tls_certificate", "tls_key", "tls_client_ca")

if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    tasks = options.pop("tasks", TASKS)
    paths = {name: Path(value) for name, value in options.items() if name in PATHS}
    run_server(ServerSettings(**{**options, **paths}), tasks=tasks, deadline=Deadline())  # as the command line does
