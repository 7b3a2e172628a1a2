"""Published and derived figures of folded Clos fabrics. Counts are exact; tolerances are stated with the figure."""

import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.fabric import Clos
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.clos import ClosTopology


@pytest.mark.parametrize(
    ("accelerators", "switches", "cables"),
    [
        # NVIDIA DGX SuperPOD reference architecture (B200), compute fabric table: switches by tier, cables by tier
        (512, (16, 8), (512, 512)),
        (1024, (32, 16), (1024, 1024)),
        (4096, (128, 128, 64), (4096, 4096, 4096)),
    ],
)
def test_superpod_switch_and_cable_counts(
    accelerators: int, switches: tuple[int, ...], cables: tuple[int, ...]
) -> None:
    spec = Clos(accelerators=accelerators, radix=64)
    evaluation = evaluate_fabric(spec)
    assert evaluation.switches_by_tier == switches
    assert evaluation.links == sum(cables)
    assert tuple(run.count for run in ClosTopology(spec).cable_runs()) == cables
    assert evaluation.bisection.exact
    assert evaluation.bisection.links == accelerators / 2


@pytest.mark.parametrize(
    ("radix", "hosts", "switches", "links", "mean"),
    [
        # Al-Fares et al., SIGCOMM 2008: k^3/4 hosts, 5k^2/4 switches; mean (2(k/2-1) + 4(k^2/4-k/2) +
        # 6(k^3/4-k^2/4))/(k^3/4-1), to six decimals, and k = 4 and 6 counted on the explicit graph
        (4, 16, 20, 48, 5.466667),
        (6, 54, 45, 162, 5.622642),
        (32, 8192, 1280, 24576, 5.934074),
    ],
)
def test_full_fat_trees(radix: int, hosts: int, switches: int, links: int, mean: float) -> None:
    evaluation = evaluate_fabric(Clos(accelerators=hosts, radix=radix))
    assert (evaluation.switches, evaluation.links, evaluation.diameter_hops) == (switches, links, 6)
    assert evaluation.mean_hops == pytest.approx(mean, abs=5e-7)
    assert evaluation.bisection.exact
    assert evaluation.bisection.links == hosts / 2
    assert evaluation.alltoall.exact
    assert evaluation.alltoall.rate_per_pair == pytest.approx(1 / (hosts - 1), rel=1e-12)


def test_leaves_of_48_accelerators_and_16_uplinks_cut_256_links() -> None:
    # 32 leaves x 48 accelerators x 16 uplinks: min(32 x 48 / 2, 32 x 16 / 2) = 256, also found by graph partitioning
    evaluation = evaluate_fabric(Clos(accelerators=32 * 48, radix=64, oversubscription=3))
    assert evaluation.switches_by_tier[0] == 32
    assert evaluation.bisection.exact
    assert evaluation.bisection.links == 256


def test_a_taper_of_7_leaves_a_seventh_of_the_full_bisection() -> None:
    # Meta's 24k RoCE cluster (SIGCOMM 2024) tapers 1:7 above its pods: 8 pods keep 1/7 of N/2. Here whole leaves and
    # pods, so that the seventh is exact: 16 pods of 32 leaves x 56 accelerators
    evaluation = evaluate_fabric(Clos(accelerators=16 * 32 * 56, radix=64, oversubscription=7))
    assert evaluation.bisection.exact
    assert evaluation.bisection.links == 16 * 32 * 56 / 2 / 7


def test_price_of_the_small_fat_tree_of_hammingmesh() -> None:
    # Hoefler et al., SC 2022, table of costs: about 1000 accelerators on a non-blocking fat tree of 16 planes cost
    # 25.3 M$, with switches at $14,280, copper to the leaves at $272 and optical cables at $603, which the catalogue
    # has; to 0.1 M$
    evaluation = evaluate_fabric(Clos(accelerators=1024, radix=64, planes=16), catalog=load_catalog())
    assert evaluation.switches == 16 * 48
    assert evaluation.optical_links == 16 * 1024
    assert evaluation.cost_usd / 1e6 == pytest.approx(25.3, abs=0.1)


def test_meta_24k_cluster_with_its_pods_and_taper() -> None:
    # Meta's 24k RoCE cluster (SIGCOMM 2024, Llama 3 paper): 24,576 accelerators, racks of 16, pods of 192 racks = 3072,
    # 8 pods, 1:7 above the pods. Derived: 3072 x 400G / 7 = 175.5 Tb/s up from a pod, 702 Tb/s = 14.3 % across 4 : 4
    # pods. A switch with 192 ports down needs 28 up, not 27.43: within 2.1 %
    spec = Clos(
        accelerators=24576, radix=32, tiers=3, upper_radix=224, upper_oversubscription=7, pod_leaves=192, link_gbps=400
    )
    evaluation = evaluate_fabric(spec)
    assert evaluation.switches_by_tier[0] == 24576 // 16
    assert ClosTopology(spec).layout.pods == 8
    assert evaluation.bisection.exact
    assert evaluation.bisection.gbps / 1000 == pytest.approx(702, rel=0.0215)
    assert evaluation.bisection.links / (24576 / 2) == pytest.approx(1 / 7, rel=0.0215)


def test_alibaba_hpn_pod_of_two_planes() -> None:
    # Alibaba HPN (SIGCOMM 2024): two tiers, two planes, 1024 GPUs per segment, 15 segments = about 15,000 per pod, 8
    # rails, 2 x 200G per GPU: a leaf serves the 128 GPUs of one rank of a segment, 8 x 15 = 120 leaves per plane
    spec = Clos(accelerators=15 * 1024, radix=256, tiers=2, planes=2, rail_optimized=True, link_gbps=200)
    evaluation = evaluate_fabric(spec)
    assert evaluation.switches_by_tier[0] == 2 * 8 * 15
    assert evaluation.diameter_hops == 4
    assert ClosTopology(spec).injection_links * spec.link_gbps == 2 * 200
    assert evaluation.bisection.upper_gbps == 15 * 1024 / 2 * 400
