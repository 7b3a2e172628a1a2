"""``@grpc/grpc-js``: another language on another HTTP/2 stack, with nothing but the .proto files."""

import json
import subprocess
from pathlib import Path
from typing import Any

import grpc
from served.running_server import ROOT, RunningServer

import topodesign as td
from topodesign.client import Client


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
