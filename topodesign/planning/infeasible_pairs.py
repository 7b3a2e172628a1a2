"""The fewest fiber pairs to add: a plan of least cost where nothing costs but pairs above those on offer.

Each such pair costs a million dollars and everything else next to nothing, so the planner's own search minimises the
relief, and its proven bound is a bound on the relief.
"""

import dataclasses
import math
import time
from collections.abc import Sequence

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Relief, SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.planning.design import Design
from topodesign.planning.halting import Halt
from topodesign.planning.infeasible_easing import Eased, Question, sites_of
from topodesign.planning.infeasible_probe import Probed, Prober, only
from topodesign.planning.instance import Instance, compile_instance
from topodesign.planning.search import Found, Search
from topodesign.planning.starting import carried_over

PAIR_USD = 1e6
TIE_SHARE = 1e-6
"""Share of their price that transceivers keep, so that among plans with the fewest pairs few transceivers win."""
TIES_USD = 5e4
"""More than all transceivers cost at that share."""
NARROW_S = 2.0
FULL_S = 10.0
FEW_SITES = 16
"""Sites up to which a search among fewer of them first is not worth its time."""
WANTED_GAP = 0.005


def ease_pairs(question: Question, prober: Prober) -> Eased:
    """Fewest pairs to add, over all sites as far as the time goes."""
    scenario, catalog = priced_by_pairs(question.lifted, question.scenario, prober.catalog)
    best = question.fallback
    if len(scenario.sites) > FEW_SITES:
        narrow = _least(only(scenario, sites_of(best)), catalog, prober.halt, NARROW_S, best)
        best = _better(question.scenario, best, narrow)
    found = _least(scenario, catalog, prober.halt, FULL_S, best)
    best = _better(question.scenario, best, found)
    relief = pair_relief(question.scenario, best)
    bound = 0 if math.isinf(found.bound_usd) else max(0, math.ceil((found.bound_usd - TIES_USD) / PAIR_USD))
    added = _added(relief)
    proof = (
        f"{added:,.0f} pairs in all, and no plan of the planner's lightpath candidates does with fewer than {bound:,}"
    )
    return Eased(relief=relief, probed=best, is_least=added <= bound, proof=proof)


def priced_by_pairs(lifted: Scenario, scenario: Scenario, catalog: Catalog) -> tuple[Scenario, Catalog]:
    """The scenario and catalogue in which a plan costs a million dollars for each pair that is not on offer."""
    offered = {segment.segment_id: segment.most_pairs for segment in scenario.segments}
    segments = tuple(
        dataclasses.replace(
            segment,
            lit_pairs=offered[segment.segment_id],
            usd_per_pair_km=PAIR_USD / segment.length_km,
            usd_per_route_km_year=0.0,
            build_usd_per_km=None,
            build_pairs=0,
        )
        for segment in lifted.segments
    )
    sites = tuple(dataclasses.replace(site, fixed_capex_usd=0.0, capex_usd_per_mw=0.0) for site in lifted.sites)
    zones = tuple(dataclasses.replace(zone, energy_usd_per_mwh=0.0) for zone in lifted.zones)
    economics = dataclasses.replace(lifted.economics, carbon_usd_per_t=0.0)
    modes = tuple(dataclasses.replace(mode, cost_usd=TIE_SHARE * mode.cost_usd) for mode in catalog.transceivers)
    lines = tuple(
        dataclasses.replace(line, terminal_cost_usd=0.0, amplifier_cost_usd=0.0) for line in catalog.line_systems
    )
    priced = dataclasses.replace(lifted, segments=segments, sites=sites, zones=zones, economics=economics)
    return priced, dataclasses.replace(catalog, transceivers=modes, line_systems=lines)


def pair_relief(scenario: Scenario, probed: Probed) -> tuple[Relief, ...]:
    """Pairs that a plan uses above those on offer."""
    instance, design = probed.instance, probed.design
    assert instance is not None and design is not None  # only plans are read
    relief = []
    for position, needed in design.pairs.items():
        segment = scenario.segment_by_id[instance.graph.segments[position].segment_id]
        if needed > segment.most_pairs:
            relief.append(
                Relief(
                    limit="fiber.pairs_available",
                    id=segment.segment_id,
                    from_value=float(segment.pairs_available),
                    to_value=float(segment.pairs_available + needed - segment.most_pairs),
                    unit="pairs",
                )
            )
    return tuple(relief)


def _least(scenario: Scenario, catalog: Catalog, halt: Halt, seconds: float, start: Probed) -> Found:
    started = time.monotonic()
    instance = compile_instance(scenario, catalog)
    search = Search(
        instance=instance,
        limits=SolveLimits(gap=WANTED_GAP),
        started=started,
        halt=Halt(deadline=min(halt.deadline, started + seconds), should_stop=halt.should_stop),
        start=_carried(start, instance),
    )
    return search.run()


def _carried(probed: Probed, target: Instance) -> Design | None:
    if probed.instance is None or probed.design is None:
        return None
    return carried_over(probed.design, probed.instance, target)


def _better(scenario: Scenario, best: Probed, found: Found) -> Probed:
    """The one of two plans that needs fewer pairs; the first where they are equal."""
    if found.design is None:
        return best
    new = Probed(outcome="plan", instance=found.instance, design=found.design)
    return new if _added(pair_relief(scenario, new)) < _added(pair_relief(scenario, best)) else best


def _added(relief: Sequence[Relief]) -> float:
    return math.fsum(item.to_value - item.from_value for item in relief)
