"""Amplifier huts: on the route within a meter, at equal and short enough spans, shared by the fiber of a conduit."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outputs.hand_made_plans import Case
from pyproj import Geod

from topodesign.catalog import load_catalog
from topodesign.domain.plan import Plan, SegmentPlan
from topodesign.domain.scenario import FiberSegment, Position, Scenario
from topodesign.outputs.amplifier_sites import AmplifierSite, amplifier_places, amplifier_sites_of
from topodesign.outputs.geojson import plan_to_geojson

EARTH = Geod(ellps="WGS84")
CATALOG = load_catalog()
METER = 1.0


def apart_m(one: Position, other: Position) -> float:
    return float(EARTH.inv(*one, *other)[2])


def along_m(line: Sequence[Position], place: Position) -> float:
    """How far along a line a position lies; fails when it is more than a meter off.

    On an edge: starting as the edge does and going as far as the position is away leads to the position.
    """
    behind = 0.0
    for start, end in pairwise(line):
        azimuth, _, length = EARTH.inv(*start, *end)
        distance = apart_m(start, place)
        lon, lat, _ = EARTH.fwd(*start, azimuth, distance)
        if distance <= length + METER and apart_m((lon, lat), place) <= METER:
            return behind + distance
        behind += float(length)
    raise AssertionError(f"{place} is off the line")


def line_of(scenario: Scenario, segment: FiberSegment) -> Sequence[Position]:
    """The geometry from end a, else its two ends."""
    ends = (scenario.position(segment.a), scenario.position(segment.b))
    if len(segment.geometry) < 2:
        return ends
    return segment.geometry if apart_m(ends[0], segment.geometry[0]) < 1000 else segment.geometry[::-1]


def require_right_places(scenario: Scenario, plan: Plan) -> None:
    places = amplifier_places(scenario, plan)
    for lit in plan.segments:
        segment = scenario.segment_by_id[lit.segment_id]
        line = line_of(scenario, segment)
        own = [place for place in places if place.segment_id == lit.segment_id]
        assert len(own) == lit.spans - 1
        length = sum(apart_m(start, end) for start, end in pairwise(line))
        stops = [0.0, *(along_m(line, (place.lon, place.lat)) for place in own), length]
        for start, end in pairwise(stops):
            assert end - start == pytest.approx(length / lit.spans, abs=2 * METER)
        fiber = [0.0, *(place.from_a_km for place in own), segment.length_km]
        for start, end in pairwise(fiber):
            assert end - start == pytest.approx(segment.length_km / lit.spans)
            assert end - start <= scenario.optics.span_km + 1e-9


@pytest.mark.parametrize("case", ["east", "pacific"])
def test_amplifiers_stand_on_the_route_at_equal_spans_no_longer_than_allowed(
    case: str, request: pytest.FixtureRequest
) -> None:
    made: Case = request.getfixturevalue(case)
    require_right_places(made.scenario, made.plan)


@settings(max_examples=60, deadline=None)
@given(
    start=st.tuples(st.floats(-180, 180), st.floats(-60, 60)),
    steps=st.lists(st.tuples(st.floats(0.5, 8), st.floats(-4, 4)), min_size=1, max_size=8),
    slack=st.floats(1.0, 1.5),
    reverse=st.booleans(),
)
def test_on_any_route_eastward_also_across_the_antimeridian(
    east: Case, start: Position, steps: list[Position], slack: float, reverse: bool
) -> None:
    line = [start]
    for east_deg, north_deg in steps:
        lon, lat = line[-1]
        line.append(((lon + east_deg + 180) % 360 - 180, max(-75.0, min(75.0, lat + north_deg))))
    length_km = sum(apart_m(one, other) for one, other in pairwise(line)) / 1e3 * slack
    given_line = tuple(line[::-1] if reverse else line)
    scenario, plan = drawn(east, [("s", given_line, length_km)], ends=(line[0], line[-1]))
    require_right_places(scenario, plan)
    for hut in amplifier_sites_of(scenario, plan, CATALOG):
        assert -180 <= hut.lon <= 180
        assert hut.drawn_as == "route"


def drawn(
    case: Case, routes: Sequence[tuple[str, tuple[Position, ...], float]], *, ends: tuple[Position, Position],
    conduits: Sequence[tuple[str, ...]] = (("c",), ("c",), ("c",)), pairs: Sequence[int] = (1, 1, 1),
) -> tuple[Scenario, Plan]:  # fmt: skip
    """Segments along given lines between two sites of the case, moved to the ends of the lines."""
    a, z = case.scenario.sites[:2]
    moved = (replace(a, lon=ends[0][0], lat=ends[0][1]), replace(z, lon=ends[1][0], lat=ends[1][1]))
    segments = tuple(
        FiberSegment(segment_id=item, a=a.site_id, b=z.site_id, length_km=km, geometry=line, conduits=own)
        for (item, line, km), own in zip(routes, conduits, strict=False)
    )
    lit = tuple(
        SegmentPlan(
            segment_id=item.segment_id, pairs=count, built=False, utilization=0.5,
            spans=math.ceil(item.length_km / case.scenario.optics.span_km),
            amplifiers=count * (math.ceil(item.length_km / case.scenario.optics.span_km) - 1),
        )
        for item, count in zip(segments, pairs, strict=False)
    )  # fmt: skip
    scenario = replace(case.scenario, sites=(*moved, *case.scenario.sites[2:]), segments=segments, junctions=())
    return scenario, replace(case.plan, segments=lit, lightpaths=(), links=())


SOUTH = ((-80.0, 40.0), (-75.0, 40.0))
NEAR = ((-80.0, 40.0), (-77.5, 40.0319), (-75.0, 40.0))
"""The geodesic bulges by 6371 km x (2.5 degrees)^2 / 2 x sin 40 cos 40 = 0.0269 degrees: half a km beside at most."""


def huts_of(scenario: Scenario, plan: Plan, **figures: float) -> tuple[AmplifierSite, ...]:
    return amplifier_sites_of(scenario, plan, load_catalog({"hut.default": figures}) if figures else CATALOG)


def test_segments_of_one_conduit_share_huts_that_are_near_and_their_amplifiers_are_summed(east: Case) -> None:
    scenario, plan = drawn(east, [("n", NEAR, 427.2), ("s", SOUTH, 427.2)], ends=SOUTH, pairs=(2, 3))
    huts = huts_of(scenario, plan)
    assert len(huts) == 5  # 427.2 km at 80 km: 6 spans
    for hut in huts:
        assert (hut.segments, hut.conduits) == (("n", "s"), ("c",))
        assert (hut.pairs, hut.amplifiers) == (5, 5)
        # 5 amplifiers of 150 W, and half as much again for cooling
        assert (hut.amplifier_power_w, hut.feed_power_w) == (750, 1125)
        first, second = ((place.lon, place.lat) for place in hut.places)
        assert (hut.lon, hut.lat) == first
        assert hut.apart_km == pytest.approx(apart_m(first, second) / 1e3)
        assert hut.apart_km <= 1
        along_m(NEAR, first)


def test_other_conduits_and_farther_places_have_huts_of_their_own(east: Case) -> None:
    apart = drawn(east, [("n", NEAR, 427.2), ("s", SOUTH, 427.2)], ends=SOUTH, conduits=(("north",), ("south",)))
    assert len(huts_of(*apart)) == 10
    together = drawn(east, [("n", NEAR, 427.2), ("s", SOUTH, 427.2)], ends=SOUTH)
    middle = [hut.apart_km for hut in huts_of(*together)]
    assert len(huts_of(*together, sharing_km=max(middle) * 0.999)) > 5
    assert len(huts_of(*together, sharing_km=0.0)) == 10


def test_no_hut_takes_two_places_of_one_segment(east: Case) -> None:
    scenario, plan = drawn(east, [("s", SOUTH, 427.2)], ends=SOUTH)
    assert len(huts_of(scenario, plan, sharing_km=100.0)) == 5


def test_every_amplifier_of_the_plan_is_in_one_hut(east: Case) -> None:
    huts = amplifier_sites_of(east.scenario, east.plan, CATALOG)
    assert sum(hut.amplifiers for hut in huts) == sum(lit.amplifiers for lit in east.plan.segments)
    places = [place.id for hut in huts for place in hut.places]
    assert len(places) == len(set(places)) == sum(lit.spans - 1 for lit in east.plan.segments)


def test_huts_are_new_where_fiber_is_built_and_flagged_where_no_geometry_is_given(east: Case) -> None:
    huts = amplifier_sites_of(east.scenario, east.plan, CATALOG)
    assert {hut.segments for hut in huts if hut.is_new} == {("columbus-atlanta",)}
    drawn_by = {segment: hut.drawn_as for hut in huts for segment in hut.segments}
    assert drawn_by["ashburn-pittsburgh"] == "route"
    assert drawn_by["columbus-atlanta"] == "geodesic"


def test_huts_are_a_layer_of_the_map(east: Case) -> None:
    document = plan_to_geojson(east.scenario, east.plan)
    features = [item for item in document["features"] if item["properties"]["layer"] == "amplifier_sites"]  # type: ignore[attr-defined]
    huts = {hut.id: hut for hut in amplifier_sites_of(east.scenario, east.plan, CATALOG)}
    assert {item["properties"]["hut_id"] for item in features} == set(huts)
    for item in features:
        hut = huts[item["properties"]["hut_id"]]
        assert item["geometry"]["coordinates"] == [round(hut.lon, 6), round(hut.lat, 6)]
        assert item["properties"]["feed_power_w"] == hut.feed_power_w
