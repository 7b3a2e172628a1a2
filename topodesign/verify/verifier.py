"""The whole verification: sound parts first, then every rule, never stopping at the first violation."""

import math
from collections.abc import Iterator

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Plan, Verification, Violation
from topodesign.domain.scenario import Scenario
from topodesign.verify import (
    cost,
    fiber,
    goal,
    links,
    power,
    proof,
    reach,
    round_trip,
    route_structure,
    site_structure,
    sizes,
    spectrum,
    sync,
)
from topodesign.verify.evidence import LINE_SYSTEMS, Evidence
from topodesign.verify.failures import survivals
from topodesign.verify.finding import found, shown

NOTHING_TO_VERIFY = "plan_present"

CHECKS: tuple[str, ...] = (
    NOTHING_TO_VERIFY,
    *proof.RULES,
    *site_structure.RULES,
    *route_structure.RULES,
    *links.RULES,
    *sizes.RULES,
    *power.RULES,
    *round_trip.RULES,
    *reach.RULES,
    *fiber.RULES,
    *spectrum.RULES,
    *cost.RULES,
    *sync.RULES,
    *goal.RULES,
)
"""Every rule that a plan is checked against."""


def gather(scenario: Scenario, plan: Plan, catalog: Catalog) -> Evidence:
    """The sound parts of a plan, joined with scenario and catalogue."""
    return Evidence(
        scenario=scenario,
        plan=plan,
        catalog=catalog,
        accelerator=catalog.accelerator(scenario.size.accelerator),
        line_system=catalog.line_system(LINE_SYSTEMS[scenario.optics.band]),
        pods=site_structure.sound_pods(plan, scenario),
        routes=route_structure.sound_routes(plan, scenario, catalog),
        fiber=fiber.sound_fiber(plan, scenario),
    )


def verify_plan(scenario: Scenario, plan: Plan, *, catalog: Catalog | None = None) -> Verification:
    """Check a plan against every limit of docs/formulation.md, from first principles.

    Nothing that the plan computes is believed: power, reach, spectrum, strength in every failure state and cost are
    derived again from the scenario, the catalogue and the plan's decisions (pods, lightpaths, fiber pairs, builds), by
    code that shares nothing with the planner. Figures that the plan states must then agree.

    Parameters
    ----------
    scenario : Scenario
    plan : Plan
        Of any planner. A plan without sites (``infeasible``, ``limit``) is *not* valid: there is nothing to verify, and
        "valid" must never be read off an empty plan; the violation ``plan_present`` says so. The evaluations of fabrics
        that a plan may carry are not checked here.
    catalog : Catalog, optional
        By default the built-in catalogue with the scenario's overrides.

    Returns
    -------
    Verification
        All violations, the strength with nothing failed and in every failure state (Gbit/s), and the verifier's cost.

    Raises
    ------
    NotFound
        When the scenario names an accelerator, fiber or line system that the catalogue does not have.
    """
    if catalog is None:
        catalog = load_catalog(scenario.catalog_overrides)
    if not plan.sites:
        return Verification(
            valid=False,
            violations=(_nothing_to_verify(plan),),
            strength_gbps=None,
            failures=(),
            cost_usd=None,
            checks=(NOTHING_TO_VERIFY,),
        )
    evidence = gather(scenario, plan, catalog)
    own_items = cost.cost_items(evidence)
    states = survivals(evidence)
    violations = tuple(_violations(evidence))
    violations += tuple(cost.check_cost(evidence, own_items)) + tuple(sync.check_sync(evidence, states))
    violations += tuple(goal.check_goal(evidence, states))
    return Verification(
        valid=not violations,
        violations=violations,
        strength_gbps=sync.as_gbps(states[0]),
        failures=sync.failure_strengths(evidence, states),
        cost_usd=round(math.fsum(own_items.values()), 2),
        checks=CHECKS,
    )


def _violations(evidence: Evidence) -> Iterator[Violation]:
    """Violations of every rule but those of cost, demand and goal."""
    scenario, plan, catalog = evidence.scenario, evidence.plan, evidence.catalog
    yield from proof.check_status(plan)
    yield from proof.check_numbers(plan)
    yield from proof.check_proof(plan)
    yield from site_structure.check_sites(plan, scenario)
    yield from route_structure.check_lightpaths(plan, scenario, catalog, frozenset(evidence.pods))
    yield from links.check_links(evidence)
    yield from sizes.check_sizes(evidence)
    yield from power.check_power(evidence)
    yield from round_trip.check_round_trips(evidence)
    yield from reach.check_reach(evidence)
    yield from fiber.check_fiber(evidence)
    yield from spectrum.check_spectrum(evidence)


def _nothing_to_verify(plan: Plan) -> Violation:
    return found(
        NOTHING_TO_VERIFY,
        "sites",
        f"the plan (status {shown(plan.status)!r}) has no sites, so there is nothing to verify",
        value=0,
        limit=1,
        unit="sites",
        remedy="verify a plan that places pods",
    )
