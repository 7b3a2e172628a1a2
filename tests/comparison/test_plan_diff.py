"""The difference of two plans of the scenario that is worked out by hand."""

import dataclasses
import json
import math

import pytest
from kept_plans import keep_plan

import topodesign as td
from topodesign.cli.app import run
from topodesign.comparison.inputs import diff_inputs
from topodesign.domain.errors import InvalidInput


@pytest.fixture(name="plans", scope="module")
def plans_fixture():
    """The plan worked out by hand, and that of twice the parameters: the same sites with more light between them."""
    campus = td.load_scenario("sample_sites/two-campus")
    doubled = dataclasses.replace(
        campus, workload=dataclasses.replace(campus.workload, parameters=2 * campus.workload.parameters)
    )
    return td.plan(campus, gap=0.0), td.plan(doubled, gap=0.0)


def test_a_plan_does_not_differ_from_itself(plans):
    diff = td.diff_plans(plans[0], plans[0])
    assert diff.is_same
    assert diff.costs == ()
    assert diff.cost_delta_usd == 0.0


def test_twice_the_parameters_add_as_many_lightpaths_as_there_were(plans):
    before, after = plans
    diff = td.diff_plans(before, after)
    assert diff.sites == ()  # the same pods at the same sites
    assert diff.works.lightpaths_added - diff.works.lightpaths_removed == sum(p.count for p in after.lightpaths) - sum(
        p.count for p in before.lightpaths
    )
    assert math.fsum(cost.delta_usd for cost in diff.costs) == pytest.approx(diff.cost_delta_usd, abs=0.005)
    assert diff.cost_delta_usd == pytest.approx(after.cost_usd - before.cost_usd, abs=0.005)
    assert diff.strength_gbps == (before.sync.strength_gbps, after.sync.strength_gbps)


def test_the_way_back_is_the_opposite(plans):
    there, back = td.diff_plans(*plans), td.diff_plans(*reversed(plans))
    assert there.cost_delta_usd == -back.cost_delta_usd
    assert there.works.pairs_lit == back.works.pairs_darkened
    assert there.works.lightpaths_added == back.works.lightpaths_removed


def test_a_lightpath_told_from_its_other_end_is_the_same(plans):
    plan = plans[0]
    turned = dataclasses.replace(
        plan,
        lightpaths=tuple(
            dataclasses.replace(path, a=path.z, z=path.a, segments=tuple(reversed(path.segments)))
            for path in plan.lightpaths
        ),
    )
    assert td.diff_plans(plan, turned).is_same


def test_an_infeasible_answer_has_no_difference(plans):
    empty = dataclasses.replace(plans[0], status="infeasible", cost_usd=None, sites=())
    with pytest.raises(InvalidInput, match="after"):
        td.diff_plans(plans[0], empty)


def test_links_proof_and_inputs_are_told_too(plans):
    before, after = plans
    diff = td.diff_plans(before, after)
    (change,) = diff.inputs  # twice the parameters, and nothing else
    assert (change.path, change.before, change.after) == ("workload.parameters", "160000000000.0", "320000000000.0")
    # README of two-campus: 8 lightpaths of 400 Gbit/s in each duct; twice the demand needs twice as many
    assert sum(link.capacity_gbps_before for link in diff.links) == 6_400
    assert sum(link.capacity_gbps_after for link in diff.links) == 12_800
    assert [proof.status for proof in diff.proof] == ["optimal", "optimal"]
    assert all(proof.verified and proof.gap <= 1e-6 for proof in diff.proof)
    alone = td.diff_plans(before, dataclasses.replace(after, scenario=None))
    assert alone.inputs is None


def test_things_that_only_one_scenario_has_are_one_change_and_routes_are_shortened(plans):
    campus = plans[0].scenario
    fewer = dataclasses.replace(campus, segments=campus.segments[:1])
    moved = dataclasses.replace(campus.sites[0], lon=campus.sites[0].lon + 0.1)
    other = dataclasses.replace(fewer, sites=(moved, *campus.sites[1:]))
    changes = {change.path: (change.before, change.after) for change in diff_inputs(campus, other)}
    assert changes == {"segments.south": ("present", None), "sites.campus-a.lon": ("-100.0", "-99.9")}
    assert diff_inputs(campus, campus) == ()


def test_the_command_prints_one_document(plans, tmp_path, capfd):
    for name, plan in zip(("a", "b"), plans, strict=True):
        keep_plan(plan.scenario, plan, tmp_path / name)
    assert run(["diff", str(tmp_path / "a"), str(tmp_path / "b" / "plan.json"), "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["cost_delta_usd"] == td.diff_plans(*plans).cost_delta_usd
    assert run(["diff", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    told = capfd.readouterr().out
    assert "lightpaths added" in told
    assert "  workload.parameters: 160000000000.0 -> 320000000000.0\n" in told  # from scenario.json in each folder
    assert "proof: optimal, verified, within" in told
