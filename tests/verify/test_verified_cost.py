"""Cost items of random plans against the table of docs/formulation.md, written out by hand."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topodesign.domain.plan import Plan
from topodesign.verify.cost import annuity_years, cost_items
from topodesign.verify.verifier import gather


def test_annuity_of_five_years_at_eight_percent() -> None:
    # standard annuity table, 8 %, 5 periods: 3.9927
    assert annuity_years(0.08, 5) == pytest.approx(3.9927, abs=5e-5)
    assert annuity_years(0.0, 7) == 7


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pods=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    counts=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    pairs=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    lit=st.integers(0, 3),
    km=st.floats(1, 3000),
)
def test_items_are_the_formulas(
    two_sites: Any,
    reread: Callable[..., Plan],
    pods: tuple[int, int],
    counts: tuple[int, int],
    pairs: tuple[int, int],
    lit: int,
    km: float,
) -> None:
    segments = (two_sites.scenario.segments[0], replace(two_sites.scenario.segments[1], length_km=km, lit_pairs=lit))
    scenario = replace(two_sites.scenario, segments=segments)
    record = {
        "sites": [{"id": name, "pods": number} for name, number in zip("ab", pods, strict=True)],
        "lightpaths": [
            {"a": "a", "z": "b", "mode": "m400", "count": count, "segments": [segment]}
            for count, segment in zip(counts, ("s1", "s2"), strict=True)
        ],
        "segments": [
            {"segment_id": segment, "pairs": number} for number, segment in zip(pairs, ("s1", "s2"), strict=True)
        ],
    }
    case = replace(two_sites, scenario=scenario)
    items = cost_items(gather(scenario, reread(case, record), two_sites.catalog))
    mw_a, mw_b = pods[0] * 1.2, pods[1] * 1.5
    modules_w = sum(counts) * 20
    amplifiers = math.ceil(km / 80) - 1
    line_w = pairs[0] * 200 + pairs[1] * (200 + 100 * amplifiers)
    new = max(0, pairs[1] - lit)
    network_usd_h = (modules_w * 1.2 * 50 + modules_w * 1.5 * 70 + line_w * 60) / 1e6
    network_kg_h = (modules_w * 1.2 * 100 + modules_w * 1.5 * 300 + line_w * 200) / 1e6
    expected = {
        "site_fixed": 3e6,
        "site_power_capex": 1e5 * mw_a + 2e5 * mw_b,
        "energy": 6307.2 * (mw_a * 50 + mw_b * 70),
        "carbon": 6307.2 * (mw_a * 100 + mw_b * 300) / 1000 * 10,
        "fiber_pairs": 2000 * (pairs[0] * 80 + new * km),
        "fiber_route_charges": 144 * ((80 if pairs[0] else 0) + (km if pairs[1] else 0)),
        "fiber_build": 0,
        "line_systems": pairs[0] * 20_000 + new * (20_000 + 5_000 * amplifiers),
        "transceivers": 2000 * sum(counts),
        "network_energy": 6307.2 * network_usd_h,
        "network_carbon": 6307.2 * network_kg_h / 1000 * 10,
    }
    assert set(items) == set(expected)
    for name, usd in expected.items():
        assert items[name] == pytest.approx(usd, abs=0.0051), name
        assert items[name] == round(items[name], 2), name
