"""The hand-made plans, made once."""

import pytest
from outputs.hand_made_plans import Case, east_case, pacific_case

from topodesign.catalog import load_catalog
from topodesign.outputs import svg_bytes
from topodesign.outputs.charts_of_plan import charts_of_plan


@pytest.fixture(scope="session")
def east() -> Case:
    return east_case()


@pytest.fixture(scope="session")
def east_charts(east: Case) -> dict[str, bytes]:
    """What a report takes long to draw, for those that are about something else."""
    figures = charts_of_plan(east.scenario, east.plan, load_catalog())
    return {name: svg_bytes(figure) for name, figure in figures.items()}


@pytest.fixture(scope="session")
def pacific() -> Case:
    return pacific_case()
