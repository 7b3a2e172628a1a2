"""GNPy itself, through the judge's wrapper, against lines that were computed with GNPy 3.0.1 by hand-written inputs.

Line: transmitter at 0 dBm, booster, then spans each followed by an amplifier of 5.0 dB noise figure; 0.2 dB/km SSMF (D
16.7 ps/nm/km, 83 um2), 0.5 + 0.5 dB of connectors per span, no ROADM. OSNR and GSNR in 0.1 nm, worst channel, in dB,
published to two digits. Tolerance 0.02 dB: the same program and the same line, so only rounding may differ.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from golden_lines import GOLDEN, Row
from needed_tools import need_gnpy

from topodesign.verify.gnpy_line import Line, Reading, Span
from topodesign.verify.gnpy_process import read_apart


def line_of(row: Row, *, max_total_power_dbm: float = 23.0) -> Line:
    spacing, channels, baud, launch, spans, km, *_ = row
    span = Span(
        length_km=km,
        loss_db_per_km=0.2,
        dispersion_ps_nm_km=16.7,
        effective_area_um2=83,
        nonlinear_index_m2_w=2.6e-20,
        launch_dbm=launch,
    )
    return Line(
        spans=(replace(span, starts_segment=True), *(span,) * (spans - 1)),
        baud_gbd=baud,
        spacing_ghz=spacing,
        channels=channels,
        connector_loss_db=1.0,
        noise_figure_db=5.0,
        max_total_power_dbm=max_total_power_dbm,
        terminal_loss_db=launch,  # light comes to the node at the launch power, hence to the booster at 0 dBm
    )


@pytest.fixture(scope="module")
def readings() -> Mapping[Row, Reading]:
    need_gnpy()
    return dict(zip(GOLDEN, read_apart([line_of(row) for row in GOLDEN]), strict=True))


@pytest.mark.parametrize("row", GOLDEN)
def test_the_wrapper_gives_the_golden_figures(readings: Mapping[Row, Reading], row: Row) -> None:
    reading = readings[row]
    with_transmitter = -10 * math.log10(10 ** (-reading.gsnr_db / 10) + 10 ** (-37 / 10))
    assert reading.osnr_db == pytest.approx(row[6], abs=0.02)
    assert reading.gsnr_db == pytest.approx(row[7], abs=0.02)
    assert with_transmitter == pytest.approx(row[8], abs=0.02)
    assert reading.warnings == ()
    assert reading.power_missing_db < 1e-6


def test_power_that_gnpy_takes_away_silently_is_read_back() -> None:
    # 64 channels at 0 dBm are 18.06 dBm, so an amplifier of 15 dBm leaves 3.06 dB out, and GNPy raises nothing
    need_gnpy()
    [reading] = read_apart([line_of(GOLDEN[0], max_total_power_dbm=15.0)])
    assert reading.power_missing_db == pytest.approx(10 * math.log10(64) - 15, abs=0.01)


def test_a_line_reads_the_same_whatever_was_read_before_it() -> None:
    need_gnpy()
    first, second = line_of(GOLDEN[0]), line_of(GOLDEN[6])
    alone = read_apart([second])
    assert read_apart([first, second, first, second])[1::2] == alone * 2


def test_a_node_on_the_way_adds_its_booster_and_nothing_else() -> None:
    # OSNR that the booster alone leaves: 0 dBm behind it, 16.5 dB of node, noise figure 5 dB, h nu 0.1 nm = -57.95 dBm
    need_gnpy()
    hollow = replace(line_of(GOLDEN[2]).spans[1], nonlinear_index_m2_w=0.0)
    spans = (replace(hollow, starts_segment=True), hollow)
    whole = replace(line_of(GOLDEN[2]), spans=spans, terminal_loss_db=16.5)
    halves = replace(whole, spans=(spans[0], spans[0]))
    through, across = (10 ** (-reading.osnr_db / 10) for reading in read_apart([whole, halves]))
    assert -10 * math.log10(across - through) == pytest.approx(57.95 - 16.5 - 5.0, abs=0.1)


def test_fiber_without_nonlinearity_has_amplifier_noise_only() -> None:
    # GNPy has silica's index built in; a hollow core's has to get through to it
    need_gnpy()
    line = line_of(GOLDEN[2])
    hollow = replace(line, spans=tuple(replace(span, nonlinear_index_m2_w=0.0) for span in line.spans))
    [reading] = read_apart([hollow])
    assert reading.gsnr_db == pytest.approx(reading.osnr_db, abs=1e-9)
    assert reading.osnr_db == pytest.approx(28.09, abs=0.05)
