"""Megawatts, zones, curtailment; energy, carbon and dollars for each unit of training."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topodesign.domain.energy import Ownership
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import PowerZone
from topodesign.training.power import (
    accelerators_for_mw,
    all_in_it_w,
    facility_w,
    hours_down_per_year,
    powered_share,
    running_share,
)
from topodesign.training.power_cost import (
    effective_exaflops,
    ownership_usd_per_year,
    per_1e24_flop,
    performance_per_dollar,
    usd_per_exaflop_day,
)

SHARE = st.floats(min_value=0, max_value=1)
HOURS = st.floats(min_value=0, max_value=8760)


def zones(**availability: float) -> dict[str, PowerZone]:
    return {name: PowerZone(zone_id=name, headroom_mw=1, availability=up) for name, up in availability.items()}


def test_watts_at_the_meter_are_it_watts_times_pue() -> None:
    assert facility_w(1500, [1.0, 1.2, 1.4]).tolist() == pytest.approx([1500, 1800, 2100])
    assert float(all_in_it_w(1833, network_and_storage_factor=1.14)) == pytest.approx(2089.62)


@given(power=st.floats(0, 1e5), watts=st.floats(100, 5000), pue=st.floats(1, 3))
def test_as_many_accelerators_as_the_power_feeds_and_no_more(power: float, watts: float, pue: float) -> None:
    count = int(accelerators_for_mw(power, all_in_w=watts, pue=pue))
    assert count * watts * pue <= power * 1e6 * (1 + 1e-12)
    assert (count + 1) * watts * pue > power * 1e6 * (1 - 1e-12)


def test_zero_megawatts_feed_nothing() -> None:
    assert accelerators_for_mw(0, all_in_w=1875, pue=1.2) == 0


def test_three_nines_are_nearly_nine_hours_a_year() -> None:
    assert hours_down_per_year([1.0, 0.999, 0.0]).tolist() == pytest.approx([0, 8.76, 8760])


def test_a_curtailed_zone_by_hand() -> None:
    # a tenth of the year, of which three quarters of the load stop: 0.999 x (1 - 0.075)
    assert powered_share(0.999, curtailed_h=876, firm_share=0.25) == pytest.approx(0.999 * 0.925)


@given(up=SHARE, hours=HOURS, firm=SHARE, more=SHARE)
def test_more_firm_load_never_runs_less(up: float, hours: float, firm: float, more: float) -> None:
    less, greater = sorted((firm, more))
    shares = powered_share(up, curtailed_h=hours, firm_share=np.array([less, greater, 1.0]))
    assert 0 <= shares[0] <= shares[1] + 1e-15
    assert shares[2] == pytest.approx(up)


def test_running_share_of_two_zones_by_hand() -> None:
    # a: 0.99 whole; b: 0.9 x (1 - 0.5 x 0.2) = 0.81, whole 0.9 x 0.8 = 0.72. 300 and 100 accelerators: 0.945;
    # both whole 0.7128, at least 0.99 + 0.72 - 1 = 0.71, at most 0.72
    two = zones(a=0.99, b=0.9)
    two["b"] = replace(two["b"], curtailed_hours_per_year=1752, firm_share=0.5)
    found = running_share(two, {"a": 300, "b": 100})
    assert found.by_zone == pytest.approx({"a": 0.99, "b": 0.81})
    assert found.mean == pytest.approx(0.945)
    assert (found.all_zones_lower, found.all_zones, found.all_zones_upper) == pytest.approx((0.71, 0.7128, 0.72))


@given(up=st.lists(SHARE, min_size=1, max_size=5), hours=HOURS, firm=SHARE)
def test_all_zones_at_once_lie_between_the_bounds(up: list[float], hours: float, firm: float) -> None:
    named = {f"z{number}": value for number, value in enumerate(up)}
    several = zones(**named)
    several["z0"] = replace(several["z0"], curtailed_hours_per_year=hours, firm_share=firm)
    found = running_share(several, dict.fromkeys(named, 10.0))
    assert found.all_zones_lower <= found.all_zones + 1e-12
    assert found.all_zones <= found.all_zones_upper + 1e-12
    assert found.all_zones_upper <= found.mean + 1e-12


def test_a_zone_without_accelerators_counts_for_nothing() -> None:
    found = running_share(zones(a=1.0, b=0.0), {"a": 5, "b": 0})
    assert (found.mean, found.all_zones_lower, found.all_zones) == (1, 1, 1)


def test_effective_exaflops_by_hand() -> None:
    # 100,000 x 2500 TFLOP/s = 250 EFLOP/s; 0.4 x 0.9 x 0.8 of it
    found = effective_exaflops(100_000, peak_tflops=2500, utilization=0.4, goodput=0.9, running_share=0.8)
    assert float(found) == pytest.approx(72)


def test_energy_and_dollars_of_training_by_hand() -> None:
    # 1 EFLOP/s for a year: 31.536e24 FLOP and 365 exaFLOP-days
    assert float(per_1e24_flop(31_536, 1.0)) == pytest.approx(1000)
    assert float(usd_per_exaflop_day(3.65e6, exaflops=2.0, years=5)) == pytest.approx(1000)


def test_training_that_never_happens_costs_without_limit() -> None:
    assert per_1e24_flop([0.0, 1.0], 0.0).tolist() == [0, math.inf]
    assert usd_per_exaflop_day(1.0, exaflops=0.0, years=1) == math.inf
    assert performance_per_dollar(0.0, usd_per_year=1.0) == 0


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: facility_w(-1, 1.2), "it_w"),
        (lambda: facility_w(1, 0.99), "pue"),
        (lambda: accelerators_for_mw(1, all_in_w=0, pue=1.2), "all_in_w"),
        (lambda: accelerators_for_mw(-1, all_in_w=1, pue=1.2), "power_mw"),
        (lambda: all_in_it_w(1, network_and_storage_factor=0.5), "network_and_storage_factor"),
        (lambda: hours_down_per_year(1.01), "availability"),
        (lambda: powered_share(-0.1), "availability"),
        (lambda: powered_share(1, curtailed_h=8761), "curtailed_h"),
        (lambda: powered_share(1, firm_share=2), "firm_share"),
        (lambda: PowerZone(zone_id="a", headroom_mw=1, curtailed_hours_per_year=8761), "curtailed_hours_per_year"),
        (lambda: PowerZone(zone_id="a", headroom_mw=1, firm_share=1.5), "firm_share"),
        (lambda: effective_exaflops(1, peak_tflops=1, utilization=1.2), "utilization"),
        (lambda: effective_exaflops(1, peak_tflops=1, utilization=1, goodput=-1), "goodput"),
        (lambda: effective_exaflops(-1, peak_tflops=1, utilization=1), "accelerators"),
        (lambda: usd_per_exaflop_day(1, exaflops=1, years=0), "years"),
        (lambda: usd_per_exaflop_day(-1, exaflops=1, years=1), "cost_usd"),
        (lambda: Ownership(cost_usd=1, life_years=0), "ownership.life_years"),
        (lambda: running_share(zones(a=1), {"b": 1}), "zones"),
        (lambda: running_share(zones(a=1), {"a": 0}), "sites"),
        (lambda: running_share(zones(a=1), {"a": -1}), "accelerators"),
        (
            lambda: ownership_usd_per_year(
                Ownership(cost_usd=1, life_years=1), all_in_w=1, pue=1, energy_usd_per_mwh=-1
            ),
            "energy_usd_per_mwh",
        ),
    ],
)
def test_figures_out_of_range_are_refused_by_name(call, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.field_path == field
