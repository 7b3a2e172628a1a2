"""Most effective FLOP/s for a budget: accelerators against the bandwidth that keeps them busy.

Formulation (19a). A plan with n pods whose exchange is kept in every failure state has the utilization u; it is a plan
of at least n' pods and the strength B(n', u') for all n' <= n and u' <= u, since B rises with both. So the pairs (n, u)
that the budget pays for are a region with every pair below each of its own, and the greatest n u over it is bracketed
by its corners (:mod:`topodesign.planning.corners`): each pair is one search for the least cost, warm from the best
design so far.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from topodesign.domain.equipment import Accelerator
from topodesign.domain.plan import Goal
from topodesign.domain.ranges import MOST_GBPS
from topodesign.domain.scenario import Scenario
from topodesign.planning.assembly import kept_exchange_s
from topodesign.planning.climbing import POLISHING_SHARE
from topodesign.planning.corners import MOST_BLIND, Corner, Corners, question
from topodesign.planning.deciding import Decider, Reached, Tried
from topodesign.planning.design import Design
from topodesign.planning.instance import Instance, compile_instance
from topodesign.planning.ladders import SizeLadder
from topodesign.planning.search import Found
from topodesign.training.demand import exchange_s_for, strength_gbps_for, sync_demand, utilization_at

DECIDING_SHARES = (0.1, 0.2, 0.3)
"""Share of the time left that the first, second and third question about a corner may take to be decided."""
LEAST_SHARE = 0.01
"""Share of the time limit below which nothing more is asked: answers take longer."""
PUSHING_SHARE = 0.05
"""Share of the time left for a pair a little beyond the best one."""
PUSHED = 0.85
"""What is left of the time of the best plan's exchange in such a pair."""
STRETCH = 1.25
"""How much faster than in proportion to the product the least cost is taken to miss the budget."""
SPARE = 1e-7
"""Share by which the time of an exchange may be longer once the plan's cost is bettered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The best plan so far: what was tried, its pods and the time of its exchange (0 at one site), and their worth."""

    tried: Tried
    design: Design
    pods: int
    exchange_s: float
    amount: float


@dataclass(slots=True, kw_only=True)
class EffectiveSearch:
    """Searches pairs of pods and utilization. Amounts are pods times utilization."""

    scenario: Scenario
    decider: Decider
    best: Kept | None = field(default=None, init=False)
    _ladder: SizeLadder = field(init=False)
    _corners: Corners = field(init=False)
    _least_pods: int = field(default=1, init=False)
    _pod_usd: float = field(default=0.0, init=False)
    _pushes: list[tuple[int, float]] = field(default_factory=list, init=False)

    def run(self) -> Reached:
        """Ask about pairs until the gap, the clock or a request to stop; then better the cost of the best plan."""
        self._ladder = SizeLadder(self.scenario, self.decider.catalog, gap=self.decider.limits.gap)
        self._least_pods = least_pods(self.scenario)
        most = Corner(pods=max(round(self._ladder.first()), self._least_pods), utilization=1.0)
        self._corners = Corners([most], self._least_utilization, self._least_pods)
        is_closed, last = self._ask(self._corners)
        if self.best is not None:
            return self._polish(self.best, is_closed=is_closed)
        if last is not None:
            return self.decider.out_of_reach(last, is_proven=is_closed and last.is_out_of_reach)
        instance = compile_instance(self._scenario_at(1, 0.0), self.decider.catalog)
        nothing = Found(instance=instance, design=None, bound_usd=0.0, stopped_by=self.decider.halted_by())
        return Reached(found=nothing, goal=None)

    def _ask(self, corners: Corners) -> tuple[bool, Tried | None]:
        """Whether no corner is left above the gap, and what was tried last."""
        decider = self.decider
        end = decider.started + decider.limits.time_limit_s * (1 - POLISHING_SHARE)
        last: Tried | None = None
        blind = 0
        while True:
            above = 0.0 if self.best is None else self.best.amount / (1 - min(decider.limits.gap, 1 - 1e-9))
            corner = corners.best(above=above)
            if corner is None:
                return corners.most() <= above, last
            left = end - time.monotonic()
            if decider.halt.should_stop() or left <= LEAST_SHARE * decider.limits.time_limit_s:
                return False, last
            is_push = bool(self._pushes)
            pods, utilization = self._pushes.pop(0) if is_push else self._question(corner, blind)
            blind += self.best is None
            share = PUSHING_SHARE if is_push else DECIDING_SHARES[corner.undecided]
            last = decider.decide(
                self._scenario_at(pods, utilization),
                deadline=end - (1 - share) * left,
                near=None if self.best is None else self.best.tried,
            )
            if last.is_out_of_reach:
                self._learn_price(pods, last)
                corners.cut(pods, utilization if utilization > self._least_utilization(pods) else 0.0)
            elif not self._keep(last, pods, utilization) and not is_push:
                stretch = (decider.budget_usd / last.bound_usd) ** STRETCH if last.bound_usd > 0 else 1.0
                corners.set_aside(corner, asked=pods * utilization, stretch=stretch)

    def _question(self, corner: Corner, blind: int) -> tuple[int, float]:
        """The pair to ask about, below a corner; the least of all where none was found for long."""
        if self.best is not None:
            pods, utilization = question(corner, best=self.best.amount, least_pods=self._least_pods)
        elif blind >= MOST_BLIND:
            return self._least_pods, 0.0
        else:
            affordable = self.decider.budget_usd / self._pod_usd if self._pod_usd else corner.pods / 2
            pods = min(corner.pods, max(self._least_pods, math.floor(affordable * 0.9)))
            utilization = corner.utilization * 0.8
        return pods, utilization

    def _learn_price(self, pods: int, tried: Tried) -> None:
        if math.isfinite(tried.bound_usd):
            self._pod_usd = tried.bound_usd / pods

    def _keep(self, tried: Tried, pods: int, utilization: float) -> bool:
        """Whether a design is within the budget and better than the best so far."""
        if tried.design is None:
            return False
        found = self._worth(tried, tried.instance, tried.design)
        least = self._least_utilization(found.pods)
        if found.amount < found.pods * least * (1 - SPARE):
            # least pods of its sites made it larger than asked for, and the exchange was for what was asked for
            if pods < found.pods <= round(self._ladder.first()):
                self._pushes.append((found.pods, max(least, utilization)))
            return False
        if self.best is not None and found.amount <= self.best.amount:
            return False
        self.best = found
        self.decider.offer(tried, self._reached_from(tried))
        self._pushes = list(self._beyond(found))
        return True

    def _beyond(self, best: Kept) -> Iterator[tuple[int, float]]:
        """Pairs a little beyond a plan of several sites: the pods that the money left would buy, a quicker exchange."""
        if best.exchange_s <= 0:
            return
        pods = math.floor(best.pods * self.decider.budget_usd / max(best.tried.spent_usd, 1.0))
        if best.pods < pods <= round(self._ladder.first()):
            yield pods, best.amount / best.pods
        yield best.pods, self._utilization(best.pods, PUSHED * best.exchange_s)

    def _worth(self, tried: Tried, instance: Instance, design: Design) -> Kept:
        pods = sum(design.pods.values())
        exchange_s = kept_exchange_s(instance, design)
        amount = pods * self._utilization(pods, exchange_s)
        return Kept(tried=tried, design=design, pods=pods, exchange_s=exchange_s, amount=amount)

    def _polish(self, best: Kept, *, is_closed: bool) -> Reached:
        """The least cost of a plan with the best one's pods and time of exchange, with what is left of the time."""
        instance = best.tried.instance
        if best.exchange_s > 0:
            scenario = self._timed(best.pods, best.exchange_s * (1 + SPARE))
            instance = dataclasses.replace(instance, scenario=scenario, demand=sync_demand(scenario, self._accelerator))
        reached = self._reached_from(best.tried)
        found = self.decider.least_cost(instance, best.design, reached)
        stopped_by = found.stopped_by if is_closed else self.decider.halted_by()
        return reached(dataclasses.replace(found, stopped_by=stopped_by))

    def _reached_from(self, tried: Tried) -> Callable[[Found], Reached]:
        """What a design of that pair, or one bettered from it, reaches of the goal, against what is proven by then."""

        def reached(found: Found) -> Reached:
            assert found.design is not None
            amount = self._worth(tried, found.instance, found.design).amount
            bound = max(self._corners.most(), amount)
            goal = Goal(
                objective="effective-flops",
                value=amount * self._pod_eflops,
                bound=bound * self._pod_eflops,
                gap=1 - amount / bound,
                unit="EFLOP/s",
                budget_usd=self.decider.budget_usd,
            )
            return Reached(found=found, goal=goal)

        return reached

    def _scenario_at(self, pods: int, utilization: float) -> Scenario:
        """At least so many pods, and an exchange that leaves them so much of their time; at least what is asked for."""
        if utilization <= self._least_utilization(pods):
            return self._ladder.scenario_at(pods)
        allowed = exchange_s_for(
            self.scenario, self._accelerator, accelerators=self._count(pods), utilization=utilization
        )
        shortest = strength_gbps_for(self.scenario, 1.0) / MOST_GBPS  # what asks for the most that can be asked for
        return self._timed(pods, max(allowed, shortest * (1 + SPARE)))

    def _timed(self, pods: int, exchange_s: float) -> Scenario:
        scenario = self._ladder.scenario_at(pods)
        workload = dataclasses.replace(scenario.workload, sync_time_s=exchange_s, utilization=None)
        return dataclasses.replace(scenario, workload=workload)

    def _least_utilization(self, pods: int) -> float:
        """What the scenario's own target leaves of the time at least, with so many pods."""
        workload = self.scenario.workload
        if workload.utilization is not None:
            return workload.utilization
        assert workload.sync_time_s is not None  # Workload's constructor: exactly one of the two
        return self._utilization(pods, workload.sync_time_s)

    def _utilization(self, pods: int, exchange_s: float) -> float:
        return utilization_at(self.scenario, self._accelerator, accelerators=self._count(pods), exchange_s=exchange_s)

    def _count(self, pods: int) -> int:
        return pods * self.scenario.size.pod_accelerators

    @property
    def _accelerator(self) -> Accelerator:
        return self.decider.catalog.accelerator(self.scenario.size.accelerator)

    @property
    def _pod_eflops(self) -> float:
        """EFLOP/s of a pod that computes all the time."""
        share = self.scenario.workload.flops_utilization
        return self._count(1) * self._accelerator.peak_tflops * share / 1e6


def least_pods(scenario: Scenario) -> int:
    """Pods that any plan has: least pods of the sites it must use, and of the cheapest others up to ``min_sites``."""
    usable = [site for site in scenario.sites if site.role == "compute" and not site.forbidden]
    required = [max(1, site.min_pods) for site in usable if site.required]
    others = sorted(max(1, site.min_pods) for site in usable if not site.required)
    return max(1, sum(required) + sum(others[: max(0, scenario.policy.min_sites - len(required))]))
