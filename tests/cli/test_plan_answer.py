"""What is said of a plan: goal, demand, clashes."""

from dataclasses import replace

import pytest
from outputs.hand_made_plans import Case, east_case

from topodesign.cli.plan_answer import describe_plan, report_infeasible, summary_document
from topodesign.domain.plan import Goal, Infeasibility, LimitClash, Plan, Relief, Sync
from topodesign.domain.scenario import Traffic, Workload
from topodesign.outputs.report import render_report
from topodesign.outputs.report_tables import cards, infeasibility_tables
from topodesign.outputs.summary_words import summary_sentences


@pytest.fixture(name="east", scope="module")
def east_fixture() -> Case:
    return east_case()


def said(plan: Plan, capsys: pytest.CaptureFixture[str]) -> str:
    describe_plan(plan)
    return capsys.readouterr().out


def test_a_goal_is_told_with_value_bound_and_budget(east: Case, capsys: pytest.CaptureFixture[str]) -> None:
    goal = Goal(
        objective="accelerators", value=36864, bound=41472, gap=1 / 9, unit="accelerators", budget_usd=2_500_000_000
    )
    text = said(replace(east.plan, goal=goal), capsys)
    assert "most accelerators for 2,500.00 million USD" in text
    assert "36,864" in text
    assert "at most 41,472 are possible" in text
    goal = replace(goal, objective="sync-time", value=5.5556, bound=5.5, gap=0.01, unit="s")
    text = said(replace(east.plan, goal=goal), capsys)
    assert "least time of one all-reduce for 2,500.00 million USD" in text
    assert "5.556 s" in text
    assert "no plan is faster than 5.5 s" in text
    goal = replace(goal, objective="effective-flops", value=440.2, bound=440.85, gap=0.0015, unit="EFLOP/s")
    text = said(replace(east.plan, goal=goal), capsys)
    assert "most effective FLOP/s for 2,500.00 million USD" in text
    assert "440.2 EFLOP/s; proven: at most 440.85 EFLOP/s are possible" in text


def test_the_summary_has_the_goal_where_there_is_one(east: Case) -> None:
    assert "goal" not in summary_document(east.plan)
    goal = Goal(objective="sync-time", value=2.0, bound=1.9, gap=0.05, unit="s", budget_usd=1e9)
    assert summary_document(replace(east.plan, goal=goal))["goal"] == {
        "objective": "sync-time", "value": 2.0, "bound": 1.9, "gap": 0.05, "unit": "s", "budget_usd": 1e9,
    }  # fmt: skip


def test_a_matrix_or_hose_is_told_as_a_demand_and_not_as_an_all_reduce(
    east: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = replace(
        east.scenario,
        workload=Workload(demand="matrix"),
        traffic=(Traffic(a="iad-1", b="cmh-1", gbps=2000.0),),
    )
    sync = Sync(
        demand_gbps=2000, strength_gbps=2400, worst_failure="conduit B&O", worst_strength_gbps=2200, time_s=None
    )
    text = said(replace(east.plan, sync=sync, scenario=scenario), capsys)
    assert "demand between sites (matrix): needs 2.0 Tbit/s, strength 2.4 Tbit/s" in text
    assert "worst failure: conduit B&O, 2.2 Tbit/s left" in text
    assert "all-reduce" not in text
    assert "all-reduce between sites: needs 2.0 Tbit/s" in said(east.plan.of(east.scenario), capsys)


def test_clashes_are_indented_alike_whether_or_not_something_owns_the_limit(
    east: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    why = Infeasibility(
        message="too far apart",
        clashing=(
            LimitClash(limit="policy.max_rtt_ms", id="", value=5.0, unit="ms"),
            LimitClash(limit="zone.headroom_mw", id="valley", value=4.0, unit="MW"),
        ),
        relief=(Relief(limit="policy.max_rtt_ms", id="", from_value=5.0, to_value=6.5, unit="ms"),),
    )
    report_infeasible(replace(east.plan, status="infeasible", infeasibility=why), json_output=False)
    assert capsys.readouterr().err.splitlines() == [
        "infeasible: too far apart",
        "  clashes: policy.max_rtt_ms 5 ms",
        "  clashes: zone.headroom_mw valley 4 MW",
        "  relief: policy.max_rtt_ms from 5 to 6.5 ms",
    ]


def test_relief_is_written_as_it_has_to_be_typed(east: Case, capsys: pytest.CaptureFixture[str]) -> None:
    why = Infeasibility(
        message="too little of both",
        clashing=(LimitClash(limit="size.budget_usd", id="", value=1234567890.0, unit="USD"),),
        relief=(Relief(limit="zone.headroom_mw", id="valley", from_value=1000.125, to_value=1234.561, unit="MW"),),
    )
    none = replace(east.plan, status="infeasible", infeasibility=why)
    report_infeasible(none, json_output=False)
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  clashes: size.budget_usd 1234567890 USD",
        "  relief: zone.headroom_mw valley from 1000.125 to 1234.561 MW",
    ]
    tables = infeasibility_tables(none)
    assert all(words in tables for words in ("1234567890 USD", "1000.125 MW", "1234.561 MW"))


def test_bound_and_gap_are_rounded_to_the_side_that_is_proven(east: Case, capsys: pytest.CaptureFixture[str]) -> None:
    plan = replace(
        east.plan, cost_usd=1_103_900_000.0, lower_bound_usd=1_095_109_999.0, gap=0.00796267, network_gap=0.0
    )
    assert "proven within 0.797 % (bound 1,095.10)" in said(plan, capsys)
    assert "at least $1.09 bn is proven" in cards(plan)
    assert "<dd>0.80%</dd><p>0.00% of the network&#x27;s cost</p>" in cards(plan)
    assert "less than $1.09 bn, so that at most 0.80% could be saved" in " ".join(
        summary_sentences(east.scenario, plan)
    )
    assert "can be more than 0.01% cheaper" in render_report(east.scenario, replace(plan, gap=0.00004), charts={})
