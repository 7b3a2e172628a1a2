"""Optical lines: sums of spans, nodes, dispersion, launch powers, laws that hold for every line, what is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.optics.amplifiers import ILA_STANDARD, OsnrPolynomial
from topodesign.optics.gaussian_noise import Comb, comb_factors, nonlinear_scale_per_w2
from topodesign.optics.line_model import LineQuality, line_quality
from topodesign.optics.lines import Line, Lines, NodeNoise, Span, Terminal

CATALOG = load_catalog()
SSMF, LARGE, HOLLOW = (CATALOG.fiber(name) for name in ("ssmf", "g654e", "hollow_core"))
C_BAND = Comb.filling(band_ghz=4800, spacing_ghz=75, baud_gbd=60)
C_AND_L = Comb.filling(band_ghz=9600, spacing_ghz=75, baud_gbd=60)
MOST_DBM = 23.0


def span(length_km=80.0, fiber=SSMF, connector_loss_db=1.0, noise_figure_db=5.0):
    return Span(fiber=fiber, length_km=length_km, connector_loss_db=connector_loss_db, noise_figure_db=noise_figure_db)


def quality(*lines: Line, comb: Comb = C_BAND, most_dbm: float = MOST_DBM, **policy) -> LineQuality:
    return line_quality(Lines.of(lines, comb, max_total_power_dbm=most_dbm, **policy))


def line(*lengths_km: float, **figures) -> Line:
    return Line(spans=tuple(span(km, **figures) for km in lengths_km))


@pytest.mark.parametrize("launch", ["best_per_span", 0.0, 3.5])
def test_noise_of_unequal_spans_is_the_sum_of_single_spans(launch):
    lengths = (40.0, 95.0, 72.5, 110.0)
    whole = quality(line(*lengths), launch=launch).noise_to_signal[0]
    parts = quality(*(line(km) for km in lengths), launch=launch).noise_to_signal
    np.testing.assert_allclose(whole, parts.sum(axis=0), rtol=1e-12)


def test_noise_of_mixed_fibers_is_the_sum_of_single_spans():
    spans = (span(80), span(100, LARGE, noise_figure_db=6.0), span(60, HOLLOW, connector_loss_db=2.0))
    whole = quality(Line(spans=spans)).noise_to_signal[0]
    parts = quality(*(Line(spans=(each,)) for each in spans)).noise_to_signal
    np.testing.assert_allclose(whole, parts.sum(axis=0), rtol=1e-12)


def test_lines_computed_together_are_as_computed_alone():
    lines = [line(80), line(60, 60, fiber=LARGE), Line(spans=(span(90), span(70, HOLLOW)), express_nodes=2)]
    nodes = NodeNoise(end_osnr_db=35.0, express_osnr_db=33.0)
    together = quality(*lines, node_noise=nodes)
    for row, each in enumerate(lines):
        alone = quality(each, node_noise=nodes)
        np.testing.assert_allclose(together.gsnr_db[row], alone.gsnr_db[0], rtol=1e-13)
        np.testing.assert_allclose(together.pmd_ps[row], alone.pmd_ps[0], rtol=1e-13)


@pytest.mark.parametrize("comb", [C_BAND, C_AND_L, Comb(baud_gbd=118.2, spacing_ghz=150, channels=1)])
def test_every_channel_is_the_formula_term_by_term(comb):
    # arXiv:1209.0394 eqs. 120 and 123 with sums and asinh of the standard library
    result = quality(line(80), comb=comb, most_dbm=40.0, launch=1.0)
    alpha, rate, power = 0.2 * math.log(10) / 1e4, comb.baud_gbd * 1e9, 10**0.1 * 1e-3
    beta2 = 16.7e-6 * 1550e-9**2 / (2 * math.pi * 299792458)
    gamma = 2 * math.pi * 2.6e-20 / (1550e-9 * 83e-12)
    effective = (1 - math.exp(-alpha * 80e3)) / alpha
    ase = 10 ** ((5 + 17) / 10) * 6.62607015e-34 * 299792458 / 1550e-9 * rate
    for channel in range(0, comb.channels, 9):
        psi = 0.0
        for other in range(comb.channels):
            gap = abs(other - channel) * comb.spacing_ghz * 1e9
            bracket = sum(
                sign * math.asinh(math.pi**2 / alpha * beta2 * rate * (gap + sign * rate / 2)) for sign in (1, -1)
            )
            psi += (16 if other == channel else 32) / 27 * bracket / 2
        eta = (gamma * effective / rate) ** 2 / (2 * math.pi * beta2 / alpha) * psi
        noise = (ase / power + eta * 10**-0.1 * power**2) * 12.5e9 / rate
        assert result.noise_to_signal[0, channel] == pytest.approx(noise, rel=1e-9)


def test_c_and_l_band_has_twice_the_channels_and_its_worst_is_in_the_middle():
    narrow, wide = quality(line(80, 80), launch=0.0), quality(line(80, 80), comb=C_AND_L, launch=0.0)
    assert narrow.gsnr_db.shape == (1, 64)
    assert wide.gsnr_db.shape == (1, 128)
    assert wide.worst_channel[0] in (63, 64)
    assert wide.worst_gsnr_db[0] < narrow.worst_gsnr_db[0]
    np.testing.assert_allclose(wide.gsnr_db, wide.gsnr_db[:, ::-1], rtol=1e-12)  # the comb is symmetric


def test_roadms_add_their_noise_at_both_ends_and_at_each_express_node():
    plain = quality(line(80, 80, 80))
    spans = line(80, 80, 80).spans
    nodes = NodeNoise(end_osnr_db=36.0, express_osnr_db=33.0)
    through = quality(Line(spans=spans, express_nodes=3), node_noise=nodes)
    added = 2 * 10**-3.6 + 3 * 10**-3.3
    np.testing.assert_allclose(through.noise_to_signal, plain.noise_to_signal + added, rtol=1e-12)
    np.testing.assert_allclose(10 ** (-through.osnr_db / 10), 10 ** (-plain.osnr_db / 10) + added, rtol=1e-12)
    np.testing.assert_allclose(quality(Line(spans=spans, express_nodes=3)).gsnr_db, plain.gsnr_db)


def test_a_terminal_adds_the_noise_of_its_booster():
    # 1 dBm behind a booster of 5.5 dB that makes up for 16.5 dB: 1 - 16.5 - 5.5 + 57.95 = 36.95 dB
    plain, behind = (
        quality(line(80, 80, 80), launch=1.0, terminal=terminal)
        for terminal in (None, Terminal(loss_db=16.5, noise_figure_db=5.5))
    )
    added = behind.noise_to_signal - plain.noise_to_signal
    np.testing.assert_allclose(-10 * np.log10(added), 36.954, atol=1e-3)
    np.testing.assert_allclose(10 ** (-behind.osnr_db / 10) - 10 ** (-plain.osnr_db / 10), added, rtol=1e-9)
    np.testing.assert_allclose(behind.booster_noise_to_signal, added[:, 0], rtol=1e-9)
    np.testing.assert_array_equal(plain.booster_noise_to_signal, 0.0)
    np.testing.assert_array_equal(behind.launch_dbm, plain.launch_dbm)


@settings(max_examples=40, deadline=None)
@given(lengths=st.lists(st.floats(1, 140), min_size=1, max_size=5), loss=st.floats(0, 30), more=st.floats(0, 10))
def test_a_terminal_counts_the_same_in_both_directions_and_more_loss_never_raises_gsnr(lengths, loss, more):
    forth, back = line(*lengths), line(*reversed(lengths))
    near = quality(forth, back, terminal=Terminal(loss_db=loss, noise_figure_db=5.0))
    far = quality(forth, terminal=Terminal(loss_db=loss + more, noise_figure_db=5.0))
    np.testing.assert_allclose(near.gsnr_db[0], near.gsnr_db[1], rtol=1e-12)
    assert (far.gsnr_db[0] <= near.gsnr_db[0] + SLACK).all()
    assert (near.gsnr_db[0] < quality(forth).gsnr_db[0]).all()


@pytest.mark.parametrize("figures", [{"loss_db": -1.0}, {"loss_db": math.nan}, {"noise_figure_db": math.inf}])
def test_terminals_out_of_range_are_refused(figures):
    with pytest.raises(InvalidInput, match=next(iter(figures))):
        Terminal(**{"loss_db": 15.0, "noise_figure_db": 5.0, **figures})


def test_padding_weakens_light_in_the_fiber_and_is_made_up_for():
    # 3 dB in front of the fiber: 3 dB less in it, hence 6 dB less nonlinear noise, and 3 dB more of amplifier noise
    padded = replace(span(80), padding_db=3.0)
    bare, weak = quality(line(80), Line(spans=(padded,)), launch=1.0).noise_to_signal
    linear = 10 ** (-quality(line(80), launch=1.0).osnr_db[0] / 10)
    np.testing.assert_allclose(weak, linear * 10**0.3 + (bare - linear) * 10**-0.6, rtol=1e-12)
    with pytest.raises(InvalidInput, match=r"padding_db\[0\]"):
        quality(Line(spans=(replace(padded, padding_db=-1.0),)))


def test_an_amplifier_specified_by_osnr_leaves_it_whatever_the_channel_spacing():
    # 80 km and 1 dB of connectors: 17 dB; 2 dBm per 50 GHz come in as -15 dBm; a wider channel has more power in all
    specified = Line(spans=(span(80, noise_figure_db=ILA_STANDARD),))
    narrow = quality(specified, comb=Comb(baud_gbd=32, spacing_ghz=50, channels=1), launch=2.0)
    assert narrow.osnr_db[0, 0] == pytest.approx(ILA_STANDARD.osnr_db(-15.0))
    wide = quality(specified, comb=Comb(baud_gbd=60, spacing_ghz=100, channels=1), launch=2.0 + 10 * math.log10(2))
    assert wide.osnr_db[0, 0] == pytest.approx(ILA_STANDARD.osnr_db(-15.0) + 10 * math.log10(2))
    with pytest.raises(InvalidInput, match=r"launch is 'best_per_span'.*polynomial"):
        quality(specified)


@pytest.mark.parametrize("coefficients", [(), (1.0, math.nan)])
def test_polynomials_without_figures_are_refused(coefficients):
    with pytest.raises(InvalidInput, match="coefficients"):
        OsnrPolynomial(coefficients=coefficients)


def test_dispersion_adds_with_its_sign_and_pmd_as_root_of_squares():
    compensating = replace(SSMF, id="dcf", dispersion_ps_nm_km=-100.0, pmd_ps_sqrt_km=0.1)
    result = quality(Line(spans=(span(100), span(10, compensating))), line(100, 100), line(20, fiber=compensating))
    # 100 x 16.7 - 10 x 100 = 670; 0.04^2 x 100 + 0.1^2 x 10 = 0.26
    np.testing.assert_allclose(result.dispersion_ps_nm, [670.0, 3340.0, -2000.0])
    np.testing.assert_allclose(result.pmd_ps, [math.sqrt(0.26), 0.04 * math.sqrt(200), 0.1 * math.sqrt(20)])
    mode = replace(CATALOG.transceiver("zr-400"), max_dispersion_ps_nm=1900.0)
    assert result.dispersion_is_tolerated(mode).tolist() == [True, False, False]
    assert result.dispersion_is_tolerated(replace(mode, max_pmd_ps=0.5)).tolist() == [False, False, False]
    assert result.dispersion_is_tolerated(replace(mode, max_pmd_ps=0.0)).tolist() == [True, False, False]


def test_noise_depends_on_the_size_of_dispersion_only():
    mirrored = replace(SSMF, id="mirrored", dispersion_ps_nm_km=-16.7)
    np.testing.assert_allclose(quality(line(80)).gsnr_db, quality(line(80, fiber=mirrored)).gsnr_db)


def test_best_power_balances_ase_against_twice_the_nonlinear_noise():
    result = quality(line(80), most_dbm=40.0)
    power = 10 ** (result.launch_dbm[0] / 10 - 3)
    eta = nonlinear_scale_per_w2(SSMF, np.array([80.0]), C_BAND)[0] * comb_factors(SSMF, C_BAND).max() * 10**-0.1
    osnr_noise = 10 ** (-result.osnr_db[0, 0] / 10) * 60 / 12.5
    assert osnr_noise == pytest.approx(2 * eta * power**2, rel=1e-12)
    assert not result.launch_is_capped.any()


def test_power_stops_at_the_amplifier_and_the_result_says_so():
    # 15 dBm over 64 channels is 15 - 18.06 = -3.06 dBm each, less than the best power of 1 to 2 dBm at 80 km
    free = quality(line(80, 1), most_dbm=40.0).launch_dbm
    each = 15 - 10 * math.log10(64)
    result = quality(line(80, 1), most_dbm=15.0)
    assert result.launch_is_capped.tolist() == (free > each).tolist()
    np.testing.assert_allclose(result.launch_dbm, np.minimum(free, each))
    assert result.launch_is_capped[0]


def test_fiber_without_nonlinearity_takes_all_the_power_there_is():
    result = quality(line(80, fiber=replace(SSMF, nonlinear_index_m2_w=0.0)))
    assert result.launch_dbm[0] == pytest.approx(23 - 10 * math.log10(64), abs=1e-9)
    assert result.launch_is_capped.all()
    np.testing.assert_allclose(result.gsnr_db, result.osnr_db)


KMS = st.lists(st.floats(1, 140), min_size=1, max_size=6)
FIBERS = st.sampled_from([SSMF, LARGE, HOLLOW])
SPANS = st.lists(
    st.builds(
        Span,
        fiber=FIBERS,
        length_km=st.floats(1, 140),
        connector_loss_db=st.floats(0, 3),
        noise_figure_db=st.floats(3, 9),
    ),
    min_size=1,
    max_size=6,
)
POLICIES = st.sampled_from(["best_per_span", "best_per_line", -2.0, 1.5])
SLACK = 1e-9


@settings(max_examples=60, deadline=None)
@given(spans=SPANS, place=st.integers(0, 5), km=st.floats(0, 40), figure=st.floats(0, 5), launch=POLICIES)
def test_longer_spans_and_noisier_amplifiers_never_raise_gsnr(spans, place, km, figure, launch):
    changed = spans[place % len(spans)]
    longer = replace(changed, length_km=changed.length_km + km)
    noisier = replace(changed, noise_figure_db=changed.noise_figure_db + figure)
    variants = [spans, *([new if old is changed else old for old in spans] for new in (longer, noisier))]
    before, *after = quality(*(Line(spans=tuple(each)) for each in variants), launch=launch).worst_gsnr_db
    assert max(after) <= before + SLACK


@settings(max_examples=40, deadline=None)
@given(spans=SPANS, nodes=st.integers(0, 20), more=st.integers(1, 10), launch=POLICIES)
def test_more_express_nodes_never_raise_gsnr(spans, nodes, more, launch):
    lines = [Line(spans=tuple(spans), express_nodes=count) for count in (nodes, nodes + more)]
    result = quality(*lines, launch=launch, node_noise=NodeNoise(end_osnr_db=35.0, express_osnr_db=33.0))
    assert (result.gsnr_db[1] < result.gsnr_db[0]).all()


@settings(max_examples=60, deadline=None)
@given(spans=SPANS, total=st.floats(5, 30), below=st.floats(0, 20))
def test_no_flat_power_beats_the_best_and_one_power_a_span_beats_one_a_line(spans, total, below):
    each = Line(spans=tuple(spans))
    other = total - 10 * math.log10(64) - below
    per_span, per_line, given_power = (
        quality(each, most_dbm=total, launch=launch).worst_gsnr_db[0]
        for launch in ("best_per_span", "best_per_line", other)
    )
    assert per_span >= per_line - SLACK
    assert per_line >= given_power - SLACK


@settings(max_examples=60, deadline=None)
@given(spans=SPANS, launch=POLICIES, order=st.randoms(use_true_random=False))
def test_order_of_spans_does_not_matter(spans, launch, order):
    shuffled = list(spans)
    order.shuffle(shuffled)
    result = quality(Line(spans=tuple(spans)), Line(spans=tuple(shuffled)), launch=launch)
    np.testing.assert_allclose(result.gsnr_db[0], result.gsnr_db[1], rtol=1e-12)
    np.testing.assert_allclose(result.osnr_db[0], result.osnr_db[1], rtol=1e-12)
    assert result.dispersion_ps_nm[0] == pytest.approx(result.dispersion_ps_nm[1])


@pytest.mark.parametrize("length", [0.0, -80.0, math.nan, math.inf, -math.inf])
def test_a_length_that_is_no_positive_number_is_refused_with_its_place(length):
    with pytest.raises(InvalidInput, match="length_km") as caught:
        quality(line(80, length))
    assert caught.value.field_path == "length_km[1]"


def test_a_line_longer_than_the_equator_is_refused():
    quality(line(*[100.0] * 400))
    with pytest.raises(InvalidInput, match=r"line_length_km\[1\].*40,000 km"):
        quality(line(80), line(*[100.0] * 400, 0.5))


def test_a_span_of_absurd_loss_is_refused_not_computed_as_infinite():
    with pytest.raises(InvalidInput, match=r"span_loss_db.*2500 dB"):
        quality(line(20_000.0))


def test_a_launch_power_beyond_the_amplifier_is_refused_never_clipped():
    # 64 channels: 23 - 18.06 = 4.94 dBm each
    at_limit = 23 - 10 * math.log10(64)
    assert quality(line(80), launch=at_limit).launch_dbm[0] == pytest.approx(at_limit)
    with pytest.raises(InvalidInput, match=r"launch is 5\.0.*23 dBm over 64 channels") as caught:
        quality(line(80), launch=5.0)
    assert caught.value.field_path == "launch"


@pytest.mark.parametrize("launch", [math.nan, math.inf, "most"])
def test_a_launch_power_that_is_no_policy_is_refused(launch):
    with pytest.raises(InvalidInput, match="launch"):
        quality(line(80), launch=launch)


@pytest.mark.parametrize(
    ("figures", "name"),
    [
        ({"connector_loss_db": -0.1}, "connector_loss_db"),
        ({"connector_loss_db": math.nan}, "connector_loss_db"),
        ({"noise_figure_db": math.inf}, "noise_figure_db"),
        ({"noise_figure_db": -1.0}, "noise_figure_db"),
    ],
)
def test_span_figures_out_of_range_are_refused(figures, name):
    with pytest.raises(InvalidInput) as caught:
        quality(line(80), line(80, **figures))
    assert caught.value.field_path == f"{name}[1]"


def test_no_line_a_line_without_spans_and_counts_that_are_not_whole_are_refused():
    with pytest.raises(InvalidInput, match="lines"):
        quality()
    with pytest.raises(InvalidInput, match=r"span_counts\[1\]"):
        quality(line(80), Line(spans=()))
    with pytest.raises(InvalidInput, match=r"express_nodes\[0\]"):
        quality(Line(spans=(span(),), express_nodes=-1))
    with pytest.raises(InvalidInput, match="express_nodes"):
        quality(Line(spans=(span(),), express_nodes=1.5))  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_osnr_of_nodes_out_of_range_is_refused(value):
    with pytest.raises(InvalidInput, match="express_osnr_db"):
        NodeNoise(express_osnr_db=value)


@pytest.mark.parametrize(
    "figures",
    [
        {"baud_gbd": 0.0},
        {"baud_gbd": math.nan},
        {"spacing_ghz": -75.0},
        {"channels": 0},
        {"channels": 1.5},
        {"channels": 10**6},
    ],
)
def test_combs_out_of_range_are_refused(figures):
    with pytest.raises(InvalidInput, match=next(iter(figures))):
        Comb(**{"baud_gbd": 60.0, "spacing_ghz": 75.0, "channels": 64, **figures})


def test_fibers_of_equal_figures_are_one_kind():
    spans = tuple(span(80, replace(SSMF, id=f"cable {number}")) for number in range(5))
    lines = Lines.of([Line(spans=(*spans, span(80, LARGE)))], C_BAND, max_total_power_dbm=MOST_DBM)
    assert len(lines.fibers) == 2
    assert lines.fiber_index.tolist() == [0, 0, 0, 0, 0, 1]
    same = quality(Line(spans=(*line(80, 80, 80, 80, 80).spans, span(80, LARGE))))
    np.testing.assert_allclose(line_quality(lines).gsnr_db, same.gsnr_db, rtol=1e-13)


def test_arrays_that_do_not_fit_together_are_refused():
    lines = Lines.of([line(80, 80)], C_BAND, max_total_power_dbm=MOST_DBM)
    with pytest.raises(InvalidInput, match="noise_figure_db"):
        replace(lines, noise_figure_db=np.array([5.0]))
    with pytest.raises(InvalidInput, match="fiber_index"):
        replace(lines, fiber_index=np.array([0, 1]))


def test_results_and_inputs_cannot_be_changed():
    lines = Lines.of([line(80)], C_BAND, max_total_power_dbm=MOST_DBM)
    result = line_quality(lines)
    for values in (lines.length_km, result.gsnr_db, result.osnr_db, result.pmd_ps, comb_factors(SSMF, C_BAND)):
        with pytest.raises(ValueError, match="read-only"):
            values[...] = 0


def test_fiber_needs_dispersion_and_no_negative_pmd():
    with pytest.raises(InvalidInput, match="dispersion_ps_nm_km"):
        replace(SSMF, dispersion_ps_nm_km=0.0)
    with pytest.raises(InvalidInput, match="pmd_ps_sqrt_km"):
        replace(SSMF, pmd_ps_sqrt_km=-0.1)
