"""The difference of two plans of the scenario that is worked out by hand."""

import dataclasses
import json
import math

import pytest

import topodesign as td
from topodesign.cli.app import run
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


def test_the_command_prints_one_document(plans, tmp_path, capfd):
    for name, plan in zip(("a", "b"), plans, strict=True):
        plan.save(tmp_path / name)
    assert run(["diff", str(tmp_path / "a"), str(tmp_path / "b" / "plan.json"), "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["cost_delta_usd"] == td.diff_plans(*plans).cost_delta_usd
    assert run(["diff", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert "lightpaths added" in capfd.readouterr().out
