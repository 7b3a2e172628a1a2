"""The ladder of reach against the table that was computed for the reference before this code was written.

Source: reference/optics.md section 2.1, "Reach table computed here with the closed form": noise figure 5.5 dB, 0.2
dB/km and 1 dB per span, 4.8 THz fully loaded, best launch power, transmitters of 37 dB, dispersion not limiting. It
states no symbol rates; its 300G and 200G have the required OSNR of OpenROADM's modes of 63.1 GBd, so those take that
rate here (with OpenZR+'s 60.14 GBd they lose 0.2 dB, up to two spans). A sanity range, not a specification: reaches
are whole spans, so the tolerance is one span.
"""

import pytest

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.scenario import OpticsRules
from topodesign.optics.reach_table import reach_table

TABLE = [
    # mode; km at 80 km spans with 0 and 3 dB of margin, at 100 km spans likewise; Tbit/s per pair
    ("zr-400", 560, 240, 300, 100, 25.6),
    ("zrplus-400", 880, 400, 600, 200, 25.6),
    ("zrplus-300", 1920, 880, 1300, 600, 19.2),
    ("zrplus-200", None, 3120, 4200, 2000, 12.8),  # the first is "> 4,800"
    ("openroadm-800", 800, 320, 500, 200, 25.6),
    ("openroadm-600", 3040, 1440, 2000, 1000, 19.2),
    ("openroadm-400", None, 4400, None, 2900, 12.8),  # "> 4,800" and "> 6,000"
]
UNLIMITED = {"tx_osnr_db": 37.0, "max_km": 40_000.0, "max_spans": 0, "max_dispersion_ps_nm": 1e6}
OPENROADM_63 = {**UNLIMITED, "baud_gbd": 63.1}
CATALOG = load_catalog(
    {f"transceiver.{mode}": OPENROADM_63 if mode in ("zrplus-300", "zrplus-200") else UNLIMITED for mode, *_ in TABLE}
)
RULES = [(80.0, 0.0), (80.0, 3.0), (100.0, 0.0), (100.0, 3.0)]


@pytest.mark.parametrize("column", range(4))
def test_reach_is_within_a_span_of_the_table(column):
    span_km, margin_db = RULES[column]
    rules = OpticsRules(span_km=span_km, margin_db=margin_db)
    found = {row.mode: row for row in reach_table(CATALOG, rules, "ssmf").rows}
    for mode, *reaches, terabits in TABLE:
        if reaches[column] is None:
            assert found[mode].reach_km >= (4800 if span_km == 80 else 6000) - 1e-6
        else:
            assert found[mode].reach_km == pytest.approx(reaches[column], abs=span_km + 1e-6)
        assert found[mode].pair_gbps == pytest.approx(terabits * 1000)


def test_limits_of_dispersion_and_spans_shorten_the_ladder():
    # OpenROADM: 12,000 ps/nm / 16.7 = 718 km; OIF-400ZR: a single span
    found = {row.mode: row for row in td.reach_table(margin_db=0).rows}
    assert found["zr-400"].reach_km == 80
    assert found["openroadm-800"].reach_km == 640
    assert not any(row.is_measured for row in found.values())


def test_the_ladder_is_what_the_planner_accepts():
    from topodesign.domain.scenario import FiberSegment
    from topodesign.optics.reach import ReachModel

    catalog = load_catalog()
    for fiber in ("ssmf", "g654e", "hollow_core"):
        rules = OpticsRules()
        reach = ReachModel(catalog, rules)
        for row in td.reach_table(fiber).rows:
            mode = catalog.transceiver(row.mode)
            for km, holds in ((row.reach_km, True), (row.reach_km + rules.span_km, False)):
                if km:
                    segment = FiberSegment(segment_id="s", a="a", b="b", length_km=km, fiber_type=fiber)
                    assert reach.stretch(mode, [segment]).is_feasible is holds, (fiber, row)


def test_a_measured_row_takes_the_place_of_the_model():
    rows = (td.MeasuredReach(mode="zr-400", fiber_type="ssmf", reach_km=95.5),)
    found = {row.mode: row for row in td.reach_table(measured=rows).rows}
    assert (found["zr-400"].reach_km, found["zr-400"].is_measured) == (95.5, True)
    elsewhere = {row.mode: row for row in td.reach_table("g654e", measured=rows).rows}
    assert not elsewhere["zr-400"].is_measured


def test_flexwans_ladder_is_its_table():
    table = td.reach_table(catalog="flexwan", span_km=50, margin_db=7)
    assert len(table.rows) == 36
    assert all(row.is_measured for row in table.rows)
    assert any("measured" in line for line in table.assumptions)
