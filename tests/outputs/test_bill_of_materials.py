"""The bill of materials: quantities worked out by hand, sums against the verifier's cost items."""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from outputs.hand_made_plans import Case

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.scenario import LitLightpath
from topodesign.outputs import BillLine, bill_csv, bill_of_materials
from topodesign.outputs.bill_lines import SCENARIO_PRICE, bill_line, rounded_to_items
from topodesign.outputs.spares import poisson_quantile

CATALOG = load_catalog()
SAMPLES = Path(__file__).parents[2] / "sample_sites"


@pytest.fixture
def bill(east: Case) -> tuple[BillLine, ...]:
    return bill_of_materials(east.scenario, east.plan, CATALOG)


def at(bill: tuple[BillLine, ...], where: str, word: str) -> BillLine:
    (line,) = [line for line in bill if line.where == where and word in line.item]
    return line


def cents(lines: Iterable[BillLine]) -> int:
    """In whole numbers, since sums of dollars in floating point are not exact."""
    amounts = [100 * line.cost_usd for line in lines]
    assert all(abs(amount - round(amount)) < 1e-3 for amount in amounts), "a line is not in whole cents"
    return sum(round(amount) for amount in amounts)


@pytest.mark.parametrize("case", ["east", "pacific"])
def test_lines_of_every_cost_item_sum_to_it_and_all_of_them_to_the_plans_cost_to_the_cent(
    case: str, request: pytest.FixtureRequest
) -> None:
    made: Case = request.getfixturevalue(case)
    bill = bill_of_materials(made.scenario, made.plan, CATALOG)
    for item, usd in made.plan.cost_items.items():
        assert cents(line for line in bill if line.cost_item == item) == round(100 * usd), item
    assert made.plan.cost_usd is not None
    assert cents(bill) == round(100 * made.plan.cost_usd)


def test_a_planned_sample_has_a_bill_that_sums_to_its_cost() -> None:
    scenario = td.load_scenario(SAMPLES / "two-campus")
    plan = td.plan(scenario, gap=0.0)
    bill = bill_of_materials(scenario, plan, load_catalog(scenario.catalog_overrides))
    assert cents(bill) == 695_093_412  # sample_sites/two-campus/README.md: 6 950 934.12 USD, worked out by hand


def test_cents_that_rounding_leaves_over_go_to_the_largest_remainders(east: Case) -> None:
    # three segments of 1 km at 0.335, 0.334 and 0.334 USD: 1.003 USD, which is 1.00; singly rounded 0.34 + 0.33 + 0.33
    # is 1.00 as well, but at 0.336, 0.335 and 0.335 the sum is 1.006 = 1.01 where singly they give 1.02
    exact = (0.336, 0.335, 0.335)
    lines = [bill_line("x", ("segment", str(n)), (1, "km"), usd, origin=SCENARIO_PRICE, cost_item="fiber_pairs")
             for n, usd in enumerate(exact)]  # fmt: skip
    rounded = rounded_to_items(lines, {"fiber_pairs": 1.01})
    assert [line.cost_usd for line in rounded] == [0.34, 0.34, 0.33]


def test_a_stated_cost_item_that_is_wrong_is_not_covered_up(east: Case) -> None:
    items = {**east.plan.cost_items, "fiber_pairs": east.plan.cost_items["fiber_pairs"] + 1.0}
    bill = bill_of_materials(east.scenario, replace(east.plan, cost_items=items), CATALOG)
    own = cents(line for line in bill if line.cost_item == "fiber_pairs")
    assert own == round(100 * east.plan.cost_items["fiber_pairs"])


def test_transceivers_in_service_are_listed_as_sunk(east: Case) -> None:
    path = next(path for path in east.plan.lightpaths if path.segments == ("columbus-atlanta",))
    lit = LitLightpath(a=path.z, z=path.a, mode=path.mode, count=4, segments=path.segments)
    bill = bill_of_materials(replace(east.scenario, lit_lightpaths=(lit,)), east.plan, CATALOG)
    sunk = [line for line in bill if "in service already" in line.item]
    assert {line.where: (line.quantity, line.cost_usd) for line in sunk} == {"cmh-1": (4, 0), "atl-1": (4, 0)}
    bought = [line for line in bill if line.cost_item == "transceivers" and line.where == "cmh-1" and line.cost_usd]
    assert [line.quantity for line in bought] == [8]  # 12 ends less 4 in service


def test_accelerators_stand_beside_the_plans_cost(bill: tuple[BillLine, ...], east: Case) -> None:
    lines = [line for line in bill if line.unit == "accelerator"]
    assert {line.where: line.quantity for line in lines} == {"iad-1": 13824, "cmh-1": 13824, "atl-1": 9216}
    assert sum(line.beside_cost_usd for line in lines) == east.plan.accelerator_purchase_usd
    assert all(line.cost_usd == 0 for line in lines)
    assert all(line.cost_item == "beside the plan's cost" for line in lines)


def test_line_systems_have_two_terminals_a_pair_and_an_amplifier_between_spans(bill: tuple[BillLine, ...]) -> None:
    # 400 km at 80 km: 5 spans, 4 amplifier places; 2 pairs
    assert at(bill, "charlotte-atlanta", "terminal").quantity == 4
    amplifiers = at(bill, "charlotte-atlanta", "amplifier")
    assert (amplifiers.quantity, amplifiers.unit_cost_usd, amplifiers.cost_usd) == (8, 40_000, 320_000)
    assert amplifiers.power_w == 8 * 150


def test_fiber_that_was_lit_before_costs_nothing_and_still_draws_power(bill: tuple[BillLine, ...]) -> None:
    lines = [line for line in bill if line.where == "columbus-pittsburgh"]
    assert {line.item.rpartition(", ")[2] for line in lines if line.unit == "piece"} == {"lit already"}
    assert sum(line.cost_usd for line in lines if line.cost_item in ("line_systems", "fiber_pairs")) == 0
    # 2 terminals and 4 amplifiers of 150 W
    assert sum(line.power_w or 0 for line in lines) == 900


def test_fiber_is_counted_in_pair_kilometers_and_built_once(bill: tuple[BillLine, ...]) -> None:
    assert at(bill, "charlotte-atlanta", "Fiber pairs").quantity == 800  # 2 pairs x 400 km
    build = at(bill, "columbus-atlanta", "New fiber")
    assert (build.quantity, build.cost_usd) == (900, 54_000_000)


def test_transceivers_are_listed_in_the_building_they_stand_in(bill: tuple[BillLine, ...]) -> None:
    ends = {
        line.where: line.quantity for line in bill if line.cost_item == "transceivers" and line.where_kind == "site"
    }
    assert ends == {"iad-1": 12, "cmh-1": 12, "atl-1": 12}  # two links of 6 lightpaths each
    regeneration = at(bill, "clt", "regeneration")
    assert (regeneration.where_kind, regeneration.quantity, regeneration.cost_usd) == ("junction", 12, 120_000)


def test_every_price_says_where_it_comes_from(bill: tuple[BillLine, ...]) -> None:
    assert all(line.source and line.confidence and line.price_basis for line in bill)
    bases = {line.cost_item: line.price_basis for line in bill if line.catalog_id and line.unit == "piece"}
    assert bases["transceivers"] == "indicative"


def test_an_overridden_price_is_not_called_indicative(east: Case) -> None:
    catalog = load_catalog({"transceiver.openroadm-400": {"cost_usd": 7000.0}})
    bill = bill_of_materials(east.scenario, east.plan, catalog)
    (line,) = [line for line in bill if line.where == "iad-1" and line.cost_item == "transceivers"]
    assert (line.cost_usd, line.price_basis) == (84_000, "scenario override")


def test_only_the_fabric_that_was_asked_for_is_listed(bill: tuple[BillLine, ...]) -> None:
    lots = [line for line in bill if line.unit == "lot"]
    assert [line.where for line in lots] == ["iad-1", "cmh-1", "atl-1"]
    assert all("clos" in line.item for line in lots)


def test_the_csv_reads_back(bill: tuple[BillLine, ...]) -> None:
    rows = list(csv.DictReader(io.StringIO(bill_csv(bill).decode())))
    assert len(rows) == len(bill)
    assert sum(float(row["cost_usd"]) for row in rows) == pytest.approx(sum(line.cost_usd for line in bill))
    assert rows[0]["item"] == bill[0].item


def test_a_name_that_a_spreadsheet_would_run_is_disarmed(east: Case) -> None:
    evil = "=HYPERLINK(1)"
    segments = tuple(
        replace(segment, segment_id=evil, conduits=(evil,)) if segment.segment_id == "columbus-atlanta" else segment
        for segment in east.scenario.segments
    )
    lit = tuple(
        replace(item, segment_id=evil) if item.segment_id == "columbus-atlanta" else item for item in east.plan.segments
    )
    bill = bill_of_materials(replace(east.scenario, segments=segments), replace(east.plan, segments=lit), CATALOG)
    rows = csv.DictReader(io.StringIO(bill_csv(bill).decode()))
    named = {row["where"] for row in rows if "HYPERLINK" in row["where"]}
    assert f"'{evil}" in named
    assert all(where.startswith(f"'{evil}") for where in named)  # amplifier huts are named after their segment


def test_a_lit_segment_lists_its_spans(bill: tuple[BillLine, ...]) -> None:
    (line,) = [line for line in bill if line.where == "charlotte-atlanta" and line.unit == "span"]
    assert (line.item, line.quantity, line.cost_usd, line.price_basis) == ("Spans of 80.0 km", 5, 0, "not priced")


def test_huts_cost_where_fiber_is_built_and_need_their_feed_everywhere(bill: tuple[BillLine, ...]) -> None:
    huts = [line for line in bill if line.unit == "hut"]
    new = [line for line in huts if line.beside_cost_usd]
    # spans of 5, 5, 8, 5, 12: 30 amplifier places, 11 of them on the new build
    assert (len(huts), len(new)) == (30, 11)
    assert all("columbus-atlanta" in line.where and line.beside_cost_usd == 1_000_000 for line in new)
    feed = {line.where: line.quantity for line in bill if line.unit == "W"}
    assert feed["charlotte-atlanta;0001"] == 450  # 2 amplifiers of 150 W and a PUE of 1.5
    assert sum(feed.values()) == 1.5 * 150 * (4 + 4 + 7 + 2 * 4 + 11)


def test_spares_stand_beside_the_cost_at_least_one_for_every_kind_and_place(bill: tuple[BillLine, ...]) -> None:
    spares = [line for line in bill if line.item.startswith("Spare ")]
    assert all(line.cost_item == "beside the plan's cost" and line.cost_usd == 0 for line in spares)
    assert all(line.quantity >= 1 and line.beside_cost_usd == line.quantity * line.unit_cost_usd for line in spares)
    assert {line.where for line in spares if "transceiver" in line.item} == {"iad-1", "cmh-1", "atl-1", "clt"}
    assert {line.where for line in spares if "terminal" in line.item} == {"iad-1", "cmh-1", "atl-1", "clt", "pit"}
    assert len([line for line in spares if "amplifier" in line.item]) == 30
    assert all(line.source and line.source_date and line.confidence for line in spares)


def test_spares_follow_the_service_level(east: Case) -> None:
    # 12 modules with an MTBF of 17,280 h and 60 days x 24 h = 1,440 h: 1 failure on average; P(at most 2) = 0.9197 and
    # P(at most 3) = 0.9810 (Poisson tables)
    figures = {"transceiver_mtbf_h": 17_280.0, "restock_days": 60.0}
    found = []
    for level in (0.90, 0.95):
        catalog = load_catalog({"reliability.default": {**figures, "spares_service_level": level}})
        bill = bill_of_materials(east.scenario, east.plan, catalog)
        (line,) = [line for line in bill if line.where == "iad-1" and line.item.startswith("Spare transceiver")]
        found.append(line.quantity)
    assert found == [2, 3]


@pytest.mark.parametrize("mean", [0.0, 1e-9, 0.3, 1.0, 17.5, 288.0, 40_000.0])
@pytest.mark.parametrize("level", [0.0, 0.5, 0.95, 0.999999])
def test_the_stock_is_the_least_that_reaches_the_service_level(mean: float, level: float) -> None:
    from scipy.stats import poisson

    stock = poisson_quantile(mean, level)
    assert poisson.cdf(stock, mean) >= level
    assert stock == 0 or poisson.cdf(stock - 1, mean) < level
