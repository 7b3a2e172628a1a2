"""Whatever a file holds, the reader ends with a scenario or with located problems, never with another error."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidScenario
from topodesign.domain.scenario import Scenario
from topodesign.scenario import read_scenario_files

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**320)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["a", "west", "Point", "\x1b[2J", ";", "nan"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    "properties",
    "geometry",
    "type",
    "coordinates",
    "site_id",
    "zone_id",
    "power_mw",
    "a",
    "length_km",
    "conduits",
]


def outcome(files: dict[str, bytes]) -> object:
    try:
        return read_scenario_files(files)
    except InvalidScenario as error:
        assert error.problems
        for problem in error.problems:
            assert problem.reason == problem.reason.upper() and problem.message.isprintable()
        return error


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.sampled_from(["sites", "zones", "junctions", "fiber"]), name=st.sampled_from(PATHS), value=ANY_JSON)
def test_any_value_anywhere_in_a_feature(draft: Any, part: str, name: str, value: object) -> None:
    spoiled = draft.copy()
    feature = getattr(spoiled, part)[0]
    if name in ("properties", "geometry", "type"):
        feature[name] = value
    elif name == "coordinates":
        feature["geometry"][name] = value
    else:
        feature["properties"][name] = value
    assert isinstance(outcome(spoiled.files()), Scenario | InvalidScenario)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["sites.geojson", "fiber.graphml", "sites.gpkg", "sites.csv", "scenario.toml"]),
    data=st.binary(max_size=200),
    prefix=st.sampled_from([b"", b"SQLite format 3\x00", b"<graphml>", b"site_id,power_mw,lon,lat\n", b"[workload]\n"]),
)
def test_any_bytes_as_a_file(draft: Any, name: str, data: bytes, prefix: bytes) -> None:
    spoiled = draft.copy()
    stem = name.partition(".")[0]
    spoiled.replaced = {f"{stem}.geojson": None, name: prefix + data}
    assert isinstance(outcome(spoiled.files()), Scenario | InvalidScenario)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="[]{}=.,\"'# \nabmin_sites01enf-", max_size=80))
def test_any_text_as_settings(draft: Any, text: str) -> None:
    spoiled = draft.copy()
    spoiled.settings += text
    assert isinstance(outcome(spoiled.files()), Scenario | InvalidScenario)


@pytest.mark.parametrize("number", ["1" * 400, "1" * 5000])
def test_a_number_beyond_any_float(draft: Any, number: str) -> None:
    text = draft.files()["sites.geojson"].decode().replace('"power_mw": 50', f'"power_mw": {number}', 1)
    draft.replaced["sites.geojson"] = text.encode()
    assert isinstance(outcome(draft.files()), InvalidScenario)
    draft.replaced = {}
    draft.settings = draft.settings.replace("4608", number)
    assert isinstance(outcome(draft.files()), InvalidScenario)


def test_nested_values_in_unknown_columns(draft: Any) -> None:
    deep = "[" * 900 + "]" * 900
    text = draft.files()["sites.geojson"].decode().replace('"power_mw": 50', f'"power_mw": 50, "deep": {deep}', 1)
    draft.replaced["sites.geojson"] = text.encode()
    assert isinstance(outcome(draft.files()), Scenario | InvalidScenario)


def test_nested_coordinates_in_a_reprojected_file(draft: Any) -> None:
    draft.extra_members["sites.geojson"] = {"crs": {"type": "name", "properties": {"name": "EPSG:3857"}}}
    draft.sites[0]["geometry"]["coordinates"] = json.loads("[" * 400 + "]" * 400)
    assert isinstance(outcome(draft.files()), InvalidScenario)


def test_control_characters_do_not_reach_the_terminal(draft: Any) -> None:
    draft.settings += '\n["\\u001b[2J"]\n'
    draft.sites[0]["properties"]["zone_id"] = "\x1b[2J"
    for problem in draft.problems():
        assert "\x1b" not in str(problem)
