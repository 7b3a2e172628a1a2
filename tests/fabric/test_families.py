"""Fabrics of a wanted size, and comparisons at equal size."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, Torus
from topodesign.fabric import compare_fabrics, fabric_of_size, topology_of
from topodesign.fabric.families import near_cubic_shape


@pytest.mark.parametrize(
    ("accelerators", "shape"),
    [(4096, (16, 16, 16)), (4608, (16, 16, 18)), (64, (4, 4, 4)), (7, (1, 1, 7)), (1, (1, 1, 1))],
)
def test_the_shape_is_the_nearest_to_a_cube(accelerators: int, shape: tuple[int, ...]) -> None:
    assert fabric_of_size("torus", accelerators) == Torus(shape=shape)


@given(st.integers(1, 2000))
def test_no_other_factorization_is_nearer_to_a_cube(accelerators: int) -> None:
    shape = near_cubic_shape(accelerators)
    assert math.prod(shape) == accelerators
    assert list(shape) == sorted(shape)
    for a in range(1, accelerators + 1):
        if a**3 > accelerators:
            break
        for b in range(a, math.isqrt(accelerators // a) + 1):
            if accelerators % (a * b) == 0:
                assert shape[2] / shape[0] <= accelerators // (a * b) / a


@pytest.mark.parametrize(
    ("accelerators", "radix", "tiers"),
    [(2048, 64, 2), (2049, 64, 3), (65536, 64, 3), (65537, 128, 3), (1_000_000, 256, 3)],
)
def test_clos_takes_the_least_doubling_of_the_radix_that_fits(accelerators: int, radix: int, tiers: int) -> None:
    spec = fabric_of_size("clos", accelerators)
    assert spec == Clos(accelerators=accelerators, radix=radix)
    (evaluation,) = compare_fabrics([spec])
    assert evaluation.name == f"Clos, {tiers} tiers, radix {radix}"


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"one of clos, .*torus") as raised:
        fabric_of_size("moebius", 64)
    assert raised.value.reason == "FABRIC_KIND_UNKNOWN"


@pytest.mark.parametrize("accelerators", [0, -5, 10_000_001])
def test_a_size_out_of_range_is_refused(accelerators: int) -> None:
    with pytest.raises(InvalidInput, match="accelerators"):
        fabric_of_size("clos", accelerators)


def test_comparison_keeps_the_order_and_the_size() -> None:
    found = compare_fabrics([fabric_of_size(kind, 4096) for kind in ("clos", "torus")], message_bytes=1e6)
    assert [evaluation.kind for evaluation in found] == ["clos", "torus"]
    assert {evaluation.accelerators for evaluation in found} == {4096}
    assert {evaluation.message_bytes for evaluation in found} == {1e6}


def test_a_million_accelerators_can_be_compared() -> None:
    torus, clos = compare_fabrics([fabric_of_size(kind, 1_000_000) for kind in ("torus", "clos")])
    assert torus.bisection.links == 20_000
    assert clos.bisection.upper_gbps == 500_000 * 400


@pytest.mark.parametrize(
    ("kind", "accelerators"),
    [
        ("fat-tree", 8192),
        ("dragonfly", 4096),
        ("dragonfly-plus", 4096),
        ("direct-blocks", 1024),
        ("slimfly", 10830),
        ("jellyfish", 4096),
        ("jellyfish", 7),
        ("scale-up-clos", 4608),
        ("scale-up-clos", 1024),
    ],
)
def test_switched_fabrics_have_exactly_the_size_asked_for(kind: str, accelerators: int) -> None:
    topology = topology_of(fabric_of_size(kind, accelerators, link_gbps=200.0))
    assert topology.accelerators == accelerators
    assert topology.link_gbps == 200.0


@pytest.mark.parametrize(
    ("kind", "accelerators", "nearest"),
    [
        # k^3/4 of 20 and 22; 2 q^2 p of 13 and 16; blocks of 256; whole servers of 8
        ("fat-tree", 2048, "2000 or 2662"),
        ("slimfly", 4096, "3380 or 6144"),
        ("direct-blocks", 1000, "768 or 1024"),
        ("scale-up-clos", 1001, "1000 or 1008"),
        ("dragonfly", 4099, "4096 or 4104"),
    ],
)
def test_sizes_that_a_family_has_not_are_answered_with_the_nearest(kind: str, accelerators: int, nearest: str) -> None:
    with pytest.raises(InvalidInput, match=f"no {kind} of the usual proportions has so many; use {nearest}") as raised:
        fabric_of_size(kind, accelerators)
    assert raised.value.reason == "FABRIC_SIZE_IMPOSSIBLE"
    for size in raised.value.metadata["nearest"].split(","):
        assert topology_of(fabric_of_size(kind, int(size))).accelerators == int(size)
