"""Levels of a goal under a budget: how many accelerators, how quick an exchange.

A greater level is more ambitious and costs more, so the best level that the budget pays for can be bracketed.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Protocol

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Objective
from topodesign.domain.ranges import MOST_GBPS
from topodesign.domain.scenario import Scenario
from topodesign.planning.assembly import kept_exchange_s
from topodesign.planning.deciding import Tried
from topodesign.planning.design import Design
from topodesign.planning.holding import Holding
from topodesign.planning.instance import Instance, compile_instance
from topodesign.training.demand import sync_demand

LEAST_TIME_SHARE = 1e-4
"""Sync times below this share of the one asked for are not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedLevel:
    """A level, and what was found of it."""

    level: float
    tried: Tried


def pod_purchase_usd(scenario: Scenario, catalog: Catalog) -> float:
    return scenario.size.pod_accelerators * catalog.accelerator(scenario.size.accelerator).cost_usd


class Ladder(Protocol):
    """Levels of a goal. A greater level is more ambitious."""

    objective: Objective
    unit: str

    def first(self) -> float:
        """The level to try first."""
        ...

    def scenario_at(self, level: float) -> Scenario:
        """The scenario whose least cost decides the level."""
        ...

    def between(self, low: TriedLevel | None, high: TriedLevel | None, step: int) -> float | None:
        """A level to try between one that can be had and one that cannot; ``None`` when they are close enough."""
        ...

    def value(self, reached: float, instance: Instance, design: Design) -> float:
        """What users see of a design at a level."""
        ...

    def bound(self, out_of_reach: float | None) -> float:
        """Bound on the value when this level is proven out of reach (``None``: none is)."""
        ...


class SizeLadder:
    """Pods: the more, the more ambitious."""

    objective: Objective = "accelerators"
    unit = "accelerators"

    def __init__(self, scenario: Scenario, catalog: Catalog, *, gap: float) -> None:
        assert scenario.size.budget_usd is not None  # objective_of has checked it
        self._budget_usd = scenario.size.budget_usd
        self._scenario = scenario
        self._gap = gap
        instance = compile_instance(self.scenario_at(1), catalog)
        most = int(Holding(instance).most(range(len(instance.sites)))) if instance.sites else 1
        self._pod_usd = pod_purchase_usd(scenario, catalog)
        if scenario.workload.utilization is not None:  # the demand is in proportion to the pods
            most = min(most, math.floor(MOST_GBPS / instance.demand.demand_gbps))
        self._most = max(1, min(most, math.floor(self._budget_usd / self._pod_usd) if self._pod_usd > 0 else most))

    def first(self) -> float:
        """All that power holds or the budget buys."""
        return float(self._most)

    def scenario_at(self, level: float) -> Scenario:
        """At least that many pods."""
        size = self._scenario.size
        accelerators = round(level) * size.pod_accelerators
        return dataclasses.replace(
            self._scenario, size=dataclasses.replace(size, accelerators=accelerators, budget_usd=None)
        )

    def between(self, low: TriedLevel | None, high: TriedLevel | None, step: int) -> float | None:
        """Where a straight line of spending over pods meets the budget; every third time the middle."""
        if high is None:
            return None
        bottom = 0.0 if low is None else low.level
        if high.level - bottom <= max(1.0, self._gap * high.level if low is not None else 1.0):
            return None
        if step % 3 == 2 or not math.isfinite(high.tried.bound_usd):
            guess = (bottom + high.level) / 2
        else:
            spent = 0.0 if low is None else low.tried.spent_usd
            slope = max((high.tried.bound_usd - spent) / (high.level - bottom), self._pod_usd, 1.0)
            guess = bottom + (self._budget_usd - spent) / slope
        return float(min(max(math.floor(guess), bottom + 1), high.level - 1))

    def value(self, reached: float, instance: Instance, design: Design) -> float:  # noqa: ARG002
        """Accelerators placed."""
        return float(sum(design.pods.values()) * instance.scenario.size.pod_accelerators)

    def bound(self, out_of_reach: float | None) -> float:
        """One pod less than what cannot be had; else all that power holds or the budget buys."""
        pods = self._most if out_of_reach is None else out_of_reach - 1
        return pods * self._scenario.size.pod_accelerators


class SpeedLadder:
    """Exchanges per second between sites: the inverse of the sync time."""

    objective: Objective = "sync-time"
    unit = "s"

    def __init__(self, scenario: Scenario, catalog: Catalog, *, gap: float) -> None:
        assert scenario.policy.budget_usd is not None  # objective_of has checked it
        self._budget_usd = scenario.policy.budget_usd
        self._scenario = scenario
        self._gap = max(gap, 1e-6)
        demand = sync_demand(scenario, catalog.accelerator(scenario.size.accelerator))
        assert demand.target_s is not None  # an all-reduce has one
        self._first = 1 / demand.target_s
        self._most = self._first / LEAST_TIME_SHARE

    def first(self) -> float:
        """The sync time that the scenario asks for at least."""
        return self._first

    def scenario_at(self, level: float) -> Scenario:
        """That sync time as the target."""
        workload = dataclasses.replace(self._scenario.workload, sync_time_s=1 / level, utilization=None)
        policy = dataclasses.replace(self._scenario.policy, budget_usd=None)
        return dataclasses.replace(self._scenario, workload=workload, policy=policy)

    def between(self, low: TriedLevel | None, high: TriedLevel | None, step: int) -> float | None:
        """What the money left would buy at the network's price so far, then between what can and what cannot be had."""
        if low is None or low.tried.design is None:
            return None
        left = self._budget_usd - low.tried.spent_usd
        network = max(low.tried.design.network_cost_usd, 1.0)
        guess = low.level * (1 + left / network)
        if high is None:
            return None if low.level >= self._most else min(max(guess, low.level * (1 + 4 * self._gap)), self._most)
        if high.level / low.level - 1 <= self._gap:
            return None
        middle = math.sqrt(low.level * high.level)
        inside = low.level * (1 + self._gap / 2) < guess < high.level * (1 - self._gap / 2)
        return guess if inside and step % 3 != 2 else middle

    def value(self, reached: float, instance: Instance, design: Design) -> float:
        """Seconds of one exchange that the plan keeps in every failure state of the policy."""
        return kept_exchange_s(instance, design) or 1 / reached

    def bound(self, out_of_reach: float | None) -> float:
        """The sync time that is proven not to be affordable."""
        return 1 / (self._most if out_of_reach is None else out_of_reach)
