"""Where the benchmarks reach into the planner's parts: compiled scenarios, and plans of decisions made elsewhere.

The baselines must be held to the same limits, prices and verifier as the planner. What they need from inside of it to
compile a scenario and to assemble a plan goes through here.
"""

import dataclasses
from collections.abc import Mapping

from topodesign.catalog import load_catalog
from topodesign.domain.plan import Plan, SolveLimits, StoppedBy
from topodesign.domain.scenario import Scenario
from topodesign.planning.assembly import assemble_plan
from topodesign.planning.design import Design
from topodesign.planning.halting import NEVER
from topodesign.planning.instance import Instance, compile_instance, with_more_routes
from topodesign.planning.search import Found
from topodesign.planning.slots import with_slots


def compiled(scenario: Scenario, *, with_detours: bool = False) -> Instance:
    """Candidate sites, lightpath candidates and prices of a scenario, with the shipped catalogue.

    The candidates are those that the planner begins with; ``with_detours`` adds every detour around one segment.
    """
    instance = compile_instance(scenario, load_catalog(scenario.catalog_overrides))
    return with_more_routes(instance) if with_detours else instance


def compiled_without_lightpaths(scenario: Scenario) -> Instance:
    """The same without lightpath candidates, whose search takes most of the time: enough to choose sites."""
    no_pair_is_near = dataclasses.replace(scenario.policy, max_rtt_ms=1e-9)
    instance = compiled(dataclasses.replace(scenario, policy=no_pair_is_near))
    return dataclasses.replace(instance, scenario=scenario)


def plan_of(
    instance: Instance,
    *,
    pods: Mapping[int, int],
    lightpaths: Mapping[int, int],
    bound_usd: float,
    stopped_by: StoppedBy,
    limits: SolveLimits,
    wall_s: float,
) -> Plan:
    """The plan of given pods (by site position) and lightpaths (by candidate position), not verified yet."""
    design = Design.of(instance, pods=pods, counts=lightpaths)
    design = with_slots(instance, design, limits=limits, halt=NEVER) or design  # without: the verifier will say so
    found = Found(instance=instance, design=design, bound_usd=bound_usd, stopped_by=stopped_by)
    return assemble_plan(found, limits, wall_s=wall_s)
