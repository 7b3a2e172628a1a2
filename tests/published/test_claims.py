"""Published claims about training across sites, by hand beside our functions; docs/claims.md tells the readings.

The page itself is run by tests/docs, so its figures are those of the code; here they are held against arithmetic.
"""

import math
import re
from pathlib import Path

import pytest

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.energy import Ownership
from topodesign.training.checkpointing_traffic import transfer_s
from topodesign.training.power import accelerators_for_mw, facility_w
from topodesign.training.power_cost import ownership_usd_per_year, performance_per_dollar

PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text("utf-8")
MICROSECONDS_PER_KM = 4.9


def summary() -> dict[str, str]:
    """The last printed block of the page: number of the claim to verdict and reading."""
    printed = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[-1]
    return dict(line.split(". ", 1) for line in printed.splitlines())


def test_every_claim_has_a_verdict() -> None:
    assert set(summary()) == set(re.findall(r"^## (\d)\.", PAGE, re.MULTILINE)) == set("12345")
    assert all(re.match(r"(holds|does not hold|depends): ", verdict) for verdict in summary().values())


# Claim 1, P x 16 bit / (1 or 5 Pbit/s) + 2 x 2.45 ms, in ms, to the digits of the reference
@pytest.mark.parametrize(
    ("parameters", "one_ms", "five_ms", "digits_ms"),
    [(405e9, 11.4, 6.2, 0.05), (2e12, 36.9, 11.3, 0.05), (10e12, 165, 37, 0.5), (72e12, 1157, 235, 0.5)],
)
def test_exchange_over_500_km(parameters: float, one_ms: float, five_ms: float, digits_ms: float) -> None:
    latency_s = 2 * 500 * MICROSECONDS_PER_KM / 1e6
    for gbps, expected in ((1e6, one_ms), (5e6, five_ms)):
        found = transfer_s(parameters * 16, gbps, latency_s=latency_s)
        assert found * 1e3 == pytest.approx(expected, abs=digits_ms)


@pytest.mark.parametrize(("parameters", "one_s", "five_s"), [(2e12, 0.290, 0.060), (10e12, 1.442, 0.290)])
def test_copy_of_the_full_state_over_500_km(parameters: float, one_s: float, five_s: float) -> None:
    # 18 bytes a parameter, one way of 2.45 ms
    for gbps, expected in ((1e6, one_s), (5e6, five_s)):
        assert transfer_s(parameters * 144, gbps, latency_s=0.00245) == pytest.approx(expected, abs=6e-4)


def test_largest_models_that_are_exchanged_within_a_second() -> None:
    # (1 s - 4.9 ms) x 1e15 / 16 = 62.2e12 and (1 s - 2.45 ms) x 1e15 / 144 = 6.93e12; both take a second, and no more
    assert "exchange of 62.2T parameters, full state of 6.93T" in PAGE
    assert transfer_s(62.19e12 * 16, 1e6, latency_s=0.0049) == pytest.approx(1, abs=5e-4)
    assert transfer_s(6.927e12 * 144, 1e6, latency_s=0.00245) == pytest.approx(1, abs=5e-4)
    assert summary()["1"].startswith("holds: up to 62T parameters")


def test_pairs_for_1_to_5_petabits() -> None:
    # 1000 / 51.2 = 19.5, 5000 / 51.2 = 97.7; by our line model 800G falls short on 500 km, and 32 x 600G fit
    assert "51.2 Tbit/s a pair, 20 pairs for 1 Pbit/s, 98 for 5" in PAGE
    assert math.ceil(1e6 / (32 * 600)) == 53
    assert "19.2 Tbit/s a pair, 53 pairs for 1 Pbit/s, 261 for 5" in PAGE


@pytest.mark.parametrize(("km", "one_way_ms"), [(40, 0.196), (80, 0.392)])
def test_latency_within_a_region(km: float, one_way_ms: float) -> None:
    # 4.9 us/km; there and back is below 1 % of 0.1 s
    assert td.design_link(km).latency_ms == pytest.approx(one_way_ms, abs=5e-4)
    assert 2 * td.design_link(km).latency_ms < 0.01 * 100


def test_ethernet_reaches_40_km_and_zr_80_km() -> None:
    assert {item.reach_km for item in load_catalog().grey_optics if item.id in ("400gbase-er8", "800gbase-er1")} == {40}
    assert summary()["2"].startswith("holds: 40 km, 80 km")


def test_ten_gigawatts_of_installed_power() -> None:
    # EIA, June 2025: 508.4 + 172.4 + 154.8 + 134 + 98.4 + 79.9 = 1147.9 GW; 10 / 1147.9 = 0.871 %
    assert math.fsum((508.4, 172.4, 154.8, 134, 98.4, 79.9)) == pytest.approx(1147.9)
    assert "10 GW of 1147.9 GW installed (listed fuels): 0.87%" in PAGE
    assert "10 GW of 491 GW generated on average: 2.0%" in PAGE
    assert summary()["3"].startswith("holds: 0.87% of installed power")


def test_three_readings_of_a_pue_of_1_1_against_1_4() -> None:
    # 1.4 / 1.1 = 1.273; 1 - 1.1 / 1.4 = 0.214; 1.4 - 1.1 = 0.3. Whole accelerators change the fifth digit
    better, worse = accelerators_for_mw(100, all_in_w=1875, pue=[1.1, 1.4]).tolist()
    assert (better, worse) == (48_484, 38_095)
    assert better / worse == pytest.approx(1.273, abs=5e-4)
    assert 1 - worse / better == pytest.approx(0.214, abs=5e-4)
    assert float(facility_w(1, 1.4) - facility_w(1, 1.1)) == pytest.approx(0.30)
    assert "fans counted: 26.1%" in PAGE  # 1.45 / 1.15 - 1
    assert summary()["4"].startswith("holds: only as watts for each watt of IT; 27% as more chips")


def test_break_even_cost_of_a_tpu() -> None:
    # 2307 / 2500 = 0.923; / 1.30 = 0.71; / 0.56 = 1.65
    tpu, gpu = (load_catalog().accelerator(name) for name in ("tpu7x", "gb200-nvl72"))
    for cost, expected in ((0.923 / 1.30, 1.30), (0.56, 1.648)):
        ratio = performance_per_dollar(tpu.peak_tflops, usd_per_year=cost) / performance_per_dollar(
            gpu.peak_tflops, usd_per_year=1.0
        )
        assert float(ratio) == pytest.approx(expected, abs=1e-3)
    assert summary()["5"] == "depends: if a TPU costs at most 0.71 of a GPU to own"


def test_cost_that_a_vendors_own_performance_per_cost_implies() -> None:
    # Google's table: a v5e has 0.65 of the performance per cost of a v6e; 197 / 918 / 0.65 = 0.330
    older, newer = (load_catalog().accelerator(name) for name in ("tpu-v5e", "tpu-v6e"))
    ratio = performance_per_dollar(older.peak_tflops, usd_per_year=0.33015) / performance_per_dollar(
        newer.peak_tflops, usd_per_year=1.0
    )
    assert float(ratio) == pytest.approx(0.65, abs=1e-4)
    assert "a v5e costs 0.33 of a v6e to own" in PAGE


def test_cost_of_owning_is_purchase_over_life_and_energy() -> None:
    # 20,000 / 5 + 1440 W x 1.2 x 8760 h x 60 USD/MWh = 4000 + 908.24
    found = ownership_usd_per_year(
        Ownership(cost_usd=20_000, life_years=5), all_in_w=1440, pue=1.2, energy_usd_per_mwh=60
    )
    assert found == pytest.approx(4908.24, abs=0.01)
