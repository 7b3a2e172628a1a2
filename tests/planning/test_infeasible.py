"""When no plan exists the answer names the clashing limits, and its relief, applied, makes a plan possible."""

import dataclasses
import random
import time

import networkx as nx
import pytest

import topodesign as td
from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Relief, SolveLimits
from topodesign.domain.scenario import Traffic
from topodesign.planning.halting import Halt
from topodesign.planning.infeasibility import apply_relief, explain_infeasibility
from topodesign.planning.infeasible_conflict import smallest_conflict
from topodesign.planning.infeasible_easing import Question
from topodesign.planning.infeasible_ladders import ease_ladder
from topodesign.planning.infeasible_limits import limit_groups, without
from topodesign.planning.infeasible_probe import Prober
from topodesign.planning.infeasible_sites import ease_sites
from topodesign.planning.solve import solve

LIMITS = SolveLimits(time_limit_s=60.0, gap=0.05)


@pytest.fixture(name="campus")
def campus_fixture():
    return td.load_scenario("sample_sites/two-campus")


@pytest.fixture(name="nova", scope="module")
def nova_fixture():
    return td.load_scenario("sample_sites/regional-nova")


@pytest.fixture(name="us", scope="module")
def us_fixture():
    return td.load_scenario("sample_sites/us-multi-region")


def explained(scenario):
    return explain_infeasibility(scenario, load_catalog(scenario.catalog_overrides))


def explained_and_relieved(scenario, *clashing):
    """The explanation, once it is shown that a plan made from scratch with its relief passes the verifier."""
    why = explained(scenario)
    assert {clash.limit for clash in why.clashing} == set(clashing)
    assert why.relief
    assert "; confirmed by a plan" in why.message
    plan = td.plan(apply_relief(scenario, why.relief), time_limit_s=60, gap=0.05)
    assert plan.status in ("optimal", "feasible")
    assert plan.verified
    return why


def with_policy(scenario, **values):
    return dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, **values))


def with_sites(scenario, **values):
    return dataclasses.replace(scenario, sites=tuple(dataclasses.replace(site, **values) for site in scenario.sites))


def with_pairs(scenario, pairs):
    return dataclasses.replace(
        scenario,
        segments=tuple(
            dataclasses.replace(segment, pairs_available=pairs, lit_pairs=0, build_pairs=0)
            for segment in scenario.segments
        ),
    )


def as_tree(scenario):
    """The shortest segments that join all nodes, and no others: each is a bridge."""
    joined = nx.utils.UnionFind()
    kept = []
    for segment in sorted(scenario.segments, key=lambda item: (item.length_km, item.segment_id)):
        if joined[segment.a] != joined[segment.b]:
            joined.union(segment.a, segment.b)
            kept.append(segment)
    return dataclasses.replace(scenario, segments=tuple(kept))


# The four questions that any user asks sooner or later.


def test_more_power_than_the_united_states_sample_has(us):
    huge = dataclasses.replace(us, size=dataclasses.replace(us.size, accelerators=9_000_000))
    why = explained_and_relieved(huge, "size.accelerators", "zone.headroom_mw")
    # 1,954 pods x 4608 x 1875 W are 16,882 MW of IT; with the least PUE of the sample's sites that is what zones must
    # hold at least, and all zones together hold 14,810 MW
    least = 1954 * 4608 * 1875 / 1e6 * min(site.pue for site in us.sites) - sum(zone.headroom_mw for zone in us.zones)
    assert sum(item.to_value - item.from_value for item in why.relief) > least
    assert "the least relief of its kind" in why.message


def test_one_millisecond_over_the_united_states(us):
    near = with_policy(us, max_rtt_ms=1.0)
    why = explained_and_relieved(near, "policy.max_rtt_ms", "policy.min_sites")
    (relief,) = why.relief
    assert (relief.limit, relief.from_value, relief.unit) == ("policy.max_rtt_ms", 1.0, "ms")
    # a microsecond stricter leaves no plan: the relief is the least
    assert solve(with_policy(us, max_rtt_ms=relief.to_value - 0.002), limits=LIMITS).stopped_by == "proof"


def test_no_fiber_pairs_anywhere(nova):
    why = explained_and_relieved(with_pairs(nova, 0), "fiber.pairs_available", "policy.min_sites")
    assert {item.limit for item in why.relief} == {"fiber.pairs_available"}
    # The partition of four used sites (min_sites) into single ones asks for 3 x 5 Pbit/s of lightpaths, each over at
    # least one segment; the densest modes (400 Gbit/s in 75 GHz) put 25.6 Tbit/s on a pair: 15,000 / 25.6 = 585.9 pairs
    assert sum(item.to_value - item.from_value for item in why.relief) >= 586


@pytest.mark.parametrize("sample", ["nova", "us"])
def test_survival_of_conduits_on_a_tree(sample, request):
    tree = as_tree(request.getfixturevalue(sample))
    why = explained_and_relieved(tree, "policy.survive conduit", "policy.min_sites")
    # every segment is a bridge, so nothing survives its cut
    (relief,) = why.relief
    assert (relief.limit, relief.to_value) == ("policy.survivable_fraction", 0.0)


# Figures that can be worked out by hand on two campuses.


def test_too_little_power_says_by_how_many_mw(campus):
    # two pods of 2.5 MW are wanted; transceivers add 0.0003 MW per campus. A zone of 4 MW lacks 1 MW (and a watt for
    # the light).
    short = dataclasses.replace(campus, zones=(dataclasses.replace(campus.zones[0], headroom_mw=4.0),))
    why = explained_and_relieved(short, "size.accelerators", "zone.headroom_mw")
    (relief,) = why.relief
    assert (relief.limit, relief.from_value) == ("zone.headroom_mw", 4.0)
    assert relief.to_value == pytest.approx(5.0, abs=0.01)
    assert "MW" in why.message


def test_too_few_pairs_of_fiber(campus):
    # 50 x 3,200 Gbit/s = 160 Tbit/s must be left when one of the two fibers is cut; a pair carries 64 x 400 Gbit/s =
    # 25.6 Tbit/s: 6.25, so 7 pairs on each, of which 4 are on offer
    workload = dataclasses.replace(campus.workload, parameters=campus.workload.parameters * 50)
    thin = dataclasses.replace(campus, workload=workload)
    why = explained_and_relieved(
        thin, "fiber.pairs_available", "policy.survive conduit", "policy.min_sites", "workload.sync_time_s"
    )
    assert [(item.id, item.from_value, item.to_value) for item in why.relief] == [("north", 4, 7), ("south", 4, 7)]
    for item in why.relief:
        less = [dataclasses.replace(other, to_value=other.to_value - (other is item)) for other in why.relief]
        assert solve(apply_relief(thin, less), limits=LIMITS).status == "infeasible"


def test_a_dark_pair_on_each_of_two_fibers_is_enough(campus):
    why = explained_and_relieved(with_pairs(campus, 0), "fiber.pairs_available", "policy.min_sites")
    assert [(item.id, item.to_value) for item in why.relief] == [("north", 1), ("south", 1)]
    assert "the least relief of its kind" in why.message


def test_a_round_trip_limit_that_parts_the_sites(campus):
    # the shorter fiber is 40 km: 2 x (40 km x 1.468 / 299,792.458 km/s + 5 us of transceivers) = 0.40174 ms
    near = with_policy(campus, max_rtt_ms=0.1)
    why = explained_and_relieved(near, "policy.max_rtt_ms", "policy.min_sites")
    (relief,) = why.relief
    assert relief.to_value == 0.402
    assert solve(with_policy(campus, max_rtt_ms=relief.to_value - 0.002), limits=LIMITS).status == "infeasible"


def test_a_single_fiber_cannot_survive_its_cut(campus):
    single = dataclasses.replace(campus, segments=campus.segments[:1])
    explained_and_relieved(single, "policy.survive conduit", "policy.min_sites")


def test_two_fibers_cannot_survive_the_loss_of_both(campus):
    why = explained_and_relieved(
        with_policy(campus, survive=("conduit-pair",)), "policy.survive conduit-pair", "policy.min_sites"
    )
    assert [(item.limit, item.to_value) for item in why.relief] == [("policy.survivable_fraction", 0.0)]
    assert "the least relief of its kind" in why.message


def test_the_share_that_survives_is_the_largest_that_the_pairs_allow(campus):
    # 50 x 3,200 Gbit/s = 160 Tbit/s with everything up fit on 4 + 4 pairs of 25.6 Tbit/s; after a cut 4 pairs are left:
    # 102.4 / 160 = 0.64. Other limits are out of the question here, so the ladder is asked by itself.
    workload = dataclasses.replace(campus.workload, parameters=campus.workload.parameters * 50)
    thin = dataclasses.replace(campus, workload=workload)
    catalog = load_catalog(thin.catalog_overrides)
    prober = Prober(catalog, Halt())
    groups = tuple(group for group in limit_groups(thin, catalog) if group.name == "policy.survive conduit")
    fallback = prober.probe(without(thin, groups))
    question = Question(scenario=thin, groups=groups, fallback=fallback)
    eased = ease_ladder(question, prober)
    assert [item.to_value for item in eased.relief] == [0.64]
    assert eased.is_least
    assert td.plan(apply_relief(thin, eased.relief), time_limit_s=30, gap=0.05).verified


def test_a_demand_matrix_over_a_single_fiber_cannot_survive_its_cut(campus):
    a, b = (site.site_id for site in campus.sites)
    matrix = dataclasses.replace(
        campus,
        segments=campus.segments[:1],
        workload=dataclasses.replace(campus.workload, demand="matrix"),
        traffic=(Traffic(a=a, b=b, gbps=3200.0),),
    )
    why = explained_and_relieved(matrix, "policy.survive conduit")
    assert [(item.limit, item.to_value) for item in why.relief] == [("policy.survivable_fraction", 0.0)]


def test_a_single_zone_cannot_hold_half_of_the_pods_only(campus):
    # all pods are in the only zone, so its share is 1 whatever else is given up: the limit clashes with nothing
    why = explained_and_relieved(with_policy(campus, max_zone_share=0.5), "policy.max_zone_share")
    assert [item.to_value for item in why.relief] == [1.0]


def test_a_forbidden_site_that_the_counts_need(campus):
    closed = dataclasses.replace(
        campus, sites=(dataclasses.replace(campus.sites[0], forbidden=True), *campus.sites[1:])
    )
    why = explained_and_relieved(closed, "site.forbidden", "policy.min_sites")
    assert [(item.limit, item.id, item.to_value) for item in why.relief] == [
        ("site.forbidden", campus.sites[0].site_id, 0.0)
    ]


def test_most_pods_that_are_too_few(campus):
    # six pods at two sites of at most one each: four more in all
    wanted = dataclasses.replace(
        with_sites(campus, max_pods=1, power_mw=100.0),
        size=dataclasses.replace(campus.size, accelerators=6000),
        zones=(dataclasses.replace(campus.zones[0], headroom_mw=100.0),),
    )
    why = explained_and_relieved(wanted, "site.max_pods", "size.accelerators")
    assert {item.limit for item in why.relief} == {"site.max_pods"}
    assert sum(item.to_value - item.from_value for item in why.relief) == 4


def test_a_cap_on_carbon_below_what_the_pods_emit(campus):
    # 5 MW x 0.5 x 8,760 h x g/kWh / 1000 of the zone's power, and the light's on top
    tonnes = 5 * 0.5 * 8760 * campus.zones[0].carbon_g_per_kwh / 1000
    assert tonnes > 0
    why = explained_and_relieved(
        with_policy(campus, carbon_t_per_year=tonnes / 2), "policy.carbon_t_per_year", "size.accelerators"
    )
    (relief,) = why.relief
    assert tonnes < relief.to_value < 1.02 * tonnes


def test_too_few_sites_for_the_size(campus):
    # 10 MW each hold four pods of 2.5 MW: eight do not fit in one site
    one = dataclasses.replace(
        with_policy(with_sites(campus, power_mw=10.1, max_pods=4), min_sites=1, max_sites=1),
        size=dataclasses.replace(campus.size, accelerators=8000),
        zones=(dataclasses.replace(campus.zones[0], headroom_mw=100.0),),
    )
    why = explained(one)
    assert "size.accelerators" in {clash.limit for clash in why.clashing}
    assert td.plan(apply_relief(one, why.relief), time_limit_s=30, gap=0.05).verified


def test_two_clashes_at_once_are_both_relieved(campus):
    short = dataclasses.replace(campus, zones=(dataclasses.replace(campus.zones[0], headroom_mw=4.0),))
    why = explained_and_relieved(
        with_policy(short, max_rtt_ms=0.1),
        "size.accelerators",
        "zone.headroom_mw",
        "policy.max_rtt_ms",
        "policy.min_sites",
    )
    assert {item.limit for item in why.relief} == {"zone.headroom_mw", "policy.max_rtt_ms"}


def test_no_compute_site_at_all(campus):
    why = explained(with_sites(campus, role="hub"))
    assert not why.relief
    assert "add compute sites" in why.message


# Laws.


def test_every_clashing_limit_is_needed_for_the_clash(campus):
    workload = dataclasses.replace(campus.workload, parameters=campus.workload.parameters * 50)
    thin = dataclasses.replace(campus, workload=workload)
    catalog = load_catalog(thin.catalog_overrides)
    clashing = {clash.limit for clash in explained(thin).clashing}
    groups = limit_groups(thin, catalog)
    others = [group for group in groups if group.name not in clashing]
    assert solve(without(thin, others), limits=LIMITS, catalog=catalog).stopped_by == "proof"
    for name in sorted(clashing):
        fewer = without(thin, [*others, *(group for group in groups if group.name == name)])
        assert solve(fewer, limits=LIMITS, catalog=catalog).status in ("optimal", "feasible"), name


@pytest.mark.parametrize("seed", range(8))
def test_relief_of_random_scenarios_makes_them_feasible(random_scenario, seed):
    draw = random.Random(seed)
    scenario = with_policy(
        with_pairs(random_scenario(seed), draw.choice((0, 1))), min_sites=3, max_rtt_ms=draw.uniform(0.05, 0.6)
    )
    why = explained(scenario)
    assert why.clashing
    assert td.plan(apply_relief(scenario, why.relief), time_limit_s=30, gap=0.5).verified


@pytest.mark.parametrize("seed", range(200))
def test_the_conflict_is_irreducible_for_any_limits(seed):
    # limits clash when they contain one of a few hidden sets
    draw = random.Random(seed)
    limits = list(range(draw.randint(1, 12)))
    hidden = [frozenset(draw.sample(limits, draw.randint(1, len(limits)))) for _ in range(draw.randint(1, 4))]

    def is_infeasible(kept):
        return any(clash <= set(kept) for clash in hidden)

    found = smallest_conflict(limits, is_infeasible)
    assert is_infeasible(found)
    for item in found:
        assert not is_infeasible([other for other in found if other != item])


def test_a_conflict_of_two_in_sixteen_takes_few_questions():
    asked = []

    def is_infeasible(kept):
        asked.append(kept)
        return {3, 11} <= set(kept)

    assert sorted(smallest_conflict(range(16), is_infeasible)) == [3, 11]
    assert len(asked) < 16  # what a filter that deletes one by one would ask


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        # both are required, but max_sites is 1: one must be let go
        ("site.required", {"required": True}, 1.0),
        # at least three pods at each of two sites, but a zone of 10.1 MW holds four of 2.5 MW: two less in all
        ("site.min_pods", {"min_pods": 3}, 2.0),
    ],
)
def test_what_was_decided_for_sites_gives_way_least(campus, name, change, expected):
    scenario = with_policy(with_sites(campus, power_mw=30.0, **change), min_sites=1)
    if name == "site.required":
        scenario = with_policy(scenario, max_sites=1)
    else:
        scenario = dataclasses.replace(
            with_policy(scenario, min_sites=2),
            size=dataclasses.replace(campus.size, accelerators=4000),
            zones=(dataclasses.replace(campus.zones[0], headroom_mw=10.1),),
        )
    catalog = load_catalog(scenario.catalog_overrides)
    prober = Prober(catalog, Halt())
    groups = tuple(group for group in limit_groups(scenario, catalog) if group.name == name)
    fallback = prober.probe(without(scenario, groups))
    question = Question(scenario=scenario, groups=groups, fallback=fallback)
    eased = ease_sites(question, prober)
    assert eased.is_least
    assert sum(item.from_value - item.to_value for item in eased.relief) == expected
    assert td.plan(apply_relief(scenario, eased.relief), time_limit_s=30, gap=0.05).verified


# Limits of time, and misuse.


def test_a_request_to_stop_ends_the_explanation(us):
    huge = dataclasses.replace(us, size=dataclasses.replace(us.size, accelerators=9_000_000))
    why = explain_infeasibility(huge, load_catalog(huge.catalog_overrides), should_stop=lambda: True)
    assert not why.relief
    assert "the time was too short" in why.message.lower()


def test_a_deadline_in_the_past_ends_the_explanation(campus):
    catalog = load_catalog(campus.catalog_overrides)
    why = explain_infeasibility(with_pairs(campus, 0), catalog, deadline=time.monotonic() - 1)
    assert "confirmed by a plan" not in why.message


@pytest.mark.parametrize(
    ("limit", "owner", "reason"),
    [
        ("policy.colour", "", "RELIEF_UNKNOWN"),
        ("zone.headroom_mw", "nowhere", "REFERENCE_UNKNOWN"),
        ("site.power_mw", "nowhere", "REFERENCE_UNKNOWN"),
        ("fiber.pairs_available", "nowhere", "REFERENCE_UNKNOWN"),
    ],
)
def test_relief_that_does_not_fit_the_scenario_is_refused(campus, limit, owner, reason):
    with pytest.raises(InvalidInput) as caught:
        apply_relief(campus, [Relief(limit=limit, id=owner, from_value=0, to_value=1, unit="")])
    assert caught.value.reason == reason
