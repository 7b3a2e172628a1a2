"""Dollars by year: sums against the plan's cost items, and replacements worked out by hand."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from outputs.hand_made_plans import Case

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.scenario import Economics
from topodesign.outputs import YearLine, bill_by_year, bill_by_year_csv, bill_of_materials

CATALOG = load_catalog()
SAMPLES = Path(__file__).parents[2] / "sample_sites"
YEARLY = ("fiber_route_charges", "energy", "carbon", "network_energy", "network_carbon")


@pytest.fixture
def years(east: Case) -> tuple[YearLine, ...]:
    return bill_by_year(east.scenario, east.plan, CATALOG)


@pytest.mark.parametrize("case", ["east", "pacific"])
def test_the_years_of_every_cost_item_sum_to_it_to_the_cent(case: str, request: pytest.FixtureRequest) -> None:
    made: Case = request.getfixturevalue(case)
    lines = bill_by_year(made.scenario, made.plan, CATALOG)
    for item, usd in made.plan.cost_items.items():
        assert round(100 * sum(line.cost_usd for line in lines if line.cost_item == item)) == round(100 * usd), item
    assert made.plan.cost_usd is not None
    assert round(100 * sum(line.cost_usd for line in lines)) == round(100 * made.plan.cost_usd)


def test_a_planned_sample_sums_to_its_cost() -> None:
    scenario = td.load_scenario(SAMPLES / "two-campus")
    plan = td.plan(scenario, gap=0.0)
    lines = bill_by_year(scenario, plan, load_catalog(scenario.catalog_overrides))
    assert round(100 * sum(line.cost_usd for line in lines)) == 695_093_412  # sample_sites/two-campus/README.md


def test_what_is_paid_once_is_paid_in_year_0_and_charges_and_energy_afterwards(
    years: tuple[YearLine, ...], east: Case
) -> None:
    horizon = range(1, east.scenario.economics.horizon_years + 1)
    for item in east.plan.cost_items:
        expected = [*horizon] if item in YEARLY else [0]
        assert sorted({line.year for line in years if line.cost_item == item}) == expected, item


def test_every_year_is_charged_the_same_and_discounted(years: tuple[YearLine, ...], east: Case) -> None:
    # 5 segments of 360, 330, 640, 400 and 900 km at 155 USD per route-km and year
    charges = [line for line in years if line.cost_item == "fiber_route_charges"]
    assert [line.paid_usd for line in charges] == [2630 * 155.0] * 5
    for line in charges:
        assert line.discount_factor == pytest.approx(1.08**-line.year)
        assert line.cost_usd == pytest.approx(2630 * 155 * 1.08**-line.year, abs=0.011)


@pytest.mark.parametrize("economics", [Economics(horizon_years=1), Economics(horizon_years=20, discount_rate=0.0)])
def test_other_horizons_and_rates_reconcile_with_the_bill(east: Case, economics: Economics) -> None:
    scenario = replace(east.scenario, economics=economics)
    plan = replace(east.plan, cost_items={}, cost_usd=None)  # the bill then sums to its own totals
    bill, lines = bill_of_materials(scenario, plan, CATALOG), bill_by_year(scenario, plan, CATALOG)
    for item in {line.cost_item for line in bill}:
        stated = sum(line.cost_usd for line in bill if line.cost_item == item)
        assert sum(line.cost_usd for line in lines if line.cost_item == item) == pytest.approx(stated, abs=0.001), item
    assert max(line.year for line in lines) == economics.horizon_years


def test_purchases_beside_the_cost_are_those_of_the_bill(years: tuple[YearLine, ...], east: Case) -> None:
    bill = bill_of_materials(east.scenario, east.plan, CATALOG)
    first = [line for line in years if line.year == 0]
    assert sum(line.beside_cost_usd for line in first) == pytest.approx(sum(line.beside_cost_usd for line in bill))
    assert all(line.paid_usd == pytest.approx(line.cost_usd + line.beside_cost_usd) for line in first)


def test_replacements_are_failures_at_prices_that_decline(east: Case) -> None:
    # 36 lightpath ends and 12 modules that regenerate, 48 x 8760 / 420,480 = 1 failure a year; 10,000 USD, 20 % less
    # every year, discounted by 8 %; and 30 + 4 amplifiers of 40,000 USD that get no cheaper: 34 x 8760 / 297,840 = 1
    figures = {"transceiver_mtbf_h": 420_480.0, "amplifier_mtbf_h": 297_840.0, "price_decline_per_year": 0.2}
    catalog = load_catalog({"reliability.default": figures, "transceiver.openroadm-400": {"cost_usd": 10_000.0}})
    lines = [line for line in bill_by_year(east.scenario, east.plan, catalog) if line.item.startswith("Replacement")]
    modules = [line for line in lines if "transceiver" in line.item]
    assert [line.quantity for line in modules] == pytest.approx([1.0] * 5)
    assert [line.paid_usd for line in modules] == [8000, 6400, 5120, 4096, 3276.8]
    assert modules[0].beside_cost_usd == round(8000 / 1.08, 2)
    assert all(line.cost_usd == 0 and line.cost_item == "beside the plan's cost" for line in lines)
    amplifiers = [line for line in lines if "amplifier" in line.item]
    assert [line.paid_usd for line in amplifiers] == [40_000] * 5
    assert all("Cignal AI" in line.source or "scenario override" in line.source for line in modules)
    assert {line.confidence for line in amplifiers} == {"low"}


def test_the_csv_reads_back(years: tuple[YearLine, ...], east: Case) -> None:
    rows = list(csv.DictReader(io.StringIO(bill_by_year_csv(years).decode())))
    assert len(rows) == len(years)
    assert sum(float(row["cost_usd"]) for row in rows) == pytest.approx(east.plan.cost_usd)
    assert [int(row["year"]) for row in rows] == sorted(int(row["year"]) for row in rows)
