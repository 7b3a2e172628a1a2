"""What zones are colored by, and how it is written in the legend."""

from dataclasses import replace

import pytest
from outputs.hand_made_plans import Case

from topodesign.outputs.legend import legend
from topodesign.outputs.map_colors import DARK, LIGHT
from topodesign.outputs.report_map import report_map
from topodesign.outputs.static_map import static_map
from topodesign.outputs.zone_measures import ends_around


def test_carbon_and_price_run_between_round_numbers_around_the_zones_on_the_map(east: Case) -> None:
    # 350 and 380 g/kWh, 48 and 55 USD/MWh; steps of 1, 2 or 5 times a power of ten, at most a fortieth of the value
    found = {item.key: (item.low, item.high, item.unit) for item in report_map(east.scenario, east.plan).measures}
    assert found == {"headroom": (0, 1, "1"), "carbon": (350, 380, "g/kWh"), "price": (48, 55, "USD/MWh")}


@pytest.mark.parametrize(("least", "most"), [(0.0, 0.0), (40.0, 40.0), (-5.0, 120.0), (0.0, 1e6), (19.9, 20.1)])
def test_ends_hold_the_values_and_are_never_equal(least: float, most: float) -> None:
    low, high = ends_around(least, most)
    assert low <= least <= most <= high
    assert low < high


def test_the_legend_has_a_ramp_for_each_measure_and_shows_headroom_first(east: Case) -> None:
    text = legend(report_map(east.scenario, east.plan))
    assert '<div data-measure="headroom">' in text
    for key in ("carbon", "price"):
        assert f'<div data-measure="{key}" hidden>' in text
    assert "Carbon intensity, g/kWh" in text
    for color in (LIGHT.carbon_ramp[-1][1], DARK.carbon_ramp[-1][1]):
        assert color in text


def test_the_drawing_has_the_same_colors_on_both_grounds_as_the_interactive_map(east: Case) -> None:
    drawn = static_map(report_map(east.scenario, east.plan), title="map")
    for name in ("land", "cluster", "link", "regenerator", "candidate", "available"):
        assert f"light-dark({getattr(LIGHT, name)},{getattr(DARK, name)})" in drawn, name
    full = replace(east.plan, segments=tuple(replace(item, utilization=1.0) for item in east.plan.segments))
    drawn = static_map(report_map(east.scenario, full), title="map")
    assert f"stroke:light-dark({LIGHT.fiber_ramp[-1][1]},{DARK.fiber_ramp[-1][1]})" in drawn


def test_the_drawing_has_a_scale_of_a_round_length(east: Case) -> None:
    # 110 px at most; the view of the hand-made plan is about 1350 km wide, 1000 px: 148 km, rounded down to 1, 2 or 5
    assert ">100 km</text>" in static_map(report_map(east.scenario, east.plan), title="map")
