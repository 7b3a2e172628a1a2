"""When no plan exists the answer names the clashing limits, and its relief, applied, makes a plan possible."""

import dataclasses

import pytest

import topodesign as td
from topodesign.domain.plan import SolveLimits
from topodesign.planning.solve import solve

LIMITS = SolveLimits(time_limit_s=60.0, gap=0.05)


@pytest.fixture(name="campus")
def campus_fixture():
    return td.load_scenario("sample_sites/two-campus")


def relieved(scenario, infeasibility):
    """The scenario with every relief applied."""
    zones = {zone.zone_id: zone for zone in scenario.zones}
    sites = {site.site_id: site for site in scenario.sites}
    segments = {segment.segment_id: segment for segment in scenario.segments}
    policy = scenario.policy
    for item in infeasibility.relief:
        if item.limit == "zone.headroom_mw":
            zones[item.id] = dataclasses.replace(zones[item.id], headroom_mw=item.to_value)
        elif item.limit == "site.power_mw":
            sites[item.id] = dataclasses.replace(sites[item.id], power_mw=item.to_value)
        elif item.limit == "fiber.pairs_available":
            segments[item.id] = dataclasses.replace(segments[item.id], pairs_available=int(item.to_value))
        elif item.limit == "policy.max_rtt_ms":
            policy = dataclasses.replace(policy, max_rtt_ms=item.to_value)
        elif item.limit == "policy.survivable_fraction":
            policy = dataclasses.replace(policy, survivable_fraction=item.to_value)
        else:
            pytest.fail(f"unknown relief {item.limit}")
    return dataclasses.replace(
        scenario,
        zones=tuple(zones.values()),
        sites=tuple(sites.values()),
        segments=tuple(segments.values()),
        policy=policy,
    )


def assert_explained_and_relieved(scenario, limit):
    plan = solve(scenario, limits=LIMITS)
    assert plan.status == "infeasible"
    assert limit in {clash.limit for clash in plan.infeasibility.clashing}
    assert plan.infeasibility.relief
    better = solve(relieved(scenario, plan.infeasibility), limits=LIMITS)
    assert better.status in ("optimal", "feasible")
    return plan.infeasibility


def test_too_little_power_says_by_how_many_mw(campus):
    # two pods of 2.5 MW are wanted; transceivers add 0.0003 MW per campus. A zone of 4 MW lacks 1 MW (and a watt for
    # the light).
    short = dataclasses.replace(campus, zones=(dataclasses.replace(campus.zones[0], headroom_mw=4.0),))
    why = assert_explained_and_relieved(short, "zone.headroom_mw")
    (relief,) = why.relief
    assert relief.from_value == 4.0
    assert relief.to_value == pytest.approx(5.0, abs=0.01)
    assert "MW" in why.message


def test_power_of_the_real_us_scenario_cannot_hold_twenty_gigawatts():
    scenario = td.load_scenario("sample_sites/us-multi-region")
    huge = dataclasses.replace(scenario, size=dataclasses.replace(scenario.size, accelerators=9_000_000))
    plan = solve(huge, limits=LIMITS)
    assert plan.status == "infeasible"
    # 9e6 x 1875 W x PUE (1.15 to 1.25) is between 19.4 and 21.1 GW; eight sites of these zones hold far less
    assert sum(item.to_value - item.from_value for item in plan.infeasibility.relief) > 5000


def test_too_few_pairs_of_fiber(campus):
    # 3,200 Gbit/s need one pair on each of the two fibers; ten times that need more than the four on offer
    thin = dataclasses.replace(
        campus,
        workload=dataclasses.replace(campus.workload, parameters=campus.workload.parameters * 50),
    )
    assert_explained_and_relieved(thin, "fiber.pairs_available")


def test_a_round_trip_limit_that_parts_the_sites(campus):
    near = dataclasses.replace(campus, policy=dataclasses.replace(campus.policy, max_rtt_ms=0.1))
    why = assert_explained_and_relieved(near, "policy.max_rtt_ms")
    assert any(item.limit == "policy.max_rtt_ms" and item.unit == "ms" for item in why.relief)


def test_a_single_fiber_cannot_survive_its_cut(campus):
    tree = dataclasses.replace(campus, segments=campus.segments[:1])
    assert_explained_and_relieved(tree, "policy.survive conduit")


def test_no_pairs_anywhere(campus):
    dark = dataclasses.replace(
        campus, segments=tuple(dataclasses.replace(segment, pairs_available=0) for segment in campus.segments)
    )
    assert_explained_and_relieved(dark, "fiber.pairs_available")
