"""The network diagram: sites keep their directions, stand apart, and lines go around what they do not end at."""

import math
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outputs.hand_made_plans import Case

from topodesign.outputs import network_chart
from topodesign.outputs.diagram_geometry import CLEAR, Curve, curves_between, label_places, open_side
from topodesign.outputs.network_chart import LEAST_PT, WIDEST_PT, capacity_of_pairs
from topodesign.outputs.spread_places import APART, spread_places

PLACES = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


def test_links_of_several_modes_are_one_line_as_wide_as_their_sum(east: Case) -> None:
    other = replace(east.plan.links[0], mode="zrplus-400", capacity_gbps=2400.0)
    plan = replace(east.plan, links=(*east.plan.links, other))
    # three links of 2400 Gbit/s each, one of them doubled
    assert sorted(capacity_of_pairs(plan).values()) == [2400, 2400, 4800]
    figure = network_chart(east.scenario, plan)
    assert figure is not None
    widths = [line.get_linewidth() for line in figure.axes[0].lines if line.get_marker() == "None"]
    assert sorted(widths) == pytest.approx([WIDEST_PT / 2, WIDEST_PT / 2, WIDEST_PT])
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words.count("2.40 Tbit/s") == 2 and words.count("4.80 Tbit/s") == 1
    assert "Ashburn\n31.1 MW" in words  # 3 pods of 4608 x 1875 W x 1.2


def test_a_tiny_link_beside_a_large_one_is_still_a_line(east: Case) -> None:
    first, *others = east.plan.links
    figure = network_chart(east.scenario, replace(east.plan, links=(replace(first, capacity_gbps=1.0), *others)))
    assert figure is not None
    assert min(line.get_linewidth() for line in figure.axes[0].lines if line.get_marker() == "None") == LEAST_PT


def test_of_very_many_links_the_largest_are_drawn_and_the_note_says_so(east: Case) -> None:
    (site, *_), (link, *_) = east.plan.sites, east.plan.links
    (place, *_) = east.scenario.sites
    names = [f"s{number:02d}" for number in range(26)]  # 325 pairs
    sites = tuple(replace(place, site_id=name, lon=float(at), name="") for at, name in enumerate(names))
    pairs = combinations(names, 2)
    links = tuple(replace(link, a=a, z=z, capacity_gbps=1.0 + at) for at, (a, z) in enumerate(pairs))
    plan = replace(east.plan, sites=tuple(replace(site, id=name) for name in names), links=links)
    figure = network_chart(replace(east.scenario, sites=(*east.scenario.sites, *sites)), plan)
    assert figure is not None
    assert "325 (the 300 largest are drawn)" in figure.get_supxlabel()
    assert sum(line.get_marker() == "None" for line in figure.axes[0].lines) == 300


def test_one_site_has_no_diagram(east: Case) -> None:
    assert network_chart(east.scenario, replace(east.plan, sites=east.plan.sites[:1], links=())) is None


def test_a_name_that_the_font_cannot_draw_gives_way_to_the_id_and_dollars_are_no_formula(east: Case) -> None:
    names = {"iad-1": "北京", "cmh-1": "$a_{$"}
    sites = tuple(replace(site, name=names.get(site.site_id, site.name)) for site in east.scenario.sites)
    figure = network_chart(replace(east.scenario, sites=sites), east.plan)
    assert figure is not None
    figure.draw_without_rendering()
    words = "\n".join(text.get_text() for text in figure.axes[0].texts)
    assert "iad-1\n" in words and "$a_{$\n" in words


def test_sites_across_the_antimeridian_lie_side_by_side() -> None:
    places = spread_places({"tyo": (139.7, 35.7), "sea": (-122.3, 47.6)})
    (x_tyo, y_tyo), (x_sea, y_sea) = places["tyo"], places["sea"]
    assert 0 < x_sea - x_tyo <= 1.001  # Seattle is to the east of Tokyo, over the Pacific
    assert y_sea > y_tyo


def test_directions_are_kept() -> None:
    places = spread_places({"nyc": (-74.0, 40.7), "chi": (-87.6, 41.9), "hou": (-95.4, 29.8)})
    assert places["hou"][0] < places["chi"][0] < places["nyc"][0]
    assert places["hou"][1] < places["nyc"][1] < places["chi"][1]


@given(st.lists(PLACES, min_size=1, max_size=7))
def test_no_two_sites_cover_each_other_wherever_they_are(positions: list[tuple[float, float]]) -> None:
    given_places = {f"s{number}": position for number, position in enumerate(positions)}
    places = spread_places(given_places)
    assert all(math.isfinite(x) and math.isfinite(y) for x, y in places.values())
    assert all(math.dist(one, other) > 0.6 * APART for one, other in combinations(places.values(), 2))
    assert spread_places(dict(reversed(given_places.items()))) == places


def test_a_line_bends_around_a_site_on_its_way_and_is_straight_otherwise() -> None:
    places = {"a": (0.0, 0.0), "m": (0.5, 0.01), "z": (1.0, 0.0)}
    curves = curves_between([("a", "z"), ("a", "m")], places)
    bent, straight = curves["a", "z"], curves["a", "m"]
    assert min(math.dist(bent.at(step / 50), places["m"]) for step in range(51)) > CLEAR
    assert bent.at(0.5)[1] < 0  # away from the site, which lies above
    assert straight.at(0.5) == pytest.approx((0.25, 0.005))


def test_a_name_stands_where_no_line_leaves() -> None:
    def line(a: tuple[float, float], z: tuple[float, float]) -> Curve:
        return Curve(a=a, z=z, control=((a[0] + z[0]) / 2, (a[1] + z[1]) / 2))

    here = (0.0, 0.0)
    assert open_side("a", {("a", "b"): line(here, (0.0, 1.0))}) == "below"
    assert open_side("b", {("a", "b"): line((0.0, -1.0), here)}) == "above"
    both = {("a", "b"): line(here, (0.0, 1.0)), ("a", "c"): line(here, (0.0, -1.0))}
    assert open_side("a", both) == "right"


def test_labels_of_lines_that_cross_in_the_middle_do_not_cover_each_other() -> None:
    curves = {
        ("a", "c"): Curve(a=(0.0, 0.0), z=(1.0, 0.5), control=(0.5, 0.25)),
        ("b", "d"): Curve(a=(0.0, 0.5), z=(1.0, 0.0), control=(0.5, 0.25)),
    }
    one, other = label_places(curves, [(0.0, 0.0)]).values()
    assert abs(one[0] - other[0]) > 0.13 or abs(one[1] - other[1]) > 0.05
