"""Plans made by hand, shared with the tests of the outputs."""

import importlib.util
import sys
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[1] / "outputs" / "hand_made_plans.py"


@pytest.fixture(name="east", scope="session")
def east_fixture():
    """Ashburn, Columbus and Atlanta in a triangle, with what the verifier makes of its cost."""
    if "hand_made_plans" not in sys.modules:
        spec = importlib.util.spec_from_file_location("hand_made_plans", _FILE)
        module = importlib.util.module_from_spec(spec)
        sys.modules["hand_made_plans"] = module
        spec.loader.exec_module(module)
    return sys.modules["hand_made_plans"].east_case()
