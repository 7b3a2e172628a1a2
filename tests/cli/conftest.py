"""Plans on disk that several tests read."""

from pathlib import Path

import pytest
from kept_plans import keep_plan

import topodesign as td
from topodesign.scenario.starter import write_starter

SAMPLES = Path(__file__).parents[2] / "sample_sites"


@pytest.fixture(scope="session")
def campus_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the plan of two-campus, whose README works every figure out by hand."""
    folder = tmp_path_factory.mktemp("plans") / "campus"
    scenario = td.load_scenario(SAMPLES / "two-campus")
    return keep_plan(scenario, td.plan(scenario, gap=0.0), folder)


@pytest.fixture(scope="session")
def region_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a plan that uses two sites of four."""
    place = tmp_path_factory.mktemp("plans")
    write_starter(place / "scenario", "region")
    scenario = td.load_scenario(place / "scenario")
    return keep_plan(scenario, td.plan(scenario, gap=0.001), place / "region")
