"""FlexWAN's published lookups: rate by distance and channel spacing, exactly.

Source: data/flexgrid_optical_v3.txt of github.com/congcongmiao/FlexWAN (commit 088b441), the artifact of "FlexWAN:
Software Hardware Co-design for Cost-Effective and Resilient Optical Backbones", SIGCOMM 2023.
"""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.scenario import FiberSegment, OpticsRules
from topodesign.optics.reach import ReachModel

# Bandwidth (Gbps), channel spacing (GHz), OSNR (dB), reach (km): the rows of the file
ROWS = [
    (100, 50, 9.8, 3000),
    (100, 75, 8, 5000),
    (200, 50, 19.3, 1000),
    (200, 62.5, 17.5, 1500),
    (200, 75, 15.5, 2000),
    (300, 75, 19.8, 1100),
    (300, 87.5, 18.5, 1500),
    (300, 100, 17.2, 2000),
    (400, 75, 22.8, 600),
    (400, 87.5, 20.2, 1000),
    (400, 100, 18.2, 1500),
    (400, 112.5, 17.9, 1600),
    (400, 125, 17.6, 1700),
    (400, 137.5, 17.4, 1800),
    (400, 150, 17.4, 1900),
    (500, 87.5, 22.6, 600),
    (500, 100, 20.5, 900),
    (500, 112.5, 19.8, 1100),
    (500, 125, 19.3, 1200),
    (500, 137.5, 19, 1300),
    (500, 150, 18.7, 1400),
    (600, 87.5, 25.8, 300),
    (600, 100, 23.5, 400),
    (600, 112.5, 22.3, 500),
    (600, 125, 21.7, 600),
    (600, 137.5, 21.3, 700),
    (600, 150, 20.7, 800),
    (700, 100, 26.3, 200),
    (700, 112.5, 24.8, 300),
    (700, 125, 23.9, 350),
    (700, 137.5, 22.8, 450),
    (700, 150, 22.2, 500),
    (800, 112.5, 27.2, 150),
    (800, 125, 25.9, 200),
    (800, 137.5, 25.1, 250),
    (800, 150, 24.1, 300),
]
SPACINGS = sorted({spacing for _, spacing, _, _ in ROWS})
CATALOG = load_catalog()


def published_best(distance_km, spacing_ghz):
    return max(
        (rate for rate, spacing, _, reach in ROWS if spacing == spacing_ghz and distance_km <= reach), default=None
    )


def our_best(distance_km, spacing_ghz):
    design = td.design_link(distance_km, catalog="flexwan")
    return max(
        (mode.rate_gbps for mode in design.modes if mode.width_ghz == spacing_ghz and mode.feasible), default=None
    )


def test_the_catalogue_is_the_published_table():
    modes = CATALOG.modes_of("flexwan")
    found = {(mode.rate_gbps, mode.width_ghz, mode.required_osnr_db, mode.reach_km) for mode in modes}
    assert len(modes) == 36
    assert found == set(ROWS)


@pytest.mark.parametrize(
    ("distance_km", "spacing_ghz", "rate_gbps"),
    [(600, 75, 400), (300, 150, 800), (1900, 150, 400), (601, 75, 300), (1901, 150, None), (5000, 75, 100)],
)
def test_well_known_lookups(distance_km, spacing_ghz, rate_gbps):
    assert our_best(distance_km, spacing_ghz) == rate_gbps


def test_every_lookup_at_every_reach_and_just_beyond():
    distances = sorted({reach for *_, reach in ROWS})
    for distance in (*distances, *(math.nextafter(reach, math.inf) for reach in distances), 1.0, 40_000.0):
        design = td.design_link(distance, catalog="flexwan")
        for spacing in SPACINGS:
            rates = [mode.rate_gbps for mode in design.modes if mode.width_ghz == spacing and mode.feasible]
            assert max(rates, default=None) == published_best(distance, spacing)


@settings(max_examples=60, deadline=None)
@given(
    distance=st.floats(1, 6000),
    spacing=st.sampled_from(SPACINGS),
    margin=st.floats(0, 30),
    parts=st.integers(1, 7),
    fiber=st.sampled_from(["ssmf", "g654e", "hollow_core"]),
)
def test_the_planner_looks_up_the_same_whatever_margin_and_fiber(distance, spacing, margin, parts, fiber):
    reach = ReachModel(CATALOG, OpticsRules(catalog="flexwan", margin_db=margin))
    segments = [
        FiberSegment(
            segment_id=f"s{part}", a=f"n{part}", b=f"n{part + 1}", length_km=distance / parts, fiber_type=fiber
        )
        for part in range(parts)
    ]
    holding = [mode.rate_gbps for mode in reach.modes if reach.stretch(mode, segments).is_feasible]
    at_spacing = [
        mode.rate_gbps
        for mode in reach.modes
        if mode.width_ghz == spacing and reach.stretch(mode, segments).is_feasible
    ]
    assert len(reach.modes) == 36
    assert max(at_spacing, default=None) == published_best(distance, spacing)
    assert len(holding) == sum(distance <= published for *_, published in ROWS)


def test_seven_parts_of_a_reach_make_exactly_that_reach():
    # 600 / 7 is no float; the seven shares of 600 km must still add up to one
    reach = ReachModel(CATALOG, OpticsRules(catalog="flexwan"))
    mode = CATALOG.transceiver("flexwan-400-75")
    seventh = [FiberSegment(segment_id="s", a="a", b="b", length_km=600 / 7)] * 7
    assert reach.stretch(mode, seventh).is_feasible
    assert not reach.stretch(mode, [*seventh, FiberSegment(segment_id="t", a="a", b="b", length_km=0.001)]).is_feasible
    assert reach.stretch(mode, seventh).is_measured
