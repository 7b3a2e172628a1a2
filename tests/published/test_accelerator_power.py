"""Published power of accelerators: per megawatt, per rack, per cluster."""

import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.fabric import Torus
from topodesign.fabric import evaluate_fabric
from topodesign.training.power import accelerators_for_mw, all_in_it_w, facility_w

# accelerators per 100 MW of facility power, floor(1e8 / (PUE x W)); watts as their sources give them
HOTNETS_W = 3.6e9 / 1.67e6  # arXiv:2407.12819: 1.67 million GB200 and 3.6 GW of IT
PER_100_MW = [
    (1275, (78_431, 71_301, 65_359, 56_022)),
    (1472, (67_934, 61_758, 56_612, 48_524)),
    (1875, (53_333, 48_484, 44_444, 38_095)),
    (1833.0 * 1.14, (47_855, 43_505, 39_879, 34_182)),
    (HOTNETS_W, (46_388, 42_171, 38_657, 33_134)),
    (1944.0 * 1.14, (45_123, 41_020, 37_602, 32_230)),
]


@pytest.mark.parametrize(("watts", "expected"), PER_100_MW)
def test_accelerators_per_100_mw(watts: float, expected: tuple[int, ...]) -> None:
    found = accelerators_for_mw(100, all_in_w=watts, pue=[1.0, 1.1, 1.2, 1.4])
    assert tuple(found.tolist()) == expected


@pytest.mark.parametrize(
    ("accelerator", "at_pue_1_2"),
    [("h100-sxm", 56_612), ("gb300-nvl72", 44_444), ("b200-sxm", 39_872), ("b300-sxm", 37_605)],
)
def test_the_catalogues_accelerators_per_100_mw(accelerator: str, at_pue_1_2: int) -> None:
    # 2090 and 2216 W are 1833 x 1.14 and 1944 x 1.14 to the watt: 7 and 3 accelerators from the row above
    watts = load_catalog().accelerator(accelerator).all_in_w
    assert accelerators_for_mw(100, all_in_w=watts, pue=1.2) == at_pue_1_2


def test_epochs_all_in_watts_are_server_watts_times_1_14() -> None:
    # Epoch AI: 1833 W of server for a B200, 1944 W for a B300, and a median of 14 % for network and storage
    catalog = load_catalog()
    for name, server_w in (("b200-sxm", 1833), ("b300-sxm", 1944)):
        found = all_in_it_w(server_w, network_and_storage_factor=1.14)
        assert catalog.accelerator(name).all_in_w == pytest.approx(float(found), abs=0.5)


def test_a_hotnets_cluster_draws_4_2_to_4_7_gigawatts() -> None:
    # arXiv:2407.12819: 23,300 racks of 72 = 1.678 million; 3.6 GW of IT and 4.16 to 4.71 GW in all, PUE 1.16 to 1.31
    for pue, gigawatts in ((1.16, 4.16), (1.31, 4.71)):
        assert float(facility_w(HOTNETS_W, pue)) * 1.67e6 / 1e9 == pytest.approx(gigawatts, rel=5e-3)
        assert accelerators_for_mw(1e3 * gigawatts, all_in_w=HOTNETS_W, pue=pue) == pytest.approx(23_300 * 72, rel=0.01)


def test_colossus_draws_less_than_a_dgx_nameplate() -> None:
    # 280,000 H100-equivalents at 340 MW: 1.21 kW each, PUE included; below the 1275 W of a DGX H100 at PUE 1
    assert accelerators_for_mw(340, all_in_w=1210, pue=1.0) == pytest.approx(280_000, rel=5e-3)
    assert accelerators_for_mw(340, all_in_w=1275, pue=1.0) < 280_000


# dense BF16 and FP8 TFLOP/s, HBM in GB and TB/s, chip watts, GB/s scale-up one way (vendor pages; Epoch AI's TPU watts)
FIGURES = {
    "h100-sxm": (989, 1979, 80, 3.35, 700, 450),
    "h200-sxm": (989, 1979, 141, 4.8, 700, 450),
    "b200-sxm": (2250, 4500, 180, 8.0, 1000, 900),
    "gb200-nvl72": (2500, 5000, 186, 8.0, 1200, 900),
    "gb300-nvl72": (2500, 5000, 288, 8.0, 1400, 900),
    "b300-sxm": (2250, 4500, 288, 8.0, 1000, 900),
    "mi300x": (1307, 2610, 192, 5.3, 750, 448),
    "trainium2": (667, 1299, 96, 2.9, 500, 640),
    "tpu-v4": (275, None, 32, 1.2, 192, None),
    "tpu-v5e": (197, None, 16, 0.82, 225, 200),
    "tpu-v5p": (459, 459, 95, 2.77, 540, 600),
    "tpu-v6e": (918, 918, 32, 1.64, 380, 400),
    "tpu7x": (2307, 4614, 192, 7.4, 960, 600),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_data_sheets(name: str) -> None:
    item = load_catalog().accelerator(name)
    found = (
        item.peak_tflops, item.peak_fp8_tflops, item.hbm_gb, item.hbm_tb_per_s, item.chip_w,
        item.scale_up_gb_per_s,
    )  # fmt: skip
    assert found == FIGURES[name]


# Gbit/s of scale-out per accelerator, one way: vendor pages (TPU v4, v6e and 7x publish none that can be cited alike)
SCALE_OUT_GBPS = {
    "h100-sxm": 400, "h200-sxm": 400, "b200-sxm": 400, "gb200-nvl72": 400, "gb300-nvl72": 800, "b300-sxm": 800,
    "mi300x": 400, "trainium2": 200, "tpu-v5e": 25, "tpu-v5p": 50,
}  # fmt: skip


def test_scale_out_of_data_sheets() -> None:
    found = {name: load_catalog().accelerator(name).scale_out_gbps for name in SCALE_OUT_GBPS}
    assert found == SCALE_OUT_GBPS


def test_the_catalogue_has_no_accelerator_without_published_figures() -> None:
    assert {item.id for item in load_catalog().accelerators} == set(FIGURES)


def test_an_accelerator_draws_more_with_its_host_than_alone() -> None:
    for item in load_catalog().accelerators:
        assert item.chip_w is not None
        assert item.all_in_w > item.chip_w, item.id


def test_a_torus_of_v6e_has_a_bisection_of_3_2_terabytes_per_second() -> None:
    # Google Cloud, TPU v6e page: 16x16, 32 links of 100 GB/s one way: a quarter of the chip's 400
    per_link = load_catalog().accelerator("tpu-v6e").scale_up_gb_per_s
    assert per_link is not None
    pod = evaluate_fabric(Torus(shape=(16, 16), link_gbps=per_link / 4 * 8))
    assert pod.bisection.links == 32
    assert pod.bisection.gbps / 8 / 1000 == pytest.approx(3.2)


def test_a_torus_of_v5e_reduces_at_51_2_terabytes_per_second() -> None:
    # Google Cloud, TPU v5e page: 256 chips x 200 GB/s one way = 51.2 TB/s of all-reduce; v6e 256 x 400 = 102.4
    for name, terabytes in (("tpu-v5e", 51.2), ("tpu-v6e", 102.4)):
        per_chip = load_catalog().accelerator(name).scale_up_gb_per_s
        assert per_chip is not None
        assert 256 * per_chip / 1000 == pytest.approx(terabytes)
