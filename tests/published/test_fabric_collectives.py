"""Published worked values of collectives and collisions; tolerances are those of the rounding they are printed with.

"How to Scale Your Model" (Google DeepMind, February 2025), sections on TPUs and sharding: 45 GB/s one way on v5e and
v4 links, 1 us per hop; its gathers count the own part too (S over both directions of the axis), k/(k-1) of what moves.
"""

import math

import pytest

from topodesign.fabric.collectives_grid import grid_times
from topodesign.fabric.collectives_shapes import GridShape, RingAxis
from topodesign.fabric.collisions import collisions_of, mean_share
from topodesign.fabric.latency import transfer_us
from topodesign.fabric.topology import StepLatency

LINK_GBPS = 45 * 8.0


def ring(side: int) -> RingAxis:
    return RingAxis(side=side, is_ring=True)


def seconds(operation, axes: tuple[RingAxis, ...], size: float, *, hop_s: float = 0.0) -> float:
    step = StepLatency(neighbor_s=hop_s, farthest_s=hop_s)
    return grid_times(operation, GridShape(axes=axes), size, link_gbps=LINK_GBPS, step=step)[0].seconds


def test_corner_to_corner_of_a_v5e_4x4_takes_6_us_to_the_first_byte_and_188_us_of_bytes() -> None:
    # 6 hops of about 1 us; 16.8 MB through two ports: printed 188 us, 186.7 us by the printed inputs, so 1 %
    assert transfer_us(6.0, 0.0, rate_gbps=2 * LINK_GBPS) == 6.0
    assert transfer_us(0.0, 16.8e6, rate_gbps=2 * LINK_GBPS) == pytest.approx(188, rel=0.01)


def test_gathering_34_mb_over_a_v5e_axis_of_4_without_wrap_takes_560_us() -> None:
    # three hops of 8.4 MB at 45 GB/s
    path = (RingAxis(side=4, is_ring=False),)
    assert seconds("all_gather", path, 4 * 8.4e6) == pytest.approx(560e-6, rel=1e-9)
    assert seconds("all_gather", path, 34e6) == pytest.approx(560e-6, rel=0.02)


def test_a_wrap_would_have_made_it_377_us() -> None:
    assert seconds("all_gather", (ring(4),), 34e6) * 4 / 3 == pytest.approx(377e-6, rel=0.01)


def test_three_hops_bound_by_latency_take_3_us() -> None:
    path = (RingAxis(side=4, is_ring=False),)
    assert seconds("all_gather", path, 0.0, hop_s=1e-6) == pytest.approx(3e-6)


def test_v4_gathers_a_quarter_of_8_4_mb_over_one_axis_in_23_us() -> None:
    assert seconds("all_gather", (ring(4),), 8.4e6 / 4) * 4 / 3 == pytest.approx(23e-6, abs=0.5e-6)


def test_v4_gathers_8_4_mb_over_two_axes_in_46_us() -> None:
    # 15/16 of the array moves over two axes
    assert seconds("all_gather", (ring(4), ring(4)), 8.4e6) * 16 / 15 == pytest.approx(46e-6, abs=1e-6)


def test_v4_reduces_8_4_mb_over_one_axis_in_190_us() -> None:
    # printed with two digits
    assert seconds("all_reduce", (ring(4),), 8.4e6) * 4 / 3 == pytest.approx(190e-6, abs=5e-6)


def test_random_hashing_of_as_many_flows_as_links_gives_a_flow_0_632_of_a_link() -> None:
    # 1 - 1/e, computed for one-stage ECMP
    assert mean_share(10**6, 10**6) == pytest.approx(1 - 1 / math.e, abs=5e-7)
    assert mean_share(10**6, 10**6) == pytest.approx(0.632, abs=5e-4)


@pytest.mark.parametrize("count", [10**3, 10**4, 10**5])
def test_the_worst_of_n_links_has_ln_n_over_ln_ln_n_flows_within_a_constant(count: int) -> None:
    # Raab and Steger 1998: ln n / ln ln n (1 + o(1)), approached from above; the o(1) is ln ln ln n / ln ln n and more
    worst = collisions_of(count, count, 1).worst_flows_mean
    order = math.log(count) / math.log(math.log(count))
    assert order < worst < 2 * order
