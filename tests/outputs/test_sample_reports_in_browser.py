"""The reports of all sample scenarios in a real Chromium without a network, on a desk and on a phone.

Pictures are left for people to look at, see :mod:`outputs.artefacts`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from needed_tools import missing
from outputs.artefacts import ROOT, artefacts
from outputs.browser import CHROMIUM, SOFTWARE_WEBGL, Page, browser_page

import topodesign as td
from topodesign.domain.plan import Plan
from topodesign.outputs import render_report

SAMPLES = sorted(folder.parent.name for folder in (ROOT / "sample_sites").glob("*/scenario.toml"))
MOST_BYTES = 4_000_000


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        missing("Chromium")
    with browser_page(*SOFTWARE_WEBGL) as opened:
        yield opened


def test_all_samples_are_here() -> None:
    assert {"two-campus", "regional-nova", "us-multi-region", "europe"} <= set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_report_of_a_sample_shows_all_of_its_plan_without_a_network(name: str, page: Page, tmp_path: Path) -> None:
    scenario = td.load_scenario(ROOT / "sample_sites" / name)
    plan = td.plan(scenario, time_limit_s=60, gap=0.5)
    assert plan.verified
    report = tmp_path / "report.html"
    report.write_text(render_report(scenario, plan, charts={}), encoding="utf-8")
    # charts come on top: 0.4 MB in all four
    assert report.stat().st_size < MOST_BYTES - 500_000
    page.requests.clear()
    page.complaints.clear()

    page.open(report, height=1000)
    state = page.settle()
    lit = {item.segment_id for item in plan.segments}
    expected = (len(plan.sites), len(plan.links), len(lit), len(scenario.sites))
    assert (state["sites"], state["links"], state["fiber"], state["candidates"]) == expected
    page.screenshot(artefacts() / f"{name}-desktop.png")
    check_failures(page, plan)
    check_zones(page)
    page.screenshot(artefacts() / f"{name}-failure.png")

    page.open(report, width=390, height=1400, phone=True)
    state = page.settle()
    assert (state["sites"], state["links"], state["fiber"]) == expected[:3]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(artefacts() / f"{name}-phone.png")
    assert (state["errors"], page.complaints) == ([], [])
    assert [url for url in page.requests if not url.startswith(("file:", "blob:", "data:"))] == []


def check_failures(page: Page, plan: Plan) -> None:
    """The selector offers every failure that was verified, and shows the worst one with what is left."""
    assert plan.verification is not None and plan.sync is not None and plan.sync.worst_strength_gbps is not None
    checked = [state for state in plan.verification.failures if state.failure != "none"]
    assert page.evaluate("document.getElementById('failure').options.length") == 1 + len(checked)
    state = page.choose("failure", "0")
    cut = [item for item in checked if item.failure == state["failure"]]
    assert [item.strength_gbps for item in cut] == [plan.sync.worst_strength_gbps]
    words = page.text("#failure-words")
    assert f"{plan.sync.worst_strength_gbps:,.0f} Gbit/s" in words
    assert f"of the {plan.sync.demand_gbps:,.0f} Gbit/s needed" in words
    assert state["cut"] >= 1
    assert state["links"] < len(plan.links) or state["lost"] >= 1


def check_zones(page: Page) -> None:
    """The zones' color and the legend follow the selector."""
    before = page.evaluate("JSON.stringify(topodesignReport.map.getPaintProperty('power_zones', 'fill-color'))")
    page.choose("zone-measure", "carbon")
    after = page.evaluate("JSON.stringify(topodesignReport.map.getPaintProperty('power_zones', 'fill-color'))")
    assert before != after
    assert "Carbon intensity, g/kWh" in page.text(".legend")
    assert "Zone headroom" not in page.text(".legend")
