"""Plans on disk that several tests read."""

from pathlib import Path

import pytest

import topodesign as td
from topodesign.domain.codec import encode_json
from topodesign.domain.scenario import Scenario
from topodesign.outputs.saving import PLAN_FILE
from topodesign.outputs.scenario_copy import SCENARIO_FILE, scenario_json
from topodesign.scenario.starter import write_starter

SAMPLES = Path(__file__).parents[2] / "sample_sites"


@pytest.fixture(scope="session")
def campus_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the plan of two-campus, whose README works every figure out by hand."""
    folder = tmp_path_factory.mktemp("plans") / "campus"
    return _kept(td.load_scenario(SAMPLES / "two-campus"), folder, gap=0.0)


@pytest.fixture(scope="session")
def region_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a plan that uses two sites of four."""
    place = tmp_path_factory.mktemp("plans")
    write_starter(place / "scenario", "region")
    return _kept(td.load_scenario(place / "scenario"), place / "region", gap=0.001)


def _kept(scenario: Scenario, folder: Path, *, gap: float) -> Path:
    """What commands read of a plan's folder; charts and map take longer than the plan."""
    folder.mkdir()
    (folder / PLAN_FILE).write_bytes(encode_json(td.plan(scenario, gap=gap)))
    (folder / SCENARIO_FILE).write_bytes(scenario_json(scenario))
    return folder
