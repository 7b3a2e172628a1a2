"""Lines on the ellipsoid, their cut at the antimeridian, and boxes around them."""

from itertools import pairwise

import pytest
from pyproj import Geod

from topodesign.outputs.extent import bounding_box
from topodesign.outputs.geodesics import (
    cut_at_antimeridian,
    densified,
    distance_km,
    positions_at,
    rounded_degrees,
)
from topodesign.outputs.polygons import polygon_geometry

TOKYO, SEATTLE = (139.7, 35.7), (-122.3, 47.6)


def test_no_edge_of_a_densified_line_is_longer_than_the_step_and_given_positions_stay() -> None:
    line = densified(((-77.49, 39.04), (-83.0, 39.96), (-84.39, 33.75)), step_km=50)
    assert (-83.0, 39.96) in line
    assert max(distance_km(start, end) for start, end in pairwise(line)) <= 50.001


def test_densifying_leaves_the_geodesic_length_as_it_is() -> None:
    line = densified((TOKYO, SEATTLE))
    length_km = Geod(ellps="WGS84").line_length(*zip(*line, strict=True)) / 1e3
    assert length_km == pytest.approx(distance_km(TOKYO, SEATTLE), rel=1e-9)


def test_an_equatorial_degree_is_the_ellipsoids() -> None:
    # 6378.137 km x pi / 180 = 111.3195 km
    assert distance_km((10, 0), (11, 0)) == pytest.approx(111.3195, abs=1e-4)


def test_the_crossing_lies_on_the_ellipsoids_geodesic() -> None:
    parts = cut_at_antimeridian((TOKYO, SEATTLE))
    assert [part[-1][0] for part in parts] == [180.0, -122.3]
    (lon, lat), (back, same_lat) = parts[0][-1], parts[1][0]
    assert (lon, back) == (180.0, -180.0)
    assert lat == same_lat
    # the point is on the geodesic: going over it is no detour (a sphere's crossing, 4 km off, makes one of 2 m)
    detour_km = distance_km(TOKYO, (180, lat)) + distance_km((180, lat), SEATTLE) - distance_km(TOKYO, SEATTLE)
    assert abs(detour_km) < 1e-9 * distance_km(TOKYO, SEATTLE)


def test_a_line_that_ends_on_the_antimeridian_is_not_cut() -> None:
    assert cut_at_antimeridian(((179.0, 5.0), (180.0, 5.0))) == (((179.0, 5.0), (180.0, 5.0)),)
    assert cut_at_antimeridian(((179.0, 5.0), (-180.0, 5.0))) == (((179.0, 5.0), (180.0, 5.0)),)
    assert cut_at_antimeridian(((-180.0, 5.0), (179.0, 5.0))) == (((180.0, 5.0), (179.0, 5.0)),)


def test_a_line_that_crosses_twice_has_three_parts() -> None:
    parts = cut_at_antimeridian(((179.0, 0.0), (-179.0, 0.0), (-179.0, 5.0), (179.0, 5.0)))
    assert [len(part) for part in parts] == [2, 4, 2]


def test_a_line_without_length_has_no_parts() -> None:
    assert cut_at_antimeridian(densified(((5.0, 5.0), (5.0, 5.0)))) == ()


def test_a_position_half_way_halves_the_length_also_across_the_antimeridian() -> None:
    line = densified((TOKYO, SEATTLE))
    start, middle, end = positions_at(line, [0.0, 0.5, 1.0])
    assert distance_km(TOKYO, middle) == pytest.approx(distance_km(middle, SEATTLE), rel=1e-6)
    assert end == pytest.approx(SEATTLE)
    assert start == pytest.approx(TOKYO)


def test_rounding_never_gives_a_negative_zero() -> None:
    assert str(rounded_degrees(-1e-12)) == "0.0"


def test_a_box_across_the_antimeridian_has_its_west_east_of_its_east() -> None:
    points = [{"type": "Point", "coordinates": [lon, lat]} for lon, lat in ((179.0, -5.0), (-179.0, 5.0))]
    assert bounding_box(points) == (179.0, -5.0, -179.0, 5.0)


def test_a_box_of_parts_on_both_sides_of_the_antimeridian_spans_it() -> None:
    line = {"type": "MultiLineString", "coordinates": [[[170, 1], [180, 2]], [[-180, 2], [-160, 3]]]}
    assert bounding_box([line]) == (170, 1, -160, 3)


def test_a_long_line_over_greenwich_is_not_taken_to_cross_the_antimeridian() -> None:
    line = {"type": "LineString", "coordinates": [[-170, 0], [-80, 0], [0, 0], [80, 0], [170, 0]]}
    assert bounding_box([line]) == (-170, 0, 170, 0)


def test_a_box_around_the_whole_world_is_the_whole_world() -> None:
    line = {"type": "LineString", "coordinates": [[-180, 0], [-60, 0], [60, 10], [180, 0]]}
    point = {"type": "Point", "coordinates": [5, -20]}
    assert bounding_box([line, point]) == (-180, -20, 180, 10)


def test_nothing_has_no_box() -> None:
    assert bounding_box([None]) is None


def test_a_zone_across_the_antimeridian_is_cut_along_its_parallels() -> None:
    ring = ((170.0, 50.0), (-160.0, 50.0), (-160.0, 56.0), (170.0, 56.0), (170.0, 50.0))
    geometry = polygon_geometry(((ring,),))
    assert geometry is not None
    assert geometry["type"] == "MultiPolygon"
    assert sorted({tuple(place) for part in geometry["coordinates"] for place in part[0]}) == [
        (-180.0, 50.0), (-180.0, 56.0), (-160.0, 50.0), (-160.0, 56.0),
        (170.0, 50.0), (170.0, 56.0), (180.0, 50.0), (180.0, 56.0),
    ]  # fmt: skip
