"""Laws of joining ends of lines: near enough, nearest, and whatever the order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely import LineString, Point

from topodesign.scenario.importing.naming import Names, id_of_position, usable
from topodesign.scenario.importing.passing import cut, nodes_passed
from topodesign.scenario.importing.snapping import MOST_TOLERANCE_M, nearest_places, snap

GEOD = Geod(ellps="WGS84")
LOCAL = Transformer.from_crs(4326, "+proj=aeqd +lon_0=-77.5 +lat_0=39", always_xy=True)
# about 111 m x 85 m steps around a city, so that ends fall within and beyond the tolerances
near_positions = st.tuples(
    st.integers(-30, 30).map(lambda step: -77.5 + step / 1000), st.integers(-30, 30).map(lambda step: 39 + step / 1000)
)
ends_of_lines = st.lists(near_positions, min_size=1, max_size=12)
places_by_id = st.lists(near_positions, max_size=5, unique=True).map(
    lambda found: {f"p{number}": place for number, place in enumerate(found)}
)


def geodesic_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(GEOD.inv(*one, *other)[2])


@settings(max_examples=60, deadline=None)
@given(ends=ends_of_lines, places=places_by_id, tolerance_m=st.sampled_from([0.0, 90.0, 150.0, 1000.0]))
def test_no_end_is_farther_from_its_node_than_the_tolerance(
    ends: list[tuple[float, float]], places: dict[str, tuple[float, float]], tolerance_m: float
) -> None:
    snapped = snap(ends, places, tolerance_m=tolerance_m)
    for end, node, distance_m in zip(ends, snapped.nodes, snapped.distances_m, strict=True):
        position = {**places, **snapped.new}[node]
        assert geodesic_m(end, position) <= tolerance_m + 0.2
        assert distance_m == pytest.approx(geodesic_m(end, position), abs=0.2)


@settings(max_examples=60, deadline=None)
@given(ends=ends_of_lines, places=places_by_id, order=st.randoms(use_true_random=False))
def test_the_order_of_the_lines_means_nothing(ends, places, order) -> None:
    numbers = list(range(len(ends)))
    order.shuffle(numbers)
    snapped = snap(ends, places, tolerance_m=150)
    shuffled = snap([ends[number] for number in numbers], places, tolerance_m=150)
    assert shuffled.new == snapped.new
    assert shuffled.nodes == tuple(snapped.nodes[number] for number in numbers)


@settings(max_examples=60, deadline=None)
@given(ends=ends_of_lines, places=places_by_id)
def test_junctions_are_made_only_where_no_place_is_near(ends, places) -> None:
    snapped = snap(ends, places, tolerance_m=150)
    for position in snapped.new.values():
        assert all(geodesic_m(position, place) > 149.8 for place in places.values())
        others = [other for other in snapped.new.values() if other != position]
        assert all(geodesic_m(position, other) > 149.8 for other in others)


def test_the_nearest_of_two_places_takes_the_end() -> None:
    # a thousandth of a degree of latitude is 111 m: the end is 111 m from one and 222 m from the other
    places = {"near": (-77.5, 39.001), "far": (-77.5, 38.998)}
    snapped = snap([(-77.5, 39.0)], places, tolerance_m=500)
    assert snapped.nodes == ("near",)
    assert snapped.distances_m[0] == pytest.approx(111.0, abs=0.1)


def test_ends_on_both_sides_of_the_antimeridian_join() -> None:
    snapped = snap([(179.9999, 10.0), (-179.9999, 10.0)], {}, tolerance_m=100)
    assert len(snapped.new) == 1


def test_at_the_largest_tolerance_the_straight_distance_is_the_geodesic_within_20_cm() -> None:
    places = {"place": (-77.5, 39.45)}
    ((_, distance_m),) = nearest_places([(-77.5, 39.0)], places)
    assert 49_000 < distance_m < MOST_TOLERANCE_M
    assert 0 < geodesic_m((-77.5, 39.0), places["place"]) - distance_m < 0.2


def test_an_end_with_no_place_at_all_is_infinitely_far() -> None:
    assert nearest_places([(0.0, 0.0)], {}) == [("", float("inf"))]


def test_a_junction_is_named_as_iso_6709_writes_its_place() -> None:
    assert id_of_position((-77.49, 39.04)) == "+39.040000-077.490000"
    assert id_of_position((5.0, -3.5)) == "-03.500000+005.000000"


@given(name=st.text(max_size=300))
def test_any_name_makes_a_sound_id_and_none_is_given_twice(name: str) -> None:
    from topodesign.domain.checks import require_id

    names = Names()
    first, second = names.give(name), names.give(name)
    require_id(first, field="id")
    require_id(second, field="id")
    assert first != second
    assert usable(first) == first


def test_numbers_of_equal_names_are_not_tried_from_the_start_each_time() -> None:
    class Counted(set[str]):
        asked = 0

        def __contains__(self, name: object) -> bool:
            self.asked += 1
            return super().__contains__(name)

    names = Names(["Untitled Path-2"])
    names._taken = taken = Counted(names._taken)
    given = [names.give("Untitled Path") for _ in range(1000)]
    assert given[:4] == ["Untitled Path", "Untitled Path-3", "Untitled Path-4", "Untitled Path-5"]
    assert names.give("Untitled Path-3") == "Untitled Path-3-2"
    assert len({*given}) == 1000
    assert taken.asked < 3000  # two for each name; from the start each time it would be half a million


short_lines = st.lists(near_positions, min_size=2, max_size=6, unique=True)


@settings(max_examples=60, deadline=None)
@given(line=short_lines, places=places_by_id)
def test_a_line_cut_at_what_it_passes_is_the_same_line_in_pieces(line, places) -> None:
    passed = nodes_passed([line], [("", "")], places, tolerance_m=150)
    pieces = cut(line, passed)
    assert len(pieces) == len(passed) + 1
    assert (pieces[0][0], pieces[-1][-1]) == (line[0], line[-1])
    for before, after, item in zip(pieces, pieces[1:], passed, strict=False):
        assert before[-1] == after[0]
        assert geodesic_m(before[-1], places[item.node]) == pytest.approx(item.distance_m, rel=0.01, abs=1)
    whole_m = GEOD.line_length(*zip(*line, strict=True))
    assert sum(GEOD.line_length(*zip(*piece, strict=True)) for piece in pieces) == pytest.approx(whole_m, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(line=short_lines, places=places_by_id)
def test_exactly_the_nodes_within_the_tolerance_of_a_line_are_passed(line, places) -> None:
    passed = {item.node for item in nodes_passed([line], [("", "")], places, tolerance_m=150)}
    # an outside judge: all of it lies within 5 km of the projection's center, where distances are true to 1e-6
    for name, place in places.items():
        flat = LineString([LOCAL.transform(*position) for position in line])
        distance_m = flat.distance(Point(LOCAL.transform(*place)))
        if abs(distance_m - 150) > 3:
            assert (name in passed) == (distance_m < 150), (name, distance_m)


def test_the_ends_of_a_line_are_not_passed_by_it() -> None:
    places = {"a": (-77.5, 39.0), "b": (-77.4, 39.0), "c": (-77.45, 39.0)}
    (only,) = nodes_passed([[(-77.5, 39.0), (-77.4, 39.0)]], [("a", "b")], places, tolerance_m=150)
    assert (only.node, only.share) == ("c", pytest.approx(0.5))
