"""The goal of a plan under a budget in words: value, proven bound, gap and budget."""

import math

from topodesign.domain.plan import Goal, Objective
from topodesign.domain.proven_figures import figure_at_least, figure_at_most, gap_percent_digits

AIMS: dict[Objective, str] = {
    "cost": "least cost",
    "accelerators": "most accelerators",
    "effective-flops": "most effective FLOP/s",
    "sync-time": "least time of one all-reduce",
}
FINE_PRINT: dict[Objective, str] = {
    "effective-flops": (
        "counted with the exchange that the worst failure to survive leaves, not with stalls inside sites or "
        "interruptions"
    ),
}
"""What figures of training on the same plan count otherwise."""


WHOLE = 1e-6
"""Accelerators are whole: what computing left behind a bound is no further one."""


def amount(goal: Goal, value: float) -> str:
    """``440.2 EFLOP/s``."""
    if goal.objective == "accelerators":
        return f"{value:,.0f}"
    return f"{value:,.6g} {goal.unit}" if goal.objective == "effective-flops" else f"{value:,.4g} {goal.unit}"


def bound_words(goal: Goal) -> str:
    """``at most 440.9 EFLOP/s are possible``: the side that the bound is on follows from the objective."""
    if goal.objective == "sync-time":
        return f"no plan is faster than {figure_at_least(goal.bound, digits=4)} {goal.unit}"
    if goal.objective == "accelerators":
        return f"at most {math.ceil(goal.bound - WHOLE):,} are possible"
    return f"at most {figure_at_most(goal.bound, digits=6)} {goal.unit} are possible"


def goal_sentence(goal: Goal) -> str:
    """All of it in one sentence, without a full stop."""
    fine_print = FINE_PRINT.get(goal.objective)
    return (
        f"goal: {AIMS[goal.objective]} for {goal.budget_usd / 1e6:,.2f} million USD, accelerators included: "
        f"{amount(goal, goal.value)}; proven: {bound_words(goal)} (gap {gap_percent_digits(goal.gap)} %)"
        + (f"; {fine_print}" if fine_print else "")
    )
