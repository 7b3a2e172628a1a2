"""Plan a scenario: search and assemble; verified by the caller, who never returns a plan that the verifier rejects."""

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from topodesign.catalog import load_catalog
from topodesign.domain.checks import require_number
from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Infeasibility, LimitClash, Objective, Plan, PlanEvent, Relief, SolveLimits, StoppedBy
from topodesign.domain.scenario import Scenario
from topodesign.planning.assembly import assemble_plan, assumptions_of, provenance_of
from topodesign.planning.deciding import Reached
from topodesign.planning.focus import Focus, find_focus, focused, needs_focus
from topodesign.planning.goals import objective_of, reach_goal
from topodesign.planning.halting import Halt, never
from topodesign.planning.infeasibility import explain_infeasibility
from topodesign.planning.infeasible_easing import sites_of
from topodesign.planning.infeasible_probe import Prober
from topodesign.planning.instance import Instance, compile_instance
from topodesign.planning.known_paths import planned_paths
from topodesign.planning.search import Found, Search
from topodesign.planning.snapshots import Snapshots
from topodesign.planning.starting import start_from_plan
from topodesign.training.demand import sync_demand

UNEXPLAINED = Infeasibility(
    message="it is proven that no plan keeps all limits together; which of them clash was not asked", clashing=()
)


def solve(
    scenario: Scenario,
    *,
    limits: SolveLimits,
    catalog: Catalog | None = None,
    on_progress: Callable[[PlanEvent], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    start: Plan | None = None,
    known_bound_usd: float = 0.0,
    on_plan: Callable[[Plan], None] | None = None,
    explains: bool = True,
) -> Plan:
    """Solve the planning problem; the plan is not verified yet (see :func:`topodesign.api.plan`).

    Parameters
    ----------
    scenario : Scenario
    limits : SolveLimits
        Objective, time limit in seconds (model building included), relative gap, seed, threads.
    catalog : Catalog, optional
        Equipment; by default the shipped catalogue with the scenario's overrides.
    on_progress : callable, optional
        Receives a :class:`PlanEvent` for every new phase, incumbent and bound.
    should_stop : callable, optional
        Asked about 20 times a second; when true the best plan so far is returned.
    start : Plan, optional
        An earlier plan to begin from, of this or a similar scenario.
    known_bound_usd : float
        US dollars that no plan can cost less than, proven already for a scenario whose limits are no tighter; 0 where
        nothing is known. Of use where the goal is the least cost.
    on_plan : callable, optional
        Receives the best plan so far now and then, as one whose search was cancelled; not verified either.
    explains : bool
        Least cost without a plan: find out which limits clash and what relief there is. It can take longer than the
        proof.

    Raises
    ------
    InvalidInput
        For limits out of range, or an objective that the scenario's target does not go with.
    """
    started = time.monotonic()
    require_number(limits.time_limit_s, field="time_limit_s", above=0)
    require_number(limits.gap, field="gap", at_least=0, at_most=1)
    require_number(limits.threads, field="threads", at_least=1, at_most=256)
    require_number(limits.seed, field="seed", at_least=0, at_most=2**31 - 1)
    objective = objective_of(scenario, limits)
    catalog = catalog or load_catalog(scenario.catalog_overrides)
    report = on_progress or (lambda _: None)
    report(PlanEvent(phase="candidates", wall_s=0.0))
    snapshots = Snapshots(on_plan=on_plan)
    halt = snapshots.watched(Halt(deadline=started + limits.time_limit_s, should_stop=should_stop or never))
    if objective != "cost":
        reached = reach_goal(
            scenario,
            catalog,
            limits,
            objective=objective,
            started=started,
            on_progress=report,
            halt=halt,
            on_best=lambda so_far: snapshots.offer(
                lambda: _plan_of_goal(scenario, so_far(), objective, limits, started, never)
            ),
            start=start,
        )
        return _plan_of_goal(scenario, reached, objective, limits, started, halt.should_stop)
    question = _LeastCost(
        scenario=scenario,
        catalog=catalog,
        limits=limits,
        started=started,
        report=report,
        halt=halt,
        snapshots=snapshots,
        start=start,
        known_bound_usd=known_bound_usd,
    )
    return question.answer(explains=explains)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeastCost:
    """The question for the plan of least cost."""

    scenario: Scenario
    catalog: Catalog
    limits: SolveLimits
    started: float
    report: Callable[[PlanEvent], None]
    halt: Halt
    snapshots: Snapshots
    start: Plan | None
    known_bound_usd: float

    def answer(self, *, explains: bool) -> Plan:
        """The plan, or why there is none: proven of all sites, whichever were looked at closely."""
        needed = needs_focus(self.scenario)
        focus = find_focus(self.scenario, self.catalog, self.halt, seed=self.limits.seed) if needed else None
        found = self._searched(focus)
        is_proven = focus is None and found.stopped_by == "proof"  # of sites out of focus nothing is known yet
        if focus is not None and found.design is None and not self.halt.is_over():
            probed = Prober(self.catalog, self.halt).probe(self.scenario)
            is_proven = probed.outcome == "none"
            if probed.outcome == "plan":
                found = self._searched(dataclasses.replace(focus, site_ids=focus.site_ids.union(sites_of(probed))))
        if found.design is not None:
            return self._plan_of(found)
        if is_proven:
            return self._without(found, "proof", self._explanation() if explains else UNEXPLAINED)
        limit: StoppedBy = "time_limit" if self.halt.is_over() else "work_limit"
        return self._without(found, limit if found.stopped_by == "proof" else found.stopped_by)

    def _searched(self, focus: Focus | None) -> Found:
        """What a search finds among the sites in focus, or among all."""
        detailed = self.scenario if focus is None else focused(self.scenario, focus)
        paths = () if self.start is None else planned_paths(self.start)
        instance = compile_instance(detailed, self.catalog, also=paths)
        return Search(
            instance=instance,
            limits=self.limits,
            started=self.started,
            on_progress=self.report,
            halt=self.halt,
            start=None if self.start is None else start_from_plan(instance, self.start),
            coarse_bound_usd=None if focus is None else focus.bound_usd,
            known_bound_usd=self.known_bound_usd,
            on_best=lambda so_far: self.snapshots.offer(lambda: self._plan_of(so_far())),
        ).run()

    def _plan_of(self, found: Found) -> Plan:
        instance = dataclasses.replace(found.instance, scenario=self.scenario)  # not only the sites in focus
        whole = dataclasses.replace(found, instance=instance)
        return assemble_plan(whole, self.limits, wall_s=time.monotonic() - self.started)

    def _explanation(self) -> Infeasibility:
        self.report(PlanEvent(phase="explaining", wall_s=time.monotonic() - self.started))
        return explain_infeasibility(
            self.scenario, self.catalog, deadline=self.halt.deadline, should_stop=self.halt.should_stop
        )

    def _without(self, found: Found, stopped_by: StoppedBy, why: Infeasibility | None = None) -> Plan:
        return _without_design(found.instance, self.limits, self.started, stopped_by, why)


def _plan_of_goal(
    scenario: Scenario,
    reached: Reached,
    objective: Objective,
    limits: SolveLimits,
    started: float,
    should_stop: Callable[[], bool],
) -> Plan:
    """The plan at the best level under its own scenario's name, or why the budget pays for nothing."""
    catalog = reached.found.instance.catalog
    design = reached.found.design
    pods = 1 if design is None else max(1, sum(design.pods.values()))
    demand = sync_demand(
        scenario,
        catalog.accelerator(scenario.size.accelerator),
        accelerators=pods * scenario.size.pod_accelerators,
    )
    instance = dataclasses.replace(reached.found.instance, scenario=scenario, demand=demand)
    if reached.goal is not None:
        found = dataclasses.replace(reached.found, instance=instance)
        return assemble_plan(found, limits, wall_s=time.monotonic() - started, goal=reached.goal)
    if not reached.is_proven:
        return _without_design(instance, limits, started, reached.found.stopped_by, None)
    if math.isinf(reached.found.bound_usd):
        why = explain_infeasibility(
            reached.found.instance.scenario,
            instance.catalog,
            deadline=started + limits.time_limit_s,
            should_stop=should_stop,
        )
    else:
        why = _too_small_a_budget(scenario, reached, objective)
    return _without_design(instance, limits, started, "proof", why)


def _too_small_a_budget(scenario: Scenario, reached: Reached, objective: Objective) -> Infeasibility:
    limit = "policy.budget_usd" if objective == "sync-time" else "size.budget_usd"
    budget = scenario.size.budget_usd or scenario.policy.budget_usd or 0.0
    aim = "any plan of the size and sync time asked for" if objective == "sync-time" else "even the smallest plan"
    enough = math.ceil(reached.affordable_usd)
    return Infeasibility(
        message=(
            f"{limit} is {budget:,.0f} USD, but {aim} costs at least {reached.least_usd:,.0f} USD with the purchase "
            f"of its accelerators; a plan for {enough:,} USD was found"
        ),
        clashing=(LimitClash(limit=limit, id="", value=budget, unit="USD"),),
        relief=(Relief(limit=limit, id="", from_value=budget, to_value=float(enough), unit="USD"),),
    )


def _without_design(
    instance: Instance, limits: SolveLimits, started: float, stopped_by: StoppedBy, why: Infeasibility | None
) -> Plan:
    return Plan(
        scenario_name=instance.scenario.name,
        status="infeasible" if why is not None else "limit",
        stopped_by=stopped_by,
        wall_s=time.monotonic() - started,
        seed=limits.seed,
        infeasibility=why,
        attribution=instance.scenario.attribution,
        assumptions=assumptions_of(instance),
        provenance=provenance_of(instance, limits),
    )
