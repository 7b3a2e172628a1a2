"""Whether a budget pays for a level of a goal, and the least cost of a plan at one.

The search for the least cost at a level ends as soon as a plan within the budget is found (the level can be had) or the
proven bound passes the budget (neither it nor anything more ambitious can). The budget pays for ``cost_usd`` and the
accelerators.
"""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Goal, Plan, PlanEvent, SolveLimits, StoppedBy
from topodesign.domain.scenario import Scenario
from topodesign.planning.design import Design
from topodesign.planning.halting import Halt
from topodesign.planning.instance import Instance, compile_instance
from topodesign.planning.known_paths import planned_paths
from topodesign.planning.search import Found, Search
from topodesign.planning.starting import carried_over, start_from_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One level: a design within the budget, or spending that any plan of it exceeds (a bound), or neither."""

    instance: Instance
    found: Found
    design: Design | None
    spent_usd: float
    bound_usd: float
    is_out_of_reach: bool


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Searches at levels of a goal, each level a scenario with a size in accelerators and a time for its exchange."""

    catalog: Catalog
    budget_usd: float
    limits: SolveLimits
    started: float
    on_progress: Callable[[PlanEvent], None]
    halt: Halt
    on_best: Callable[[Callable[[], Reached]], None]
    start: Plan | None = None

    def decide(self, scenario: Scenario, *, deadline: float, near: Tried | None) -> Tried:
        """Decide one level, as far as the time allows, from the design of a level near by or else from ``start``."""
        also = () if self.start is None else planned_paths(self.start)
        instance = compile_instance(scenario, self.catalog, also=also, counts_purchase=True)
        start = None
        if near is not None and near.design is not None:
            start = carried_over(near.design, near.instance, instance)
        elif self.start is not None:
            start = start_from_plan(instance, self.start)
        budget = self.budget_usd
        found = Search(
            instance=instance,
            limits=dataclasses.replace(self.limits, gap=0.0),
            started=self.started,
            on_progress=self.on_progress,
            halt=Halt(deadline=deadline, should_stop=self.halt.should_stop),
            start=start,
            is_enough=lambda design: design.objective_usd <= budget,
            enough_bound_usd=budget,
        ).run()
        spent = math.nan if found.design is None else found.design.objective_usd
        design = found.design if spent <= budget else None
        return Tried(
            instance=found.instance,
            found=found,
            design=design,
            spent_usd=spent,
            bound_usd=found.bound_usd,
            is_out_of_reach=design is None and found.bound_usd > budget,
        )

    def offer(self, tried: Tried, reached: Callable[[Found], Reached]) -> None:
        """Tell of a plan of the goal; ``reached`` says what of the goal a design of that level reaches."""
        found = dataclasses.replace(_without_purchase(tried.found), stopped_by="cancelled")
        self.on_best(lambda: reached(found))

    def least_cost(self, instance: Instance, start: Design, reached: Callable[[Found], Reached]) -> Found:
        """The least cost of a plan that keeps an instance's limits, as ``start`` does, with what is left of the time.

        Its bound is on the cost without the accelerators, whose number is that of the design. ``reached`` is as in
        :meth:`offer`.
        """
        found = Search(
            instance=instance,
            limits=self.limits,
            started=self.started,
            on_progress=self.on_progress,
            halt=self.halt,
            start=start,
            on_best=lambda so_far: self.on_best(lambda: reached(_without_purchase(so_far()))),
        ).run()
        return _without_purchase(found)

    def out_of_reach(self, tried: Tried, *, is_proven: bool) -> Reached:
        """Nothing is affordable: proven, with a plan that shows what would be enough, or not decided."""
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

    def halted_by(self) -> StoppedBy:
        """Why a goal was not brought to its gap."""
        return "cancelled" if self.halt.should_stop() else "time_limit"


def _without_purchase(found: Found) -> Found:
    """The same with a bound on the cost alone, of plans with as many accelerators as the design has."""
    assert found.design is not None  # the search had a start that keeps every limit, or found what is enough
    return dataclasses.replace(found, bound_usd=max(0.0, found.bound_usd - found.design.purchase_usd))
