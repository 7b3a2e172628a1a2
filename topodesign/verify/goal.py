"""What a plan claims to have reached under a budget: the value is the plan's own, and bound and gap fit to it."""

import math
from collections.abc import Iterator, Sequence

from topodesign.domain.plan import Goal, Objective, Violation
from topodesign.verify.demand import demand_of
from topodesign.verify.evidence import Evidence
from topodesign.verify.failures import Survival
from topodesign.verify.finding import disagrees, found, shown
from topodesign.verify.sync import as_gbps
from topodesign.verify.tolerance import CENT_USD, GAP, agrees, is_number
from topodesign.verify.utilization import step_s, utilization

RULES = ("goal", "goal_value", "goal_bound", "goal_gap", "goal_budget")

UNITS: dict[Objective, str] = {"accelerators": "accelerators", "sync-time": "s", "effective-flops": "EFLOP/s"}
MORE_IS_BETTER: frozenset[Objective] = frozenset({"accelerators", "effective-flops"})


def check_goal(evidence: Evidence, survivals: Sequence[Survival]) -> Iterator[Violation]:
    """Violations of :data:`RULES`; a plan that claims no goal breaks none."""
    goal = evidence.plan.goal
    if goal is None:
        return
    size, policy = evidence.scenario.size, evidence.scenario.policy
    objectives: tuple[Objective, ...] = ("sync-time",)
    if size.budget_usd is not None:
        may_weigh = evidence.scenario.workload.demand == "all-reduce"
        objectives = ("accelerators", "effective-flops") if may_weigh else ("accelerators",)
    budget = size.budget_usd if size.budget_usd is not None else policy.budget_usd
    if budget is None or goal.objective not in objectives or goal.unit != UNITS[goal.objective]:
        known = " or ".join(f"{objective!r} in {UNITS[objective]}" for objective in objectives)
        asked = known if budget is not None else "least cost without a budget"
        yield found(
            "goal",
            "goal",
            f"the plan states the goal {shown(goal.objective)!r} in {shown(goal.unit)}, the scenario asks for {asked}",
            value=goal.objective,
            limit=";".join(objectives) if budget is not None else None,
            remedy="state the goal that the scenario's budget asks for, or none",
        )
        return
    if not agrees(goal.budget_usd, budget, absolute=CENT_USD):
        yield disagrees("goal_budget", "goal", "budget_usd", goal.budget_usd, budget, "USD")
    if goal.objective == "accelerators":
        yield from _check_accelerators(evidence, goal)
    elif goal.objective == "effective-flops":
        yield from _check_effective_flops(evidence, goal, survivals)
    else:
        yield from _check_sync_time(evidence, goal, survivals)
    yield from _check_bound(goal, is_more_better=goal.objective in MORE_IS_BETTER)


def _check_accelerators(evidence: Evidence, goal: Goal) -> Iterator[Violation]:
    if goal.value != evidence.accelerators:
        yield disagrees("goal_value", "goal", "value", goal.value, evidence.accelerators, "accelerators")


def _check_effective_flops(evidence: Evidence, goal: Goal, survivals: Sequence[Survival]) -> Iterator[Violation]:
    """The stated FLOP/s are reached with the exchange that the plan keeps in every failure state."""
    most = effective_eflops(evidence, survivals)
    if most is None or not is_number(goal.value):
        return  # reported by the rules on demand and on numbers
    if goal.value > most * (1 + GAP):
        yield found(
            "goal_value",
            "goal",
            f"value is stated as {shown(goal.value)} EFLOP/s, but {evidence.accelerators:,} accelerators with the "
            f"exchange that the lightpaths keep reach no more than {most:.9g} EFLOP/s",
            value=goal.value,
            limit=most,
            unit="EFLOP/s",
            remedy="state what accelerators, strength and worst failure give, or light more capacity",
        )


def effective_eflops(evidence: Evidence, survivals: Sequence[Survival]) -> float | None:
    """Accelerators x peak x in-site share x utilization, in EFLOP/s; ``None`` where no all-reduce is asked for."""
    exchange_s = least_sync_time_s(evidence, survivals)
    if exchange_s is None or evidence.accelerators == 0:
        return None
    workload, accelerator = evidence.scenario.workload, evidence.accelerator
    one_step = step_s(workload, accelerator, evidence.accelerators)
    busy = 0.0 if math.isinf(exchange_s) else utilization(workload, one_step, exchange_s)
    return evidence.accelerators * accelerator.peak_tflops * workload.flops_utilization * busy / 1e6


def _check_sync_time(evidence: Evidence, goal: Goal, survivals: Sequence[Survival]) -> Iterator[Violation]:
    """The stated time is kept: V / (beta sigma) is at most that with nothing failed, and after any failure at most that
    over ``survivable_fraction``."""
    least = least_sync_time_s(evidence, survivals)
    if least is None or not is_number(goal.value):
        return  # reported by the rules on demand and on numbers
    if goal.value < least * (1 - GAP):
        yield found(
            "goal_value",
            "goal",
            f"value is stated as {shown(goal.value)} s, but the lightpaths keep no sync time below {least:.9g} s",
            value=goal.value,
            limit=least,
            unit="s",
            remedy="state the time that strength and worst failure give, or light more capacity",
        )


def least_sync_time_s(evidence: Evidence, survivals: Sequence[Survival]) -> float | None:
    """Least time of an all-reduce that the plan keeps in every failure state, in seconds; ``None`` without one."""
    demand = demand_of(evidence.scenario, evidence.accelerator, placed=evidence.accelerators)
    if demand is None or demand.volume_bits is None:
        return None
    fraction = evidence.scenario.policy.survivable_fraction
    times = [0.0]
    for survival in survivals:
        strength = as_gbps(survival)
        share = 1.0 if survival.state.name == "none" else fraction
        is_free = strength is None or share == 0  # 0 of an infinite time would be no number
        times.append(0.0 if is_free else share * (demand.exchange_s(strength or 0.0) or 0.0))
    return max(times)


def _check_bound(goal: Goal, *, is_more_better: bool) -> Iterator[Violation]:
    value, bound = goal.value, goal.bound
    if not is_number(value) or not is_number(bound):
        return  # reported by the rule on numbers
    over = value - bound if is_more_better else bound - value
    if over > GAP * abs(bound):
        yield found(
            "goal_bound",
            "goal",
            f"the bound {shown(bound)} {goal.unit} is worse than the value {shown(value)} {goal.unit}",
            value=bound,
            limit=value,
            unit=goal.unit,
            remedy="a bound that the plan itself betters is wrong; state a proven one",
        )
        return
    largest = max(value, bound)
    own = abs(bound - value) / largest if largest > 0 else 0.0
    if not math.isfinite(own) or not agrees(goal.gap, own, absolute=GAP, relative=GAP):
        yield disagrees("goal_gap", "goal", "gap", goal.gap, own, "")
