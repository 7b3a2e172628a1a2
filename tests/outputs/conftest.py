"""The hand-made plans, made once."""

import pytest
from outputs.hand_made_plans import Case, east_case, pacific_case


@pytest.fixture(scope="session")
def east() -> Case:
    return east_case()


@pytest.fixture(scope="session")
def pacific() -> Case:
    return pacific_case()
