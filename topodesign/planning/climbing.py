"""Goals of one figure: the best level of a ladder is found by bracketing.

The least cost of a plan rises with its size and falls with its sync time. The bound of the goal is the least ambitious
level that was proven to be out of reach.
"""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from topodesign.domain.plan import Goal
from topodesign.planning.deciding import Decider, Reached
from topodesign.planning.instance import compile_instance
from topodesign.planning.ladders import Ladder, TriedLevel
from topodesign.planning.search import Found

MOST_LEVELS = 40
DECIDING_SHARE = 0.35
"""Share of the time left that one level may take to be decided."""
POLISHING_SHARE = 0.2
"""Share of the time kept for bettering the cost of the plan at the level reached."""


@dataclass(slots=True, kw_only=True)
class Climb:
    """Bracketing of the best level: ``low`` can be had, ``high`` cannot or was not decided, ``proven`` cannot."""

    ladder: Ladder
    decider: Decider
    low: TriedLevel | None = field(default=None, init=False)
    high: TriedLevel | None = field(default=None, init=False)
    proven: float | None = field(default=None, init=False)
    is_closed: bool = field(default=False, init=False)

    def run(self) -> Reached:
        """Bracket, then better the cost at the level reached."""
        self._bracket()
        if self.low is not None:
            return self._polish(self.low)
        if self.high is not None:
            tried = self.high.tried
            return self.decider.out_of_reach(tried, is_proven=self.is_closed and tried.is_out_of_reach)
        instance = compile_instance(self.ladder.scenario_at(self.ladder.first()), self.decider.catalog)
        nothing = Found(instance=instance, design=None, bound_usd=0.0, stopped_by=self.decider.halted_by())
        return Reached(found=nothing, goal=None)

    def _bracket(self) -> None:
        decider = self.decider
        end = decider.started + decider.limits.time_limit_s * (1 - POLISHING_SHARE)
        level: float | None = self.ladder.first()
        for step in range(MOST_LEVELS):
            if level is None:
                self.is_closed = True
                return
            left = end - time.monotonic()
            if decider.halt.should_stop() or left <= 0:
                return
            tried = decider.decide(
                self.ladder.scenario_at(level),
                deadline=end - (1 - DECIDING_SHARE) * left,
                near=None if self.low is None else self.low.tried,
            )
            if tried.design is not None:
                self.low = TriedLevel(level=level, tried=tried)
                decider.offer(tried, self._reached_at(level))
            else:
                self.high = TriedLevel(level=level, tried=tried)
                if tried.is_out_of_reach:
                    self.proven = level if self.proven is None else min(self.proven, level)
            level = self.ladder.between(self.low, self.high, step)

    def _polish(self, low: TriedLevel) -> Reached:
        """The least cost at the level reached, with what is left of the time."""
        assert low.tried.design is not None  # what makes it the low one
        reached = self._reached_at(low.level)
        found = self.decider.least_cost(low.tried.instance, low.tried.design, reached)
        stopped_by = found.stopped_by if self.is_closed else self.decider.halted_by()
        return reached(dataclasses.replace(found, stopped_by=stopped_by))

    def _reached_at(self, level: float) -> Callable[[Found], Reached]:
        """What a design of that level reaches of the goal, against what is proven by then."""

        def reached(found: Found) -> Reached:
            assert found.design is not None
            value = self.ladder.value(level, found.instance, found.design)
            bound = self.ladder.bound(self.proven)
            goal = Goal(
                objective=self.ladder.objective,
                value=value,
                bound=bound,
                gap=abs(bound - value) / max(bound, value),
                unit=self.ladder.unit,
                budget_usd=self.decider.budget_usd,
            )
            return Reached(found=found, goal=goal)

        return reached
