"""A key that occurs twice in an object of a GeoJSON file: both values cannot be meant."""

from typing import Any

import pytest

from topodesign.domain.errors import InvalidScenario
from topodesign.scenario import read_scenario_files


@pytest.mark.parametrize("file", ["sites.geojson", "power_zones.geojson", "fiber.geojson"])
def test_a_repeated_key_is_refused_by_its_name(draft: Any, file: str) -> None:
    files = dict(draft.files())
    read_scenario_files(files)
    files[file] = files[file].replace(b'"properties": {', b'"properties": {"mark": 1, "mark": 2, ', 1)
    with pytest.raises(InvalidScenario) as caught:
        read_scenario_files(files)
    problems = caught.value.problems
    assert [(problem.file, problem.field, problem.reason) for problem in problems] == [
        (file, "mark", "JSON_KEY_REPEATED")
    ]
    assert "'mark' occurs twice" in problems[0].message


def test_large_settings_are_not_told_to_simplify_their_geometry(draft: Any) -> None:
    draft.settings = "#" * 1_000_001
    (problem,) = [problem for problem in draft.problems() if problem.file == "scenario.toml"]
    assert problem.reason == "FILE_TOO_LARGE"
    assert "keep only settings in it" in problem.message
    assert "geometry" not in problem.message
