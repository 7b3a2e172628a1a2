"""Availability against figures worked out by hand and against the enumeration of every state of small networks."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

import pytest
from evaluation.small_networks import Fiber, connected, network, networks, plan_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.availability import PairAvailability, PlanAvailability
from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan, SpectrumRun
from topodesign.domain.scenario import Scenario
from topodesign.evaluation import evaluate_availability
from topodesign.evaluation.connectivity import Connectivity, Join, connectivity, down_counts

TOLERANCE = 1e-12


def catalog_with(**figures: float) -> Catalog:
    return load_catalog({"reliability.default": figures})


# 2 cuts per 1000 km and year of 43.8 h: 0.01 years down for each year up, so 1000 km are down 1/101 of the time
HAND = catalog_with(
    cuts_per_1000km_year=2, cut_repair_h=43.8, transceiver_mtbf_h=999, transceiver_repair_h=1, terminal_mtbf_h=99,
    terminal_repair_h=1, amplifier_mtbf_h=9, amplifier_repair_h=1,
)  # fmt: skip
U = 1 / 101
RING: tuple[Fiber, ...] = (
    ("ab", "a", "b", 1000.0, ("ab",), 1, 2),
    ("bc", "b", "c", 1000.0, ("bc",), 1, 2),
    ("ca", "c", "a", 1000.0, ("ca",), 1, 2),
)
RING_ROUTES = (("a", "b", ("ab",), 1), ("b", "c", ("bc",), 1), ("c", "a", ("ca",), 1))


def ring(**changes: object) -> tuple[Scenario, Plan]:
    scenario = network("abc", RING, **changes)  # type: ignore[arg-type]
    return scenario, plan_of(scenario, RING, RING_ROUTES)


def pair(found: PlanAvailability, a: str, z: str) -> PairAvailability:
    (item,) = [item for item in found.pairs if {item.a, item.z} == {a, z}]
    return item


def test_a_lightpath_is_the_product_of_its_conduits_and_equipment() -> None:
    scenario, plan = ring()
    lightpath = evaluate_availability(scenario, plan, HAND).lightpaths[0]
    assert lightpath.cuts_only.availability == pytest.approx(100 / 101, abs=TOLERANCE)
    # two transceivers of 0.999, two terminals of 0.99, one amplifier of 0.9
    assert lightpath.uptime.availability == pytest.approx(100 / 101 * 0.999**2 * 0.99**2 * 0.9, abs=TOLERANCE)
    assert lightpath.cuts_only.downtime_min_per_year == pytest.approx(525_600 / 101)


def test_regeneration_puts_two_more_transceivers_in_series() -> None:
    scenario, plan = ring()
    path = replace(plan.lightpaths[0], regenerations=("c",))
    found = evaluate_availability(scenario, replace(plan, lightpaths=(path, *plan.lightpaths[1:])), HAND)
    assert found.lightpaths[0].uptime.availability == pytest.approx(100 / 101 * 0.999**4 * 0.99**2 * 0.9, abs=TOLERANCE)


def test_two_channels_on_pairs_of_their_own_stand_for_an_entry() -> None:
    scenario, plan = ring()
    spectrum = tuple(SpectrumRun(stretch=0, first_ghz=0.0, channels=1, pairs=(number,)) for number in (1, 2))
    paths = tuple(replace(path, count=2, spectrum=spectrum) for path in plan.lightpaths)
    segments = tuple(replace(lit, pairs=2) for lit in plan.segments)
    found = evaluate_availability(scenario, replace(plan, lightpaths=paths, segments=segments), HAND)
    channel = 0.999**2 * 0.99**2 * 0.9
    side = (1 - U) * (1 - (1 - channel) ** 2)  # the conduit, and one of the two channels
    ab = pair(found, "a", "b").protected
    assert ab.lower == pytest.approx(1 - (1 - side) * (1 - side**2), abs=TOLERANCE)
    assert ab.upper == pair(found, "a", "b").protected_cuts_only.upper


def test_a_ring_protects_every_pair_and_fails_with_two_cuts() -> None:
    scenario, plan = ring()
    found = evaluate_availability(scenario, plan, HAND)
    ab = pair(found, "a", "b")
    assert ab.unprotected_cuts_only.availability == pytest.approx(1 - U, abs=TOLERANCE)
    apart = U * (1 - (1 - U) ** 2)  # the direct fiber, and one of the two on the other side
    assert ab.protected_cuts_only.lower == pytest.approx(1 - apart, abs=TOLERANCE)
    assert ab.protected_cuts_only.upper == pytest.approx(1 - apart, abs=TOLERANCE)
    assert ab.protected_cuts_only.most_downtime_min_per_year == pytest.approx(apart * 525_600)
    whole = (1 - U) ** 3 + 3 * U * (1 - U) ** 2
    assert found.all_connected_cuts_only.lower == pytest.approx(whole, abs=TOLERANCE)
    assert found.guaranteed.availability == pytest.approx(whole, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("survive", "cuts"), [(("none",), 0), (("site",), 0), (("conduit",), 1), (("conduit-pair",), 2)]
)
def test_the_policy_says_how_many_cuts_leave_the_guarantee(survive: tuple[str, ...], cuts: int) -> None:
    scenario, plan = ring(survive=survive)
    found = evaluate_availability(scenario, plan, HAND)
    by_hand = sum(math.comb(3, n) * U**n * (1 - U) ** (3 - n) for n in range(cuts + 1))
    assert found.guaranteed_cuts == cuts
    assert found.guaranteed.availability == pytest.approx(by_hand, abs=TOLERANCE)


def test_the_best_chain_stands_in_where_no_lightpath_is_direct() -> None:
    scenario = network("abc", RING)
    plan = plan_of(scenario, RING, RING_ROUTES[:2])
    found = evaluate_availability(scenario, plan, HAND)
    assert pair(found, "a", "c").unprotected_cuts_only.availability == pytest.approx((1 - U) ** 2, abs=TOLERANCE)
    assert pair(found, "a", "c").protected_cuts_only.upper == pytest.approx((1 - U) ** 2, abs=TOLERANCE)


def test_sites_that_nothing_joins_are_never_connected() -> None:
    scenario = network("abc", RING)
    found = evaluate_availability(scenario, plan_of(scenario, RING, RING_ROUTES[:1]), HAND)
    assert (pair(found, "a", "c").unprotected.availability, pair(found, "a", "c").protected.upper) == (0, 0)
    assert found.all_connected.upper == 0


def test_a_shared_conduit_is_as_long_as_its_longest_segment_in_use_and_takes_all_down() -> None:
    fibers: tuple[Fiber, ...] = (
        ("north", "a", "b", 1000.0, ("duct",), 1, 1),
        ("south", "a", "b", 400.0, ("duct",), 1, 1),
        ("dark", "a", "b", 3000.0, ("duct",), 1, 1),
    )
    scenario = network("ab", fibers)
    plan = plan_of(scenario, fibers[:2], [("a", "b", ("north",), 1), ("a", "b", ("south",), 1)])
    found = evaluate_availability(scenario, plan, HAND)
    (conduit,) = found.conduits
    assert (conduit.length_km, conduit.cuts_per_year) == (1000, 2)
    assert pair(found, "a", "b").protected_cuts_only.upper == pytest.approx(1 - U, abs=TOLERANCE)


def test_a_plan_of_one_site_is_always_connected() -> None:
    scenario = network("ab", (("ab", "a", "b", 10.0, ("ab",), 1, 1),))
    plan = replace(plan_of(scenario, (), ()), sites=plan_of(scenario, (), ()).sites[:1])
    found = evaluate_availability(scenario, plan, HAND)
    assert (found.pairs, found.conduits, found.lightpaths) == ((), (), ())
    assert (found.all_connected.lower, found.guaranteed.availability) == (1, 1)


def states_of(chances: dict[object, float]) -> Iterator[tuple[float, set[object]]]:
    """Every state: its probability and what is down in it."""
    for pattern in product((False, True), repeat=len(chances)):
        probability = math.prod(
            chance if is_down else 1 - chance for chance, is_down in zip(chances.values(), pattern, strict=True)
        )
        yield probability, {part for part, is_down in zip(chances, pattern, strict=True) if is_down}


@settings(max_examples=60, deadline=None)
@given(drawn=networks())
def test_under_cuts_alone_the_exact_probability_lies_in_the_range(drawn: tuple[Scenario, Plan]) -> None:
    scenario, plan = drawn
    found = evaluate_availability(scenario, plan, HAND)
    chances: dict[object, float] = {item.conduit: 1 - item.uptime.availability for item in found.conduits}
    sites = [site.id for site in plan.sites]
    exact = dict.fromkeys(combinations(sites, 2), 0.0)
    all_up = 0.0
    for probability, down in states_of(chances):
        alive = [
            (path.a, path.z)
            for path in plan.lightpaths
            if not any(set(scenario.segment_by_id[item].conduits) & down for item in path.segments)
        ]
        roots = connected(sites, alive)
        all_up += probability * (len(set(roots.values())) == 1)
        for a, z in exact:
            exact[a, z] += probability * (roots[a] == roots[z])
    assert found.all_connected_cuts_only.lower - TOLERANCE <= all_up <= found.all_connected_cuts_only.upper + TOLERANCE
    for item in found.pairs:
        reach = item.protected_cuts_only
        assert reach.lower - TOLERANCE <= exact[item.a, item.z] <= reach.upper + TOLERANCE
        assert reach.upper - reach.lower <= found.unexamined + TOLERANCE
        assert item.unprotected_cuts_only.availability <= reach.upper + TOLERANCE


@settings(max_examples=40, deadline=None)
@given(drawn=networks(), data=st.data())
def test_with_equipment_the_exact_probability_lies_in_the_range_whichever_pairs_the_lightpaths_are_on(
    drawn: tuple[Scenario, Plan], data: st.DataObject
) -> None:
    scenario, plan = drawn
    plan = replace(plan, lightpaths=plan.lightpaths[:3])
    found = evaluate_availability(scenario, plan, HAND)
    chances: dict[object, float] = {item.conduit: 1 - item.uptime.availability for item in found.conduits}
    lit = {segment.segment_id: segment for segment in plan.segments}
    needs: list[tuple[tuple[str, str], set[object]]] = []
    for place, path in enumerate(plan.lightpaths):
        for copy in range(path.count):
            parts: set[object] = {(place, copy)}
            chances[place, copy] = 1 - 0.999**2
            for item in path.segments:
                on = (item, data.draw(st.integers(1, lit[item].pairs)))
                chances[on] = 1 - 0.99**2 * 0.9 ** (lit[item].spans - 1)
                parts |= {on, *scenario.segment_by_id[item].conduits}
            needs.append(((path.a, path.z), parts))
    sites = [site.id for site in plan.sites]
    exact = dict.fromkeys(combinations(sites, 2), 0.0)
    all_up = 0.0
    for probability, down in states_of(chances):
        roots = connected(sites, [ends for ends, parts in needs if not parts & down])
        all_up += probability * (len(set(roots.values())) == 1)
        for a, z in exact:
            exact[a, z] += probability * (roots[a] == roots[z])
    assert found.all_connected.lower - TOLERANCE <= all_up <= found.all_connected.upper + TOLERANCE
    for item in found.pairs:
        assert item.protected.lower - TOLERANCE <= exact[item.a, item.z] <= item.protected.upper + TOLERANCE
        assert item.unprotected.availability <= exact[item.a, item.z] + TOLERANCE


def figures_of(found: PlanAvailability) -> list[float]:
    """Everything that more reliable parts may not lower."""
    return [
        found.all_connected.lower, found.all_connected_cuts_only.lower, found.all_connected.upper,
        found.guaranteed.availability,
        *(item.uptime.availability for item in found.conduits),
        *(value for item in found.lightpaths for value in (item.uptime.availability, item.cuts_only.availability)),
        *(
            value
            for item in found.pairs
            for value in (
                item.unprotected.availability, item.unprotected_cuts_only.availability, item.protected.lower,
                item.protected.upper, item.protected_cuts_only.lower,
            )
        ),
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    drawn=networks(),
    repair=st.sampled_from(["cut_repair_h", "transceiver_repair_h", "terminal_repair_h", "amplifier_repair_h"]),
    hours=st.tuples(st.floats(0, 100), st.floats(0, 100)),
)
def test_more_repair_time_never_raises_availability(
    drawn: tuple[Scenario, Plan], repair: str, hours: tuple[float, float]
) -> None:
    scenario, plan = drawn
    short, long = (evaluate_availability(scenario, plan, catalog_with(**{repair: value})) for value in sorted(hours))
    blur = TOLERANCE + short.unexamined + long.unexamined  # the ends of ranges leave out what was not examined
    assert all(much >= less - blur for much, less in zip(figures_of(short), figures_of(long), strict=True))


@settings(max_examples=40, deadline=None)
@given(drawn=networks())
def test_adding_a_lightpath_over_lit_fiber_never_lowers_availability(drawn: tuple[Scenario, Plan]) -> None:
    scenario, plan = drawn
    # a lightpath that lights a longer segment of a conduit lengthens that conduit, so only lit fiber is looked at
    without = replace(plan, lightpaths=plan.lightpaths[1:])
    before, after = (evaluate_availability(scenario, item, HAND) for item in (without, plan))
    lengths = {item.conduit: item.length_km for item in after.conduits}
    assume(all(lengths[item.conduit] == item.length_km for item in before.conduits))
    blur = TOLERANCE + before.unexamined + after.unexamined
    for less, more in zip(before.pairs, after.pairs, strict=True):
        assert more.unprotected.availability >= less.unprotected.availability - blur
        assert more.unprotected_cuts_only.availability >= less.unprotected_cuts_only.availability - blur
        assert more.protected_cuts_only.upper >= less.protected_cuts_only.lower - blur
        assert more.protected.lower >= less.protected.lower - blur
    assert after.all_connected_cuts_only.lower >= before.all_connected_cuts_only.lower - blur


@settings(max_examples=30, deadline=None)
@given(drawn=networks(), most=st.integers(1, 8))
def test_fewer_states_give_a_wider_range_around_the_same_value(drawn: tuple[Scenario, Plan], most: int) -> None:
    scenario, plan = drawn
    numbers = {site.id: place for place, site in enumerate(plan.sites)}
    joins = [
        Join(
            ends=(min(numbers[path.a], numbers[path.z]), max(numbers[path.a], numbers[path.z])),
            parts=frozenset(("conduit", c) for item in path.segments for c in scenario.segment_by_id[item].conduits),
        )
        for path in plan.lightpaths
    ]
    down = {part: 0.2 for join in joins for part in join.parts}
    exact = connectivity(len(numbers), joins, down)
    rough = connectivity(len(numbers), joins, down, most_states=most)
    assert exact.unexamined == pytest.approx(0, abs=TOLERANCE)
    assert rough.unexamined >= exact.unexamined
    assert (rough.apart <= exact.apart + TOLERANCE).all()
    assert (exact.apart <= rough.apart + rough.unexamined + TOLERANCE).all()


def test_counts_of_failures_are_binomial_when_all_are_alike() -> None:
    import numpy as np

    counts = down_counts(np.full(5, 0.25))
    assert list(counts) == pytest.approx([math.comb(5, n) * 0.25**n * 0.75 ** (5 - n) for n in range(6)])


def a_hundred_conduits(chances: list[float], **limits: int) -> Connectivity:
    """No grouping helps here: 100 joins of one conduit each, between 15 sites."""
    ends = list(combinations(range(15), 2))[:100]
    joins = [Join(ends=pair, parts=frozenset({("conduit", str(n))})) for n, pair in enumerate(ends)]
    return connectivity(15, joins, {("conduit", str(n)): chance for n, chance in enumerate(chances)}, **limits)


def test_what_is_left_of_a_hundred_conduits_is_the_width_of_the_range() -> None:
    # four of the hundred at once would be 3,921,225 more states; four of 38 are 73,815, of 39 already 82,251
    found = a_hundred_conduits([1e-3] * 100, most_states=1 + 100 + 4950 + 161_700 + 80_000)
    assert found.most_down == 3
    binomial = [math.comb(100, n) * 1e-3**n * 0.999 ** (100 - n) for n in range(4)]
    four_of_38 = 73_815 * 1e-3**4 * 0.999**96
    assert found.unexamined == pytest.approx(1 - sum(binomial) - four_of_38, rel=1e-6)


def test_the_likeliest_conduits_are_looked_at_first() -> None:
    # all states of one cut, and those of two of the 10 likely conduits: 45
    found = a_hundred_conduits([1e-6] * 45 + [0.1] * 10 + [1e-6] * 45, most_states=101 + 45)
    assert found.most_down == 1
    small = (1 - 1e-6) ** 90
    none_or_one = small * (0.9**10 + 10 * 0.1 * 0.9**9) + 90e-6 * (1 - 1e-6) ** 89 * 0.9**10
    assert found.unexamined == pytest.approx(1 - none_or_one - small * 45 * 0.1**2 * 0.9**8, rel=1e-9)


def test_a_real_plan_carries_its_availability_through_json() -> None:
    plan = td.plan(td.load_scenario("sample_sites/two-campus"), gap=0.0)
    found = plan.availability
    assert found is not None
    (only,) = found.pairs
    assert only.unprotected.availability < only.protected_cuts_only.lower <= only.protected_cuts_only.upper < 1
    assert only.protected.lower <= only.protected.upper
    assert any("4.39 cuts a year" in line for line in found.basis)
    assert decode_json(encode_json(plan), Plan, what="plan").availability == found
