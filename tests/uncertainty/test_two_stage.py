"""Two-stage siting on a ring of four sites: laws, an enumeration of all choices, and what ends a search."""

import dataclasses
import json
import math
import random
from pathlib import Path

import pytest
from uncertainty.ring import LIMITS, UNCERTAIN, choices_of, future, ring

import topodesign
from topodesign.cli.app import run
from topodesign.domain.errors import Conflict, InvalidInput
from topodesign.domain.futures import Future, Futures, Outlook
from topodesign.domain.scenario import Scenario
from topodesign.domain.uncertain_plan import UncertainPlan
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.uncertainty.applying import scenarios_of
from topodesign.uncertainty.futures_file import read_futures
from topodesign.uncertainty.risk import RiskMeasure
from topodesign.uncertainty.saving import ROBUST_FILES, save_uncertain_plan
from topodesign.uncertainty.two_stage import SitingOptions, plan_under_uncertainty

PREMIUM = 0.5
EXACT = SitingOptions(gap=0.0, late_premium=PREMIUM, max_candidates=8, bound_rounds=2, limits=LIMITS)


def three_sites() -> Scenario:
    """The ring without c: eight choices of sites."""
    scenario = ring()
    sites = tuple(dataclasses.replace(site, forbidden=site.site_id == "c") for site in scenario.sites)
    return dataclasses.replace(scenario, sites=sites)


TWO = Futures(
    futures=(
        future("as planned", 0.6),
        future("site d late", 0.4, late=["d"]),
    )
)


@pytest.fixture(scope="session")
def answered(warm_engine: LocalEngine, tmp_path_factory: pytest.TempPathFactory) -> tuple[UncertainPlan, Path]:
    """All four sites in three futures, and the folder of its plans."""
    folder = tmp_path_factory.mktemp("robust")
    return plan_under_uncertainty(ring(), UNCERTAIN, EXACT, folder=folder, engine=warm_engine), folder


@pytest.fixture(scope="session")
def enumerated() -> dict[frozenset[str], list[float]]:
    """Least cost of each choice of three sites in both futures, from plain plans with prices set by hand."""
    scenario = three_sites()
    found: dict[frozenset[str], list[float]] = {}
    for choice in choices_of(("a", "b", "d")):
        found[choice] = []
        for of_future in scenarios_of(scenario, TWO):
            paid = sum(site.fixed_capex_usd for site in of_future.sites if site.site_id in choice)
            prices = {
                site.site_id: 0.0 if site.site_id in choice else (1 + PREMIUM) * site.fixed_capex_usd
                for site in of_future.sites
            }
            sites = tuple(dataclasses.replace(site, fixed_capex_usd=prices[site.site_id]) for site in of_future.sites)
            plan = topodesign.plan(dataclasses.replace(of_future, sites=sites), gap=0.0, threads=1)
            assert plan.cost_usd is not None and plan.status == "optimal"
            found[choice].append(paid + plan.cost_usd)
    return found


@pytest.fixture(scope="session")
def shared_answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose answers several searches share."""
    return tmp_path_factory.mktemp("answers")


@pytest.mark.parametrize("risk", [RiskMeasure(), RiskMeasure(weight=0.7, level=0.8)])
def test_the_answer_is_the_best_of_all_choices_and_the_bound_is_below(
    risk: RiskMeasure, enumerated: dict[frozenset[str], list[float]], warm_engine: LocalEngine, shared_answers: Path
):
    options = dataclasses.replace(EXACT, risk=risk)
    found = plan_under_uncertainty(three_sites(), TWO, options, folder=shared_answers, engine=warm_engine)
    values = {choice: risk.value(costs, TWO.probabilities) for choice, costs in enumerated.items()}
    least = min(values.values())
    assert found.objective is not None
    assert found.objective.upper_usd == pytest.approx(least, abs=0.1)
    assert values[frozenset(found.committed)] == pytest.approx(least, abs=0.1)
    assert all(bound <= least + 0.1 for bound in found.bounds_usd) and found.objective.lower_usd <= least + 0.1
    # all eight choices are weighed or proven to be dearer: that is a proof
    assert found.status == "optimal" and found.objective.lower_usd == pytest.approx(least, abs=0.1)
    for choice in found.choices:
        assert choice.objective is not None
        assert choice.objective.upper_usd == pytest.approx(values[frozenset(choice.site_ids)], abs=0.1)


ONE_DECIDES = Futures(
    futures=(
        future("site d late", 0.4, late=["d"]),
        future("dear", 0.6, "sites.a.fixed_capex_usd*=4", "zones.east.energy_usd_per_mwh*=3"),
    )
)
"""Only with a and b is there a plan of the first; the second, far dearer, would rather have d and not a."""
WORST = RiskMeasure(weight=1, level=0.5)
"""The worst half lies in the second future."""


def test_where_one_future_decides_the_risk_the_bound_still_closes(warm_engine: LocalEngine, shared_answers: Path):
    options = dataclasses.replace(EXACT, risk=WORST, late_premium=math.inf, bound_rounds=0)
    found = plan_under_uncertainty(three_sites(), ONE_DECIDES, options, folder=shared_answers, engine=warm_engine)
    assert found.objective is not None and found.wait_and_see is not None
    assert (found.status, found.stopped_by) == ("optimal", "gap") and {"a", "b"} <= set(found.committed)
    # waiting and seeing proves nothing of a, which the second future pays 4 million dollars for without wanting it
    assert found.objective.lower_usd > found.wait_and_see.objective.upper_usd + 1e6
    assert found.objective.lower_usd == pytest.approx(found.objective.upper_usd, abs=0.1)


def test_where_one_future_decides_the_risk_multipliers_raise_the_bound(warm_engine: LocalEngine, shared_answers: Path):
    options = dataclasses.replace(EXACT, risk=WORST, late_premium=math.inf, max_candidates=2, bound_rounds=1)
    found = plan_under_uncertainty(three_sites(), ONE_DECIDES, options, folder=shared_answers, engine=warm_engine)
    assert found.objective is not None
    # no more than the least of all choices, which the bound over all of them has proven above
    assert found.bounds_usd[0] + 1e6 < found.bounds_usd[-1] <= found.objective.upper_usd


def test_a_late_price_beyond_what_a_scenario_takes_is_refused(warm_engine: LocalEngine):
    scenario = ring([1e15, 0.0, 0.0, 0.0])
    options = dataclasses.replace(EXACT, late_premium=20.0)  # 21 x 10^15 of at most 10^16 USD
    with pytest.raises(InvalidInput, match=r"future 'as planned': site 'a' opened late costs .* 2\.1e\+16 USD"):
        plan_under_uncertainty(scenario, TWO, options, engine=warm_engine)


def test_with_one_future_it_is_the_plain_plan(warm_engine: LocalEngine, tmp_path: Path):
    plain = topodesign.plan(ring(), gap=0.0, threads=1)
    one = Futures(futures=(Future(name="as planned", probability=1.0, outlook=Outlook()),))
    found = plan_under_uncertainty(ring(), one, EXACT, folder=tmp_path, engine=warm_engine)
    assert found.committed == found.deterministic_site_ids == tuple(sorted(site.id for site in plain.sites))
    assert found.objective is not None and (found.status, found.stopped_by) == ("optimal", "gap")
    assert found.objective.upper_usd == plain.cost_usd
    assert found.deterministic is not None and found.deterministic.expected.upper_usd == plain.cost_usd
    assert found.largest_regret is not None and found.largest_regret.upper_usd < 0.1
    assert found.information_value is not None and found.information_value.upper_usd < 0.1


def test_it_is_never_above_the_deterministic_plan(warm_engine: LocalEngine, tmp_path: Path):
    for seed in range(2):
        draw = random.Random(seed)
        scenario = ring([draw.uniform(0, 3e6) for _ in range(4)])
        share = draw.uniform(0.2, 0.8)
        futures = Futures(
            futures=(
                future(
                    "dear", share, f"zones.{draw.choice(['east', 'west'])}.energy_usd_per_mwh={draw.uniform(40, 400)}"
                ),
                future("late", 1 - share, late=[draw.choice("abcd")]),
            )
        )
        options = dataclasses.replace(EXACT, gap=0.01, max_candidates=4, bound_rounds=1)
        found = plan_under_uncertainty(scenario, futures, options, folder=tmp_path / str(seed), engine=warm_engine)
        assert found.two_stage is not None and found.deterministic is not None and found.wait_and_see is not None
        assert found.two_stage.expected.upper_usd <= found.deterministic.expected.upper_usd
        assert found.two_stage.expected.upper_usd >= found.wait_and_see.expected.lower_usd
        for item in found.futures:  # no commitment is better than knowing
            assert item.two_stage is not None and item.two_stage.cost.upper_usd >= item.known.lower_usd


def test_a_late_site_is_paid_for_and_not_used(answered: tuple[UncertainPlan, Path]):
    found, _ = answered
    assert found.deterministic_site_ids == ("a", "d")  # the two cheapest to open: 1.0 and 0.8 million dollars
    late = found.futures[1]
    assert late.settings == ("late site d",) and late.deterministic is not None
    assert late.known_site_ids == ("a", "b") == late.deterministic.site_ids
    assert (late.deterministic.idle, late.deterministic.opened_late) == (("d",), ("b",))
    # 0.8 million for d that is of no use, and b for half of its 1.2 million more than it would cost committed to
    assert late.deterministic.regret.upper_usd == pytest.approx(0.8e6 + PREMIUM * 1.2e6, abs=0.1)
    assert late.deterministic.cost.upper_usd == pytest.approx(late.known.upper_usd + 1.4e6, abs=0.1)


def test_figures_follow_from_the_futures(answered: tuple[UncertainPlan, Path]):
    found, _ = answered
    two, plain = found.two_stage, found.deterministic
    assert two is not None and plain is not None and found.regret is not None
    chances = [item.probability for item in found.futures]
    costs = [item.two_stage.cost.upper_usd for item in found.futures if item.two_stage is not None]
    assert two.expected.upper_usd == pytest.approx(math.fsum(p * z for p, z in zip(chances, costs, strict=True)))
    assert two.worst.upper_usd == max(costs) >= two.cvar.upper_usd >= two.expected.upper_usd
    regrets = [item.deterministic.regret.upper_usd for item in found.futures if item.deterministic is not None]
    assert found.regret.upper_usd == pytest.approx(math.fsum(p * z for p, z in zip(chances, regrets, strict=True)))
    used = {item.site_id: item for item in found.sites}
    assert [site for site, item in used.items() if item.is_committed] == list(found.committed)
    assert used["a"].used_futures == sum("a" in item.two_stage.site_ids for item in found.futures if item.two_stage)


def test_asking_again_solves_nothing_and_one_process_finds_the_same(
    answered: tuple[UncertainPlan, Path], warm_engine: LocalEngine, tmp_path: Path
):
    found, folder = answered
    few = dataclasses.replace(EXACT, max_candidates=1, bound_rounds=0)
    with LocalEngine(workers=1) as engine:
        again = plan_under_uncertainty(ring(), UNCERTAIN, EXACT, folder=folder, engine=engine)
        assert again == found  # all answers are kept
        alone = plan_under_uncertainty(ring(), UNCERTAIN, few, folder=tmp_path, engine=engine)
    assert alone == plan_under_uncertainty(ring(), UNCERTAIN, few, folder=folder, engine=warm_engine)


def test_an_interrupted_search_tells_what_it_has_and_goes_on(
    answered: tuple[UncertainPlan, Path], warm_engine: LocalEngine, tmp_path: Path
):
    few = dataclasses.replace(EXACT, max_candidates=2, bound_rounds=1)
    heard: list[str] = []
    stopped = plan_under_uncertainty(
        ring(), UNCERTAIN, few, folder=tmp_path, engine=warm_engine, on_progress=heard.append,
        should_stop=lambda: len(heard) > 0,
    )  # fmt: skip
    assert (stopped.status, stopped.stopped_by, len(stopped.choices)) == ("feasible", "interrupted", 2)
    assert len(stopped.bounds_usd) == 1  # that of waiting and seeing
    whole = plan_under_uncertainty(ring(), UNCERTAIN, few, folder=answered[1], engine=warm_engine)
    assert plan_under_uncertainty(ring(), UNCERTAIN, few, folder=tmp_path, engine=warm_engine) == whole
    assert len(whole.bounds_usd) == 2 and whole.stopped_by == "candidates"


def test_where_nothing_opens_late_a_choice_that_fails_in_a_future_is_out(
    warm_engine: LocalEngine, shared_answers: Path
):
    never = dataclasses.replace(EXACT, late_premium=math.inf, max_candidates=3, bound_rounds=0)
    found = plan_under_uncertainty(three_sites(), TWO, never, folder=shared_answers, engine=warm_engine)
    assert found.committed == ("a", "b")  # without d when it is late; as planned d would save less than it costs
    reasons = {choice.site_ids: choice.reason for choice in found.choices}
    assert reasons["a", "d"].startswith("no plan in the future 'site d late': ")
    assert found.deterministic is None and found.deterministic_reason == reasons["a", "d"]


def test_files_hold_the_answer_and_the_page_needs_nothing_else(answered: tuple[UncertainPlan, Path]):
    import pandas

    found, folder = answered
    named = dataclasses.replace(found, scenario_name="<script>")
    assert [file.name for file in save_uncertain_plan(folder, named)] == list(ROBUST_FILES)
    table = pandas.read_csv(folder / "futures.csv")
    assert list(table["two_stage_usd"]) == list(pandas.read_parquet(folder / "futures.parquet")["two_stage_usd"])
    for digest in table["two_stage_plan_digest"]:
        assert (folder / "plans" / f"{digest}.json").is_file()
    page = (folder / "robust.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1 and "&lt;script&gt;" in page and page.count("<svg") == 1
    (folder / "other").mkdir()
    (folder / "other" / "sites.csv").write_text("mine", encoding="ascii")
    with pytest.raises(Conflict, match="is of no plan under uncertainty"):
        save_uncertain_plan(folder / "other", found)


def test_the_command_answers_from_what_is_kept(
    warm_engine: LocalEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    scenario, file, out = (
        topodesign.load_scenario("sample_sites/two-campus"),
        tmp_path / "futures.toml",
        tmp_path / "out",
    )
    command = ["robust", "sample_sites/two-campus", "--futures", str(file), "--out", str(out)]
    file.write_text('[[future]]\nname = "as planned"\nprobability = 1\n', "utf-8")
    plan_under_uncertainty(scenario, read_futures(file), folder=out, engine=warm_engine)
    assert run(command) == 0
    told = capsys.readouterr().out
    assert "Commit to 2 sites: campus-a, campus-b" in told and "6.96 million USD" in told  # 6,950,934.12, rounded up
    assert run([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["committed"] == ["campus-a", "campus-b"] and document["objective"]["upper_usd"] == 6950934.12


def test_a_future_without_a_plan_is_named_with_its_relief(
    warm_engine: LocalEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    scenario, file, out = (
        topodesign.load_scenario("sample_sites/two-campus"),
        tmp_path / "futures.toml",
        tmp_path / "out",
    )
    file.write_text('[[future]]\nname = "dark"\nprobability = 1\n[future.set]\n"zones.*.headroom_mw" = 1\n', "utf-8")
    found = plan_under_uncertainty(scenario, read_futures(file), folder=out, engine=warm_engine)
    assert (found.status, found.stopped_by, found.objective) == ("infeasible", "proof", None)
    (without,) = found.without_plan
    assert without.name == "dark" and without.infeasibility is not None
    command = ["robust", "sample_sites/two-campus", "--futures", str(file), "--out", str(out), "--json"]
    assert run(command) == 3
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["future"]) == ("infeasible", "dark")
    assert {item["limit"] for item in document["relief"]} == {"zone.headroom_mw"}
    assert "dark" in (out / "robust.html").read_text(encoding="utf-8")
