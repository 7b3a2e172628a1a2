"""Many tori at once are the same as one after the other."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Torus
from topodesign.fabric import topology_of
from topodesign.fabric.hops import diameter_hops, mean_hops
from topodesign.fabric.torus_grid import GridKind, torus_grid


@settings(max_examples=40, deadline=None)
@given(
    sides=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    dimensions=st.integers(1, 4),
    kind=st.sampled_from(["torus", "mesh"]),
    rates=st.lists(st.floats(1.0, 1e4), min_size=1, max_size=2),
)
def test_every_figure_is_that_of_the_fabric_alone(
    sides: list[int], dimensions: int, kind: GridKind, rates: list[float]
):
    grid = torus_grid([1, *sides], link_gbps=rates, dimensions=dimensions, kind=kind, most_accelerators=2000)
    shapes = {tuple(shape) for shape in grid.sides.tolist()}
    assert len(grid.sides) == len(shapes) * len(rates)
    for row in range(0, len(grid.sides), max(1, len(grid.sides) // 5)):
        shape = tuple(grid.sides[row].tolist())
        spec = Torus(shape=shape, wrap=(kind == "torus",) * dimensions, link_gbps=float(grid.link_gbps[row]))
        topology = topology_of(spec)
        paths = topology.path_classes()
        cut, rate = topology.bisection(), topology.alltoall()
        assert grid.accelerators[row] == topology.accelerators
        assert grid.links[row] == sum(run.count for run in topology.cable_runs())
        assert grid.diameter_hops[row] == diameter_hops(paths)
        assert grid.mean_hops[row] == mean_hops(paths)
        assert grid.bisection_links[row] == cut.lower == cut.upper
        assert grid.bisection_gbps[row] == cut.upper * spec.link_gbps
        pair_gbps = rate.rate * spec.link_gbps
        assert grid.alltoall_gbps_per_accelerator[row] == pair_gbps * (topology.accelerators - 1)


def test_shapes_are_all_those_that_fit_each_once():
    grid = torus_grid([2, 3, 4], link_gbps=[400.0], dimensions=2, most_accelerators=9)
    assert [tuple(shape) for shape in grid.sides.tolist()] == [(2, 2), (3, 2), (4, 2), (3, 3)]
    # 3 x 3: 18 links, bisection 2 x (3 + 1), mean 2 x (6/9) x 9/8 hops
    assert (grid.links[3], grid.bisection_links[3], grid.mean_hops[3]) == (18, 8, pytest.approx(1.5))


def test_a_million_points_are_worked_out_as_arrays():
    grid = torus_grid(range(1, 65), link_gbps=np.geomspace(100, 1600, 23).tolist())
    assert len(grid.sides) == math.comb(66, 3) * 23 > 1_000_000
    assert grid.accelerators.max() == 64**3
    largest = int(grid.bisection_links.argmax())
    assert grid.bisection_links[largest] == 2 * 64 * 64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sides": [0, 2]}, "at least 1"),
        ({"link_gbps": [0.0]}, "greater than 0"),
        ({"dimensions": 7}, "at most 6"),
        ({"kind": "ring"}, "torus or mesh"),
        ({"most_accelerators": 7}, "other sides"),
        ({"sides": range(1, 65), "link_gbps": [100.0 + rate for rate in range(200)]}, "4,000,000"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], message: str):
    given = {"sides": [2, 4], "link_gbps": [400.0], **changes}
    with pytest.raises(InvalidInput, match=message):
        torus_grid(**given)  # type: ignore[arg-type]
