"""Grey optics on one link: where they reach, what they take, and ties decided exactly."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.link import LinkRequest
from topodesign.optics.exact_cost import exact
from topodesign.optics.link_design import design_link

CATALOG = load_catalog()


@pytest.mark.parametrize(
    ("km", "reaching"),
    [
        # the ladder: DR to 0.5 km, FR to 2, LR to 10, ER to 40 (IEEE 802.3, 802.3df, 802.3dj; 100G Lambda MSA)
        (0.5, {"400gbase-dr4", "800gbase-dr8", "400g-fr4", "800gbase-fr4-500", "800gbase-fr4", "400gbase-er8"}),
        (2, {"400g-fr4", "800gbase-dr8-2", "800gbase-fr4", "400g-lr4-6"}),
        (10, {"400g-lr4-10", "400gbase-lr8", "800gbase-lr4", "800gbase-lr1", "800gbase-er1"}),
        (40, {"400gbase-er8", "800gbase-er1"}),
        (40.001, set()),
    ],
)
def test_the_ladder_within_a_campus(km, reaching):
    grey = {mode.name: mode for mode in td.design_link(km).grey_modes}
    feasible = {name for name, mode in grey.items() if mode.feasible}
    assert reaching <= feasible
    assert feasible == {name for name, mode in grey.items() if km <= mode.reach_km}
    assert all(mode.feasible == (not mode.reasons) for mode in grey.values())


def test_a_module_takes_whole_pairs_and_no_amplifier():
    # 10 Tbit/s of 400GBASE-DR4 over 0.5 km: 25 lightpaths of 8 fibers = 100 pairs of 0.5 km at 2,000 USD a km
    grey = {mode.name: mode for mode in td.design_link(0.5, capacity_gbps=10_000).grey_modes}
    size, optic = grey["400gbase-dr4"].size, CATALOG.grey_optic("400gbase-dr4")
    assert (size.lightpaths, size.fiber_pairs, size.transceivers, size.amplifiers) == (25, 100, 50, 0)
    assert size.fiber_usd == 100_000
    assert size.line_usd == 0
    assert size.transceiver_usd == 50 * optic.cost_usd
    assert size.cost_usd == size.fiber_usd + size.transceiver_usd
    assert size.power_w == 50 * optic.power_w
    assert grey["400gbase-dr4"].pair_gbps == 100


def test_near_links_are_grey_and_far_ones_are_not():
    near, far = td.design_link(0.4, capacity_gbps=4000), td.design_link(60, capacity_gbps=4000)
    assert near.cheapest in {mode.name for mode in near.grey_modes}
    assert not any(mode.feasible for mode in far.grey_modes)
    assert far.cheapest in {mode.name for mode in far.modes}
    assert "400gbase-er8 has 20 km too little (reach 40 km)" in " ".join(
        f"{mode.name} has {', '.join(mode.reasons)}" for mode in far.grey_modes
    )


@pytest.mark.parametrize("fiber", ["g654e", "hollow_core"])
def test_grey_optics_are_made_for_one_kind_of_fiber(fiber):
    design = td.design_link(1, fiber=fiber, capacity_gbps=1000)
    assert not any(mode.feasible for mode in design.grey_modes)
    assert all(f"{fiber}, made for ssmf (G.652)" in mode.reasons for mode in design.grey_modes)
    assert design.cheapest in {mode.name for mode in design.modes}


def test_too_few_pairs_leave_grey_out_and_then_everything():
    # 100 Tbit/s over 5 km: 125 pairs of 800GBASE-LR4, or 4 pairs with a line system (25.6 Tbit/s each)
    free = td.design_link(5, capacity_gbps=100_000)
    few, none = (td.design_link(5, capacity_gbps=100_000, pairs_available=pairs) for pairs in (124, 3))
    assert free.cheapest == "800gbase-lr4"
    assert few.cheapest in {mode.name for mode in few.modes}
    assert none.cheapest is None
    assert none.explanation[-1] == "100.0 Tbit/s over 5 km: takes at least 4 fiber pairs, 3 are on offer"


@settings(max_examples=60, deadline=None)
@given(km=st.floats(0.01, 60), gbps=st.floats(1, 1e6), pairs=st.integers(0, 3000))
def test_fewer_pairs_never_make_it_cheaper(km, gbps, pairs):
    free, tight = td.design_link(km, capacity_gbps=gbps), td.design_link(km, capacity_gbps=gbps, pairs_available=pairs)
    costs = {mode.name: mode.size for mode in (*free.modes, *free.grey_modes) if mode.size}
    within = {name: size for name, size in costs.items() if size.fiber_pairs <= pairs}
    assert (tight.cheapest in within) if within else (tight.cheapest is None)
    if tight.cheapest is not None:
        assert costs[free.cheapest].cost_usd <= costs[tight.cheapest].cost_usd


def with_figures(**by_id):
    return load_catalog({f"transceiver.{name.replace('_', '-')}": figures for name, figures in by_id.items()})


def test_a_tie_in_cost_is_a_tie_and_power_decides():
    # 0.1 + 0.1 + ... of prices would differ in the last bit; as decimals 2 x 1000.1 = 2 x 1000.1
    catalog = with_figures(
        zr_400={"cost_usd": 1000.1, "power_w": 15.3}, zrplus_400={"cost_usd": 1000.1, "power_w": 15.2}
    )
    design = design_link(LinkRequest(length_km=60, rate_gbps=400, capacity_gbps=1e5), catalog)
    assert "zrplus-400" in design.best
    assert design.cheapest == "zrplus-400"
    same = with_figures(zr_400={"cost_usd": 1000.1, "power_w": 15.2}, zrplus_400={"cost_usd": 1000.1, "power_w": 15.2})
    design = design_link(LinkRequest(length_km=60, rate_gbps=400, capacity_gbps=1e5), same)
    assert "zr-400" in design.best  # then the name, so that the answer never depends on order
    assert design.cheapest == "zr-400"


def test_four_dollars_in_four_thousand_million_million_decide():
    # four million modules of 1e9 USD cost 4e15; those dearer by 1e-6 USD cost 4 USD more, of 4e15
    catalog = with_figures(
        zr_400={"cost_usd": 1_000_000_000.000001, "power_w": 1},
        zrplus_400={"cost_usd": 1_000_000_000, "power_w": 9},
        openroadm_400={"cost_usd": 2_000_000_000},
    )
    design = design_link(LinkRequest(length_km=60, rate_gbps=400, capacity_gbps=8e8), catalog)
    sizes = {mode.name: mode.size.cost_usd for mode in design.modes if mode.size}
    assert design.cheapest == "zrplus-400"
    assert 0 <= sizes["zr-400"] - sizes["zrplus-400"] <= 8


def test_figures_are_taken_as_the_decimals_they_are_written_as():
    assert exact(0.1) == Fraction(1, 10)
    assert exact(2000) == 2000
    assert sum([exact(0.1)] * 3) == exact(0.3) != Fraction(0.1) * 3
