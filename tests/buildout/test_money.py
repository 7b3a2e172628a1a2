"""Net present cost and its bound, by hand; prices that scale item by item."""

import dataclasses
import math

import pytest
from buildout.conftest import small_and_large, two_campus

import topodesign as td
from topodesign.buildout.accounting import bound_of_years
from topodesign.buildout.scaled_prices import CAPITAL_ITEMS, RUNNING_ITEMS, scaled_prices
from topodesign.buildout.weights import year_weights
from topodesign.catalog import load_catalog
from topodesign.domain.buildout import YearBound
from topodesign.domain.errors import InternalError, InvalidInput
from topodesign.domain.scenario import Economics
from topodesign.verify.cost import cost_items
from topodesign.verify.verifier import gather


def test_one_year_is_the_plain_plan(build):
    scenario = two_campus()
    found = build(scenario, td.planned_year(2027))
    plain = td.plan(scenario, gap=0.0, threads=1)
    untimed = {"wall_s": 0.0, "progress": ()}
    assert dataclasses.replace(found.years[0].plan, **untimed) == dataclasses.replace(plain, **untimed)
    assert (found.npc_usd, found.lower_bound_usd) == (plain.cost_usd, plain.lower_bound_usd)
    assert (found.status, found.npc_items) == (plain.status, plain.cost_items)


def test_what_is_added_in_a_later_year_is_discounted(doubled):
    """sample_sites/two-campus/README.md by the year: 25 %, two years.

    2027: all of its capital, 5,036,000, and a year's running cost (1,314,000 of pods: 5 MW x 4,380 h x 60 USD; 15,500
    of routes; 315.36 of the network: 0.0012 MW x 4,380 h x 60) x 0.8.
    2028: the job is twice as large: 16 lightpaths more, 96,000 x 0.8; the same running cost with 32 transceivers more,
    0.0006 MW x 4,380 h x 60 = 157.68 a year, x 0.64. Energy and carbon are items of their own, each to the cent.
    """
    _, found = doubled
    first, second = found.years
    assert first.capital_usd["transceivers"] == second.capital_usd["transceivers"] == 96_000
    assert sum(first.capital_usd.values()) == 5_036_000 and sum(second.capital_usd.values()) == 96_000
    assert first.site_capital_usd == {"campus-a": 2_250_000, "campus-b": 2_250_000} and not second.site_capital_usd
    assert sum(path.count for path in second.new.lightpaths) == 16 and not second.new.pods and not second.new.pairs
    at_first = 5_036_000 + 0.8 * (5 * 4380 * 60 + 100 * 155 + 0.0012 * 4380 * 60)
    later = 0.8 * 96_000 + 0.64 * (5 * 4380 * 60 + 100 * 155 + 0.0018 * 4380 * 60)
    assert sum(first.npc_items.values()) == pytest.approx(at_first, abs=0.02)
    assert sum(second.npc_items.values()) == pytest.approx(later, abs=0.02)
    assert (found.status, found.gap) == ("optimal", 0.0)


def test_items_sum_to_the_cost_and_the_parts_of_the_bound_to_both(doubled):
    _, found = doubled
    assert math.fsum(found.npc_items.values()) == pytest.approx(found.npc_usd, abs=1e-6)
    assert sum(item.term_usd for item in found.years) == pytest.approx(found.npc_usd, abs=0.05)
    assert sum(item.lower_bound_usd for item in found.bounds) == pytest.approx(found.lower_bound_usd, abs=0.01)
    assert all(
        bound.lower_bound_usd <= year.term_usd + 0.05 for bound, year in zip(found.bounds, found.years, strict=True)
    )


def test_the_end_is_foreseen_and_the_bound_lies_below_the_best_of_all_sequences(build):
    """One pod in 2027, two in 2028, at 25 %; a pod is 2.5 MW x 500,000 USD and 657,000 USD a year (with its carbon).

    All sequences in which nothing is idle: a then both: 1,000,000 + 1,250,000 + 0.8 x (1,500,000 + 1,250,000 +
    536,000 of network) and more, above 4.8 million of capital. b then both: more than b alone. b then b with two pods:
    1,500,000 + 1,250,000 + 0.8 x 1,250,000 = 3,750,000 of capital. Running: 657,000 x (0.8 + 2 x 0.64) = 1,366,560.
    Best: 5,116,560, although 2027 alone is cheapest at a.
    The bound: 2027 alone is a, at the rent of 0.2: 0.2 x 2,250,000 where b has 0.2 x 2,750,000, so 100,000 less.
    """
    found = build(small_and_large(), td.planned_year(2027, accelerators=1000), td.planned_year(2028, accelerators=2000))
    assert [[site.id for site in item.plan.sites] for item in found.years] == [["campus-b"], ["campus-b"]]
    assert (found.npc_usd, found.lower_bound_usd, found.course) == (5_116_560.0, 5_016_560.0, "foresight")
    assert (found.status, found.gap) == ("feasible", pytest.approx(100_000 / 5_116_560))
    costs = {item.course: item.npc_usd for item in found.courses}
    assert costs["year-by-year"] is not None and costs["year-by-year"] > 6_000_000


def test_no_year_of_several_has_a_bound_of_its_own(doubled):
    """What is proven of 2027 alone is of another question: its capital weighs less than in its plan."""
    for item in doubled[1].years:
        assert (item.plan.status, item.plan.lower_bound_usd, item.plan.gap) == ("feasible", None, None)
        assert item.plan.network_gap is None and not item.plan.provenance.bound_basis


def test_a_bound_above_the_cost_is_an_error_unless_rounding_explains_it():
    """Two years of 11 cost items, each rounded five times by half a cent, are 0.55 USD; 1e-9 of 1,000,000 are 0.001."""
    bounds = [YearBound(year=2027, status="optimal", lower_bound_usd=usd) for usd in (400_000.0, 600_000.0)]
    assert bound_of_years(1_000_001.0, bounds) == 1_000_000.0
    assert bound_of_years(999_999.5, bounds) == 999_999.5
    with pytest.raises(InternalError, match=r"sum to 1000000\.00 USD, above the 999999\.40 USD"):
        bound_of_years(999_999.4, bounds)


def test_years_between_two_listed_ones_and_up_to_the_horizon_run_as_the_earlier_one():
    """10 % and 5 years, listed: 2030 and 2032. 2030 stands two years: 1/1.1 + 1/1.21; 2032 three, from 1/1.1^3 on."""
    first, second = year_weights([2030, 2032], Economics(horizon_years=5, discount_rate=0.1))
    assert (first.capital, first.rent) == (1.0, pytest.approx(1 - 1 / 1.21))
    assert (second.capital, second.rent) == (pytest.approx(1 / 1.21), pytest.approx(1 / 1.21))
    assert first.running == pytest.approx(1 / 1.1 + 1 / 1.21)
    assert second.running == pytest.approx(1 / 1.331 + 1 / 1.4641 + 1 / 1.61051)
    assert (first.stands_years, second.stands_years) == (2, 3)


def test_a_horizon_that_is_too_near_and_a_negative_rate_are_refused():
    with pytest.raises(InvalidInput, match=r"horizon_years is 2.*greater than 2.*reach beyond 2032"):
        year_weights([2030, 2032], Economics(horizon_years=2))
    with pytest.raises(InvalidInput, match=r"discount_rate is -0\.1"):
        year_weights([2030, 2032], Economics(discount_rate=-0.1))


def test_scaled_prices_scale_every_item_of_a_cost():
    """A plan with new fiber, amplifiers and carbon, so that no item is 0."""
    scenario = two_campus()
    north, south = scenario.segments
    scenario = dataclasses.replace(
        scenario,
        segments=(dataclasses.replace(north, pairs_available=0, build_usd_per_km=10_000.0, build_pairs=2), south),
        optics=dataclasses.replace(scenario.optics, span_km=25.0),
    )
    plan = td.plan(scenario, threads=1)
    scaled = scaled_prices(scenario, capital=0.25, running=0.5)
    catalog = load_catalog(scaled.catalog_overrides)
    before = plan.cost_items
    after = cost_items(gather(scaled, plan, catalog))
    assert min(before.values()) > 0 and set(before) == {*CAPITAL_ITEMS, *RUNNING_ITEMS}
    for name, usd in before.items():
        assert after[name] == pytest.approx(usd * (0.25 if name in CAPITAL_ITEMS else 0.5), abs=0.01), name
    assert scaled_prices(scenario, capital=1.0, running=1.0) is scenario
