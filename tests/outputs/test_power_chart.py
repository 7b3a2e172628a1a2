"""Power: every part is drawn from what the plan runs, and the whole is what the plan says of its sites."""

import math
from dataclasses import replace

import pytest
from outputs.hand_made_plans import Case

from topodesign.catalog import load_catalog
from topodesign.outputs import power_chart
from topodesign.outputs.network_load import power_by_site
from topodesign.outputs.power_parts import power_parts


def test_accelerators_and_their_overhead_are_the_pods(east: Case) -> None:
    parts = power_parts(east.scenario, east.plan, load_catalog())
    # 8 pods x 4608 x 1875 W, PUE 1.2
    assert parts.accelerators_mw == pytest.approx(69.12)
    assert parts.overhead_mw == pytest.approx(13.824)


def test_transceivers_are_two_for_each_lightpath_and_two_for_each_regeneration(east: Case) -> None:
    catalog = load_catalog()
    watts = catalog.transceiver("openroadm-400").power_w
    parts = power_parts(east.scenario, east.plan, catalog)
    # 18 lightpaths; 6 of them regenerated once, at a junction, which has no PUE
    assert parts.transceivers_mw == pytest.approx(36 * watts / 1e6)
    assert parts.regeneration_mw == pytest.approx(12 * watts / 1e6)
    assert parts.network_overhead_mw == pytest.approx(0.2 * 36 * watts / 1e6)


def test_line_systems_are_counted_by_pairs_and_spans(east: Case) -> None:
    catalog = load_catalog()
    system = catalog.line_system("c-band")
    parts = power_parts(east.scenario, east.plan, catalog)
    # 6 pairs on 5 segments, two terminals each; spans of at most 80 km: 360 -> 5, 330 -> 5, 640 -> 8, 400 -> 5 (two
    # pairs), 900 -> 12, so 4 + 4 + 7 + 2 x 4 + 11 = 34 amplifiers
    assert parts.terminals_mw == pytest.approx(12 * system.terminal_power_w / 1e6)
    assert parts.amplifiers_mw == pytest.approx(34 * system.amplifier_power_w / 1e6)


def test_what_sites_draw_is_what_the_plan_says(east: Case) -> None:
    catalog = load_catalog()
    parts = power_parts(east.scenario, east.plan, catalog)
    at_sites = math.fsum(power_by_site(east.scenario, east.plan, catalog).values())
    elsewhere = parts.regeneration_mw + parts.terminals_mw + parts.amplifiers_mw
    assert parts.total_mw == pytest.approx(at_sites + elsewhere)
    assert parts.total_mw == pytest.approx(parts.accelerators_mw + parts.overhead_mw + parts.network_mw)


def test_the_waterfall_ends_at_the_whole_and_names_what_draws_nothing(east: Case) -> None:
    catalog = load_catalog()
    direct = replace(east.plan, lightpaths=tuple(replace(path, regenerations=()) for path in east.plan.lightpaths))
    figure = power_chart(east.scenario, direct, catalog)
    left, right = figure.axes
    parts = power_parts(east.scenario, direct, catalog)
    assert left.patches[-1].get_width() == pytest.approx(parts.total_mw * 1e6)
    assert right.patches[-1].get_width() == pytest.approx(parts.network_mw * 1e6)
    assert "Regeneration" not in [label.get_text() for label in right.get_yticklabels()]
    assert "Nothing for: Regeneration." in figure.get_supxlabel()
