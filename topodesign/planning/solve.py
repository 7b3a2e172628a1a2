"""Plan a scenario: search, assemble, verify, evaluate. A plan that the verifier rejects is never returned."""

import time
from collections.abc import Callable

from topodesign.catalog import load_catalog
from topodesign.domain.checks import require_number
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Infeasibility, Plan, PlanEvent, SolveLimits, StoppedBy
from topodesign.domain.scenario import Scenario
from topodesign.planning.assembly import assemble_plan, assumptions_of, provenance_of
from topodesign.planning.halting import Halt, never
from topodesign.planning.infeasibility import explain_infeasibility
from topodesign.planning.instance import Instance, compile_instance
from topodesign.planning.search import Search


def solve(
    scenario: Scenario,
    *,
    limits: SolveLimits,
    catalog: Catalog | None = None,
    on_progress: Callable[[PlanEvent], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Plan:
    """Solve the planning problem; the plan is not verified yet (see :func:`topodesign.api.plan`).

    Parameters
    ----------
    scenario : Scenario
    limits : SolveLimits
        Time limit in seconds (model building included), relative gap, seed, threads.
    catalog : Catalog, optional
        Equipment; by default the shipped catalogue with the scenario's overrides.
    on_progress : callable, optional
        Receives a :class:`PlanEvent` for every new phase, incumbent and bound.
    should_stop : callable, optional
        Asked between solves; when true the best plan so far is returned.

    Raises
    ------
    InvalidInput
        For limits out of range or a scenario setting that is not planned for.
    """
    started = time.monotonic()
    require_number(limits.time_limit_s, field="time_limit_s", above=0)
    require_number(limits.gap, field="gap", at_least=0, at_most=1)
    require_number(limits.threads, field="threads", at_least=1, at_most=256)
    _refuse_what_is_not_planned_for(scenario)
    catalog = catalog or load_catalog(scenario.catalog_overrides)
    report = on_progress or (lambda _: None)
    report(PlanEvent(phase="candidates", wall_s=0.0))
    instance = compile_instance(scenario, catalog)
    halt = Halt(deadline=started + limits.time_limit_s, should_stop=should_stop or never)
    search = Search(instance=instance, limits=limits, started=started, on_progress=report, halt=halt)
    found = search.run()
    wall_s = time.monotonic() - started
    if found.design is not None:
        return assemble_plan(instance, found, limits, wall_s=wall_s)
    if found.stopped_by == "proof":
        report(PlanEvent(phase="explaining", wall_s=wall_s))
        why = explain_infeasibility(scenario, catalog)
        return _without_design(instance, limits, started, "proof", why)
    return _without_design(instance, limits, started, found.stopped_by, None)


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


def _refuse_what_is_not_planned_for(scenario: Scenario) -> None:
    if scenario.size.budget_usd is not None:
        raise InvalidInput(
            f"size.budget_usd is {scenario.size.budget_usd:g}, but plans are made for a size at least cost only; "
            "give size.accelerators or size.power_mw",
            reason="GOAL_UNSUPPORTED",
            field_path="size.budget_usd",
        )
