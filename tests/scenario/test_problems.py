"""Every fault that a scenario can have is located, and all faults are reported together."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from topodesign.domain.errors import InvalidScenario
from topodesign.scenario import check_scenario, load_scenario

Change = Callable[[Any], object]


def test_a_sound_scenario_has_no_problems(draft: Any) -> None:
    assert draft.problems() == ()


def set_property(part: str, row: int, name: str, value: object) -> Change:
    def change(draft: Any) -> None:
        getattr(draft, part)[row]["properties"][name] = value

    return change


def drop_property(part: str, name: str) -> Change:
    def change(draft: Any) -> None:
        for item in getattr(draft, part):
            item["properties"].pop(name, None)

    return change


def set_geometry(part: str, row: int, geometry: object) -> Change:
    def change(draft: Any) -> None:
        getattr(draft, part)[row]["geometry"] = geometry

    return change


def point_at(lon: object, lat: object) -> dict[str, object]:
    return {"type": "Point", "coordinates": [lon, lat]}


FAULTS = {
    "missing column": (drop_property("sites", "power_mw"), "sites.geojson", None, "power_mw", "COLUMN_MISSING"),
    "missing value": (set_property("sites", 1, "power_mw", None), "sites.geojson", 2, "power_mw", "VALUE_MISSING"),
    "missing id": (set_property("zones", 0, "zone_id", None), "power_zones.geojson", 1, "zone_id", "VALUE_MISSING"),
    "hours that no year has": (
        set_property("zones", 0, "curtailed_hours_per_year", 9000),
        "power_zones.geojson",
        1,
        "curtailed_hours_per_year",
        "NUMBER_OUT_OF_RANGE",
    ),
    "unknown zone": (set_property("sites", 2, "zone_id", "eats"), "sites.geojson", 3, "zone_id", "ZONE_UNKNOWN"),
    "junction in an unknown zone": (
        set_property("junctions", 0, "zone_id", "eats"),
        "junctions.geojson",
        1,
        "zone_id",
        "ZONE_UNKNOWN",
    ),
    "site in no zone": (
        set_geometry("sites", 0, point_at(-120, 40)),
        "sites.geojson",
        1,
        "zone_id",
        "SITE_IN_NO_ZONE",
    ),
    "self-loop": (set_property("fiber", 0, "b", "a"), "fiber.geojson", 1, "b", "SELF_LOOP"),
    "unknown end": (set_property("fiber", 3, "a", "jj"), "fiber.geojson", 4, "a", "REFERENCE_UNKNOWN"),
    "repeated site": (set_property("sites", 2, "site_id", "b"), "sites.geojson", 3, "site_id", "DUPLICATE_ID"),
    "repeated segment": (
        set_property("fiber", 2, "segment_id", "ab"),
        "fiber.geojson",
        3,
        "segment_id",
        "DUPLICATE_ID",
    ),
    "junction named as a site": (
        set_property("junctions", 0, "node_id", "a"),
        "junctions.geojson",
        1,
        "node_id",
        "DUPLICATE_ID",
    ),
    "negative power": (set_property("sites", 1, "power_mw", -5), "sites.geojson", 2, "power_mw", "NUMBER_NEGATIVE"),
    "negative headroom": (
        set_property("zones", 1, "headroom_mw", -1.5),
        "power_zones.geojson",
        2,
        "headroom_mw",
        "NUMBER_NEGATIVE",
    ),
    "not a number": (
        set_property("sites", 1, "power_mw", float("nan")),
        "sites.geojson",
        2,
        "power_mw",
        "NUMBER_NOT_FINITE",
    ),
    "infinite length": (
        set_property("fiber", 0, "length_km", float("inf")),
        "fiber.geojson",
        1,
        "length_km",
        "NUMBER_NOT_FINITE",
    ),
    "zero length": (set_property("fiber", 0, "length_km", 0), "fiber.geojson", 1, "length_km", "NUMBER_OUT_OF_RANGE"),
    "absurd power": (
        set_property("sites", 0, "power_mw", 1e300),
        "sites.geojson",
        1,
        "power_mw",
        "NUMBER_OUT_OF_RANGE",
    ),
    "absurd price": (
        set_property("fiber", 1, "usd_per_pair_km", 1e15),
        "fiber.geojson",
        2,
        "usd_per_pair_km",
        "NUMBER_OUT_OF_RANGE",
    ),
    "PUE below 1": (set_property("sites", 0, "pue", 0.9), "sites.geojson", 1, "pue", "NUMBER_OUT_OF_RANGE"),
    "text for a number": (set_property("sites", 0, "power_mw", "50"), "sites.geojson", 1, "power_mw", "TYPE_WRONG"),
    "half a pair": (
        set_property("fiber", 0, "pairs_available", 1.5),
        "fiber.geojson",
        1,
        "pairs_available",
        "TYPE_WRONG",
    ),
    "text for a flag": (set_property("sites", 0, "required", "maybe"), "sites.geojson", 1, "required", "TYPE_WRONG"),
    "unknown role": (set_property("sites", 0, "role", "computer"), "sites.geojson", 1, "role", "VALUE_UNKNOWN"),
    "unknown fiber type": (
        set_property("fiber", 0, "fiber_type", "smf"),
        "fiber.geojson",
        1,
        "fiber_type",
        "VALUE_UNKNOWN",
    ),
    "latitude beyond 90": (
        set_geometry("sites", 0, point_at(40, -100)),
        "sites.geojson",
        1,
        "geometry",
        "COORDINATES_SWAPPED",
    ),
    "projected coordinates without CRS": (
        set_geometry("sites", 0, point_at(-11131949, 4865942)),
        "sites.geojson",
        1,
        "geometry",
        "COORDINATES_OUT_OF_RANGE",
    ),
    "text coordinates": (
        set_geometry("sites", 0, point_at("west", "north")),
        "sites.geojson",
        1,
        "geometry",
        "GEOMETRY_INVALID",
    ),
    "not-a-number coordinates": (
        set_geometry("sites", 0, point_at(float("nan"), 40)),
        "sites.geojson",
        1,
        "geometry",
        "NUMBER_NOT_FINITE",
    ),
    "no position": (set_geometry("sites", 0, None), "sites.geojson", 1, "geometry", "GEOMETRY_MISSING"),
    "line for a site": (
        set_geometry("sites", 0, {"type": "LineString", "coordinates": [[-100, 40], [-99, 40]]}),
        "sites.geojson",
        1,
        "geometry",
        "GEOMETRY_TYPE_WRONG",
    ),
    "point for a fiber": (
        set_geometry("fiber", 0, point_at(-100, 40)),
        "fiber.geojson",
        1,
        "geometry",
        "GEOMETRY_TYPE_WRONG",
    ),
    "bow-tie polygon": (
        set_geometry(
            "zones",
            1,
            {"type": "Polygon", "coordinates": [[[-98.5, 39], [-97, 41], [-97, 39], [-98.5, 41], [-98.5, 39]]]},
        ),
        "power_zones.geojson",
        2,
        "geometry",
        "GEOMETRY_INVALID",
    ),
    "open ring": (
        set_geometry(
            "zones", 1, {"type": "Polygon", "coordinates": [[[-98.5, 39], [-97, 39], [-97, 41], [-98.5, 41]]]}
        ),
        "power_zones.geojson",
        2,
        "geometry",
        "GEOMETRY_INVALID",
    ),
    "line of two parts that do not join": (
        set_geometry(
            "fiber",
            0,
            {"type": "MultiLineString", "coordinates": [[[-100, 40], [-99.5, 40]], [[-99.4, 40], [-99, 40]]]},
        ),
        "fiber.geojson",
        1,
        "geometry",
        "GEOMETRY_INVALID",
    ),
}


@pytest.mark.parametrize(("change", "file", "row", "field", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_located(draft: Any, change: Change, file: str, row: int | None, field: str, reason: str) -> None:
    change(draft)
    problems = [problem for problem in draft.problems() if problem.reason == reason]
    assert [(problem.file, problem.row, problem.field) for problem in problems] == [(file, row, field)]
    assert ";" in problems[0].message or "," in problems[0].message  # what is wrong, then the remedy


def test_messages_name_thing_value_limit_and_remedy(draft: Any) -> None:
    draft.sites[1]["properties"]["power_mw"] = -5
    message = draft.only_problem().message
    assert "site 'b'" in message and "power_mw" in message and "-5" in message and "at least 0" in message


def test_two_faults_in_one_row_are_both_reported(draft: Any) -> None:
    draft.sites[1]["properties"] |= {"power_mw": -5, "pue": 0.5, "capex_usd_per_mw": -1, "required": "x"}
    assert {problem.field for problem in draft.problems()} == {"power_mw", "pue", "capex_usd_per_mw", "required"}


def test_faults_of_all_files_are_reported_together(draft: Any) -> None:
    draft.sites[0]["properties"]["power_mw"] = float("nan")
    draft.zones[0]["properties"]["headroom_mw"] = "much"
    draft.junctions[0]["properties"]["regeneration"] = "maybe"
    draft.fiber[1]["properties"]["b"] = "nowhere"
    draft.settings += "\n[polcy]\nmin_sites = 1\n"
    found = {(problem.file, problem.reason) for problem in draft.problems()}
    assert found >= {
        ("sites.geojson", "NUMBER_NOT_FINITE"),
        ("power_zones.geojson", "TYPE_WRONG"),
        ("junctions.geojson", "TYPE_WRONG"),
        ("fiber.geojson", "REFERENCE_UNKNOWN"),
        ("scenario.toml", "KEY_UNKNOWN"),
    }


def test_a_site_in_two_zones_names_both(draft: Any) -> None:
    draft.zones[1]["geometry"]["coordinates"][0] = [[-99.5, 39], [-97, 39], [-97, 41], [-99.5, 41], [-99.5, 39]]
    problem = draft.only_problem()
    assert (problem.reason, problem.row, problem.field) == ("SITE_IN_TWO_ZONES", 2, "zone_id")
    assert "east and west" in problem.message


def test_an_unknown_reference_names_the_nearest_known(draft: Any) -> None:
    draft.sites[0]["properties"]["zone_id"] = "wset"
    assert "did you mean 'west'?" in draft.only_problem().message


def test_swapped_axes_of_all_sites_are_recognized(draft: Any) -> None:
    # Both axes in range, so only the zones can tell: sites at (lat, lon) of zones around longitude 40, latitude 30.
    for position, site in zip([(30, 40), (30.5, 40), (30, 40.5)], draft.sites, strict=True):
        site["geometry"]["coordinates"] = list(position)
    draft.zones[0]["geometry"]["coordinates"] = [[[39, 29], [41, 29], [41, 31], [39, 31], [39, 29]]]
    draft.zones[1]["geometry"]["coordinates"] = [[[41, 29], [42, 29], [42, 31], [41, 31], [41, 29]]]
    problem = draft.only_problem()
    assert (problem.file, problem.row, problem.reason) == ("sites.geojson", None, "COORDINATES_SWAPPED")


def test_a_site_without_fiber_is_reported_unless_forbidden(draft: Any) -> None:
    draft.fiber = draft.fiber[:1]  # only a-b
    problem = draft.only_problem()
    assert (problem.file, problem.row, problem.reason) == ("sites.geojson", 3, "SITE_WITHOUT_FIBER")
    draft.sites[2]["properties"]["forbidden"] = True
    assert draft.problems() == ()


def test_sites_in_another_component_are_reported_each(draft: Any) -> None:
    extra = [json.loads(json.dumps(draft.sites[0])) for _ in range(2)]
    for name, site in zip("de", extra, strict=True):
        site["properties"]["site_id"] = name
    draft.sites += extra
    draft.fiber.append(json.loads(json.dumps(draft.fiber[0])))
    draft.fiber[-1]["properties"] |= {"segment_id": "de", "a": "d", "b": "e"}
    problems = draft.problems()
    assert [(problem.row, problem.reason) for problem in problems] == [(4, "SITE_UNREACHABLE"), (5, "SITE_UNREACHABLE")]


def test_fiber_without_pairs_reaches_nothing(draft: Any) -> None:
    for item in draft.fiber[:2]:
        item["properties"]["pairs_available"] = 0
    assert [(p.row, p.reason) for p in draft.problems()] == [(2, "SITE_WITHOUT_FIBER")]
    draft.fiber[0]["properties"] |= {"build_usd_per_km": 60000, "build_pairs": 12}
    assert draft.problems() == ()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("sites.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea', "GEOJSON_INVALID"),
        ("sites.geojson", b"[" * 100_000, "GEOJSON_INVALID"),
        ("sites.geojson", b"null", "GEOJSON_INVALID"),
        ("sites.geojson", b'{"type": "Feature"}', "GEOJSON_INVALID"),
        ("sites.geojson", b'{"type": "FeatureCollection", "features": []}', "FILE_EMPTY"),
        ("sites.geojson", b"", "FILE_EMPTY"),
        ("sites.geojson", b"\xff\xfe\x00", "ENCODING_INVALID"),
        ("fiber.geojson", b'{"type": "FeatureCollection", "features": [1]}', "FEATURE_INVALID"),
        ("scenario.toml", b"name = ", "TOML_INVALID"),
    ],
)
def test_an_unreadable_file_is_reported(draft: Any, name: str, data: bytes, reason: str) -> None:
    draft.replaced[name] = data
    assert (name, reason) in {(problem.file, problem.reason) for problem in draft.problems()}


def test_missing_files_are_each_named(draft: Any, folder_of: Callable[[Mapping[str, bytes]], Path]) -> None:
    folder = folder_of({})
    assert [(problem.file, problem.reason) for problem in check_scenario(folder)] == [
        ("fiber.geojson", "FILE_MISSING"),
        ("power_zones.geojson", "FILE_MISSING"),
        ("scenario.toml", "FILE_MISSING"),
        ("sites.geojson", "FILE_MISSING"),
    ]


def test_a_misspelled_file_name_is_hinted_at(draft: Any) -> None:
    draft.replaced |= {"sites.geojson": None, "site.geojson": b"{}"}
    missing = [problem for problem in draft.problems() if problem.reason == "FILE_MISSING"]
    assert len(missing) == 1 and "did you mean 'site.geojson'?" in missing[0].message


def test_two_formats_of_one_file_are_refused(draft: Any) -> None:
    draft.replaced["sites.csv"] = b"site_id,lon,lat,power_mw\n"
    assert draft.only_problem().reason == "FILE_AMBIGUOUS"


def test_a_missing_folder_and_a_file_in_its_place(tmp_path: Path) -> None:
    assert check_scenario(tmp_path / "nowhere")[0].reason == "FOLDER_MISSING"
    (tmp_path / "file").write_text("x")
    assert check_scenario(tmp_path / "file")[0].reason == "NOT_A_FOLDER"


def test_load_raises_with_all_problems_and_their_source(
    draft: Any, folder_of: Callable[[Mapping[str, bytes]], Path]
) -> None:
    draft.sites[0]["properties"]["power_mw"] = -1
    draft.sites[1]["properties"]["power_mw"] = -2
    folder = folder_of(draft.files())
    with pytest.raises(InvalidScenario, match="has 2 problems") as caught:
        load_scenario(folder)
    assert caught.value.problems == check_scenario(folder)


def test_a_data_file_above_the_limit_is_refused_unread(
    draft: Any, folder_of: Callable[[Mapping[str, bytes]], Path]
) -> None:
    folder = folder_of(draft.files())
    with (folder / "fiber.geojson").open("wb") as file:
        file.truncate(256_000_001)  # sparse: takes no room on disk and is never read
    problems = check_scenario(folder)
    assert [(problem.file, problem.reason) for problem in problems] == [("fiber.geojson", "FILE_TOO_LARGE")]
    assert "256,000,000" in problems[0].message
