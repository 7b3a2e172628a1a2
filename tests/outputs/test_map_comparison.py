"""Two plans on one map and in tables: Ashburn, Columbus, Atlanta (A) against Ashburn and Columbus only (B)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from outputs.hand_made_plans import Case

from topodesign.cli.app import run
from topodesign.domain.codec import encode_json
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan
from topodesign.outputs import render_report
from topodesign.outputs.cost_chart import ITEM_NAMES
from topodesign.outputs.map_comparison import ComparedCounts
from topodesign.outputs.report_map import report_map


@pytest.fixture(scope="module")
def smaller(east: Case) -> Plan:
    """Without Atlanta and its two links; Richmond in its stead, over the same fiber as far as Ashburn, with a pod."""
    plan = east.plan
    atlanta = next(site for site in plan.sites if site.id == "atl-1")
    sites = tuple(site for site in plan.sites if site.id != "atl-1")
    return replace(
        plan,
        sites=(*sites, replace(atlanta, id="ric-1", zone_id="PJM", pods=1, power_mw=10.4)),
        links=tuple(link for link in plan.links if "atl-1" not in (link.a, link.z)),
        lightpaths=tuple(path for path in plan.lightpaths if "atl-1" not in (path.a, path.z)),
        segments=tuple(item for item in plan.segments if "pittsburgh" in item.segment_id),
        cost_usd=(plan.cost_usd or 0.0) - 1e8,
        cost_items={**plan.cost_items, "site_fixed": 0.0},
    )


def sides(case: Case, other: Plan, layer: str, name: str) -> Mapping[str, str]:
    found = report_map(case.scenario, case.plan, compared=other).comparison
    assert found is not None
    return {item["properties"][name]: item["properties"]["side"] for item in found.layers[layer]}


def test_each_thing_is_in_a_or_in_b_or_in_both(east: Case, smaller: Plan) -> None:
    assert sides(east, smaller, "compared_clusters", "site_id") == {
        "iad-1": "both", "cmh-1": "both", "atl-1": "a", "ric-1": "b",
    }  # fmt: skip
    assert sides(east, smaller, "compared_fiber_segments", "segment_id") == {
        "ashburn-pittsburgh": "both", "columbus-pittsburgh": "both",
        "ashburn-charlotte": "a", "charlotte-atlanta": "a", "columbus-atlanta": "a",
    }  # fmt: skip
    found = report_map(east.scenario, east.plan, compared=smaller).comparison
    assert found is not None
    assert found.counts("compared_links") == ComparedCounts(a=2, b=0, both=1)


def test_what_both_have_shows_the_figures_of_both(east: Case) -> None:
    more = replace(east.plan, segments=tuple(replace(item, pairs=item.pairs + 2) for item in east.plan.segments))
    found = report_map(east.scenario, east.plan, compared=more).comparison
    assert found is not None
    pairs = {
        item["properties"]["segment_id"]: (item["properties"]["pairs_a"], item["properties"]["pairs_b"])
        for item in found.layers["compared_fiber_segments"]
    }
    assert pairs["charlotte-atlanta"] == (2, 4)


def test_a_link_told_from_its_other_end_is_the_same_link(east: Case) -> None:
    turned = replace(east.plan, links=tuple(replace(link, a=link.z, z=link.a) for link in east.plan.links))
    found = report_map(east.scenario, east.plan, compared=turned).comparison
    assert found is not None
    assert found.counts("compared_links") == ComparedCounts(a=0, b=0, both=3)


def test_the_tables_say_what_differs_and_by_how_much(east: Case, smaller: Plan) -> None:
    page = render_report(east.scenario, east.plan, charts={}, compared=smaller)
    section = unescape(page.partition("<h2>Plan A against plan B</h2>")[2].partition("</section>")[0])
    assert "−$100 M" in section  # B is cheaper by it
    assert "Atlanta" in section and "Richmond" in section
    assert "columbus-atlanta" in section
    assert ITEM_NAMES["site_fixed"] in section
    assert "ashburn-pittsburgh" not in section.partition("Fiber that differs")[2].partition("<h3>")[0]


def test_a_plan_against_itself_has_no_differences(east: Case) -> None:
    page = render_report(east.scenario, east.plan, charts={}, compared=east.plan)
    section = page.partition("<h2>Plan A against plan B</h2>")[2].partition("</section>")[0]
    assert "Both plans use the same sites, fiber and lightpaths." in section
    assert "that differ" not in section


def test_a_page_without_another_plan_says_nothing_of_one(east: Case) -> None:
    page = render_report(east.scenario, east.plan, charts={})
    assert "against plan B" not in page
    assert '"comparison":null' in page


def test_a_plan_over_other_sites_is_refused_with_the_remedy(east: Case, pacific: Case) -> None:
    with pytest.raises(InvalidInput, match=r"plan B uses site 'tyo'.*give a scenario that has") as caught:
        report_map(east.scenario, east.plan, compared=pacific.plan)
    assert caught.value.reason == "REFERENCE_UNKNOWN"


@pytest.mark.parametrize("with_scenario", [True, False])
def test_the_command_writes_the_page_or_names_what_it_needs(
    with_scenario: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], campus_plan: Plan
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(encode_json(campus_plan))
    file = tmp_path / "page.html"
    scenario = ["--scenario", "sample_sites/two-campus"] if with_scenario else []
    code = run(["diff", str(tmp_path / "one"), str(tmp_path / "two"), *scenario, "--report", str(file), "--json"])
    told = json.loads(capsys.readouterr().out)
    if with_scenario:
        assert (code, told["is_same"]) == (0, True)
        assert "Plan A against plan B" in file.read_text(encoding="utf-8")
    else:
        assert (code, told["error"]["reason"], file.exists()) == (2, "SCENARIO_MISSING", False)
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_a_page_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], campus_plan: Plan
) -> None:
    (tmp_path / "one").write_bytes(encode_json(campus_plan))
    (tmp_path / "taken").mkdir()
    command = ["diff", str(tmp_path / "one"), str(tmp_path / "one"), "--scenario", "sample_sites/two-campus"]
    assert run([*command, "--report", str(tmp_path / "taken")]) == 2
    assert str(tmp_path / "taken") in capsys.readouterr().err
    assert {item.name for item in tmp_path.iterdir()} == {"one", "taken"}


@pytest.fixture(scope="module")
def campus_plan() -> Plan:
    import topodesign as td

    return td.plan(td.load_scenario("sample_sites/two-campus"), gap=0.5)
