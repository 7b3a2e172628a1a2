"""``topodesign verify``: exit codes and the one JSON document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topodesign.cli.app import run

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sites 80 and 160 km apart; a plan of 3 lightpaths of 400 Gbit/s on each route for 1000 Gbit/s."""

    def feature(properties: dict[str, Any], kind: str, coordinates: Any) -> dict[str, Any]:
        return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}

    ends = [[-78.0, 39.0], [-77.2, 39.0]]
    box = [[[-79.0, 38.0], [-76.0, 38.0], [-76.0, 40.0], [-79.0, 40.0], [-79.0, 38.0]]]
    files = {
        "sites.geojson": [
            feature({"site_id": name, "zone_id": "grid", "power_mw": 20.0}, "Point", place)
            for name, place in zip(("west", "east"), ends, strict=True)
        ],
        "power_zones.geojson": [feature({"zone_id": "grid", "headroom_mw": 50.0}, "Polygon", box)],
        "fiber.geojson": [
            feature({"segment_id": name, "a": "west", "b": "east", "length_km": km}, "LineString", ends)
            for name, km in (("north", 80.0), ("south", 160.0))
        ],
    }
    for name, features in files.items():
        document = {"type": "FeatureCollection", "features": features}
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "scenario.toml").write_text(
        """
name = "two"
[workload]
parameters = 1.0e11
sync_time_s = 2.0
[size]
accelerator = "gb300-nvl72"
pod_accelerators = 1000
accelerators = 2000
""",
        encoding="utf-8",
    )
    plan = {
        "sites": [{"id": "west", "pods": 1}, {"id": "east", "pods": 1}],
        "lightpaths": [
            {"a": "west", "z": "east", "mode": "zrplus-400", "count": 3, "segments": [name]}
            for name in ("north", "south")
        ],
        "segments": [{"segment_id": name, "pairs": 1} for name in ("north", "south")],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    return tmp_path


@pytest.fixture
def verify(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*options: str, plan: str = "plan.json") -> tuple[int, str, str]:
        code = run(["verify", str(folder), str(folder / plan), *options])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_a_sound_plan_exits_with_0_and_one_document(verify: Run) -> None:
    code, out, err = verify("--json")
    document = json.loads(out)
    assert code == 0, err
    assert document["valid"] is True
    assert document["violations"] == []
    assert document["strength_gbps"] == 2400
    assert {item["failure"]: item["strength_gbps"] for item in document["failures"]} == {
        "none": 2400,
        "conduit north": 1200,
        "conduit south": 1200,
    }


def test_a_sound_plan_for_people(verify: Run) -> None:
    code, out, err = verify()
    assert code == 0, err
    assert "valid" in out
    assert "after the worst failure 1,200 Gbit/s" in out


def test_a_tampered_plan_exits_with_4_and_names_rule_value_and_limit(verify: Run, folder: Path) -> None:
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    plan["lightpaths"][0]["count"] = 2
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    code, out, _ = verify("--json")
    document = json.loads(out)
    assert code == 4
    assert document["valid"] is False
    [violation] = document["violations"]
    assert (violation["rule"], violation["id"]) == ("strength_after_failure", "conduit south")
    assert (violation["value"], violation["limit"], violation["unit"]) == (800, pytest.approx(1000), "Gbit/s")
    code, out, _ = verify()
    assert code == 4
    assert "NOT valid; 1 violation" in out
    assert "[strength_after_failure]" in out


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", "not valid JSON"),
        ("[]", "object"),
        ('{"sites": [{"id": "west", "pods": "three"}]}', "$.sites[0].pods"),
        ('{"sites": [{"id": "west", "pods": 1}, {"pods": 1}]}', "$.sites[1]"),
        ('{"sites": 7}', "$.sites"),
        ('{"sites": [7]}', "$.sites[0]"),
        (
            '{"lightpaths": [{"a": "west", "z": "east", "mode": "m", "count": 1, "segments": 5}]}',
            "$.lightpaths[0].segments",
        ),
        ("[" * 100_000, ""),
    ],
)
def test_broken_plan_files_exit_with_2_and_say_where(verify: Run, folder: Path, text: str, where: str) -> None:
    (folder / "broken.json").write_text(text, encoding="utf-8")
    code, out, _ = verify("--json", plan="broken.json")
    document = json.loads(out)
    assert code == 2
    assert "broken.json" in document["error"]["message"]
    assert where in document["error"]["message"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{}", "empty object"),
        ('{"type": "FeatureCollection", "features": []}', "GeoJSON FeatureCollection"),
        ('{"valid": true, "violations": []}', "violations"),
    ],
)
def test_json_that_is_no_plan_exits_with_2_and_says_what_it_is(
    verify: Run, folder: Path, text: str, named: str
) -> None:
    (folder / "other.json").write_text(text, encoding="utf-8")
    code, out, _ = verify("--json", plan="other.json")
    error = json.loads(out)["error"]
    assert (code, error["reason"]) == (2, "NOT_A_PLAN")
    assert named in error["message"]
    assert "give a plan.json" in error["message"]


def test_a_key_that_is_there_twice_exits_with_2_and_is_named(verify: Run, folder: Path) -> None:
    text = (folder / "plan.json").read_text(encoding="utf-8").replace('"pods": 1', '"pods": 1, "pods": 9', 1)
    (folder / "twice.json").write_text(text, encoding="utf-8")
    code, out, _ = verify("--json", plan="twice.json")
    error = json.loads(out)["error"]
    assert (code, error["reason"]) == (2, "JSON_KEY_REPEATED")
    assert "'pods'" in error["message"]


def test_missing_files_exit_with_2(verify: Run, tmp_path: Path) -> None:
    code, out, _ = verify("--json", plan="nothing.json")
    assert code == 2
    assert "nothing.json" in json.loads(out)["error"]["message"]
    assert run(["verify", str(tmp_path / "nowhere"), str(tmp_path / "plan.json"), "--json"]) == 2


def test_an_infeasible_plan_has_nothing_to_verify(verify: Run, folder: Path) -> None:
    (folder / "none.json").write_text('{"status": "infeasible"}', encoding="utf-8")
    code, out, _ = verify("--json", plan="none.json")
    document = json.loads(out)
    assert code == 4
    assert [item["rule"] for item in document["violations"]] == ["plan_present"]


@pytest.mark.parametrize("value", ['"nan"', '"inf"', "-1", "1e400", "99999999999999999999999"])
def test_nonsense_numbers_in_a_file_never_pass(verify: Run, folder: Path, value: str) -> None:
    text = (folder / "plan.json").read_text(encoding="utf-8").replace('"pairs": 1', f'"pairs": {value}')
    (folder / "odd.json").write_text(text, encoding="utf-8")
    code, out, _ = verify("--json", plan="odd.json")
    json.loads(out)
    assert code in (2, 4)
    text = (folder / "plan.json").read_text(encoding="utf-8").replace('"count": 3', f'"length_km": {value}, "count": 3')
    (folder / "odd.json").write_text(text, encoding="utf-8")
    code, out, _ = verify("--json", plan="odd.json")
    json.loads(out)
    assert code in (2, 4)


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--help"]) == 0
    assert "Example: topodesign verify" in capsys.readouterr().out
