"""The verifier's own Gaussian-noise model against GNPy, and against the formula evaluated term by term."""

import math
from dataclasses import replace
from typing import Any

import pytest
from golden_lines import GOLDEN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.scenario import FiberSegment, OpticsRules
from topodesign.optics.reach import ReachModel
from topodesign.verify import reach
from topodesign.verify.gaussian_noise import Comb, Glass, nonlinear_coefficient, span_noise
from topodesign.verify.verifier import gather

SSMF = Glass.of(loss_db_per_km=0.2, dispersion_ps_nm_km=16.7, area_um2=83, index_m2_w=2.6e-20)


def golden_noise(spacing: float, channels: int, baud: float, launch: float, spans: int, km: float) -> float:
    comb = Comb.filling(band_ghz=spacing * channels, width_ghz=spacing, baud_gbd=baud)
    assert comb.channels == channels
    each = span_noise(
        SSMF,
        comb,
        span_km=km,
        loss_db_per_km=0.2,
        connector_db=1.0,
        noise_figure_db=5.0,
        most_total_dbm=40.0,
        launch_dbm=launch,
    )
    return spans * each


@pytest.mark.parametrize("row", GOLDEN)
def test_gsnr_is_within_a_fifth_of_a_decibel_of_gnpy(row: tuple[float, ...]) -> None:
    spacing, channels, baud, launch, spans, km, _, gsnr, with_transmitter = row
    noise = golden_noise(spacing, int(channels), baud, launch, int(spans), km)
    assert -10 * math.log10(noise) == pytest.approx(gsnr, abs=0.2)
    assert -10 * math.log10(noise + 10**-3.7) == pytest.approx(with_transmitter, abs=0.2)


def hand_eta(
    loss: float, dispersion: float, area: float, baud: float, spacing: float, channels: int, km: float
) -> float:
    """Eqs. 120 and 123 of arXiv:1209.0394 for every channel of the comb, term by term; the largest counts."""
    alpha = loss / (10 * math.log10(math.e)) / 1000
    beta2 = dispersion * 1e-6 * 1550e-9**2 / (2 * math.pi * 299792458)
    gamma = 2 * math.pi * 2.6e-20 / (1550e-9 * area * 1e-12)
    rate, effective = baud * 1e9, (1 - math.exp(-alpha * km * 1000)) / alpha
    results = []
    for channel in range(channels):
        total = 0.0
        for other in range(channels):
            gap = abs(other - channel) * spacing * 1e9
            weight = 16 / 27 if other == channel else 32 / 27
            upper = math.asinh(math.pi**2 / alpha * beta2 * rate * (gap + rate / 2))
            lower = math.asinh(math.pi**2 / alpha * beta2 * rate * (gap - rate / 2))
            total += weight * effective**2 / (2 * math.pi * beta2 / alpha) * (upper - lower) / 2
        results.append(gamma**2 / rate**2 * total)
    return max(results)


@settings(max_examples=60, deadline=None)
@given(
    loss=st.floats(0.14, 0.35),
    dispersion=st.floats(2, 25),
    area=st.floats(50, 150),
    baud=st.floats(28, 140),
    guard=st.floats(1, 1.5),
    channels=st.integers(1, 40),
    km=st.floats(1, 150),
)
def test_nonlinear_coefficient_is_the_formula_term_by_term(
    loss: float, dispersion: float, area: float, baud: float, guard: float, channels: int, km: float
) -> None:
    spacing = baud * guard
    glass = Glass.of(loss_db_per_km=loss, dispersion_ps_nm_km=dispersion, area_um2=area, index_m2_w=2.6e-20)
    comb = Comb(symbol_rate_hz=baud * 1e9, spacing_hz=spacing * 1e9, channels=channels)
    expected = hand_eta(loss, dispersion, area, baud, spacing, channels, km)
    assert nonlinear_coefficient(glass, comb, km) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(km=st.floats(1, 150), total=st.floats(0, 30), other=st.floats(-20, 10))
def test_no_launch_power_that_the_amplifier_can_give_beats_the_default(km: float, total: float, other: float) -> None:
    comb = Comb.filling(band_ghz=4800, width_ghz=75, baud_gbd=60)
    figures: dict[str, Any] = {
        "span_km": km,
        "loss_db_per_km": 0.2,
        "connector_db": 1.0,
        "noise_figure_db": 5.5,
        "most_total_dbm": total,
    }
    allowed = min(other, total - 10 * math.log10(64))
    assert span_noise(SSMF, comb, **figures) <= span_noise(SSMF, comb, **figures, launch_dbm=allowed) * (1 + 1e-12)


def test_a_line_is_the_sum_of_its_spans_the_booster_and_the_transmitter(two_sites: Any) -> None:
    # s2: 160 km in two spans of 80; 4800 GHz / 75 GHz = 64 channels of 60 GBd; noise figure 5 dB; tx_osnr 37 dB.
    # Launch: ASE = 10^0.5 h nu R 10^1.7, P^3 = ASE / (2 eta 10^-0.1), below 23 dBm - 10 log10(64) = 4.94 dBm.
    ase = 10**0.5 * 6.62607015e-34 * 299792458 / 1550e-9 * 60e9 * 10**1.7
    eta = hand_eta(0.2, 16.7, 83, 60, 75, 64, 80) * 10**-0.1
    power = (ase / (2 * eta)) ** (1 / 3)
    assert power < 10 ** (0.494 - 3)
    # and the booster behind 15 dB of node instead of 17 dB of span
    noise = (2 * (ase / power + eta * power**2) + ase * 10**-0.2 / power) * 12.5 / 60 + 10**-3.7
    evidence = gather(two_sites.scenario, two_sites.plan, two_sites.catalog)
    figures = reach.figures(evidence, evidence.routes[1])
    assert figures.gsnr_db == pytest.approx(-10 * math.log10(noise), abs=1e-6)
    assert figures.margin_db == pytest.approx(figures.gsnr_db - 20, abs=1e-12)


def test_fiber_without_nonlinearity_takes_all_the_power_there_is() -> None:
    glass = Glass.of(loss_db_per_km=0.25, dispersion_ps_nm_km=3, area_um2=500, index_m2_w=0.0)
    comb = Comb.filling(band_ghz=4800, width_ghz=75, baud_gbd=60)
    noise = span_noise(
        glass, comb, span_km=80, loss_db_per_km=0.25, connector_db=1.0, noise_figure_db=5.0, most_total_dbm=23.0
    )
    # OSNR in 0.1 nm = P - NF - loss - 10 log10(h nu 12.5 GHz / 1 mW) = 4.938 - 5 - 21 + 57.954
    photon_dbm = 10 * math.log10(6.62607015e-34 * 299792458 / 1550e-9 * 12.5e9 / 1e-3)
    assert -10 * math.log10(noise) == pytest.approx(23 - 10 * math.log10(64) - 5 - 21 - photon_dbm, abs=1e-9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.floats(0.5, 600), min_size=1, max_size=5),
    fiber=st.sampled_from(["ssmf", "g654e", "hollow_core"]),
    band=st.sampled_from(["c", "c+l"]),
    span_km=st.floats(40, 120),
    grid=st.sampled_from([None, 75.0, 50.0, 6.25]),
)
def test_two_codes_written_apart_agree_on_every_mode(
    two_sites: Any, lengths: list[float], fiber: Any, band: Any, span_km: float, grid: float | None
) -> None:
    """The planner's reach and the verifier's differ by far less than the verifier's tolerance of 0.02 dB."""
    catalog = load_catalog()
    rules = OpticsRules(band=band, span_km=span_km, grid_ghz=grid)
    nodes = [f"n{number}" for number in range(len(lengths) + 1)]
    segments = [
        FiberSegment(segment_id=a + b, a=a, b=b, length_km=km, fiber_type=fiber)
        for a, b, km in zip(nodes, nodes[1:], lengths, strict=False)
    ]
    evidence = replace(
        gather(two_sites.scenario, two_sites.plan, two_sites.catalog),
        scenario=replace(two_sites.scenario, optics=rules),
        catalog=catalog,
        line_system=catalog.line_system("c-band" if band == "c" else "c+l-band"),
    )
    planners = ReachModel(catalog, rules)
    for mode in catalog.transceivers:
        own = reach.stretch_gsnr_db(evidence, mode, segments)
        assert own == pytest.approx(planners.stretch(mode, segments).gsnr_db, abs=1e-3)
    pmd = reach.stretch_pmd_ps(evidence, segments)
    for limit, holds in ((pmd * (1 - 1e-6), False), (pmd * (1 + 1e-6), True)):
        robust = replace(
            catalog.transceivers[0],
            required_osnr_db=1e-6,
            max_dispersion_ps_nm=1e9,
            max_km=1e9,
            max_spans=0,
            max_pmd_ps=limit,
        )
        lenient = ReachModel(replace(catalog, transceivers=(robust,)), replace(rules, margin_db=0.0))
        assert lenient.stretch(robust, segments).is_feasible is holds


def test_noise_depends_on_the_size_of_dispersion_and_not_on_its_sign() -> None:
    negative = Glass.of(loss_db_per_km=0.2, dispersion_ps_nm_km=-16.7, area_um2=83, index_m2_w=2.6e-20)
    comb = Comb.filling(band_ghz=4800, width_ghz=75, baud_gbd=60)
    assert nonlinear_coefficient(negative, comb, 80) == nonlinear_coefficient(SSMF, comb, 80) > 0
