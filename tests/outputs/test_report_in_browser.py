"""The report in a real Chromium without a network: what is drawn is counted on the screen, not in the data."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from needed_tools import missing
from outputs.browser import CHROMIUM, NO_WEBGL, SOFTWARE_WEBGL, Page, browser_page
from outputs.hand_made_plans import SEGMENTS, Case
from PIL import Image

from topodesign.domain.plan import FailureStrength
from topodesign.outputs import render_report
from topodesign.outputs.map_colors import DARK, LIGHT

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


@pytest.fixture(scope="module")
def east_report(east: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(east, tmp_path_factory.mktemp("east"), {})


@pytest.fixture
def east_map(page: Page, east_report: Path) -> Page:
    """The plan over the eastern United States as the page opens; it is loaded once for all tests that leave it open."""
    if page.shown != east_report:
        page.open(east_report)
        page.settle()
        return page
    page.press("Escape")
    page.evaluate(
        "document.activeElement.blur();"
        "for (const box of document.querySelectorAll('#switches input'))"
        " if (box.checked !== (box.dataset.layers !== 'amplifiers')) box.click();"
        "document.getElementById('zoom-all').click()"
    )
    page.choose("zone-measure", "headroom")
    page.choose("failure", "")
    return page


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


def test_a_click_on_a_cluster_opens_its_card(east_map: Page) -> None:
    page = east_map
    page.click(*_on_screen(page, "atl-1"))
    text = page.evaluate("document.querySelector('.maplibregl-popup').innerText")
    assert "Atlanta" in text
    assert "9,216" in text
    assert "20.74 MW" in text


def test_a_switch_takes_its_layer_off_the_map(east_map: Page) -> None:
    page = east_map
    page.evaluate("document.querySelector('[data-layers=\"links\"]').click()")
    page.evaluate("new Promise(done => topodesignReport.map.once('idle', () => done()))")
    state = page.settle()
    assert (state["links"], state["sites"]) == (0, 3)


def test_hovering_shows_a_card_and_a_pinned_one_stays_until_escape(east_map: Page) -> None:
    page = east_map
    x, y = _on_screen(page, "atl-1")
    page.hover(x, y)
    assert "Atlanta" in page.text(".maplibregl-popup")
    page.hover(x, y - 150)
    assert page.evaluate("[...document.querySelectorAll('.popup h4')].every(it => it.textContent !== 'Atlanta')")
    page.click(x, y)
    page.hover(x, y - 150)
    assert "Atlanta" in page.text(".maplibregl-popup")
    page.press("Escape")
    assert page.evaluate("document.querySelectorAll('.maplibregl-popup').length") == 0


def test_a_failure_is_chosen_by_keyboard_shown_with_what_is_left_and_taken_back(east_map: Page) -> None:
    page = east_map
    assert "Nothing failed: 3,600 Gbit/s, 180.0 % of the 2,000 Gbit/s needed." in page.text("#failure-words")
    page.evaluate("document.getElementById('failure').focus()")
    page.press("ArrowDown")
    state = page.idle()
    # all conduits leave 2,400 Gbit/s; the first by name is B&O, the conduit of ashburn-pittsburgh
    assert state["failure"] == "conduit B&O"
    assert (state["cut"], state["lost"], state["links"], state["sites"]) == (1, 1, 2, 3)
    assert page.text("#failure-words") == (
        "conduit B&O: 6 of 18 lightpaths are lost. Left: 2,400 Gbit/s, 120.0 % of the 2,000 Gbit/s needed."
    )
    assert page.evaluate("document.querySelectorAll('.failure-mark').length") == 1
    assert "Cut or lost" in page.text(".legend")
    page.press("ArrowUp")
    state = page.idle()
    assert (state["failure"], state["cut"], state["lost"], state["links"]) == (None, 0, 0, 3)
    assert "Cut or lost" not in page.text(".legend")


def test_many_failures_are_searched_and_sites_that_are_down_are_marked(page: Page, east: Case, tmp_path: Path) -> None:
    assert east.plan.verification is not None
    names = ["site atl-1", "site iad-1", "zone PJM", *(f"conduit {segment.segment_id}" for segment in SEGMENTS[2:])]
    pairs = [f"conduit B&O + conduit {segment.segment_id}" for segment in SEGMENTS[1:]]
    states = tuple(
        FailureStrength(failure=name, strength_gbps=2000.0 + place, required_gbps=2000)
        for place, name in enumerate([*names, *pairs])
    )
    plan = replace(east.plan, verification=replace(east.plan.verification, failures=states))
    page.open(written(Case(east.scenario, plan), tmp_path, {}))
    page.settle()
    page.evaluate("document.getElementById('failure-search').focus()")
    for letter in "zone":
        page.press(letter)
    assert page.text("#failure-found") == f"1 of {len(states)}"
    page.press("Enter")
    state = page.idle()
    assert state["failure"] == "zone PJM"
    assert page.evaluate("document.querySelectorAll('.failure-mark.down').length") == 3


def test_zones_are_colored_by_what_is_chosen_and_the_legend_follows(east_map: Page, tmp_path: Path) -> None:
    page = east_map
    assert "Zone headroom in use" in page.text(".legend")
    inks = set()
    for measure, words in (("carbon", "Carbon intensity"), ("price", "Energy price"), ("headroom", "Zone headroom")):
        page.choose("zone-measure", measure)
        assert words in page.text(".legend")
        page.screenshot(tmp_path / "zones.png")
        x, y = _place_on_screen(page, -85.5, 33.2)  # zone SOCO, west of Atlanta, where nothing else is
        inks.add(Image.open(tmp_path / "zones.png").convert("RGB").getpixel((round(x), round(y))))
    assert len(inks) == 3


def test_everything_is_reached_by_tab_and_the_map_moves_by_arrow_keys(east_map: Page) -> None:
    page = east_map
    page.evaluate("document.getElementById('zone-measure').focus()")
    reached = ["zone-measure"]
    while reached[-1] != "zoom-all" and len(reached) < 25:
        page.press("Tab")
        reached.append(page.focused())
        assert page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none' || "
            "getComputedStyle(document.activeElement).boxShadow !== 'none'"
        )
    order = [reached.index(name) for name in ("zone-measure", "failure", "things", "Zoom in", "zoom-plan")]
    assert order == sorted(order)
    assert any("Map. Arrow keys move it" in name for name in reached)
    assert any("Ashburn" in name for name in reached)
    page.evaluate("document.querySelector('.maplibregl-canvas').focus()")
    before = page.evaluate("topodesignReport.map.getCenter().lng")
    page.press("ArrowRight")
    page.idle()
    assert page.evaluate("topodesignReport.map.getCenter().lng") > before


def test_a_card_opens_from_a_label_and_from_the_list_by_keyboard(east_map: Page) -> None:
    page = east_map
    page.evaluate(
        "[...document.querySelectorAll('.site-label')].find(it => it.innerText.startsWith('Columbus')).focus()"
    )
    page.press("Enter")
    assert "13,824" in page.text(".maplibregl-popup")  # three pods of 4608
    page.press("Escape")
    page.evaluate("document.getElementById('things').focus()")
    page.press("ArrowDown")
    assert page.evaluate("document.querySelectorAll('.maplibregl-popup').length") == 1
    assert page.focused() == "things"


def test_on_paper_the_drawing_takes_the_maps_place_in_light_colors(east_map: Page) -> None:
    page = east_map
    page.prefer("dark")
    try:
        drawn = _pdf_content(page.pdf())
    finally:
        page.prefer("light")
    for color in (LIGHT.cluster, LIGHT.land, LIGHT.water):
        assert _pdf_color(color) in drawn, color
    assert _pdf_color(DARK.land) not in drawn


def test_a_dark_page_has_a_dark_map_and_the_drawing_follows(east_map: Page, east_report: Path, tmp_path: Path) -> None:
    page = east_map
    page.prefer("dark")
    try:
        page.idle()
        page.screenshot(tmp_path / "dark.png")
        assert {_rgb(DARK.cluster), _rgb(DARK.link), _rgb(DARK.land)} <= colors_on_screen(tmp_path / "dark.png")
        page.prefer("light")
        page.idle()
        page.screenshot(tmp_path / "light.png")
        assert {_rgb(LIGHT.cluster), _rgb(LIGHT.land)} <= colors_on_screen(tmp_path / "light.png")
        page.prefer("dark")
        page.open(east_report, scripts=False)
        page.screenshot(tmp_path / "drawn.png")
        assert {_rgb(DARK.cluster), _rgb(DARK.land)} <= colors_on_screen(tmp_path / "drawn.png")
    finally:
        page.prefer("light")


def test_two_plans_are_told_apart_on_the_map_and_one_of_them_is_shown_alone(
    page: Page, east: Case, tmp_path: Path
) -> None:
    other = replace(
        east.plan,
        sites=tuple(site for site in east.plan.sites if site.id != "atl-1"),
        links=tuple(link for link in east.plan.links if "atl-1" not in (link.a, link.z)),
        lightpaths=tuple(path for path in east.plan.lightpaths if "atl-1" not in (path.a, path.z)),
        segments=tuple(item for item in east.plan.segments if "pittsburgh" in item.segment_id),
    )
    path = tmp_path / "compared.html"
    path.write_text(render_report(east.scenario, east.plan, charts={}, compared=other), encoding="utf-8")
    page.open(path)
    state = page.settle()
    assert (state["mode"], state["errors"]) == ("difference", [])
    assert state["compared"] == {"sites": 3, "fiber": 5, "links": 3}
    assert (state["sites"], state["links"], state["fiber"]) == (0, 0, 0)
    assert page.text("#mode-words") == (
        "Sites: 1 only in A, 0 only in B, 2 in both; lit segments: 3 only in A, 0 only in B, 2 in both; "
        "links: 2 only in A, 0 only in B, 1 in both."
    )
    page.screenshot(tmp_path / "screen.png")
    assert {_rgb(LIGHT.only_a), _rgb(LIGHT.both)} <= colors_on_screen(tmp_path / "screen.png")
    state = page.choose("failure", "0")  # failures are those of plan A
    assert (state["mode"], state["sites"], state["cut"]) == ("plan", 3, 1)
    state = page.choose("mode", "difference")
    assert (state["failure"], state["cut"], state["compared"]["sites"]) == (None, 0, 3)
    assert page.complaints == []


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


def _rgb(color: str) -> tuple[int, int, int]:
    return (int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16))


def _pdf_content(document: bytes) -> str:
    """The drawing operators of all pages."""
    parts = re.findall(rb"/FlateDecode[^\n]*\n?[^\n]*stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL)
    return "\n".join(zlib.decompressobj().decompress(part).decode("latin-1") for part in parts)


def _pdf_color(color: str) -> str:
    """A color as operands in page content, as Chromium writes them: four decimals, no needless zeros."""
    return " ".join(f"{channel / 255:.4f}".strip("0").rstrip(".") or "0" for channel in _rgb(color)) + " rg"


def _columns(path: Path, color: tuple[int, int, int]) -> set[int]:
    """Pixel columns in which a color occurs."""
    image = Image.open(path).convert("RGB")
    pixels = image.tobytes()
    width = image.width
    wanted = bytes(color)
    return {place // 3 % width for place in range(0, len(pixels), 3) if pixels[place : place + 3] == wanted}


def _place_on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    x, y = page.evaluate(
        "(() => { const map = topodesignReport.map, box = map.getContainer().getBoundingClientRect(),"
        f"place = map.project([{lon}, {lat}]); return [box.left + place.x, box.top + place.y] }})()"
    )
    return (x, y)


def _on_screen(page: Page, site_id: str) -> tuple[float, float]:
    x, y = page.evaluate(
        "(() => { const map = topodesignReport.map, box = map.getContainer().getBoundingClientRect();"
        "const all = map.queryRenderedFeatures({layers: ['clusters']});"
        f"const found = all.find(item => item.properties.site_id === '{site_id}');"
        "const place = map.project(found.geometry.coordinates); return [box.left + place.x, box.top + place.y] })()"
    )
    return (x, y)
