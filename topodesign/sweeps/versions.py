"""Which versions make a plan: other ones may give another plan for the same input."""

import platform
from collections.abc import Mapping
from importlib.metadata import version


def planner_versions() -> Mapping[str, str]:
    """Versions of the planner, of its solvers and of Python, by name; loads none of them."""
    return {
        "topodesign": version("topodesign"),
        "ortools": version("ortools"),
        "python": platform.python_version(),
    }
