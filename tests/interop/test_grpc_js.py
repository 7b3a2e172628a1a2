"""``@grpc/grpc-js``: another language on another HTTP/2 stack, with nothing but the .proto files."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import grpc
import pytest
from needed_tools import missing
from served.running_server import ROOT, RunningServer

import topodesign as td
from topodesign.client import Client

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def node_project(pytestconfig: pytest.Config) -> Path:
    """The script beside its packages, installed from the lock file once and kept with pytest's cache."""
    if shutil.which("npm") is None:
        missing("Node.js and npm")
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    assert pytestconfig.cache is not None
    directory = pytestconfig.cache.mkdir(f"interop-{digest}")
    for name in ("package.json", "package-lock.json", "talk.js"):
        shutil.copy(HERE / name, directory / name)
    stamp = directory / "installed"
    if not stamp.exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=directory, check=True, capture_output=True)
        stamp.touch()
    return Path(directory)


def test_a_node_client_makes_a_plan_follows_it_and_understands_an_error(
    server: RunningServer, node_project: Path
) -> None:
    command = ["node", "talk.js", server.address, str(ROOT / "protos"), str(ROOT / "sample_sites" / "two-campus")]
    run = subprocess.run(command, cwd=node_project, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads(run.stdout)

    assert answer["state"] == "PLAN_STATE_SUCCEEDED"
    assert answer["sequences"] == list(range(1, len(answer["sequences"]) + 1))
    with Client(server.address) as client:
        plan = client.get_plan(answer["stored"]["name"])
    assert answer["stored"]["plan"]["cost_usd"] == plan.cost_usd == 6_950_934.12  # worked out in its README
    assert [site["id"] for site in answer["stored"]["plan"]["sites"]] == ["campus-a", "campus-b"]

    design = td.design_link(500, capacity_gbps=1e6)
    assert (answer["link"]["cheapest"], answer["link"]["gsnr_db"]) == (design.cheapest, design.gsnr_db)
    assert [mode["margin_db"] for mode in answer["link"]["modes"]] == [mode.margin_db for mode in design.modes]
    assert [mode["id"] for mode in answer["modes"]["modes"]] == [mode.id for mode in td.list_modes()[:2]]
    assert answer["modes"]["next_page_token"]

    assert answer["refused"]["code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    info, bad_request = answer["refused"]["details"]
    assert (info["reason"], info["domain"]) == ("SCENARIO_INVALID", "topodesign")
    assert [violation["field"] for violation in bad_request["field_violations"]] == [
        "scenario.sites[0].lat",
        "scenario.sites[1].lat",
    ]
