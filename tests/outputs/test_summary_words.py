"""The plan in plain words: what decides, in figures of three digits with their units."""

from dataclasses import replace

import pytest
from outputs.hand_made_plans import Case

from topodesign.catalog import load_catalog
from topodesign.domain.plan import Goal
from topodesign.evaluation import evaluate_availability, evaluate_training
from topodesign.outputs.summary_words import share, summary_sentences


def test_what_is_built_what_it_costs_and_how_sure_that_is(east: Case) -> None:
    built, cost, proof, failures, fabric = summary_sentences(east.scenario, east.plan)
    # 36,864 accelerators: 8 pods of 4608; three links of 2.4 Tbit/s
    assert built == (
        "The plan puts 36,864 accelerators, which draw 82.9 MW, at 3 sites: Columbus (31.1 MW), Ashburn (31.1 MW) and "
        "Atlanta (20.7 MW), joined by 3 links with 7.20 Tbit/s in each direction in all."
    )
    assert cost.startswith("It costs $1.10 bn over 5 years, discounted by 8.00% a year, ")
    assert "$2.21 bn" in cost and "indicative" in cost  # 36,864 accelerators at the catalogue's 60,000 USD
    assert "costs less than $1.09 bn, so that at most 1.01% could be saved" in proof  # a bit over 1 %
    assert "independent verifier found every limit kept" in proof
    assert failures == (
        "Sites need 2.00 Tbit/s between them; with everything up they have 3.60 Tbit/s, and exchange all gradients in "
        "5.56 s; the worst failure to survive (conduit B&O) leaves 2.40 Tbit/s, 120% of the need."
    )
    # 36,864 x 1500 USD and x 3200 USD; the bisection of the torus is an interval
    assert "a torus everywhere the fabrics would cost $55.3 M for 4.00 Tbit/s to 6.00 Tbit/s" in fabric
    assert "a Clos $118 M for 4.00 Tbit/s" in fabric


def test_training_is_told_where_it_was_evaluated(east: Case) -> None:
    assert east.plan.fabrics is not None
    fabrics = tuple(replace(site, chosen=site.fabrics[1].name) for site in east.plan.fabrics.sites)
    plan = replace(east.plan, fabrics=replace(east.plan.fabrics, sites=fabrics))
    plan = replace(plan, availability=evaluate_availability(east.scenario, plan, load_catalog()))
    training = evaluate_training(east.scenario, plan, load_catalog())
    sentences = summary_sentences(east.scenario, replace(plan, training=training))
    column = training.column("as-planned")
    assert column is not None and column.step.utilization is not None
    assert len(sentences) == 6
    assert f"compute {share(column.step.utilization)} of the time" in sentences[4]
    assert f"leave {share(training.shown(column).goodput)} of the time" in sentences[4]


def test_a_goal_is_what_is_proven_of_a_plan_under_a_budget(east: Case) -> None:
    goal = Goal(objective="accelerators", value=36_864, bound=41_472, gap=0.125, unit="accelerators", budget_usd=3.4e9)
    proof = summary_sentences(east.scenario, replace(east.plan, goal=goal))[2]
    assert proof.startswith("Goal: most accelerators for 3,400.00 million USD")
    assert "could be saved" not in proof


def test_an_unverified_or_unbounded_plan_says_so(east: Case) -> None:
    plan = replace(east.plan, verified=False, lower_bound_usd=None, gap=None)
    assert summary_sentences(east.scenario, plan)[2] == (
        "How much cheaper a plan could be is not proven; no independent verifier has checked it."
    )


def test_many_sites_are_told_by_the_largest(east: Case) -> None:
    (first, *_) = east.plan.sites
    sites = tuple(replace(first, power_mw=float(100 - number)) for number in range(9))
    built = summary_sentences(east.scenario, replace(east.plan, sites=sites))[0]
    assert "at 9 sites: Ashburn (100 MW), Ashburn (99.0 MW), Ashburn (98.0 MW), Ashburn (97.0 MW) and 5 more" in built


def test_one_site_has_nothing_between_sites(east: Case) -> None:
    plan = replace(east.plan, sites=east.plan.sites[:1], links=(), sync=None)
    sentences = summary_sentences(east.scenario, plan)
    assert "at one site: Ashburn (31.1 MW)." in sentences[0]
    assert "There is one site, so that nothing between sites can fail." in sentences


def test_a_finding_that_there_is_no_plan_is_not_summed_up(east: Case) -> None:
    assert summary_sentences(east.scenario, replace(east.plan, status="infeasible", sites=())) == ()


@pytest.mark.parametrize(("value", "words"), [(0.96, "96.0%"), (0.0199, "1.99%"), (1.2, "120%"), (0.0015, "0.15%")])
def test_shares_have_three_digits(value: float, words: str) -> None:
    assert share(value) == words
