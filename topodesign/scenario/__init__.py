"""Scenario folders: read, checked with every problem located, turned into a ``Scenario``."""

from topodesign.scenario.digest import scenario_digest
from topodesign.scenario.reading import check_scenario, load_scenario, read_scenario_files

__all__ = ["check_scenario", "load_scenario", "read_scenario_files", "scenario_digest"]
