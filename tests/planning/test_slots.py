"""Pairs are counted after every lightpath has its slots, also where these take more than the spectrum alone."""

from dataclasses import replace

import pytest

import topodesign as td
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import (
    FiberSegment,
    Junction,
    OpticsRules,
    Policy,
    PowerZone,
    Scenario,
    Site,
    Size,
    Workload,
)


def star(*, pairs: tuple[int, int, int], has_second_star: bool = False) -> Scenario:
    """Three sites around a junction, and perhaps around a second one that is farther away.

    B = 8e10 x 16 bit / (0.8 x 1 s) = 1,600 Gbit/s are two lightpaths of 800 Gbit/s. Strength B of three sites takes 2 B
    in all, so 4 lightpaths, and 2 at each site. On a grid of 1,600 GHz a pair of 4,800 GHz has 3 channels. One pair on
    each segment has spectrum enough: 2 + 1 + 1 lightpaths are 3, 3 and 2 channels on the segments. But any two of
    them meet somewhere, so that they need 4 different channels.
    """
    names = ("a", "b", "c")
    segments = [
        FiberSegment(segment_id=f"{name}-{hub}", a=name, b=hub, length_km=length, pairs_available=count)
        for hub, length in ((("j", 30.0), ("k", 60.0)) if has_second_star else (("j", 30.0),))
        for name, count in zip(names, pairs, strict=True)
    ]
    return Scenario(
        name="star",
        sites=tuple(Site(site_id=name, lon=n, lat=40, zone_id="z", power_mw=20) for n, name in enumerate(names)),
        zones=(PowerZone(zone_id="z", headroom_mw=60),),
        junctions=(Junction(node_id="j", lon=1, lat=41), Junction(node_id="k", lon=1, lat=39)),
        segments=tuple(segments),
        workload=Workload(parameters=8e10, sync_time_s=1.0),
        size=Size(pod_accelerators=1000, accelerators=3000),
        policy=Policy(min_sites=3, survive=("none",)),
        optics=OpticsRules(grid_ghz=1600, modes=("openroadm-800",)),
    )


def planned(scenario: Scenario) -> Plan:
    return td.plan(scenario, time_limit_s=20.0, gap=0.0, threads=1)


def pairs_of(plan: Plan) -> dict[str, int]:
    return {segment.segment_id: segment.pairs for segment in plan.segments}


def test_slots_that_need_another_pair_get_it() -> None:
    plan = planned(star(pairs=(2, 2, 2)))
    assert plan.verified
    assert sum(path.count for path in plan.lightpaths) == 4
    assert sum(pairs_of(plan).values()) == 4  # the spectrum alone takes 3


def test_where_no_pair_is_left_lightpaths_go_another_way() -> None:
    plan = planned(star(pairs=(1, 1, 1), has_second_star=True))
    assert plan.verified
    assert sum(path.count for path in plan.lightpaths) == 4
    assert any(segment.endswith("-k") for segment in pairs_of(plan))


def test_without_slots_for_any_design_there_is_no_plan_and_no_claim_of_a_proof() -> None:
    plan = planned(star(pairs=(1, 1, 1)))
    assert (plan.status, plan.stopped_by, plan.infeasibility) == ("limit", "work_limit", None)


@pytest.mark.parametrize("name", ["two-campus", "regional-nova"])
def test_every_lightpath_of_a_plan_has_its_slots(name: str) -> None:
    scenario = td.load_scenario(f"sample_sites/{name}")
    plan = td.plan(scenario, time_limit_s=20.0, gap=0.01)
    assert plan.verified
    for path in plan.lightpaths:
        for stretch in range(len(path.regenerations) + 1):
            assert sum(run.channels for run in path.spectrum if run.stretch == stretch) == path.count
    without = replace(plan, lightpaths=tuple(replace(path, spectrum=()) for path in plan.lightpaths), links=())
    rules = {violation.rule for violation in td.verify(scenario, without).violations}
    assert rules == {"links"}  # the links are gone; slots of its own the verifier does find
