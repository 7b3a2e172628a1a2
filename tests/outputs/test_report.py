"""The report as text: self-contained, escaped, complete, the same for the same plan."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from outputs.hand_made_plans import Case

import topodesign.outputs
from topodesign.catalog import load_catalog
from topodesign.domain.plan import Goal, Infeasibility, LimitClash, Relief
from topodesign.domain.scenario import Scenario
from topodesign.evaluation import evaluate_availability, evaluate_training
from topodesign.outputs import CHART_WORDS, render_report
from topodesign.outputs.base_layer import BASE_CREDIT, base_layer, view_of
from topodesign.outputs.legend import legend
from topodesign.outputs.map_colors import FIBER_RAMP, ZONE_RAMP, ramp_color
from topodesign.outputs.report_map import payload, report_map
from topodesign.outputs.training_table import training_section

VENDOR = Path(topodesign.outputs.__file__).parent / "vendor" / "maplibre"
BASEMAP = Path(topodesign.outputs.__file__).parent / "basemap"
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"quoted\" 'too'"


class Tags(HTMLParser):
    """Start tags with attributes, text by tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open not in ("script", "style"):
            self.texts.append(data)


def map_data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def evil_scenario(scenario: Scenario) -> Scenario:
    sites = tuple(replace(site, name=EVIL) for site in scenario.sites)
    zones = tuple(replace(zone, name=EVIL, utility=EVIL) for zone in scenario.zones)
    return replace(scenario, name=EVIL, attribution=EVIL, sites=sites, zones=zones, assumptions=(EVIL,))


@pytest.fixture(scope="module")
def page(east: Case, east_charts: dict[str, bytes]) -> str:
    return render_report(east.scenario, east.plan, charts=east_charts)


def test_no_tag_points_anywhere_outside_of_the_page(page: str) -> None:
    for tag, attributes in Tags(page).tags:
        for name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            value = attributes.get(name) or ""
            assert value == "" or value.startswith(("#", "data:")), (tag, name, value)
    assert "@import" not in page
    assert not re.search(r"url\(\s*[\"']?(?!data:|#|[\"'])\w", page.partition('<script type="application/json"')[0])
    assert "sourceMappingURL" not in page


def test_the_page_forbids_itself_any_request_and_any_other_script(page: str) -> None:
    policy = next(tag for name, tag in Tags(page).tags if tag.get("http-equiv") == "Content-Security-Policy")["content"]
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules  # so default-src holds: nothing
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert len(scripts) == 3  # the map library, the map and the tables


def test_the_page_is_small_enough_to_send_and_the_same_every_time(page: str, east: Case) -> None:
    assert len(page.encode()) < 4_000_000
    assert page == render_report(east.scenario, east.plan)


def test_names_cannot_run_or_break_out_of_where_they_stand(east: Case) -> None:
    plan = replace(east.plan, attribution=EVIL, assumptions=(EVIL,))
    page = render_report(evil_scenario(east.scenario), plan)
    parsed = Tags(page)
    assert [tag for tag, _ in parsed.tags].count("script") == 4
    assert not [tag for tag, _ in parsed.tags if tag == "img"]
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on")]
    assert any(EVIL in text for text in parsed.texts)
    assert map_data(page)["layers"]["clusters"][0]["properties"]["name"] == EVIL


def test_the_summary_says_what_it_costs_and_how_sure_that_is(page: str) -> None:
    text = " ".join(Tags(page).texts)
    assert "$1.10 bn" in text
    assert "at least $1.09 bn is proven" in text
    assert "no plan of the same candidate lightpaths can be more than 1.01% cheaper" in text
    assert "Independently verified" in text
    assert "after conduit B&O" in text


def test_tables_list_sites_links_costs_failures_and_fabrics(page: str, east: Case) -> None:
    texts = Tags(page).texts
    for word in ("Ashburn", "Columbus", "Atlanta", "openroadm-400", "1,040", "54,000,000.00", "torus of 13824"):
        assert word in texts, word
    assert f"{east.plan.cost_usd:,.2f}" in texts
    assert "conduit charlotte-atlanta" in texts
    assert "segment ashburn-charlotte: no geometry, drawn as a geodesic" in texts


def test_availability_of_every_pair_and_training_are_there_where_they_were_evaluated(
    east: Case, east_charts: dict[str, bytes]
) -> None:
    found = evaluate_availability(east.scenario, east.plan, load_catalog())
    plan = replace(east.plan, availability=found)
    training = evaluate_training(east.scenario, plan, load_catalog())
    page = render_report(east.scenario, replace(plan, training=training), charts=east_charts)
    section = unescape(page.partition("<h2>Availability</h2>")[2].partition("</section>")[0])
    assert section.count("<tr>") == 1 + 3  # a header and three pairs
    for item in found.pairs:
        assert f"{item.unprotected.downtime_min_per_year:,.1f}" in section
        assert f"{item.protected_cuts_only.least_downtime_min_per_year:,.3f}" in section
    assert "4.39 cuts a year" in section
    assert "at most one conduit is cut at once" in section
    section = page.partition("<h2>Training</h2>")[2].partition("</section>")[0]
    before, _, after = section.partition('<div class="chart">')
    chart, _, after = after.partition("</div>")
    assert before + after == training_section(training)
    assert "time that failures leave" in chart.partition(">")[0]  # what it shows, for those who cannot see it
    without = render_report(east.scenario, east.plan, charts={})
    assert "<h2>Availability</h2>" not in without
    assert "<h2>Training</h2>" not in without


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (
            {"objective": "effective-flops", "value": 440.2, "bound": 440.85, "gap": 0.0015, "unit": "EFLOP/s"},
            (
                "Goal: most effective FLOP/s",
                "440.2 EFLOP/s",
                "at most 440.85 EFLOP/s are possible",
                "or interruptions",
            ),
        ),
        (
            {"objective": "sync-time", "value": 5.5556, "bound": 5.5, "gap": 0.01, "unit": "s"},
            ("Goal: least time of one all-reduce", "5.556 s", "no plan is faster than 5.5 s"),
        ),
        (
            {"objective": "accelerators", "value": 23_040, "bound": 27_648, "gap": 1 / 6, "unit": "accelerators"},
            ("Goal: most accelerators", "23,040", "at most 27,648 are possible", "16.67%"),
        ),
    ],
)
def test_the_goal_of_a_plan_under_a_budget_leads_the_summary(
    east: Case, figures: dict[str, Any], words: tuple[str, ...]
) -> None:
    goal = Goal(budget_usd=3.09e10, **figures)
    page = render_report(east.scenario, replace(east.plan, goal=goal), charts={})
    head = unescape(page.partition('<section aria-label="Map">')[0])
    for text in (*words, "for $30.9 bn, accelerators included"):
        assert text in head
    assert "can be more than" not in head  # of the cost, which was not the goal


def test_charts_and_the_drawn_map_are_in_the_page_with_ids_of_their_own(page: str) -> None:
    tags = Tags(page).tags
    drawings = [attributes for tag, attributes in tags if tag == "svg" and attributes.get("role") == "img"]
    labels = {attributes["aria-label"] for attributes in drawings}
    assert {"Map of three in the east", *CHART_WORDS.values()} <= labels
    ids = [attributes["id"] for _, attributes in tags if attributes.get("id")]
    assert len(ids) == len(set(ids))


def test_an_unverified_plan_says_so(east: Case) -> None:
    page = render_report(east.scenario, replace(east.plan, verified=False, verification=None), charts={})
    assert '<span class="badge bad">Not verified</span>' in page


def test_an_infeasible_plan_says_why_over_its_candidate_sites(east: Case) -> None:
    reason = Infeasibility(
        message="three sites need 83 MW, the zones have 60",
        clashing=(LimitClash(limit="headroom_mw", id="PJM", value=40.0, unit="MW"),),
        relief=(Relief(limit="headroom_mw", id="PJM", from_value=40.0, to_value=63.0, unit="MW"),),
    )
    none = replace(
        east.plan,
        status="infeasible", sites=(), links=(), lightpaths=(), segments=(), sync=None, fabrics=None, cost_items={},
        cost_usd=None, lower_bound_usd=None, gap=None, network_cost_usd=None, network_gap=None,
        accelerator_purchase_usd=None, verification=None, verified=False, infeasibility=reason,
    )  # fmt: skip
    page = render_report(east.scenario, none)
    texts = Tags(page).texts
    assert "three sites need 83 MW, the zones have 60" in texts
    assert "63 MW" in texts
    data = map_data(page)
    assert (len(data["layers"]["sites"]), len(data["layers"]["clusters"])) == (4, 0)


def test_a_scenario_without_sites_to_show_has_a_map_of_the_world(east: Case) -> None:
    scenario = replace(east.scenario, sites=(), segments=(), junctions=())
    none = replace(
        east.plan, status="limit", sites=(), links=(), lightpaths=(), segments=(), fabrics=None, verification=None
    )
    west, south, east_end, north = payload(report_map(scenario, none))["view"]
    assert (east_end - west, south < -50, north > 70) == (360, True, True)


def test_the_map_lays_everything_into_one_copy_of_the_world(pacific: Case) -> None:
    drawn = report_map(pacific.scenario, pacific.plan)
    assert drawn.view.west < 139.7 < 180 < 237.7 < drawn.view.east
    (link,) = drawn.layers["links"]
    longitudes = [lon for part in link["geometry"]["coordinates"] for lon, _ in part]
    assert (min(longitudes), max(longitudes)) == pytest.approx((139.7, 237.7), abs=0.01)
    (zone,) = [item for item in drawn.layers["power_zones"] if item["geometry"] is not None]
    assert zone["geometry"]["type"] == "Polygon"  # its two halves are one again


def test_columns_of_the_input_are_not_sent_with_the_map(page: str) -> None:
    assert "Operator, A" not in page


def test_the_background_is_the_finest_that_covers_the_view() -> None:
    texas = base_layer(view_of((-100.0, 30.0, -95.0, 33.0)))
    assert len(texas.land) > 5  # states, not one country
    assert "Houston" in {place.name for place in base_layer(view_of((-97.0, 28.0, -93.0, 31.0))).places}
    alps = base_layer(view_of((6.0, 46.0, 12.0, 48.0)))
    assert len(alps.land) > 4
    assert {place.name for place in alps.places} & {"Zürich", "Milan", "Munich", "Turin", "Geneva"}


def test_a_view_has_room_and_is_never_empty_or_beyond_mercator() -> None:
    single = view_of((8.0, 50.0, 8.0, 50.0))
    assert single.east - single.west > 0.4
    polar = view_of((-170.0, 60.0, 170.0, 90.0))
    assert polar.north <= 84
    assert view_of((170.0, -10.0, -170.0, 10.0)).east > 190


def test_colors_between_two_stops_are_mixed_in_proportion() -> None:
    assert ramp_color(FIBER_RAMP, -1) == FIBER_RAMP[0][1]
    assert ramp_color(ZONE_RAMP, 0.5) == "#fdc35c"
    assert ramp_color(ZONE_RAMP, 2) == ZONE_RAMP[-1][1]
    assert ramp_color(((0.0, "#000000"), (1.0, "#ff8040")), 0.5) == "#804020"


def test_the_legend_shows_only_what_the_map_has(east: Case, pacific: Case) -> None:
    empty = replace(east.plan, sites=(), links=(), lightpaths=(), segments=())
    assert "Logical link" not in legend(report_map(east.scenario, empty))
    assert "Logical link" in legend(report_map(pacific.scenario, pacific.plan))


def test_the_vendored_map_library_is_the_released_one_with_its_licence() -> None:
    readme = (VENDOR / "README.md").read_text()
    for name in ("maplibre-gl.js", "maplibre-gl.css"):
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() in readme
    assert "5.24.0" in (VENDOR / "maplibre-gl.js").read_text()[:400]
    assert "Redistribution and use in source and binary forms" in (VENDOR / "LICENSE.txt").read_text()


def test_the_library_holds_nothing_that_would_end_its_script_element() -> None:
    text = (VENDOR / "maplibre-gl.js").read_text()
    assert "</script" not in text.lower()
    assert "<!--" not in text


def test_the_background_is_small_and_credited(page: str) -> None:
    assert sum(file.stat().st_size for file in BASEMAP.iterdir()) < 400_000
    assert BASE_CREDIT in unescape(page)
