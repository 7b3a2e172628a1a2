"""The chart of a search: steps that end at the plan's cost and bound."""

from dataclasses import replace

import pytest
from outputs.hand_made_plans import Case

from topodesign.domain.plan import Goal
from topodesign.outputs import progress_chart
from topodesign.outputs.progress_chart import dollar_ticks


def test_the_steps_end_at_cost_and_bound(east: Case) -> None:
    figure = progress_chart(east.plan)
    assert figure is not None
    best, bound = (line for line in figure.axes[0].lines if line.get_drawstyle() == "steps-post")
    assert best.get_xdata()[-1] == bound.get_xdata()[-1] == 10.0
    assert best.get_ydata()[-1] == east.plan.cost_usd
    assert bound.get_ydata()[-1] == east.plan.lower_bound_usd
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words[:2] == ["$1.10 bn", "$1.09 bn"]
    assert "relaxation" in words and "better plan" in words


def test_a_plan_without_history_or_for_a_goal_has_no_chart(east: Case) -> None:
    goal = Goal(objective="accelerators", value=1.0, bound=2.0, gap=1.0, unit="accelerators", budget_usd=1e9)
    assert progress_chart(replace(east.plan, progress=())) is None
    assert progress_chart(replace(east.plan, progress=east.plan.progress[:2])) is None  # a bound, and never a plan
    assert progress_chart(replace(east.plan, goal=goal)) is None


def test_an_early_bound_far_below_does_not_flatten_the_end(east: Case) -> None:
    cost = east.plan.cost_usd
    assert cost is not None
    first, second, *others = east.plan.progress
    figure = progress_chart(replace(east.plan, progress=(first, replace(second, bound_usd=1.0), *others)))
    assert figure is not None
    assert figure.axes[0].get_ylim()[0] > 0.5 * cost


@pytest.mark.parametrize(
    ("ticks", "words"),
    [
        ((6.9509e6, 6.9510e6), ["$6.9509 M", "$6.9510 M"]),
        ((6.45e6, 6.6e6), ["$6.45 M", "$6.60 M"]),
        ((16e9, 18e9), ["$16 bn", "$18 bn"]),
        ((5.0, 10.0), ["$5", "$10"]),
    ],
)
def test_neighboring_ticks_read_differently_and_exactly(ticks: tuple[float, ...], words: list[str]) -> None:
    assert dollar_ticks(ticks) == words
