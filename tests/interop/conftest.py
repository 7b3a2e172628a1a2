"""The server that all clients from elsewhere talk to (the one of the session), and a folder for those in Node.js."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from needed_tools import missing
from served.running_server import RunningServer

HERE = Path(__file__).resolve().parent


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


@pytest.fixture(scope="session")
def node_project(pytestconfig: pytest.Config) -> Path:
    """The scripts beside their packages, installed from the lock file once and kept with pytest's cache."""
    if shutil.which("npm") is None:
        missing("Node.js and npm")
    files = sorted([*HERE.glob("*.json"), *HERE.glob("*.js")])
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    assert pytestconfig.cache is not None
    directory = pytestconfig.cache.mkdir("interop") / digest
    if not directory.exists():
        fresh = Path(tempfile.mkdtemp(dir=directory.parent))
        for file in files:
            shutil.copy(file, fresh / file.name)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=fresh, check=True, capture_output=True)
        try:
            fresh.rename(directory)
        except OSError:  # another worker was faster
            shutil.rmtree(fresh)
    return directory
