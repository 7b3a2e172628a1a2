"""Goals under a budget: the most accelerators, or the least sync time, that the money pays for.

The least cost of a plan rises with its size and falls with its sync time, so the best level is found by bracketing: at
a level, the search for the least cost ends as soon as a plan within the budget is found (the level can be had) or the
proven bound passes the budget (neither it nor anything more ambitious can). The bound of the goal is the least
ambitious level that was proven to be out of reach. The budget pays for everything: ``cost_usd`` and the accelerators.
"""

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Goal, Objective, PlanEvent, SolveLimits, StoppedBy
from topodesign.domain.scenario import Scenario
from topodesign.planning.design import Design
from topodesign.planning.halting import Halt
from topodesign.planning.instance import Instance, compile_instance
from topodesign.planning.ladders import Ladder, SizeLadder, SpeedLadder, Tried
from topodesign.planning.search import Found, Search
from topodesign.planning.starting import carried_over

MOST_LEVELS = 40
DECIDING_SHARE = 0.35
"""Share of the time left that one level may take to be decided."""
POLISHING_SHARE = 0.2
"""Share of the time kept for bettering the cost of the plan at the level reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The search at the best level. ``goal`` is ``None`` when no level was found affordable.

    ``is_proven`` then says that none is, ``least_usd`` what the least ambitious level costs at least, and
    ``affordable_usd`` what a plan of it spends.
    """

    found: Found
    goal: Goal | None
    is_proven: bool = False
    least_usd: float = math.nan
    affordable_usd: float = math.nan


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
    if natural == "accelerators" and scenario.workload.utilization is not None:
        raise InvalidInput(
            "size.budget_usd with workload.utilization leaves the bandwidth open, since the step time depends on the "
            "accelerators that the budget buys; give workload.sync_time_s instead",
            reason="GOAL_UNSUPPORTED",
            field_path="workload.utilization",
        )
    asked = limits.objective or natural
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
) -> Reached:
    """The best level that the budget pays for, within ``limits.gap`` or until the time is over."""
    ladder: Ladder
    if objective == "accelerators":
        ladder = SizeLadder(scenario, catalog, gap=limits.gap)
    else:
        ladder = SpeedLadder(scenario, catalog, gap=limits.gap)
    climb = Climb(
        ladder=ladder,
        catalog=catalog,
        limits=limits,
        started=started,
        on_progress=on_progress,
        halt=halt,
    )
    return climb.run()


@dataclass(slots=True, kw_only=True)
class Climb:
    """Bracketing of the best level: ``low`` can be had, ``high`` cannot or was not decided, ``proven`` cannot."""

    ladder: Ladder
    catalog: Catalog
    limits: SolveLimits
    started: float
    on_progress: Callable[[PlanEvent], None]
    halt: Halt
    low: Tried | None = None
    high: Tried | None = None
    proven: float | None = None
    is_closed: bool = field(default=False, init=False)

    def run(self) -> Reached:
        """Bracket, then better the cost at the level reached."""
        self._bracket()
        if self.low is not None:
            return self._polish(self.low)
        if self.high is not None:
            return self._out_of_reach(self.high)
        instance = compile_instance(self.ladder.scenario_at(self.ladder.first()), self.catalog)
        nothing = Found(instance=instance, design=None, bound_usd=0.0, stopped_by=self._clock_or_cancel())
        return Reached(found=nothing, goal=None)

    def _out_of_reach(self, tried: Tried) -> Reached:
        """Nothing is affordable: proven, with a plan that shows what would be enough, or not decided."""
        is_proven = self.is_closed and tried.is_out_of_reach
        found, spent = tried.found, tried.spent_usd
        if is_proven and found.design is None and math.isfinite(found.bound_usd):
            search = Search(
                instance=tried.instance,
                limits=self.limits,
                started=self.started,
                on_progress=self.on_progress,
                halt=self.halt,
                is_enough=lambda _: True,
            )
            design = search.run().design
            is_proven = design is not None
            spent = math.nan if design is None else design.objective_usd
        return Reached(
            found=found,
            goal=None,
            is_proven=is_proven,
            least_usd=tried.bound_usd,
            affordable_usd=spent,
        )

    def _bracket(self) -> None:
        end = self.started + self.limits.time_limit_s * (1 - POLISHING_SHARE)
        level: float | None = self.ladder.first()
        for step in range(MOST_LEVELS):
            if level is None:
                self.is_closed = True
                return
            left = end - time.monotonic()
            if self.halt.should_stop() or left <= 0:
                return
            deadline = end - (1 - DECIDING_SHARE) * left
            tried = self._try(level, Halt(deadline=deadline, should_stop=self.halt.should_stop))
            if tried.design is not None:
                self.low = tried
            else:
                self.high = tried
                if tried.is_out_of_reach:
                    self.proven = level if self.proven is None else min(self.proven, level)
            level = self.ladder.between(self.low, self.high, step)

    def _try(self, level: float, halt: Halt) -> Tried:
        """Decide one level, as far as the time allows."""
        instance = compile_instance(self.ladder.scenario_at(level), self.catalog, counts_purchase=True)
        budget = self.ladder.budget_usd
        search = Search(
            instance=instance,
            limits=dataclasses.replace(self.limits, gap=0.0),
            started=self.started,
            on_progress=self.on_progress,
            halt=halt,
            start=self._carried_to(instance),
            is_enough=lambda design: design.objective_usd <= budget,
            enough_bound_usd=budget,
        )
        found = search.run()
        spent = math.nan if found.design is None else found.design.objective_usd
        design = found.design if spent <= budget else None
        return Tried(
            level=level,
            instance=found.instance,
            found=found,
            design=design,
            spent_usd=spent,
            bound_usd=found.bound_usd,
            is_out_of_reach=design is None and found.bound_usd > budget,
        )

    def _carried_to(self, instance: Instance) -> Design | None:
        if self.low is None or self.low.design is None:
            return None
        return carried_over(self.low.design, self.low.instance, instance)

    def _polish(self, low: Tried) -> Reached:
        """The least cost at the level reached, with what is left of the time."""
        search = Search(
            instance=low.instance,
            limits=self.limits,
            started=self.started,
            on_progress=self.on_progress,
            halt=self.halt,
            start=low.design,
        )
        found = search.run()
        design = found.design
        assert design is not None  # it had a start that keeps every limit
        value = self.ladder.value(low.level, found.instance, design)
        bound = self.ladder.bound(self.proven)
        gap = abs(bound - value) / max(bound, value)
        goal = Goal(
            objective=self.ladder.objective,
            value=value,
            bound=bound,
            gap=gap,
            unit=self.ladder.unit,
            budget_usd=self.ladder.budget_usd,
        )
        stopped_by = found.stopped_by if self.is_closed else self._clock_or_cancel()
        purchase = design.purchase_usd
        return Reached(
            found=dataclasses.replace(
                found,
                bound_usd=found.bound_usd - purchase,
                stopped_by=stopped_by,
            ),
            goal=goal,
        )

    def _clock_or_cancel(self) -> StoppedBy:
        return "cancelled" if self.halt.should_stop() else "time_limit"
