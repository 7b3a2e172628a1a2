"""The making of one plan: search, verification, evaluation. No plan that the verifier rejects is ever returned."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from topodesign.catalog import load_catalog
from topodesign.domain.checks import require_number
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import VerificationFailed
from topodesign.domain.plan import Plan, PlanEvent, SolveLimits, Verification
from topodesign.domain.progress import ProgressPoint, thinned
from topodesign.domain.scenario import Scenario
from topodesign.evaluation import (
    evaluate_availability,
    evaluate_plan_fabrics,
    too_large_for_fabrics,
    training_or_why_not,
)
from topodesign.planning.solve import solve
from topodesign.verify import verify_plan

AFTERWARDS_S = 1.6
"""Seconds of a time limit kept for what follows the search, as of us-multi-region with imports."""
AFTERWARDS_SHARE = 0.5
"""Most of a short time limit that is kept for them."""
NOT_EVALUATED = (
    "fabrics, availability and training were not evaluated, because the search was cancelled or ended from outside "
    "before that"
)
"""Assumption of a plan that was handed out on the way."""


def plan_within(
    scenario: Scenario,
    limits: SolveLimits,
    *,
    start: Plan | None = None,
    known_bound_usd: float = 0.0,
    on_progress: Callable[[PlanEvent], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_plan: Callable[[Plan], object] | None = None,
    explains: bool = True,
) -> Plan:
    """:func:`topodesign.plan` with all limits in one object, and perhaps a bound that holds already.

    Parameters
    ----------
    known_bound_usd : float
    explains : bool
        As in :func:`topodesign.planning.solve.solve`.
    scenario, limits, start, on_progress, should_stop, on_plan
        As in :func:`topodesign.plan`.
    """
    started = time.monotonic()
    require_number(limits.time_limit_s, field="time_limit_s", above=0)
    solving_s = limits.time_limit_s - min(AFTERWARDS_S, AFTERWARDS_SHARE * limits.time_limit_s)
    catalog = load_catalog(scenario.catalog_overrides)
    making = _Making(scenario=scenario, started=started, on_progress=on_progress, on_plan=on_plan)
    found = solve(
        scenario,
        limits=dataclasses.replace(limits, time_limit_s=solving_s),
        catalog=catalog,
        on_progress=making.report,
        should_stop=should_stop or (lambda: False),
        start=start,
        known_bound_usd=known_bound_usd,
        explains=explains,
        on_plan=None if on_plan is None else making.hand_out,
    )
    if found.status in ("infeasible", "limit"):
        return dataclasses.replace(found, progress=thinned(making.history), scenario=scenario)
    return making.finished(found, catalog)


@dataclass(slots=True, kw_only=True)
class _Making:
    """One plan on its way: who is told, and what was told."""

    scenario: Scenario
    started: float
    on_progress: Callable[[PlanEvent], object] | None
    on_plan: Callable[[Plan], object] | None
    history: list[ProgressPoint] = field(default_factory=list, init=False)

    def report(self, event: PlanEvent) -> None:
        self.history.append(
            ProgressPoint(
                wall_s=event.wall_s,
                incumbent_usd=event.incumbent_usd,
                bound_usd=event.bound_usd,
                phase=event.phase,
            )
        )
        if self.on_progress is not None:
            self.on_progress(event)

    def hand_out(self, found: Plan) -> None:
        """The best plan so far, to whoever may have to go on without the rest."""
        verification = verify_plan(self.scenario, found)
        if verification.valid:
            self._offer(found, verification)
        else:  # the plan that is returned in the end is another one, and verified itself
            rejected = f"the verifier rejects the best plan so far: {verification.violations[0]}"
            self.report(dataclasses.replace(self._phase("snapshot", found), message=rejected))

    def finished(self, found: Plan, catalog: Catalog) -> Plan:
        """The plan with its verification and evaluation; raises :class:`VerificationFailed`."""
        self.report(self._phase("verifying", found))
        verification = verify_plan(self.scenario, found)
        if not verification.valid:
            raise VerificationFailed(verification.violations)
        self._offer(found, verification)
        self.report(self._phase("evaluating", found))
        return dataclasses.replace(
            evaluated(self.scenario, found, catalog),
            verified=True,
            verification=verification,
            wall_s=time.monotonic() - self.started,
            progress=thinned(self.history),
            scenario=self.scenario,
        )

    def _offer(self, found: Plan, verification: Verification) -> None:
        """A verified plan as of a search that was cancelled, whose evaluation did not come about."""
        if self.on_plan is None:
            return
        handed = dataclasses.replace(
            found,
            stopped_by="cancelled",
            verified=True,
            verification=verification,
            assumptions=(*found.assumptions, NOT_EVALUATED),
            scenario=self.scenario,
        )
        self.on_plan(handed)

    def _phase(self, name: str, found: Plan) -> PlanEvent:
        return PlanEvent(
            phase=name,
            wall_s=time.monotonic() - self.started,
            incumbent_usd=found.cost_usd,
            bound_usd=found.lower_bound_usd,
            gap=found.gap,
        )


def evaluated(scenario: Scenario, found: Plan, catalog: Catalog) -> Plan:
    """A plan with its fabrics, availability and training."""
    why_not = too_large_for_fabrics(found)
    fabrics = evaluate_plan_fabrics(scenario, found, catalog) if why_not is None else None
    said = fabrics.choice if fabrics is not None else () if why_not is None else (why_not,)
    joined = dataclasses.replace(
        found,
        fabrics=fabrics,
        availability=evaluate_availability(scenario, found, catalog),
        assumptions=(*found.assumptions, *said),
    )
    training, untold = training_or_why_not(scenario, joined, catalog)
    return dataclasses.replace(joined, training=training, assumptions=(*joined.assumptions, *untold))
