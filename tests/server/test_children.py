"""Processes of the service that cannot be started."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os
import resource
from topodesign.domain.errors import ServiceUnavailable
from topodesign_server.children import ChildFactory

children = ChildFactory(preload=())
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
highest = max(int(number) for number in os.listdir("/proc/self/fd"))
spare = [os.open(os.devnull, os.O_RDONLY) for _ in range(highest)]  # fills what is free below
resource.setrlimit(resource.RLIMIT_NOFILE, (max(spare) + 1, limits[1]))
try:
    children.start("verify_plan", ())
except ServiceUnavailable as error:
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    print(error.reason, error.metadata["task"])
"""


def test_a_service_that_may_open_no_more_files_says_that_it_cannot_start_processes() -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout.splitlines()[-1] == "CHILDREN_UNAVAILABLE verify_plan"
