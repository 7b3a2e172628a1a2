"""Segments and transparent stretches as the planner counts them: spans, terminals, limits of the mode."""

import math
from dataclasses import replace

import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import FiberSegment, OpticsRules
from topodesign.optics.reach import ReachModel, pmd_ps

CATALOG = load_catalog()
MODE = CATALOG.transceiver("zrplus-400")
REACH = ReachModel(CATALOG, OpticsRules())


def segment(km: float, name: str = "s") -> FiberSegment:
    return FiberSegment(segment_id=name, a=f"{name}1", b=f"{name}2", length_km=km)


def test_a_node_on_the_way_costs_the_noise_of_one_booster():
    # 160 km in one segment and in two have the same two spans of 80 km at the same power; the node adds a booster of
    # 5.5 dB behind 16.5 dB. At the launch power of about +1.3 dBm (64 channels, 75 GHz) it leaves 37.3 dB.
    whole, half = REACH.noise_to_signal(MODE, segment(160)), REACH.noise_to_signal(MODE, segment(80))
    booster_db = -10 * math.log10(2 * half - whole)
    assert booster_db == pytest.approx(1.3 - 16.5 - 5.5 + 57.95, abs=0.3)
    assert 36 < booster_db < 39


def test_a_stretch_is_the_sum_of_its_segments_and_the_same_in_both_directions():
    route = [segment(35, "a"), segment(240, "b"), segment(110, "c")]
    noise = 10 ** (-MODE.tx_osnr_db / 10) + sum(REACH.noise_to_signal(MODE, part) for part in route)
    assert REACH.stretch(MODE, route).gsnr_db == pytest.approx(-10 * math.log10(noise))
    assert REACH.stretch(MODE, route[::-1]).gsnr_db == pytest.approx(REACH.stretch(MODE, route).gsnr_db)


def test_more_nodes_on_the_same_fiber_never_raise_gsnr():
    found = [REACH.stretch(MODE, [segment(80, str(n)) for n in range(count)]).gsnr_db for count in range(1, 8)]
    assert found == sorted(found, reverse=True)
    split = [REACH.stretch(MODE, [segment(240 / parts, str(n)) for n in range(parts)]).gsnr_db for parts in (1, 3)]
    assert split[1] < split[0]


def test_800g_holds_on_80_km():
    assert REACH.stretch(CATALOG.transceiver("openroadm-800"), [segment(80)]).is_feasible


def test_polarization_mode_dispersion_limits_a_stretch():
    # two segments of 160 km: 3 nodes, 2 amplifiers of 3 ps and 0.04 ps/sqrt(km): sqrt(27 + 18 + 0.512) = 6.75 ps
    route = [segment(160, "a"), segment(160, "b")]
    assert pmd_ps(REACH.line_system, fiber_ps2=320 * 0.04**2, spans=4, segments=2) == pytest.approx(6.746, abs=1e-3)
    for limit, holds in ((6.7, False), (6.8, True), (0.0, True)):
        mode = replace(MODE, max_pmd_ps=limit)
        model = ReachModel(replace(CATALOG, transceivers=(mode,)), OpticsRules(margin_db=0.0))
        assert model.stretch(mode, route).is_feasible is holds


def test_every_mode_of_the_catalogue_has_a_limit_of_polarization_mode_dispersion():
    # OIF-400ZR, OpenZR+ and the OpenROADM optical specification 9.0: 10, 20 and 20 to 25 ps
    limits = {mode.id: mode.max_pmd_ps for mode in CATALOG.transceivers}
    assert limits["zr-400"] == 10
    assert limits["zrplus-400"] == limits["openroadm-800"] == 20
    assert limits["openroadm-400"] == limits["openroadm-600"] == 25


def test_terminal_figures_can_be_overridden_and_are_checked():
    low = load_catalog({"line_system.c-band": {"terminal_loss_db": 6.0}})
    assert (
        ReachModel(low, OpticsRules()).stretch(MODE, [segment(80)]).gsnr_db > REACH.stretch(MODE, [segment(80)]).gsnr_db
    )
    with pytest.raises(InvalidInput, match="terminal_loss_db"):
        load_catalog({"line_system.c-band": {"terminal_loss_db": -1.0}})
