"""The report's tables of training, and the lines of a plan's summary."""

from dataclasses import replace
from html import unescape

import pytest
from outputs.hand_made_plans import east_case

from topodesign.catalog import load_catalog
from topodesign.cli.plan_answer import describe_plan
from topodesign.domain.plan import Plan
from topodesign.evaluation import evaluate_availability, evaluate_training
from topodesign.outputs.training_table import training_section
from topodesign.outputs.training_words import RECOVERY_WORDS, lasting, side_by_side_sentences


@pytest.fixture(name="plan", scope="module")
def plan_fixture() -> Plan:
    """The plan in the east, whose sites got the Clos."""
    catalog, east = load_catalog(), east_case()
    plan = east.plan
    assert plan.fabrics is not None
    sites = tuple(replace(site, chosen=site.fabrics[1].name) for site in plan.fabrics.sites)
    plan = replace(
        plan,
        fabrics=replace(plan.fabrics, sites=sites),
        availability=evaluate_availability(east.scenario, plan, catalog),
    )
    return replace(plan, training=evaluate_training(east.scenario, plan, catalog), scenario=east.scenario)


def test_every_arrangement_has_its_column_and_every_figure_its_row(plan: Plan) -> None:
    assert plan.training is not None
    section = unescape(training_section(plan.training))
    for words in ("As planned", "Torus at every site", "Clos at every site", "One site (hypothetical)"):
        assert section.count(f'<th scope="col" class="number">{words}</th>') == 7
    for item in plan.training.columns:
        assert f'<td class="number">{item.power_mw:,.1f}</td>' in section
        for found in item.yields:
            assert f'<td class="number">{found.goodput:.2%}</td>' in section
            assert f'<td class="number">{found.mwh_per_1e24_flop:,.1f}</td>' in section
    for text in plan.training.assumptions:
        assert text in section
    assert "Exchange between sites: latency, at most" in section
    assert "Why figures are missing" not in section


def test_what_is_not_known_is_a_dash_with_its_reason(plan: Plan) -> None:
    assert plan.training is not None
    first = plan.training.columns[0]
    blind = replace(first, mtti_h=None, fabric_cost_usd=None, unknown=("inside sites: <nothing> is known",))
    section = training_section(replace(plan.training, columns=(blind,)))
    assert '<td>Mean time to interrupt</td><td class="number">never</td>' in section
    assert '<td>Cost of the fabrics, beside the plan&#x27;s</td><td class="number">–</td>' in section
    assert "As planned: inside sites: &lt;nothing&gt; is known" in section


def test_the_summary_has_a_line_for_each_arrangement(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    describe_plan(plan)
    lines = capsys.readouterr().out.splitlines()
    assert plan.training is not None
    start = next(row for row, line in enumerate(lines) if "training, estimated" in line)
    for line, item in zip(lines[start + 2 : start + 6], plan.training.columns, strict=True):
        assert item.step.wall_s is not None
        assert f"{item.step.wall_s:.2f}" in line.split()
        assert f"{plan.training.shown(item).goodput * 100:.1f}" in line.split()
        # 8 pods hold as many replicas: one is hit less often than a site, and takes less with it
        assert line.endswith("other replicas go on")
    describe_plan(replace(plan, training=None))
    assert "training" not in capsys.readouterr().out


def test_how_often_the_job_is_interrupted_and_which_way_to_recover_is_shown_is_said(plan: Plan) -> None:
    assert plan.training is not None
    planned, single = plan.training.columns[0], plan.training.columns[-1]
    recovery, spread, bounds = side_by_side_sentences(plan.training)
    assert lasting(planned.mtti_h or 0) in recovery
    for item in planned.yields:
        assert f"{RECOVERY_WORDS[item.recovery].lower()}: {item.goodput:.1%}" in recovery
    assert recovery.endswith('Shown is "the others go on without the replica that is hit", as it keeps the most.')
    own, other = planned.best.effective_exaflops, single.best.effective_exaflops
    assert own is not None and other is not None and own < other
    assert f"Over 3 sites the job trains {1 - own / other:.1%} less than" in spread
    assert "hypothetical" in bounds and "upper bound" in bounds
    named = replace(plan.training, rules=replace(plan.training.rules, recovery="restart"))
    assert 'Shown is "all restart from the last checkpoint", as training.recovery says.' in next(
        side_by_side_sentences(named)
    )
    section = unescape(training_section(named))
    assert section.count('<td class="number">all restart</td>') == len(named.columns)


@pytest.mark.parametrize(
    ("hours", "words"), [(76 / 3600, "76.0 s"), (0.1, "6 min"), (3.235, "3.23 h"), (240, "10 days"), (2e-5, "72.0 ms")]
)
def test_times_between_interruptions_have_the_unit_that_suits_them(hours: float, words: str) -> None:
    assert lasting(hours) == words
