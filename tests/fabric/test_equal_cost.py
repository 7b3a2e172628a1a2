"""Fabrics for the same money: against every member of the ladders, priced one by one."""

import functools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, Torus
from topodesign.domain.fabric_bill import BillOptions
from topodesign.fabric import compare_at_equal_cost, fabric_of_size, fabrics_for_budget, price_fabric
from topodesign.fabric.budget import Money, last_step_within
from topodesign.fabric.clos_layout import clos_layout
from topodesign.fabric.cost_ladders import SizeLadder, richness_ladder, size_ladder

KINDS = ("torus", "clos")


def test_a_clos_for_the_money_of_a_torus_is_tapered() -> None:
    # 16x16x16: of 3 links per accelerator 9/4 stay in racks ($272) and 3/4 do not ($603): $1064.25
    found = compare_at_equal_cost(KINDS, accelerators=4096)
    assert found.target_usd_per_accelerator == pytest.approx(9 / 4 * 272 + 3 / 4 * 603)
    assert found.target_of == "the plain torus of this size"
    torus, clos = found.fabrics
    assert (torus.change, torus.share_of_target) == ("as it is", 1.0)
    assert isinstance(clos.spec, Clos) and clos.spec.oversubscription > 1
    assert clos.is_within and 0.9 < clos.share_of_target <= 1
    # one more uplink per leaf would cost more than the torus
    rungs = [rung.spec for rung in richness_ladder("clos", 4096, link_gbps=400)]
    following = rungs[rungs.index(clos.spec) + 1]
    assert price_fabric(following).cost_usd_per_accelerator > found.target_usd_per_accelerator


@settings(max_examples=20, deadline=None)
@given(accelerators=st.sampled_from([48, 512, 777, 4096]), usd=st.floats(50, 20_000), kind=st.sampled_from(KINDS))
def test_no_richer_rung_is_within_the_money(accelerators: int, usd: float, kind: str) -> None:
    (found,) = compare_at_equal_cost([kind], accelerators=accelerators, usd_per_accelerator=usd).fabrics
    ladder = richness_ladder(kind, accelerators, link_gbps=400)
    costs = [price_fabric(rung.spec).cost_usd_per_accelerator for rung in ladder]
    assert found.is_within == (min(costs) <= usd)
    assert found.evaluation.accelerators == accelerators
    assert found.share_of_target == pytest.approx(found.cost_usd_per_accelerator / usd)
    place = [rung.spec for rung in ladder].index(found.spec)
    if found.is_within:
        assert costs[place] <= usd
        assert all(cost > usd for cost in costs[place + 1 :])
    else:
        assert costs[place] == min(costs)


def test_more_money_never_gives_less_bisection() -> None:
    for kind in KINDS:
        found = [
            compare_at_equal_cost([kind], accelerators=2048, usd_per_accelerator=usd).fabrics[0].evaluation
            for usd in (500, 1000, 2000, 4000, 8000)
        ]
        cuts = [evaluation.bisection.lower_gbps for evaluation in found]
        assert cuts == sorted(cuts)


def test_where_nothing_is_cheap_enough_the_cheapest_is_shown_and_says_so() -> None:
    found = compare_at_equal_cost(KINDS, accelerators=1)  # one accelerator: a torus of nothing, a Clos of one leaf
    torus, clos = found.fabrics
    assert (torus.is_within, torus.share_of_target) == (True, 1.0)
    assert (clos.is_within, clos.share_of_target) == (False, math.inf)
    assert clos.spec == Clos(accelerators=1)


@functools.cache
def sizes_and_costs(kind: str) -> tuple[tuple[int, float], ...]:
    """Accelerators and dollars of the first 250 sizes, each priced by itself."""
    ladder = size_ladder(kind, link_gbps=400)
    bills = [price_fabric(spec) for spec in map(ladder.spec_at, range(250)) if spec is not None]
    assert len(bills) == 250
    return tuple((bill.accelerators, bill.cost_usd) for bill in bills)


@settings(max_examples=25, deadline=None)
@given(budget=st.floats(1e4, 5e6), accelerator_usd=st.sampled_from([0.0, 3000.0, 45_000.0]))
def test_a_budget_buys_as_much_as_trying_every_size(budget: float, accelerator_usd: float) -> None:
    found = fabrics_for_budget(KINDS, budget_usd=budget, accelerator_usd=accelerator_usd)
    for fabric in found.fabrics:
        fitting = 0
        for accelerators, cost_usd in sizes_and_costs(fabric.kind):
            if cost_usd + accelerator_usd * accelerators <= budget:
                fitting = accelerators
        assert fabric.accelerators == fitting
        assert fabric.cost_usd + fabric.left_usd == pytest.approx(budget)
        assert fabric.next_cost_usd is not None and fabric.next_cost_usd > budget
        assert fabric.next_accelerators is not None and fabric.next_accelerators > fitting
        assert (fabric.spec is None) == (fabric.evaluation is None) == (fabric.bill is None) == (fitting == 0)


def test_sizes_of_tori_are_whole_blocks_near_a_cube() -> None:
    ladder = size_ladder("torus", link_gbps=400)
    shapes = [spec.shape for spec in map(ladder.spec_at, range(6)) if isinstance(spec, Torus)]
    assert shapes == [(4, 4, 4), (4, 4, 8), (4, 8, 8), (8, 8, 8), (8, 8, 12), (8, 8, 16)]
    assert ladder.spec_at(ladder.steps - 1) is not None


def test_the_largest_fabrics_end_the_ladder() -> None:
    found = fabrics_for_budget(["clos"], budget_usd=1e12)
    assert found.fabrics[0].accelerators == 10_000_000
    assert found.fabrics[0].next_cost_usd is None


def test_what_is_in_the_total_counts_against_the_money() -> None:
    options = BillOptions(adapters="in_total")
    beside, inside = (
        fabrics_for_budget(["clos"], budget_usd=1e7, options=option).fabrics[0] for option in (BillOptions(), options)
    )
    assert inside.accelerators < beside.accelerators


def test_equal_cost_follows_the_price_list() -> None:
    cheap = load_catalog({"switch.ndr-64x400g": {"cost_usd": 1000}})
    plain, other = (
        compare_at_equal_cost(KINDS, accelerators=1024, catalog=catalog).fabrics[1].spec
        for catalog in (load_catalog(), cheap)
    )
    assert isinstance(plain, Clos) and isinstance(other, Clos)
    assert other.oversubscription < plain.oversubscription


@pytest.mark.parametrize("call", [compare_at_equal_cost, fabrics_for_budget])
def test_nothing_to_compare_is_refused(call: object) -> None:
    assert callable(call)
    limits = {"accelerators": 64} if call is compare_at_equal_cost else {"budget_usd": 1e6}
    with pytest.raises(InvalidInput, match="kinds"):
        call([], **limits)
    with pytest.raises(InvalidInput, match=r"one of clos, .*torus"):
        call(["moebius"], **limits)


def test_wrong_money_is_refused() -> None:
    with pytest.raises(InvalidInput, match="usd_per_accelerator"):
        compare_at_equal_cost(KINDS, accelerators=64, usd_per_accelerator=-1)
    with pytest.raises(InvalidInput, match="budget_usd"):
        fabrics_for_budget(KINDS, budget_usd=0)
    with pytest.raises(InvalidInput, match="accelerator_usd"):
        fabrics_for_budget(KINDS, budget_usd=1, accelerator_usd=-1)


def test_the_plain_fabric_is_on_its_ladder() -> None:
    for kind in KINDS:
        plain = [rung.spec for rung in richness_ladder(kind, 512, link_gbps=400) if rung.is_plain]
        assert plain == [fabric_of_size(kind, 512)]


def test_every_rung_of_a_clos_has_the_uplinks_that_it_names() -> None:
    for rung in richness_ladder("clos", 4096, link_gbps=400):
        assert isinstance(rung.spec, Clos)
        layout = clos_layout(rung.spec)
        if "tapered" in rung.change:
            assert rung.change == f"tapered {layout.leaf_down}:{layout.leaf_up} at the leaves"
        else:
            assert layout.leaf_down == layout.leaf_up


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 8, 9, 100])
@pytest.mark.parametrize("paid", [0, 1, 2, 3, 6, 7, 8, 99, 100])
def test_the_last_step_within_a_budget_is_found_on_ladders_of_any_length(steps: int, paid: int) -> None:
    # a Clos of one leaf costs the leaf and the cables; the budget is that of the step before the one that is too dear
    sizes = [Clos(accelerators=1 + step) for step in range(steps)]
    ladder = SizeLadder(steps, lambda step: sizes[step])
    budget = price_fabric(Clos(accelerators=paid)).cost_usd if paid else 1.0
    money = Money(budget_usd=budget, accelerator_usd=0.0, catalog=load_catalog(), options=BillOptions())
    assert last_step_within(ladder, money) == min(paid, steps) - 1


def test_sizes_that_a_kind_refuses_are_stepped_over() -> None:
    # only powers of two, from 4
    sizes = {3: Clos(accelerators=4), 7: Clos(accelerators=8), 15: Clos(accelerators=16)}
    ladder = SizeLadder(16, sizes.get)
    for budget_of, step in ((4, 6), (8, 14), (16, 15)):
        money = Money(
            budget_usd=price_fabric(Clos(accelerators=budget_of)).cost_usd,
            accelerator_usd=0.0,
            catalog=load_catalog(),
            options=BillOptions(),
        )
        assert last_step_within(ladder, money) == step
        assert ladder.at_or_below(step) == Clos(accelerators=budget_of)
    nothing = Money(budget_usd=1.0, accelerator_usd=0.0, catalog=load_catalog(), options=BillOptions())
    assert last_step_within(ladder, nothing) == 2
    assert ladder.at_or_below(2) is None
