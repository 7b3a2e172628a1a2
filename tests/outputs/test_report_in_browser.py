"""The report in a real Chromium without a network: what is drawn is counted on the screen, not in the data."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from needed_tools import missing
from outputs.browser import CHROMIUM, NO_WEBGL, SOFTWARE_WEBGL, Page, browser_page
from outputs.hand_made_plans import Case
from PIL import Image

from topodesign.outputs import render_report

Charts = Mapping[str, bytes]


@pytest.fixture(scope="module", autouse=True)
def chromium() -> None:
    if CHROMIUM is None:
        missing("Chromium")


@pytest.fixture(scope="module")
def browser(chromium: None) -> Iterator[Page]:
    with browser_page(*SOFTWARE_WEBGL) as page:
        yield page


@pytest.fixture
def page(browser: Page) -> Page:
    browser.requests.clear()
    browser.complaints.clear()
    return browser


def written(case: Case, folder: Path, charts: Charts) -> Path:
    path = folder / "report.html"
    path.write_text(render_report(case.scenario, case.plan, charts=charts), encoding="utf-8")
    return path


def colors_on_screen(path: Path) -> set[tuple[int, int, int]]:
    image = Image.open(path).convert("RGB")
    return {color for _, color in image.getcolors(1 << 24) or () if isinstance(color, tuple)}  # type: ignore[misc]


def test_sites_and_links_are_drawn_without_a_request_or_a_complaint(
    page: Page, east: Case, east_charts: Charts, tmp_path: Path
) -> None:
    page.open(written(east, tmp_path, east_charts))
    state = page.settle()
    assert state["errors"] == []
    assert page.complaints == []
    assert (state["sites"], state["links"], state["fiber"], state["candidates"]) == (3, 3, 5, 4)
    assert state["interactive"] is True
    assert not [url for url in page.requests if not url.startswith(("file:", "blob:", "data:"))]
    assert [url for url in page.requests if url.startswith("file:")] == [(tmp_path / "report.html").as_uri()]
    marks = page.evaluate("({...document.documentElement.dataset})")
    assert (marks["ready"], marks["sites"], marks["links"], marks["errors"]) == ("true", "3", "3", "0")
    page.screenshot(tmp_path / "screen.png")
    assert {(213, 94, 0), (0x8A, 0x3F, 0x86)} <= colors_on_screen(tmp_path / "screen.png")  # clusters, links


def test_a_plan_across_the_antimeridian_is_drawn_in_one_piece(page: Page, pacific: Case, tmp_path: Path) -> None:
    page.open(written(pacific, tmp_path, {}))
    state = page.settle()
    assert (state["sites"], state["links"], state["fiber"], state["errors"]) == (2, 1, 2, [])
    # Seattle's copy beyond 180, next to Tokyo
    spread = page.evaluate("[[139.7, 35.7], [237.7, 47.6]].map(place => topodesignReport.map.project(place).x)")
    width = page.evaluate("topodesignReport.map.getContainer().clientWidth")
    assert 0 < spread[0] < spread[1] < width  # Tokyo left of Seattle, both in view
    page.screenshot(tmp_path / "screen.png")
    frame = page.evaluate("topodesignReport.map.getContainer().getBoundingClientRect().left")
    orange = _columns(tmp_path / "screen.png", (213, 94, 0))
    assert all(any(abs(frame + x - column) < 8 for column in orange) for x in spread)


def test_names_with_markup_are_shown_as_text_and_do_not_run(
    page: Page, east: Case, east_charts: Charts, tmp_path: Path
) -> None:
    evil = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
    sites = tuple(replace(site, name=evil) for site in east.scenario.sites)
    page.open(written(Case(replace(east.scenario, sites=sites, name=evil), east.plan), tmp_path, east_charts))
    state = page.settle()
    assert (state["sites"], state["errors"]) == (3, [])
    page.click(*_on_screen(page, "iad-1"))
    card = page.evaluate("document.querySelector('.maplibregl-popup h4').textContent")
    assert card == evil
    assert page.evaluate("typeof window.ran") == "undefined"
    assert page.evaluate("document.querySelectorAll('img').length") == 0


def test_a_click_on_a_cluster_opens_its_card(page: Page, east: Case, east_charts: Charts, tmp_path: Path) -> None:
    page.open(written(east, tmp_path, east_charts))
    page.settle()
    page.click(*_on_screen(page, "atl-1"))
    text = page.evaluate("document.querySelector('.maplibregl-popup').innerText")
    assert "Atlanta" in text
    assert "9,216" in text
    assert "20.74 MW" in text


def test_a_switch_takes_its_layer_off_the_map(page: Page, east: Case, east_charts: Charts, tmp_path: Path) -> None:
    page.open(written(east, tmp_path, east_charts))
    page.settle()
    page.evaluate("document.querySelector('[data-layers=\"links\"]').click()")
    page.evaluate("new Promise(done => topodesignReport.map.once('idle', () => done()))")
    state = page.settle()
    assert (state["links"], state["sites"]) == (0, 3)


def test_on_a_phone_nothing_is_wider_than_the_screen(
    page: Page, east: Case, east_charts: Charts, tmp_path: Path
) -> None:
    page.open(written(east, tmp_path, east_charts), width=390, height=844)
    page.resize(390, 844, phone=True)
    state = page.settle()
    assert (state["sites"], state["errors"]) == (3, [])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_infeasible_plan_opens_with_its_candidates(page: Page, east: Case, tmp_path: Path) -> None:
    none = replace(
        east.plan,
        status="infeasible", sites=(), links=(), lightpaths=(), segments=(), sync=None, fabrics=None, cost_items={},
    )  # fmt: skip
    page.open(written(Case(east.scenario, none), tmp_path, {}))
    state = page.settle()
    assert (state["sites"], state["candidates"], state["errors"]) == (0, 4, [])


def test_without_webgl_the_drawn_map_stays(east: Case, east_charts: Charts, tmp_path: Path) -> None:
    with browser_page(*NO_WEBGL) as page:
        page.open(written(east, tmp_path, east_charts))
        state = page.settle()
        assert (state["ready"], state["interactive"], state["errors"]) == (True, False, [])
        assert page.evaluate("document.querySelector('#drawing svg').getBoundingClientRect().height") > 300
        assert page.evaluate("getComputedStyle(document.getElementById('map')).display") == "none"
        assert page.complaints == []


def test_without_scripts_the_drawn_map_is_there(page: Page, east: Case, east_charts: Charts, tmp_path: Path) -> None:
    page.open(written(east, tmp_path, east_charts), scripts=False)
    page.screenshot(tmp_path / "screen.png")
    assert (213, 94, 0) in colors_on_screen(tmp_path / "screen.png")


def _columns(path: Path, color: tuple[int, int, int]) -> set[int]:
    """Pixel columns in which a color occurs."""
    image = Image.open(path).convert("RGB")
    pixels = image.tobytes()
    width = image.width
    wanted = bytes(color)
    return {place // 3 % width for place in range(0, len(pixels), 3) if pixels[place : place + 3] == wanted}


def _on_screen(page: Page, site_id: str) -> tuple[float, float]:
    x, y = page.evaluate(
        "(() => { const map = topodesignReport.map, box = map.getContainer().getBoundingClientRect();"
        "const all = map.queryRenderedFeatures({layers: ['clusters']});"
        f"const found = all.find(item => item.properties.site_id === '{site_id}');"
        "const place = map.project(found.geometry.coordinates); return [box.left + place.x, box.top + place.y] })()"
    )
    return (x, y)
