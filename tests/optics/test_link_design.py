"""One link on its own: published rows, agreement with the planner's own judgement, reach, and wrong input."""

import dataclasses
import math

import pytest
from golden_lines import GOLDEN
from hypothesis import given, settings
from hypothesis import strategies as st

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput, NotFound
from topodesign.domain.link import LinkRequest
from topodesign.domain.scenario import FiberSegment, OpticsRules
from topodesign.optics.link_design import design_link
from topodesign.optics.reach import ReachModel

CATALOG = load_catalog()


@pytest.mark.parametrize("row", GOLDEN)
def test_the_line_is_within_a_fifth_of_a_decibel_of_gnpy(row):
    spacing, channels, baud, launch, spans, km, _, gsnr, with_transmitter = row
    design = td.design_link(
        spans * km,
        spans_km=(km,) * spans,
        baud_gbd=baud,
        grid_ghz=spacing,
        channels=channels,
        launch_dbm=launch,
        noise_figure_db=5,
        connector_db=0.5,
        tx_osnr_db=37,
    )
    assert design.gsnr_db == pytest.approx(gsnr, abs=0.2)
    assert design.gsnr_with_tx_db == pytest.approx(with_transmitter, abs=0.2)
    assert design.osnr_db > design.gsnr_db > design.gsnr_with_tx_db
    assert design.launch_dbm == pytest.approx((launch,) * spans)


@settings(max_examples=60, deadline=None)
@given(km=st.floats(1, 3000), fiber=st.sampled_from(["ssmf", "g654e", "hollow_core"]))
def test_modes_are_judged_as_the_planner_judges_them(km, fiber):
    reach = ReachModel(CATALOG, OpticsRules())
    segment = FiberSegment(segment_id="x", a="a", b="b", length_km=km, fiber_type=fiber)
    design = td.design_link(km, fiber=fiber)
    assert {mode.name for mode in design.modes} == {mode.id for mode in reach.modes}
    for found in design.modes:
        planned = reach.stretch(CATALOG.transceiver(found.name), [segment])
        assert found.margin_db == pytest.approx(planned.margin_db, abs=1e-9)
        assert found.feasible == planned.is_feasible
        assert found.feasible == (not found.reasons)
    assert design.latency_ms == pytest.approx(reach.delay_ms(segment))


@settings(max_examples=40, deadline=None)
@given(span_km=st.floats(40, 120))
def test_a_mode_holds_up_to_its_reach_and_not_a_span_further(span_km):
    for mode in td.design_link(span_km, spans_km=(span_km,)).modes:
        spans = round(mode.reach_km / span_km)
        assert mode.reach_km == pytest.approx(spans * span_km)
        for count, holds in ((spans, True), (spans + 1, False)):
            if count:
                again = td.design_link(count * span_km, spans_km=(span_km,) * count)
                assert next(item for item in again.modes if item.name == mode.name).feasible is holds


def test_what_a_mode_lacks_is_said_with_figure_and_limit():
    design = td.design_link(640)
    by_name = {mode.name: mode for mode in design.modes}
    lacking = by_name["openroadm-800"]
    assert lacking.reasons == (f"{3 - lacking.margin_db:.1f} dB too little",)
    assert any(
        line.startswith(f"800G does not fit on 640 km: openroadm-800 has {lacking.reasons[0]}")
        for line in design.explanation
    )
    spare = by_name["openroadm-600"].margin_db - 3
    assert f"600G fits on 640 km: openroadm-600 with {spare:.1f} dB beyond the margin" in design.explanation
    assert design.explanation[0] == f"800G has {lacking.reasons[0]} on 640 km; 600G fits with {spare:.1f} dB"
    assert any("8 spans, at most 1" in reason for reason in by_name["zr-400"].reasons)


def test_the_best_mode_of_a_rate_is_the_cheapest_that_fits():
    near, far = td.design_link(60), td.design_link(600)
    assert "zr-400" in near.best  # USD 3,000 a module, against 5,000 and 10,000
    assert "zr-400" not in far.best
    for design in (near, far):
        feasible = [mode for mode in design.modes if mode.feasible]
        for name in design.best:
            best = next(mode for mode in feasible if mode.name == name)
            same = [mode for mode in feasible if mode.rate_gbps == best.rate_gbps]
            assert best.cost_usd == min(mode.cost_usd for mode in same)
        assert len(design.best) == len({mode.rate_gbps for mode in feasible})


def test_unequal_spans_and_the_cost_of_the_line():
    design = td.design_link(215, spans_km=(80, 75, 60))
    system = CATALOG.line_system("c-band")
    assert design.amplifiers == 2
    assert design.line_cost_usd == 2 * system.terminal_cost_usd + 2 * system.amplifier_cost_usd
    assert design.line_power_w == 2 * system.terminal_power_w + 2 * system.amplifier_power_w
    assert design.dispersion_ps_nm == pytest.approx(215 * 16.7)
    assert design.pmd_ps == pytest.approx(0.04 * math.sqrt(215))
    backwards = td.design_link(215, spans_km=(60, 75, 80))
    assert backwards.gsnr_db == pytest.approx(design.gsnr_db)


def test_a_launch_power_that_only_some_modes_can_have_is_a_reason_against_the_others():
    design = td.design_link(80, launch_dbm=4, channels=32, grid_ghz=150, baud_gbd=118.2)
    fits = {mode.name: not any("dBm per channel" in reason for reason in mode.reasons) for mode in design.modes}
    for mode in design.modes:
        channels = mode.pair_gbps / mode.rate_gbps
        assert fits[mode.name] == (4 + 10 * math.log10(channels) <= 23)


def test_modes_are_judged_with_the_terminal_and_the_line_is_shown_without():
    near, far = (td.design_link(240, terminal_db=loss) for loss in (6, 20))
    assert near.gsnr_db == far.gsnr_db == td.design_link(240).gsnr_db
    assert near.osnr_db == far.osnr_db
    for better, worse in zip(near.modes, far.modes, strict=True):
        # the boosters' noise differs by 20 dB against 6 dB of node: 10^2 - 10^0.6 times that of a node without loss,
        # and three equal spans of 80 km have the launch power that one has
        mode = CATALOG.transceiver(better.name)
        power = td.design_link(80, baud_gbd=mode.baud_gbd, grid_ghz=mode.width_ghz).launch_dbm[0]
        added = (10**2 - 10**0.6) * 10 ** ((5.5 - 57.954 - power) / 10)
        found = 10 ** (-worse.gsnr_db / 10) - 10 ** (-better.gsnr_db / 10)
        assert found == pytest.approx(added, rel=1e-3)
        assert worse.reach_km <= better.reach_km
    assert any("6 dB of ROADM or multiplexer" in text for text in near.assumptions)


def test_polarization_mode_dispersion_is_a_reason_with_figure_and_limit():
    # old fiber of 1 ps/sqrt(km): 240 km and nodes of 3 ps, two amplifiers of 3 ps: sqrt(240 + 2 x 9 + 2 x 9) = 16.6 ps
    old = dataclasses.replace(CATALOG.fiber("ssmf"), pmd_ps_sqrt_km=1.0)
    catalog = dataclasses.replace(CATALOG, fibers=(old,))
    by_name = {mode.name: mode for mode in design_link(LinkRequest(length_km=240), catalog).modes}
    assert "16.6 ps of polarization mode dispersion, at most 10" in by_name["zr-400"].reasons
    assert by_name["zrplus-400"].feasible
    # 20^2 = 80 n + 9 (n - 1) + 2 x 9 at n = 4.4 spans of 80 km
    assert by_name["zrplus-400"].reach_km == 320
    assert not {mode.name: mode for mode in design_link(LinkRequest(length_km=400), catalog).modes}[
        "zrplus-400"
    ].feasible


def test_a_capacity_is_sized_by_hand_arithmetic():
    # 1 Pbit/s in 400G: 2,500 lightpaths; 64 on a pair: 40 pairs; 500 km in 7 spans: 6 amplifiers on each
    design = td.design_link(500, capacity_gbps=1e6, margin_db=2.5)
    size = next(mode.size for mode in design.modes if mode.name == "zrplus-400")
    module, system = CATALOG.transceiver("zrplus-400"), CATALOG.line_system("c-band")
    assert (size.lightpaths, size.fiber_pairs, size.transceivers, size.amplifiers) == (2500, 40, 5000, 240)
    assert size.transceiver_usd == 5000 * module.cost_usd
    assert size.line_usd == 40 * (2 * system.terminal_cost_usd + 6 * system.amplifier_cost_usd)
    assert size.fiber_usd == 40 * 500 * 2000
    assert size.cost_usd == size.transceiver_usd + size.line_usd + size.fiber_usd
    assert size.power_w == 5000 * module.power_w + 40 * (2 * system.terminal_power_w + 6 * system.amplifier_power_w)
    assert design.cheapest == "zrplus-400"
    assert "2,500 lightpaths on 40 fiber pairs" in design.explanation[-1]


@settings(max_examples=40, deadline=None)
@given(km=st.floats(1, 1200), gbps=st.floats(1, 1e7), factor=st.floats(1, 10))
def test_every_size_carries_the_capacity_and_more_is_never_cheaper(km, gbps, factor):
    small, large = (td.design_link(km, capacity_gbps=gbps * times) for times in (1, factor))
    for mode, bigger in zip(small.modes, large.modes, strict=True):
        assert (mode.size is not None) == mode.feasible
        if mode.size is not None and bigger.size is not None:
            assert mode.size.lightpaths * mode.rate_gbps >= gbps * (1 - 1e-6)
            assert mode.size.fiber_pairs * mode.pair_gbps >= mode.size.lightpaths * mode.rate_gbps
            assert mode.size.cost_usd <= bigger.size.cost_usd
    costs = {mode.name: mode.size.cost_usd for mode in (*small.modes, *small.grey_modes) if mode.size is not None}
    assert (small.cheapest is None) == (not costs)
    if costs:
        assert costs[small.cheapest] == min(costs.values())


def test_the_least_capacity_takes_a_lightpath():
    for mode in td.design_link(80, capacity_gbps=0.001).modes:
        assert (mode.size.lightpaths, mode.size.fiber_pairs, mode.size.transceivers) == (1, 1, 2)


def test_where_no_mode_fits_nothing_is_sized():
    design = td.design_link(20_000, spans_km=(100,) * 200, capacity_gbps=1000)
    assert design.cheapest is None
    assert all(mode.size is None for mode in design.modes)
    assert design.explanation[-1] == "1.0 Tbit/s over 20000 km: no mode fits"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"length_km": 0}, "length_km"),
        ({"length_km": -5}, "length_km"),
        ({"length_km": math.nan}, "length_km"),
        ({"length_km": 100_000}, "length_km"),
        ({"length_km": 10**400}, "length_km"),
        ({"length_km": 160, "spans_km": (80, 70)}, "spans_km"),
        ({"length_km": 160, "spans_km": (160, -0.0)}, "spans_km"),
        ({"length_km": 80, "launch_dbm": 8}, "launch_dbm"),
        ({"length_km": 80, "launch_dbm": math.inf}, "launch_dbm"),
        ({"length_km": 80, "rate_gbps": 555}, "rate_gbps"),
        ({"length_km": 80, "grid_ghz": 50}, "grid_ghz"),
        ({"length_km": 80, "baud_gbd": 1e-300}, "baud_gbd"),
        ({"length_km": 80, "baud_gbd": 0.2, "grid_ghz": 0.2}, "grid_ghz"),  # 24,000 channels in 4,800 GHz
        ({"length_km": 80, "channels": 1.5}, "channels"),
        ({"length_km": 80, "channels": 64.0}, "channels"),
        ({"length_km": 40_000, "spans_km": (80, 39_920)}, "spans_km[1]"),
        ({"length_km": 40_000, "spans_km": (40_000.03,)}, "length_km"),  # within what spans may differ by, but too long
        ({"length_km": 80, "noise_figure_db": -1}, "noise_figure_db"),
        ({"length_km": 80, "terminal_db": -1}, "terminal_db"),
        ({"length_km": 80, "channels": 0}, "channels"),
        ({"length_km": 80, "capacity_gbps": 0}, "capacity_gbps"),
        ({"length_km": 80, "capacity_gbps": 1e12}, "capacity_gbps"),
        ({"length_km": 80, "capacity_gbps": 1e-8}, "capacity_gbps"),
        ({"length_km": 80, "usd_per_pair_km": -1}, "usd_per_pair_km"),
        ({"length_km": 80, "catalog": "flexwam"}, "catalog"),
        ({"length_km": 80, "catalog": "flexwan", "rate_gbps": 1200}, "rate_gbps"),
        ({"length_km": math.nan, "catalog": "flexwan"}, "length_km"),
        ({"length_km": 100_000, "catalog": "flexwan"}, "length_km"),
        ({"length_km": 80, "pairs_available": -1}, "pairs_available"),
        ({"length_km": 80, "pairs_available": math.nan}, "pairs_available"),
    ],
)
def test_wrong_figures_are_refused_by_name(options, field):
    with pytest.raises(InvalidInput) as caught:
        td.design_link(**options)
    assert caught.value.field_path == field


def test_an_unknown_fiber_is_not_found():
    with pytest.raises(NotFound, match="glass") as caught:
        td.design_link(80, fiber="glass")
    assert (caught.value.reason, caught.value.field_path) == ("EQUIPMENT_UNKNOWN", "fiber")


def test_a_narrow_grid_is_no_fault_where_the_channels_are_counted():
    assert td.design_link(80, baud_gbd=0.2, grid_ghz=0.2, channels=3).gsnr_db > 0


def test_a_request_may_be_given_whole_and_changed():
    request = td.LinkRequest(length_km=333.3, margin_db=2)
    assert td.design_link(request) == td.design_link(333.3, margin_db=2)
    assert td.design_link(request, rate_gbps=400.0) == td.design_link(333.3, margin_db=2, rate_gbps=400.0)


def test_the_same_request_gives_the_same_design():
    assert dataclasses.asdict(td.design_link(333.3)) == dataclasses.asdict(td.design_link(333.3))
