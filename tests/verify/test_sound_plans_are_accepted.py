"""Plans that were worked out by hand verify clean, with the verifier's numbers equal to the hand's."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Policy
from topodesign.verify import verify_plan


def test_two_sites_with_cost_by_hand(two_sites: Any) -> None:
    finding = verify_plan(two_sites.scenario, two_sites.plan, catalog=two_sites.catalog)
    assert finding.violations == ()
    assert finding.valid
    assert finding.cost_usd == 7_071_163.44
    assert finding.strength_gbps == 2400
    assert {state.failure: (state.strength_gbps, state.required_gbps) for state in finding.failures} == {
        "none": (2400, 1000),
        "conduit duct-1": (1200, 1000),
        "conduit s2": (1200, 1000),
    }


def test_three_sites_with_regeneration_build_and_lit_fiber(three_sites: Any) -> None:
    finding = verify_plan(three_sites.scenario, three_sites.plan, catalog=three_sites.catalog)
    assert finding.violations == ()
    assert finding.cost_usd == 6_173_271.83
    assert finding.strength_gbps == 1200
    strengths = {state.failure: state.strength_gbps for state in finding.failures}
    assert strengths.pop("none") == 1200
    assert set(strengths) == {
        "conduit ab",
        "conduit bj",
        "conduit jc",
        "conduit ch",
        "conduit ha",
        "site a",
        "site b",
        "site c",
        "site h",
    }
    assert set(strengths.values()) == {800}


def test_ring_of_four_needs_partitions_beyond_cuts(ring_of_four: Any) -> None:
    finding = verify_plan(ring_of_four.scenario, ring_of_four.plan, catalog=ring_of_four.catalog)
    assert finding.violations == ()
    assert finding.strength_gbps == 1600


def test_every_cut_of_the_ring_is_wide_enough_but_its_strength_is_not(ring_of_four: Any) -> None:
    # B = 2000: every two-block cut has 2 x 1200 = 2400 >= 2000, but the four single sites have 4800 < 3 x 2000.
    workload = dataclasses.replace(ring_of_four.scenario.workload, sync_time_s=1.0)
    scenario = dataclasses.replace(ring_of_four.scenario, workload=workload, policy=Policy(survive=("none",)))
    finding = verify_plan(scenario, ring_of_four.plan, catalog=ring_of_four.catalog)
    assert [(item.rule, item.value, item.limit) for item in finding.violations] == [("strength", 1600, 2000)]


def test_zone_loss_leaves_the_other_zone_alone(three_sites: Any) -> None:
    # Losing zb leaves a and b with 800; losing za leaves c alone, which is unbounded.
    policy = dataclasses.replace(three_sites.scenario.policy, survive=("zone",))
    scenario = dataclasses.replace(three_sites.scenario, policy=policy)
    finding = verify_plan(scenario, three_sites.plan, catalog=three_sites.catalog)
    assert finding.violations == ()
    strengths = {state.failure: state.strength_gbps for state in finding.failures}
    assert strengths == {"none": 1200, "zone za": None, "zone zb": 800}


def test_pairs_of_conduits_can_split_a_ring(three_sites: Any) -> None:
    policy = dataclasses.replace(three_sites.scenario.policy, survive=("conduit-pair",))
    scenario = dataclasses.replace(three_sites.scenario, policy=policy)
    finding = verify_plan(scenario, three_sites.plan, catalog=three_sites.catalog)
    broken = {item.id for item in finding.violations}
    # ch and ha lie on one lightpath, as do bj and jc: those two pairs leave the other two sides, the other 8 do not
    assert len(broken) == 8
    assert "conduit ch + conduit ha" not in broken
    assert {item.value for item in finding.violations} == {0}


def test_a_single_site_needs_no_link(two_sites: Any, reread: Callable[..., Plan]) -> None:
    policy = Policy(survive=("conduit",))
    size = dataclasses.replace(two_sites.scenario.size, accelerators=3000)
    scenario = dataclasses.replace(two_sites.scenario, policy=policy, size=size)
    plan = reread(two_sites, {"sites": [{"id": "a", "pods": 3}]})
    finding = verify_plan(scenario, plan, catalog=two_sites.catalog)
    assert finding.violations == ()
    assert finding.strength_gbps is None


def test_a_plan_that_states_decisions_only_is_completed(two_sites: Any, reread: Callable[..., Plan]) -> None:
    # the keys that docs list for lightpaths and segments, and nothing that follows from them
    record = {
        "sites": [{"id": "a", "pods": 3}, {"id": "b", "pods": 2}],
        "lightpaths": [
            {"a": "a", "z": "b", "mode": "m400", "count": 3, "segments": [segment]} for segment in ("s1", "s2")
        ],
        "segments": [{"segment_id": "s1", "pairs": 1}, {"segment_id": "s2", "pairs": 1}],
    }
    plan = reread(two_sites, record)
    finding = verify_plan(two_sites.scenario, plan, catalog=two_sites.catalog)
    assert finding.violations == ()
    assert plan.cost_usd == 7_071_163.44


@pytest.mark.parametrize(("inner_steps", "utilization"), [(1, 0.5), (10, 0.9)])
def test_demand_from_utilization(two_sites: Any, inner_steps: int, utilization: float) -> None:
    # Tc = 6 x 1e11 x 4e6 tokens / (0.4 x 1000e12 x 5000) = 1.2 s; T = H Tc (1/U - 1): 1.2 s, then 10 x 1.2 / 9 s
    # B = 1.6e12 / (0.8 T) = 1666.67, then 1500 Gbit/s
    workload = dataclasses.replace(
        two_sites.scenario.workload,
        sync_time_s=None,
        utilization=utilization,
        inner_steps=inner_steps,
        global_batch_tokens=4e6,
    )
    scenario = dataclasses.replace(two_sites.scenario, workload=workload)
    plan = dataclasses.replace(two_sites.plan, sync=None)
    finding = verify_plan(scenario, plan, catalog=two_sites.catalog)
    assert finding.failures[0].required_gbps == pytest.approx({1: 5000 / 3, 10: 1500}[inner_steps], rel=1e-12)
    assert {item.rule for item in finding.violations} == {"strength_after_failure"}  # 1200 < B


def test_every_rule_is_listed_once(two_sites: Any) -> None:
    finding = verify_plan(two_sites.scenario, two_sites.plan, catalog=two_sites.catalog)
    assert len(finding.checks) == len(set(finding.checks))
    assert {"site_power", "reach_gsnr", "strength_after_failure", "cost_item"} <= set(finding.checks)
