"""Goals under a budget: the most accelerators, the least sync time, or the most effective FLOP/s that it pays for."""

from collections.abc import Callable

from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Objective, Plan, PlanEvent, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.planning.climbing import Climb
from topodesign.planning.deciding import Decider, Reached
from topodesign.planning.effective import EffectiveSearch
from topodesign.planning.halting import Halt
from topodesign.planning.ladders import Ladder, SizeLadder, SpeedLadder


def objective_of(scenario: Scenario, limits: SolveLimits) -> Objective:
    """What to optimise: as asked, else as the scenario's budget says.

    Raises
    ------
    InvalidInput
        When the objective asked for and the scenario's target do not go together.
    """
    natural: Objective = "cost"
    if scenario.size.budget_usd is not None:
        natural = "accelerators"
    elif scenario.policy.budget_usd is not None:
        natural = "sync-time"
    asked = limits.objective or natural
    if asked == "effective-flops" and natural == "accelerators":
        if scenario.workload.demand != "all-reduce":
            raise InvalidInput(
                f"objective 'effective-flops' weighs accelerators against the time of all-reduces, but workload.demand "
                f"is {scenario.workload.demand!r}, which has none; ask for 'accelerators'",
                reason="GOAL_UNSUPPORTED",
                field_path="objective",
            )
        return asked
    if asked == natural == "accelerators" and scenario.workload.utilization is not None:
        raise InvalidInput(
            "size.budget_usd with workload.utilization leaves the bandwidth open, since the step time depends on the "
            "accelerators that the budget buys; ask for the objective 'effective-flops', which weighs both and keeps "
            "at least that utilization, or give workload.sync_time_s instead",
            reason="GOAL_UNSUPPORTED",
            field_path="workload.utilization",
        )
    if asked == natural:
        if asked == "sync-time" and scenario.workload.demand != "all-reduce":
            raise InvalidInput(
                f"policy.budget_usd asks for the least sync time, but workload.demand is "
                f"{scenario.workload.demand!r}, which has none; remove policy.budget_usd",
                reason="GOAL_UNSUPPORTED",
                field_path="policy.budget_usd",
            )
        return asked
    needs = {
        "cost": "a size target in accelerators or MW and no budget",
        "accelerators": "size.budget_usd as the size target",
        "sync-time": "policy.budget_usd beside a size target in accelerators or MW",
        "effective-flops": "size.budget_usd as the size target",
    }
    raise InvalidInput(
        f"objective {asked!r} needs {needs[asked]}; this scenario asks for {natural!r}",
        reason="GOAL_MISMATCH",
        field_path="objective",
        metadata={"objective": asked, "scenario": natural},
    )


def reach_goal(
    scenario: Scenario,
    catalog: Catalog,
    limits: SolveLimits,
    *,
    objective: Objective,
    started: float,
    on_progress: Callable[[PlanEvent], None],
    halt: Halt,
    on_best: Callable[[Callable[[], Reached]], None],
    start: Plan | None = None,
) -> Reached:
    """The best level that the budget pays for, within ``limits.gap`` or until the time is over.

    ``on_best`` gets, at every better plan of the goal, what tells the best one whenever it is asked from then on.
    """
    budget = scenario.size.budget_usd or scenario.policy.budget_usd
    assert budget is not None  # objective_of has checked it
    decider = Decider(
        catalog=catalog,
        budget_usd=budget,
        limits=limits,
        started=started,
        on_progress=on_progress,
        halt=halt,
        on_best=on_best,
        start=start,
    )
    if objective == "effective-flops":
        return EffectiveSearch(scenario=scenario, decider=decider).run()
    ladder: Ladder
    if objective == "accelerators":
        ladder = SizeLadder(scenario, catalog, gap=limits.gap)
    else:
        ladder = SpeedLadder(scenario, catalog, gap=limits.gap)
    return Climb(ladder=ladder, decider=decider).run()
