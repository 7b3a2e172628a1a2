"""The hand-made plans, made once."""

from pathlib import Path

import pytest
from outputs.hand_made_plans import Case, east_case, explanation_of, pacific_case

from topodesign.outputs import CHART_WORDS, save_plan


@pytest.fixture(scope="session")
def east() -> Case:
    return east_case()


@pytest.fixture(scope="session")
def east_charts(complete: Path) -> dict[str, bytes]:
    """What a report takes long to draw, for those that are about something else."""
    return {name: (complete / f"{name}.svg").read_bytes() for name in CHART_WORDS}


@pytest.fixture(scope="session")
def pacific() -> Case:
    return pacific_case()


@pytest.fixture(scope="session", name="complete")
def complete_fixture(east: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole plan, saved once; nobody writes here."""
    folder = tmp_path_factory.mktemp("saved") / "deep" / "out"
    save_plan(east.scenario, east.plan, folder, explanation=explanation_of(east.plan))
    return folder
