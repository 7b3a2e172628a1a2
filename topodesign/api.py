"""The library's main calls, each wiring rooms together; ``import topodesign`` offers them."""

import dataclasses
import time
from collections.abc import Callable

from topodesign.catalog import load_catalog
from topodesign.domain.errors import VerificationFailed
from topodesign.domain.plan import Plan, PlanEvent, SolveLimits
from topodesign.domain.scenario import Scenario

DEFAULT_LIMITS = SolveLimits()


def plan(
    scenario: Scenario,
    *,
    time_limit_s: float = DEFAULT_LIMITS.time_limit_s,
    gap: float = DEFAULT_LIMITS.gap,
    seed: int = DEFAULT_LIMITS.seed,
    threads: int = DEFAULT_LIMITS.threads,
    on_progress: Callable[[PlanEvent], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Plan:
    """Place clusters and size the optical links at least cost; verify the plan and compare fabrics on it.

    Parameters
    ----------
    scenario : Scenario
    time_limit_s : float
        Seconds, model building included.
    gap : float
        Relative gap at which to stop: 0.001 means within 0.1 % of the proven bound.
    seed : int
        Same input, seed and versions give the same plan when the gap stops the search.
    threads : int
        Most threads to use.
    on_progress : callable, optional
        Receives a :class:`PlanEvent` for every new phase, incumbent and bound.
    should_stop : callable, optional
        Asked between solves; when true the best plan so far is returned (``stopped_by`` ``cancelled``).

    Returns
    -------
    Plan
        ``status`` says whether it is ``optimal``, ``feasible``, ``infeasible`` (with the reason) or ``limit``.

    Raises
    ------
    InvalidInput
        For limits out of range or a scenario setting that is not planned for.
    VerificationFailed
        When the independent verifier rejects the plan: a defect of ours.
    """
    from topodesign.planning.solve import solve
    from topodesign.verify import verify_plan

    started = time.monotonic()
    limits = SolveLimits(time_limit_s=time_limit_s, gap=gap, seed=seed, threads=threads)
    catalog = load_catalog(scenario.catalog_overrides)

    def report(event: PlanEvent) -> None:
        if on_progress is not None:
            on_progress(event)

    found = solve(
        scenario, limits=limits, catalog=catalog, on_progress=report, should_stop=should_stop or (lambda: False)
    )
    if found.status in ("infeasible", "limit"):
        return found.of(scenario)
    report(_phase("verifying", found, started))
    verification = verify_plan(scenario, found)
    if not verification.valid:
        raise VerificationFailed(verification.violations)
    report(_phase("evaluating", found, started))
    from topodesign.evaluation import evaluate_plan_fabrics

    return dataclasses.replace(
        found,
        verified=True,
        verification=verification,
        fabrics=evaluate_plan_fabrics(scenario, found, catalog),
        wall_s=time.monotonic() - started,
        scenario=scenario,
    )


def _phase(name: str, found: Plan, started: float) -> PlanEvent:
    return PlanEvent(
        phase=name,
        wall_s=time.monotonic() - started,
        incumbent_usd=found.cost_usd,
        bound_usd=found.lower_bound_usd,
        gap=found.gap,
    )
