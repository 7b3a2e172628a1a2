"""What was asked and what is known from it: plans, proven bounds, and corners that have no plan.

Two laws make every answer count for more than its own question (docs/pareto.md has the proofs): what is proven of a
corner holds at all tighter ones, and a plan is one of all corners whose limits it keeps.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Infeasibility, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.fronts.axes import SLACK, Corner, GoalAxis, achieved, is_within, limited
from topodesign.sweeps.questions import Inquiry, Question
from topodesign.sweeps.solving import Answer
from topodesign.verify.measures import Measures, measure

Outcome = Literal["plan", "none", "unknown"]
FIRST_PLAN_GAP = 1.0
"""Relative gap of a solve that only asks whether there is a plan: the first one ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A corner to plan within: at least cost, or (``any_plan``) only to know whether there is a plan."""

    corner: Corner
    any_plan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What an answer proved of its corner: US dollars that no plan costs less than, infinite where there is none."""

    corner: Corner
    outcome: Outcome
    bound_usd: float = 0.0
    basis: str = ""
    is_of_optimum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlan:
    """A plan: the tightest corner that it keeps, the one that it was asked for, and what it comes to."""

    corner: Corner
    asked: Corner
    measures: Measures
    cost_usd: float
    basis: str
    answer: Answer

    @property
    def rank(self) -> tuple[float, Corner, str]:
        """The cheapest first, of equals the tightest."""
        return self.cost_usd, self.corner, self.answer.plan_digest


@dataclass(slots=True, kw_only=True)
class Book:
    """All that is known, and how more is asked.

    Parameters
    ----------
    scenario : Scenario
    axes : tuple of GoalAxis
        All goals but the cost.
    limits : SolveLimits
        Of each solve.
    inquiry : Inquiry
    on_change : callable
        Called after every batch of answers.
    """

    scenario: Scenario
    axes: tuple[GoalAxis, ...]
    limits: SolveLimits
    inquiry: Inquiry
    on_change: Callable[["Book"], object] = lambda _book: None
    tried: list[Tried] = field(default_factory=list)
    plans: list[KnownPlan] = field(default_factory=list)
    infeasibility: Infeasibility | None = None
    notes: list[str] = field(default_factory=list)
    _asked: set[Wanted] = field(default_factory=set, init=False)

    @property
    def top(self) -> Corner:
        """No limits but the scenario's own."""
        return tuple(axis.top for axis in self.axes)

    def ask(self, wanted: Sequence[Wanted]) -> None:
        """Solve side by side; what each question begins from is settled before any is answered."""
        fresh = [item for item in dict.fromkeys(wanted) if item not in self._asked]
        if not fresh:
            return
        scenarios = [limited(self.scenario, self.axes, item.corner) for item in fresh]
        questions = [self._question(item, scenario) for item, scenario in zip(fresh, scenarios, strict=True)]
        answers = self.inquiry.ask(*questions)
        for item, scenario, answer in zip(fresh, scenarios, answers, strict=True):
            self._take(item, scenario, answer)
        self._asked.update(fresh)
        self.on_change(self)

    def was_asked(self, wanted: Wanted) -> bool:
        """Whether it needs no solve any more."""
        return wanted in self._asked

    def best(self, corner: Corner) -> KnownPlan | None:
        """The cheapest known plan within a corner."""
        return min((plan for plan in self.plans if is_within(plan.corner, corner)), key=_rank, default=None)

    def bound_usd(self, corner: Corner) -> float:
        """US dollars that no plan within a corner costs less than; infinite: there is none.

        A bound is relative to the candidate lightpaths of its own search. A plan below it has others: then it is worth
        no more than that plan.
        """
        source = self._bound_source(corner)
        return 0.0 if source is None else self._worth(source)

    def tightest(self, place: int, corner: Corner) -> KnownPlan | None:
        """The known plan within a corner that has the least of one goal."""
        within = (plan for plan in self.plans if is_within(plan.corner, corner))
        return min(within, key=lambda plan: (plan.corner[place], plan.rank), default=None)

    def proven_least(self, place: int, corner: Corner) -> float:
        """A value of one goal that no plan within a corner is below; infinite: there is no plan."""
        axis = self.axes[place]
        found = axis.least
        for item in self.tried:
            if self._excludes(item) and is_within(_without(corner, place), _without(item.corner, place)):
                limit = item.corner[place]
                found = max(found, math.inf if limit >= corner[place] else axis.value_above(limit))
        return found

    def given_up(self, place: int, corner: Corner) -> float | None:
        """The loosest limit of one goal at which no plan was found, whether that is proven or not."""
        others = _without(corner, place)
        limits = [
            item.corner[place]
            for item in self.tried
            if (self._excludes(item) and is_within(others, _without(item.corner, place)))
            or (item.outcome == "unknown" and others == _without(item.corner, place))
        ]
        return max((limit for limit in limits if limit < corner[place]), default=None)

    def _excludes(self, item: Tried) -> bool:
        """Whether it is proven that a corner has no plan, and none was found there over other lightpaths since."""
        return item.outcome == "none" and self.best(item.corner) is None

    def _worth(self, item: Tried) -> float:
        best = self.best(item.corner)
        return item.bound_usd if best is None else min(item.bound_usd, best.cost_usd)

    def _holds(self, item: Tried) -> bool:
        """Whether no known plan is below a finite bound: else it was proven over other lightpaths than that plan's."""
        return math.isfinite(item.bound_usd) and self._worth(item) >= item.bound_usd * (1 - SLACK)

    def _bound_source(self, corner: Corner, *, holding: bool = False) -> Tried | None:
        """The answer whose bound is worth most in a corner; for solves only one that is ``holding`` itself."""
        looser = [item for item in self.tried if item.bound_usd > 0 and is_within(corner, item.corner)]
        if holding:
            looser = [item for item in looser if self._holds(item)]
        return max(looser, key=lambda item: (self._worth(item), item.is_of_optimum, item.corner), default=None)

    def _question(self, wanted: Wanted, scenario: Scenario) -> Question:
        source = self._bound_source(wanted.corner, holding=True)
        start = self._start(wanted.corner)
        gap = FIRST_PLAN_GAP if wanted.any_plan else self.limits.gap
        return Question(
            scenario=scenario,
            limits=replace(self.limits, gap=gap),
            start="" if start is None else start.answer.plan_digest,
            bound_usd=0.0 if source is None else self._worth(source),
            bound_basis="" if source is None else _inherited(self.axes, source),
            bound_is_of_optimum=source is not None and source.is_of_optimum,
            explains=wanted.corner == self.top,
        )

    def _start(self, corner: Corner) -> KnownPlan | None:
        """The cheapest plan that keeps the limits, else the one that breaks them least."""
        best = self.best(corner)
        return best or min(self.plans, key=lambda plan: (self._excess(plan.corner, corner), plan.rank), default=None)

    def _excess(self, inner: Corner, outer: Corner) -> float:
        """By how much limits are broken, relative to them."""
        pairs = zip(inner, outer, strict=True)
        return sum(max(0.0, have / limit - 1) if limit > 0 else have for have, limit in pairs)

    def _take(self, wanted: Wanted, scenario: Scenario, answer: Answer) -> None:
        if answer.status == "invalid":
            raise InvalidInput(f"a scenario of the front cannot be: {answer.message}", reason="FRONT_INVALID")
        if answer.status == "infeasible":
            self.infeasibility = answer.infeasibility if wanted.corner == self.top else self.infeasibility
            self.tried.append(Tried(corner=wanted.corner, outcome="none", bound_usd=math.inf))
        elif answer.figures is None:
            self.notes.append(f"{_words(self.axes, wanted.corner)}: {answer.message}")
            self.tried.append(Tried(corner=wanted.corner, outcome="unknown"))
        else:
            self._take_plan(wanted, scenario, answer)

    def _take_plan(self, wanted: Wanted, scenario: Scenario, answer: Answer) -> None:
        assert answer.figures is not None  # the caller looked
        plan = self.inquiry.plan_of(answer)
        measures = measure(scenario, plan)
        reached = [axis.coordinate(achieved(axis.goal, measures, answer.figures.cost_usd)) for axis in self.axes]
        known = KnownPlan(
            # the verifier accepted it within the limits, whatever the last digit of what it achieves
            corner=tuple(min(pair) for pair in zip(reached, wanted.corner, strict=True)),
            asked=wanted.corner,
            measures=measures,
            cost_usd=answer.figures.cost_usd,
            basis=plan.provenance.bound_basis,
            answer=answer,
        )
        self.plans.append(known)
        self.tried.append(
            Tried(
                corner=wanted.corner,
                outcome="plan",
                bound_usd=answer.figures.lower_bound_usd or 0.0,
                basis=known.basis,
                is_of_optimum=answer.status == "optimal",
            )
        )


def _rank(plan: KnownPlan) -> tuple[float, Corner, str]:
    return plan.rank


def _without(corner: Corner, place: int) -> Corner:
    return (*corner[:place], *corner[place + 1 :])


def _words(axes: Sequence[GoalAxis], corner: Corner) -> str:
    limits = [f"{axis.goal} {limit:g}" for axis, limit in zip(axes, corner, strict=True) if limit < axis.top]
    return f"within {', '.join(limits)}" if limits else "within the scenario's own limits"


def _inherited(axes: Sequence[GoalAxis], source: Tried) -> str:
    marker = "proven of "
    if source.basis.startswith(marker):  # taken over before: it still is of the same corner
        return source.basis
    return f"{marker}the plans {_words(axes, source.corner)}, which no plan here is outside of: {source.basis}"
