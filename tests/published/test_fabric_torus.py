"""Published and proven figures of tori. Counts are exact; bandwidths have the tolerance stated with them."""

import pytest

from topodesign.domain.fabric import FabricEvaluation, Torus, TwoWide
from topodesign.fabric import evaluate_fabric

BITS_PER_BYTE = 8


def torus(*shape: int, two_wide: TwoWide = "double", gigabytes_per_s: float = 50.0) -> FabricEvaluation:
    return evaluate_fabric(Torus(shape=shape, two_wide=two_wide, link_gbps=gigabytes_per_s * BITS_PER_BYTE))


def test_a_tpu_v4_pod_has_a_bisection_of_24_terabytes_per_second() -> None:
    # Google Cloud, TPU v4 page: 4096 chips as 16x16x16, bisection 24 TB/s. Links of 45 (effective: JAX scaling book,
    # 2025) to 50 GB/s (nominal: Jouppi et al., ISCA 2023, Table 4) one way bracket the rounded figure: 23.0 to 25.6
    # TB/s
    pod = torus(16, 16, 16, gigabytes_per_s=45)
    assert pod.bisection.links == 512
    assert pod.bisection.exact
    assert 23.0 <= pod.bisection.gbps / BITS_PER_BYTE / 1000 <= 25.6
    assert torus(16, 16, 16, gigabytes_per_s=50).bisection.gbps / BITS_PER_BYTE / 1000 == pytest.approx(25.6)


def test_a_tpu_v4_pod_injects_1_1_petabytes_per_second() -> None:
    # same page, "all-reduce bandwidth per pod 1.1 PB/s" = chips x 6 links x 45 GB/s; two ends of each link, to 2 %
    pod = torus(16, 16, 16, gigabytes_per_s=45)
    assert 2 * pod.links * 45e9 / 1e15 == pytest.approx(1.1, rel=0.02)


def test_a_tpu_v4_pod_has_3072_optical_links() -> None:
    # Jouppi et al., ISCA 2023, section 2: 64 racks of 4x4x4 chips with 96 optical links each, 6144 fiber ends / 2
    assert torus(16, 16, 16).optical_links == 3072


def test_16_cubed_has_diameter_24_and_mean_49152_over_4095() -> None:
    # 3 axes of mean 16/4 over all pairs, N/(N-1) for pairs of different ones: 12 x 4096/4095 = 49152/4095
    pod = torus(16, 16, 16)
    assert pod.diameter_hops == 24
    assert pod.mean_hops == pytest.approx(49152 / 4095, rel=1e-12)


def test_a_tpu_v5p_pod_cuts_640_links() -> None:
    # Google Cloud, TPU v5p page: 8960 chips as 16x20x28; even longest side: 2 x 16 x 20
    pod = torus(16, 20, 28)
    assert pod.accelerators == 8960
    assert (pod.bisection.links, pod.diameter_hops) == (640, 32)
    assert pod.alltoall.rate_per_pair == pytest.approx(1 / 31360, rel=1e-12)


def test_a_tpu_v3_pod_has_a_bisection_of_6_4_terabytes_per_second() -> None:
    # Google Cloud, TPU v3 page: 32x32, bisection 6.4 TB/s. The page's own all-reduce figure implies another link
    # rate than its bisection (83 against 100 GB/s): 25 %
    pod = torus(32, 32, gigabytes_per_s=100)
    assert pod.bisection.links == 64
    assert pod.bisection.gbps / BITS_PER_BYTE / 1000 == pytest.approx(6.4, rel=0.25)


def test_a_tpu_v5e_pod_has_a_bisection_of_1_6_terabytes_per_second() -> None:
    # Google Cloud, TPU v5e page: 16x16, 400 GB/s per chip = 4 links x 50 GB/s each way; 32 links, exact
    pod = torus(16, 16, gigabytes_per_s=50)
    assert pod.bisection.links == 32
    assert pod.bisection.gbps / BITS_PER_BYTE / 1000 == pytest.approx(1.6)


@pytest.mark.parametrize(
    ("shape", "links"),
    [((3, 3), 8), ((3, 3, 3), 26), ((5, 5), 12), ((5, 4), 10), ((7, 4), 10), ((5, 3), 8), ((6, 5), 10)],
)
def test_bisection_of_odd_and_mixed_tori(shape: tuple[int, ...], links: int) -> None:
    # Arjona Aroca and Fernandez Anta (2014): odd k: 2 (k^n - 1)/(k - 1); others 2 Psi. Small ones proven by
    # exhaustion too
    cut = torus(*shape).bisection
    assert cut.exact
    assert cut.links == links


@pytest.mark.parametrize(
    ("shape", "single", "double"),
    [((2, 2), 2, 4), ((2, 2, 2), 4, 8), ((3, 2), 3, 6)],
)
def test_bisection_of_two_wide_tori(shape: tuple[int, ...], single: int, double: int) -> None:
    # the hypercubes of dimension 2 and 3 cut N/2 links; parallel links double that; all proven by exhaustion
    assert torus(*shape, two_wide="single").bisection.links == single
    assert torus(*shape, two_wide="double").bisection.links == double
    assert torus(*shape, two_wide="single").bisection.exact


@pytest.mark.parametrize(
    ("shape", "inverse_rate"),
    [((5, 5, 5), 75), ((16, 16, 16), 8192), ((4, 4, 8), 128)],
)
def test_all_to_all_rate_of_tori(shape: tuple[int, ...], inverse_rate: int) -> None:
    # even k: 8/(N k); odd k: 8 k/(N (k^2 - 1)): 8 x 5/(125 x 24) = 1/75, 8/(4096 x 16), 8/(128 x 8); exact
    found = torus(*shape).alltoall
    assert found.exact
    assert found.rate_per_pair == pytest.approx(1 / inverse_rate, rel=1e-12)


def test_regular_4x4x8_slice() -> None:
    # diameter 8, mean 4.0315 (to its 4 decimals), 32 links: regular slice that TPU v4 twists (ISCA 2023, section 2.8)
    found = torus(4, 4, 8)
    assert (found.diameter_hops, found.bisection.links) == (8, 32)
    assert found.mean_hops == pytest.approx(4.0315, abs=5e-5)
