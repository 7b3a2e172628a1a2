"""The client against a real server: what it gives back, what it repeats, what it refuses to repeat."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from served.running_server import RunningServer
from served.small_scenarios import two_sites, wide_grid

from topodesign.client import Client
from topodesign.domain.errors import Conflict, InvalidInput, InvalidScenario, NotFound, ServiceUnavailable
from topodesign.domain.scenario import Scenario

CENT_USD = 0.01


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    with Client(server.address) as connected:
        yield connected


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_package_is_imported_without_loading_grpc() -> None:
    code = "import sys, topodesign.client; sys.exit('grpc' in sys.modules or 'google.protobuf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_kept_scenario_comes_back_unchanged(client: Client) -> None:
    kept = client.create_scenario(two_sites(), scenario_id="unchanged")
    assert (kept.name, kept.title, kept.scenario) == ("scenarios/unchanged", "two sites", two_sites())
    assert client.get_scenario("scenarios/unchanged") == two_sites()
    assert "scenarios/unchanged" in {item.name for item in client.list_scenarios()}
    client.delete_scenario("scenarios/unchanged")
    with pytest.raises(NotFound) as caught:
        client.get_scenario("scenarios/unchanged")
    assert caught.value.reason == "SCENARIO_UNKNOWN"


def test_an_id_is_taken_once(client: Client) -> None:
    client.create_scenario(two_sites(), scenario_id="taken")
    with pytest.raises(Conflict) as caught:
        client.create_scenario(two_sites(), scenario_id="taken")
    assert caught.value.reason == "SCENARIO_EXISTS"


def test_an_id_of_another_form_is_refused(client: Client) -> None:
    with pytest.raises(InvalidInput) as caught:
        client.create_scenario(two_sites(), scenario_id="No Good")
    assert (caught.value.reason, caught.value.field_path) == ("ID_INVALID", "scenario_id")


def test_a_sound_scenario_has_no_problems(client: Client) -> None:
    assert client.check_scenario(two_sites()) == ()


def test_the_problems_of_files_come_back_as_the_library_finds_them(client: Client) -> None:
    from topodesign.scenario import read_scenario_files

    files = {"scenario.toml": b"nam = 'x'\n", "sites.geojson": b"{}"}
    with pytest.raises(InvalidScenario) as caught:
        read_scenario_files(files)
    assert client.check_scenario(files) == caught.value.problems
    with pytest.raises(InvalidScenario) as refused:
        client.create_scenario(files)
    assert refused.value.problems == caught.value.problems


def test_files_outside_the_folder_are_refused(client: Client) -> None:
    with pytest.raises(InvalidInput) as caught:
        client.check_scenario({"../scenario.toml": b""})
    assert caught.value.reason == "FILE_NAME_INVALID"


def test_progress_is_told_in_order(client: Client) -> None:
    job = client.submit_plan(two_sites(), time_limit_s=60)
    events = list(job.watch())
    assert events
    assert [event.wall_s for event in events] == sorted(event.wall_s for event in events)
    bounds = [event.bound_usd for event in events if event.bound_usd is not None]
    assert bounds
    assert all(later >= earlier - CENT_USD for earlier, later in pairwise(bounds))


def test_waiting_ends_with_its_time_and_the_job_goes_on(client: Client, server: RunningServer) -> None:
    job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
    with pytest.raises(ServiceUnavailable) as caught:
        job.result(0.1)
    assert caught.value.reason == "DEADLINE_EXCEEDED"
    assert job.status().state in ("queued", "running")
    job.cancel()
    assert job.result(90).stopped_by == "cancelled"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    port = free_port()
    with Client(f"127.0.0.1:{port}", timeout_s=0.5) as client, pytest.raises(ServiceUnavailable) as caught:
        client.jobs()
    assert f"the server at 127.0.0.1:{port} cannot be reached" in caught.value.message
    assert "check the address" in caught.value.message


def test_a_format_that_there_is_not_is_refused_with_those_there_are(client: Client) -> None:
    with pytest.raises(InvalidInput, match="geojson, plan-json, bom-csv, gpkg, report-html, geoparquet") as caught:
        client.export_plan("plans/any", "xls")  # type: ignore[arg-type]
    assert caught.value.field_path == "file_format"


def test_a_call_waits_for_a_server_that_is_just_starting(tmp_path: Path) -> None:
    port = free_port()
    found: list[object] = []
    with Client(f"127.0.0.1:{port}", timeout_s=60) as client:
        waiting = threading.Thread(target=lambda: found.append(client.jobs()))
        waiting.start()
        with RunningServer(tmp_path, port=port):
            waiting.join(60)
    assert found == [()]


def test_watching_goes_on_where_it_was_when_the_server_comes_back(tmp_path: Path) -> None:
    port = free_port()
    seen: list[float] = []
    with Client(f"127.0.0.1:{port}", timeout_s=60) as client:
        with RunningServer(tmp_path, port=port) as first:
            job = client.submit_plan(wide_grid(), time_limit_s=600, gap=0.0)
            stream = job.watch()
            seen.append(next(stream).wall_s)
            first.kill()
        with RunningServer(tmp_path, port=port) as second:
            second.wait_for_attempt()
            seen.append(next(stream).wall_s)
            client.job(job.name).cancel()
            seen.extend(event.wall_s for event in stream)
            history = list(client.job(job.name).watch())
    assert seen == [event.wall_s for event in history]


def test_a_name_of_another_form_is_refused_without_asking_the_server(client: Client) -> None:
    with pytest.raises(InvalidInput):
        client.job("p-123")


def test_scenarios_with_every_kind_of_value_come_back_unchanged(client: Client) -> None:
    from dataclasses import replace

    base = two_sites()
    site = replace(base.sites[0], extra={"operator": "x", "floors": 3, "score": 0.5, "owned": True, "note": None})
    ring = ((-78.0, 38.0), (-76.0, 38.0), (-76.0, 40.0), (-78.0, 38.0))
    zone = replace(base.zones[0], polygons=((ring,), (ring, ring)))
    scenario: Scenario = replace(
        base,
        sites=(site, base.sites[1]),
        zones=(zone,),
        catalog_overrides={"transceiver.zrplus-400": {"cost_usd": 5000.0}},
    )
    assert client.create_scenario(scenario).scenario == scenario
