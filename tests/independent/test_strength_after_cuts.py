"""Cut any one conduit: the lightpaths that are left must still carry the exchange between all sites.

``check_every_cut`` shares no code with topodesign: it reads the plan and the scenario's files with json, csv and
tomllib, and takes the strength of the surviving graph over every set partition of the sites, written out here:
time of an all-reduce of V bits = V / (goodput x min over partitions P of c(P) / (|P| - 1)).
"""

import csv
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_sites"
CATALOG = ROOT / "topodesign" / "catalog"


def set_partitions(items: list[str]) -> Iterator[list[list[str]]]:
    """Every way to put the items into blocks."""
    if not items:
        yield []
        return
    head, tail = items[0], items[1:]
    for blocks in set_partitions(tail):
        yield [[head], *blocks]
        for number, block in enumerate(blocks):
            yield [*blocks[:number], [head, *block], *blocks[number + 1 :]]


def strength(partitions: list[dict[str, int]], capacity: dict[frozenset[str], int]) -> Fraction:
    """Least c(P) / (|P| - 1), over the partitions (as block number by site) into two or more blocks."""
    pairs = [(min(pair), max(pair), value) for pair, value in capacity.items()]
    ratios = []
    for block in partitions:
        across = sum(value for a, z, value in pairs if block[a] != block[z])
        ratios.append(Fraction(across, max(block.values())))
    return min(ratios)


def conduits_of_segments(scenario_dir: Path) -> dict[str, set[str]]:
    """Conduits of each fiber segment; without any it is its own."""
    if (scenario_dir / "fiber.geojson").exists():
        features = json.loads((scenario_dir / "fiber.geojson").read_text(encoding="utf-8"))["features"]
        rows: list[dict[str, Any]] = [feature["properties"] for feature in features]
    else:
        with (scenario_dir / "fiber.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    conduits = {}
    for row in rows:
        names = {name.strip() for name in str(row.get("conduits") or "").split(";") if name.strip()}
        conduits[str(row["segment_id"])] = names or {str(row["segment_id"])}
    return conduits


def catalog_figure(table: str, item: str, figure: str, settings: dict[str, Any]) -> float:
    """A figure of the catalogue's files, unless the scenario overrides it."""
    own = settings.get("catalog", {}).get(f"{table}.{item}", {})
    if figure in own:
        return float(own[figure])
    entries = tomllib.loads((CATALOG / f"{table}s.toml").read_text(encoding="utf-8"))[table]
    return float(next(entry[figure] for entry in entries if entry["id"] == item))


def demand_gbps(settings: dict[str, Any]) -> float:
    """V / (goodput x time), the time given or left over by the compute at the utilization asked for."""
    work, size = settings["workload"], settings["size"]
    parameters = float(work.get("parameters", 1e12))
    if "sync_time_s" in work:
        time_s = float(work["sync_time_s"])
    else:
        peak = catalog_figure("accelerator", size["accelerator"], "peak_tflops", settings) * 1e12
        flops = 6 * float(work.get("active_parameters", parameters)) * float(work.get("global_batch_tokens", 6e7))
        compute_s = flops / (0.4 * peak * size["accelerators"])
        time_s = work.get("inner_steps", 1) * compute_s * (1 / work["utilization"] - 1)
    bits = parameters * work.get("bits_per_element", 16)
    return float(bits / (work.get("wan_goodput_factor", 0.8) * time_s) / 1e9)


def check_every_cut(plan_path: Path, scenario_dir: Path) -> dict[str, Any]:
    """Strength in Gbit/s with nothing cut and after the cut of each conduit, and what is needed."""
    plan = json.loads(plan_path.read_text(encoding="utf-8"))
    settings = tomllib.loads((scenario_dir / "scenario.toml").read_text(encoding="utf-8"))
    conduits = conduits_of_segments(scenario_dir)
    sites = sorted(site["id"] for site in plan["sites"])
    partitions = [
        {site: number for number, block in enumerate(blocks) for site in block}
        for blocks in set_partitions(sites)
        if len(blocks) > 1
    ]
    paths = []
    for path in plan["lightpaths"]:
        mbps = catalog_figure("transceiver", path["mode"], "rate_gbps", settings) * 1000
        assert mbps == int(mbps), "whole Mbit/s keep the sums exact"
        hit = set().union(*(conduits[segment] for segment in path["segments"]))
        paths.append((frozenset((path["a"], path["z"])), int(mbps) * path["count"], hit))

    def after(cut: str | None) -> Fraction:
        capacity: dict[frozenset[str], int] = {}
        for pair, mbps, hit in paths:
            if cut not in hit:
                capacity[pair] = capacity.get(pair, 0) + mbps
        return strength(partitions, capacity) / 1000

    fraction = settings.get("policy", {}).get("survivable_fraction", 1.0)
    needed = demand_gbps(settings)
    return {
        "needed_gbps": needed,
        "needed_after_cut_gbps": fraction * needed,
        "intact_gbps": float(after(None)),
        "after_gbps": {cut: float(after(cut)) for cut in sorted(set().union(*(hit for _, _, hit in paths)))},
    }


def assert_survives(result: dict[str, Any]) -> None:
    assert result["intact_gbps"] >= result["needed_gbps"] * (1 - 1e-9)
    assert result["after_gbps"], "no lightpath uses any conduit"
    for cut, gbps in result["after_gbps"].items():
        assert gbps >= result["needed_after_cut_gbps"] * (1 - 1e-9), f"after the cut of {cut}"


def verify_by_command(scenario_dir: Path, plan_path: Path) -> tuple[int, dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-m", "topodesign.cli.app", "verify", str(scenario_dir), str(plan_path), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


# --- the check itself, on a triangle worked out by hand ---------------------------------------------------------------


def write_triangle(folder: Path, *, shared_conduit: bool, sync_time_s: float) -> Path:
    """Sites a, b, c, each two 100 km apart, 2 lightpaths of 400 Gbit/s on each side: strength 1200, after a cut 800."""
    corners = {"a": (0.0, 50.0), "b": (1.4, 50.0), "c": (0.7, 50.8)}
    sides = [("a", "b"), ("b", "c"), ("c", "a")]

    def collection(features: list[tuple[dict[str, Any], str, Any]]) -> str:
        return json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {"type": "Feature", "properties": row, "geometry": {"type": kind, "coordinates": place}}
                    for row, kind, place in features
                ],
            }
        )

    box = [[[-1.0, 49.0], [3.0, 49.0], [3.0, 52.0], [-1.0, 52.0], [-1.0, 49.0]]]
    files = {
        "sites.geojson": [
            ({"site_id": name, "zone_id": "grid", "power_mw": 50.0}, "Point", place) for name, place in corners.items()
        ],
        "power_zones.geojson": [({"zone_id": "grid", "headroom_mw": 200.0}, "Polygon", box)],
        "fiber.geojson": [
            (
                {
                    "segment_id": a + z,
                    "a": a,
                    "b": z,
                    "length_km": 100.0,
                    "conduits": "bridge" if shared_conduit and a != "c" else f"duct-{a}{z};pole-{a}{z}",
                },
                "LineString",
                [corners[a], corners[z]],
            )
            for a, z in sides
        ],
    }
    for name, features in files.items():
        (folder / name).write_text(collection(features), encoding="utf-8")  # type: ignore[arg-type]
    # V = 1e11 x 16 = 1.6e12 bits; needed = 1.6e12 / (0.8 x T): 800 Gbit/s at T = 2.5 s
    (folder / "scenario.toml").write_text(
        f"""
name = "triangle"
[workload]
parameters = 1.0e11
bits_per_element = 16
sync_time_s = {sync_time_s}
wan_goodput_factor = 0.8
[size]
accelerator = "gb300-nvl72"
pod_accelerators = 1000
accelerators = 3000
[policy]
survive = ["conduit"]
[optics]
modes = ["zrplus-400"]
""",
        encoding="utf-8",
    )
    plan = {
        "sites": [{"id": name, "pods": 1} for name in corners],
        "lightpaths": [{"a": a, "z": z, "mode": "zrplus-400", "count": 2, "segments": [a + z]} for a, z in sides],
        "segments": [{"segment_id": a + z, "pairs": 1} for a, z in sides],
    }
    path = folder / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


def test_a_triangle_survives_any_cut_and_the_command_agrees(tmp_path: Path) -> None:
    plan = write_triangle(tmp_path, shared_conduit=False, sync_time_s=2.5)
    result = check_every_cut(plan, tmp_path)
    assert result["needed_gbps"] == pytest.approx(800, rel=1e-12)
    assert result["intact_gbps"] == 1200
    assert set(result["after_gbps"]) == {f"{kind}-{side}" for kind in ("duct", "pole") for side in ("ab", "bc", "ca")}
    assert set(result["after_gbps"].values()) == {800}
    assert_survives(result)
    code, finding = verify_by_command(tmp_path, plan)
    assert (code, finding["valid"], finding["strength_gbps"]) == (0, True, 1200)


@pytest.mark.parametrize(("shared_conduit", "sync_time_s"), [(True, 2.5), (False, 2.4)])
def test_a_triangle_that_does_not_survive_is_rejected_by_both(
    tmp_path: Path, shared_conduit: bool, sync_time_s: float
) -> None:
    plan = write_triangle(tmp_path, shared_conduit=shared_conduit, sync_time_s=sync_time_s)
    result = check_every_cut(plan, tmp_path)
    with pytest.raises(AssertionError):
        assert_survives(result)
    code, finding = verify_by_command(tmp_path, plan)
    assert (code, finding["valid"]) == (4, False)
    assert {item["rule"] for item in finding["violations"]} == {"strength_after_failure"}
    failing = {item["id"].removeprefix("conduit ") for item in finding["violations"]}
    limit = result["needed_after_cut_gbps"] * (1 - 1e-9)
    assert failing == {cut for cut, gbps in result["after_gbps"].items() if gbps < limit}


# --- plans of the planner ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["two-campus", "regional-nova"])
def planned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sample scenario's folder and the plan file that the planner wrote for it."""
    from kept_plans import keep_plan

    import topodesign as td

    scenario_dir = SAMPLES / request.param
    out = tmp_path_factory.mktemp(request.param)
    scenario = td.load_scenario(scenario_dir)
    plan = td.plan(scenario, time_limit_s=60, gap=0.05, seed=0)
    assert plan.status in ("optimal", "feasible")
    keep_plan(scenario, plan, out)
    return scenario_dir, out / "plan.json"


def test_the_planners_plan_survives_any_cut(planned: tuple[Path, Path]) -> None:
    scenario_dir, plan = planned
    assert_survives(check_every_cut(plan, scenario_dir))


def test_the_verifier_agrees_with_brute_force(planned: tuple[Path, Path]) -> None:
    scenario_dir, plan = planned
    result = check_every_cut(plan, scenario_dir)
    code, finding = verify_by_command(scenario_dir, plan)
    assert (code, finding["valid"]) == (0, True), finding["violations"]
    assert finding["strength_gbps"] == pytest.approx(result["intact_gbps"], rel=1e-12)
    after = {
        item["failure"].removeprefix("conduit "): item["strength_gbps"]
        for item in finding["failures"]
        if item["failure"].startswith("conduit ") and " + " not in item["failure"]
    }
    assert after == pytest.approx(result["after_gbps"], rel=1e-12)


def test_a_thinned_plan_is_rejected_by_both(planned: tuple[Path, Path], tmp_path: Path) -> None:
    """Take lightpaths away one kind at a time until some cut is not survived: the verifier must see it too."""
    scenario_dir, plan_path = planned
    plan = json.loads(plan_path.read_text(encoding="utf-8"))
    while plan["lightpaths"]:
        plan["lightpaths"].pop()
        thinned = tmp_path / "plan.json"
        thinned.write_text(json.dumps(plan), encoding="utf-8")
        result = check_every_cut(thinned, scenario_dir) if plan["lightpaths"] else {"after_gbps": {}}
        weakest = min(result["after_gbps"].values(), default=0.0)
        if not result["after_gbps"] or weakest < result["needed_after_cut_gbps"] * (1 - 1e-6):
            break
    code, finding = verify_by_command(scenario_dir, thinned)
    assert (code, finding["valid"]) == (4, False)
    assert {"strength", "strength_after_failure"} & {item["rule"] for item in finding["violations"]}
