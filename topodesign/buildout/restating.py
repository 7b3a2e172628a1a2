"""A year's plan as the whole state: all that stood before stands on, at the year's own prices.

The planner sees what stands as sunk cost, and may leave some of it dark. Here it is lit again: lightpaths and pairs are
the greater of what stood and what was planned, slots are assigned for all of them, cost is counted anew, and the
verifier checks the result against the year's own scenario.
"""

import dataclasses
from dataclasses import dataclass

from topodesign.buildout.standing import Standing, lightpath_key
from topodesign.catalog import load_catalog
from topodesign.domain.plan import Lightpath, Plan, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.planning.assembly import assemble_plan
from topodesign.planning.design import Design
from topodesign.planning.instance import Instance, compile_instance
from topodesign.planning.known_paths import planned_paths
from topodesign.planning.search import Found
from topodesign.planning.slots import assigned_slots
from topodesign.planning.starting import start_from_plan
from topodesign.verify import verify_plan

STANDS = "build-out: what earlier years built stands and runs on; lightpaths in service may move to other channels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """The state as a plan, or why there is none."""

    plan: Plan | None
    message: str = ""


def restated(scenario: Scenario, plan: Plan, standing: Standing, limits: SolveLimits) -> Restated:
    """The plan together with all that stands.

    Parameters
    ----------
    scenario : Scenario
        The year's own, at its own prices.
    plan : Plan
        Of that year with what stands as sunk cost, at whatever prices.
    standing : Standing
    limits : SolveLimits
        For the seed, and for the plan to say.
    """
    whole = dataclasses.replace(plan, lightpaths=_together(plan, standing))
    instance = compile_instance(
        _narrowed(scenario, whole), load_catalog(scenario.catalog_overrides), also=planned_paths(whole)
    )
    design = start_from_plan(instance, whole)
    if design is None or sum(design.counts.values()) < sum(path.count for path in whole.lightpaths):
        return Restated(plan=None, message="lightpaths that stand are not possible any more")
    index = {segment.segment_id: position for position, segment in enumerate(instance.graph.segments)}
    floor = {index[segment_id]: pairs for segment_id, pairs in standing.pairs.items()}
    at_least = {e: max(design.pairs.get(e, 0), floor.get(e, 0)) for e in sorted({*design.pairs, *floor})}
    slotted = assigned_slots(instance, design.with_pairs(instance, pairs=at_least, runs={}), seed=limits.seed)
    if slotted is None:
        return Restated(plan=None, message="the lightpaths that stand and the new ones have no slots together")
    return _verified(scenario, _assembled(scenario, instance, plan, slotted, limits))


def _together(plan: Plan, standing: Standing) -> tuple[Lightpath, ...]:
    """Of each lightpath as many as stood or were planned, whichever is more."""
    together = dict(standing.lightpaths)
    for path in plan.lightpaths:
        before = standing.lightpaths.get(lightpath_key(path))
        count = path.count if before is None else max(path.count, before.count)
        together[lightpath_key(path)] = dataclasses.replace(path, count=count)
    return tuple(path for _, path in sorted(together.items()))


def _narrowed(scenario: Scenario, plan: Plan) -> Scenario:
    """Only the used sites as candidates: there is nothing to choose any more."""
    used = {site.id for site in plan.sites}
    return dataclasses.replace(
        scenario,
        sites=tuple(
            site
            if site.site_id in used or site.role != "compute"
            else dataclasses.replace(site, forbidden=True, required=False)
            for site in scenario.sites
        ),
    )


def _assembled(scenario: Scenario, instance: Instance, plan: Plan, design: Design, limits: SolveLimits) -> Plan:
    found = Found(
        instance=dataclasses.replace(instance, scenario=scenario),
        design=design,
        bound_usd=0.0,
        stopped_by=plan.stopped_by,
    )
    assembled = assemble_plan(found, limits, wall_s=plan.wall_s)
    return without_proof(dataclasses.replace(assembled, assumptions=(*assembled.assumptions, STANDS)))


def without_proof(plan: Plan) -> Plan:
    """The plan with no bound of its own: what is proven is proven of the whole build-out of several years."""
    return dataclasses.replace(
        plan,
        status="feasible",
        lower_bound_usd=None,
        gap=None,
        network_gap=None,
        provenance=dataclasses.replace(plan.provenance, bound_basis=""),
    )


def _verified(scenario: Scenario, plan: Plan) -> Restated:
    verification = verify_plan(scenario, plan)
    if not verification.valid:
        return Restated(plan=None, message=f"what stands and what is new break a limit: {verification.violations[0]}")
    return Restated(plan=dataclasses.replace(plan, verified=True, verification=verification))
