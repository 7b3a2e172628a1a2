"""The closed-form Gaussian-noise model against GNPy 3.0.1, worst channel of the comb, and other published optical
figures.

Line: transmitter, amplifier, then spans each followed by an amplifier of 5.0 dB noise figure; 0.2 dB/km SSMF (D 16.7
ps/nm/km, 83 um2), 0.5 + 0.5 dB of connectors per span, no ROADM. GSNR in 0.1 nm, dB. Tolerance 0.2 dB, as agreed for
a closed form.
"""

import math

import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import FiberKind
from topodesign.domain.scenario import FiberSegment, OpticsRules
from topodesign.optics.gaussian_noise import Amplification, Comb, span_noise_to_signal
from topodesign.optics.reach import ReachModel, channel_width_ghz

SSMF = FiberKind(
    id="ssmf",
    name="G.652.D",
    loss_db_per_km=0.2,
    dispersion_ps_nm_km=16.7,
    effective_area_um2=83.0,
    nonlinear_index_m2_w=2.6e-20,
    group_index=1.468,
)
AMPLIFIER = Amplification(noise_figure_db=5.0, max_total_power_dbm=40.0, connector_loss_db=1.0)

GOLDEN = [
    # spacing GHz, channels, GBd, dBm per channel, spans, km, GSNR of GNPy, with tx_osnr 37 dB
    (75, 64, 59.84, 0, 1, 80, 34.87, 32.80),
    (75, 64, 59.84, 0, 1, 120, 27.72, 27.24),
    (75, 64, 59.84, 0, 6, 80, 27.13, 26.71),
    (75, 64, 59.84, 0, 10, 100, 21.46, 21.34),
    (75, 64, 60.14, 1, 6, 80, 27.35, 26.90),
    (150, 32, 118.2, 4, 1, 80, 37.93, 34.43),
    (150, 32, 118.2, 4, 5, 100, 28.04, 27.52),
]


def gsnr_db(row):
    spacing, channels, baud, launch, spans, km, *_ = row
    comb = Comb(baud_gbd=baud, spacing_ghz=spacing, channels=channels)
    return -10 * math.log10(spans * span_noise_to_signal(SSMF, km, comb, AMPLIFIER, launch_dbm=launch))


@pytest.mark.parametrize("row", GOLDEN)
def test_gsnr_is_within_a_fifth_of_a_decibel_of_gnpy(row):
    assert gsnr_db(row) == pytest.approx(row[6], abs=0.2)


@pytest.mark.parametrize("row", GOLDEN)
def test_gsnr_with_the_transmitter_is_within_a_fifth_of_a_decibel_of_gnpy(row):
    both = -10 * math.log10(10 ** (-gsnr_db(row) / 10) + 10 ** (-37 / 10))
    assert both == pytest.approx(row[7], abs=0.2)


def test_best_launch_power_beats_every_other():
    comb = Comb(baud_gbd=59.84, spacing_ghz=75.0, channels=64)
    best = span_noise_to_signal(SSMF, 80.0, comb, AMPLIFIER)
    others = [span_noise_to_signal(SSMF, 80.0, comb, AMPLIFIER, launch_dbm=power / 4) for power in range(-20, 30)]
    assert best <= min(others) + 1e-12


def test_launch_power_is_capped_by_the_amplifier():
    # 23 dBm over 64 channels is 4.94 dBm each (GNPy clips there silently); a 140 km span would like more
    comb = Comb(baud_gbd=59.84, spacing_ghz=75.0, channels=64)
    capped = Amplification(noise_figure_db=5.0, max_total_power_dbm=23.0, connector_loss_db=1.0)
    at_cap = 23.0 - 10 * math.log10(64)
    assert span_noise_to_signal(SSMF, 140.0, comb, capped) == pytest.approx(
        span_noise_to_signal(SSMF, 140.0, comb, capped, launch_dbm=min(at_cap, 5.5)), rel=0.05
    )


def test_a_c_band_pair_carries_25_6_terabits_at_400g_and_at_800g():
    # OpenZR+ and OIF grids: 64 x 400G at 75 GHz and 32 x 800G at 150 GHz
    catalog = load_catalog()
    band = catalog.line_system("c-band").band_ghz
    for mode_id, channels in (("zrplus-400", 64), ("openroadm-800", 32)):
        mode = catalog.transceiver(mode_id)
        assert band // channel_width_ghz(mode, OpticsRules()) == channels
        assert channels * mode.rate_gbps == 25_600


def test_ssmf_delays_4_897_microseconds_per_km():
    # group index 1.468 (GNPy): 1000 km there and back take 9.79 ms
    reach = ReachModel(load_catalog(), OpticsRules())
    segment = FiberSegment(segment_id="x", a="a", b="b", length_km=1000.0)
    assert reach.delay_ms(segment) == pytest.approx(4.897, rel=1e-3)
    assert 2 * reach.delay_ms(segment) == pytest.approx(9.79, rel=1e-3)
