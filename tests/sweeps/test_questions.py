"""Questions are answered once, also across a kill; a bound that is known is taken over and said."""

import dataclasses
from pathlib import Path

import pytest

import topodesign
from topodesign.domain.errors import Conflict
from topodesign.domain.plan import SolveLimits
from topodesign.sweeps.engine import EngineTask
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.questions import AskingStopped, Inquiry, Question

LIMITS = SolveLimits(gap=0.0, threads=1)


@pytest.fixture(scope="module")
def one_process():
    with LocalEngine(workers=1) as engine:
        yield engine


def campus(**policy: object) -> topodesign.Scenario:
    scenario = topodesign.load_scenario("sample_sites/two-campus")
    return dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, **policy))


def test_a_question_is_solved_once_and_a_changed_plan_is_refused(one_process: LocalEngine, tmp_path: Path):
    asked = (Question(scenario=campus(), limits=LIMITS), Question(scenario=campus(min_sites=3), limits=LIMITS))
    with Inquiry(folder=tmp_path, engine=one_process, what="front") as inquiry:
        first = inquiry.ask(*asked, asked[0])
        assert (inquiry.solved, inquiry.kept) == (2, 0)
    assert [answer.status for answer in first] == ["optimal", "infeasible", "optimal"]
    with Inquiry(folder=tmp_path, engine=one_process, what="front") as inquiry:
        assert inquiry.ask(*asked) == first[:2]
        assert (inquiry.solved, inquiry.kept) == (0, 2)
        plan = inquiry.plan_of(first[0])
        assert plan.verified and tuple(sorted(site.id for site in plan.sites)) == first[0].site_ids
        inquiry.plan_file(first[0]).write_text("{}", encoding="ascii")
        with pytest.raises(Conflict, match="not the plan that was kept"):
            inquiry.plan_of(first[0])


def test_a_known_bound_is_taken_over_and_the_plan_says_whose(one_process: LocalEngine, tmp_path: Path):
    with Inquiry(folder=tmp_path, engine=one_process, what="front") as inquiry:
        (plain,) = inquiry.ask(Question(scenario=campus(), limits=LIMITS))
        bound = inquiry.plan_of(plain).lower_bound_usd
        assert bound is not None
        told = Question(
            scenario=campus(), limits=LIMITS, start=plain.plan_digest, bound_usd=bound, bound_basis="proven before"
        )
        (again,) = inquiry.ask(told)
        plan = inquiry.plan_of(again)
    assert (plan.cost_usd, plan.lower_bound_usd) == (inquiry_cost(plain), bound)
    assert (plan.provenance.bound_basis, plan.status) == ("proven before", "feasible")


def inquiry_cost(answer) -> float:
    assert answer.figures is not None
    return answer.figures.cost_usd


def test_asking_stops_when_told_and_leaves_nothing_running(tmp_path: Path):
    class Watched(LocalEngine):
        def submit(self, task: EngineTask) -> None:
            submitted.append(task.task_id)
            super().submit(task)

        def cancel(self, task_id: str) -> None:
            submitted.remove(task_id)
            super().cancel(task_id)

    submitted: list[str] = []
    with (
        Watched(workers=1) as engine,
        Inquiry(folder=tmp_path, engine=engine, what="front", should_stop=lambda: True) as inquiry,
        pytest.raises(AskingStopped),
    ):
        inquiry.ask(Question(scenario=campus(), limits=LIMITS), Question(scenario=campus(min_sites=2), limits=LIMITS))
    assert submitted == []
