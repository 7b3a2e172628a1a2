"""Availability of a plan: each lightpath and pair of sites without protection, and what the plan's protection gives.

Formulas (20) to (24) of docs/formulation.md.

References
----------
M. To, P. Neusy, "Unavailability analysis of long-haul networks", IEEE JSAC 12(1), 1994. W. D. Grover, "Mesh-Based
Survivable Networks", Prentice Hall, 2003, chapter 3. V. O. K. Li, J. A. Silvester, "Performance analysis of networks
with unreliable components", IEEE Trans. Commun. 32(10), 1984 (most probable states and the interval that they leave).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from topodesign.domain.availability import (
    ConduitAvailability,
    LightpathAvailability,
    PairAvailability,
    PlanAvailability,
    Uptime,
    UptimeRange,
)
from topodesign.domain.equipment import Catalog, Origin, Reliability
from topodesign.domain.plan import Lightpath, Plan
from topodesign.domain.scenario import Policy, Scenario
from topodesign.evaluation.connectivity import Connectivity, Floats, connectivity, down_counts
from topodesign.evaluation.failing_parts import FailingParts

MINUTES_PER_YEAR = 60 * 8760


def evaluate_availability(scenario: Scenario, plan: Plan, catalog: Catalog) -> PlanAvailability:
    """How much of the time the plan's lightpaths, pairs of sites and all sites are connected.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
        A verified plan: its pairs and spans are taken as stated.
    catalog : Catalog
        With the figures of ``reliability.default`` after the scenario's overrides.

    Returns
    -------
    PlanAvailability
        Conduits sorted by id, lightpaths in the plan's order, pairs of used sites in the order of ``plan.sites``.

    Notes
    -----
    Sites, junctions and their power are taken to be up, and parts fail independently of each other.
    """
    figures = catalog.reliability()
    parts = FailingParts(scenario, plan, figures)
    sites = len(plan.sites)
    cuts_only = connectivity(sites, parts.joins(with_equipment=False), parts.down)
    everything = connectivity(sites, parts.joins(with_equipment=True), parts.down)
    guaranteed_cuts = _guaranteed_cuts(scenario.policy)
    chances = np.array([parts.down["conduit", conduit] for conduit in parts.conduit_km])
    return PlanAvailability(
        conduits=_conduits(parts, figures),
        lightpaths=tuple(_lightpath(path, parts) for path in plan.lightpaths),
        pairs=_pairs(plan, parts, everything, cuts_only),
        all_connected=_range(cuts_only.any_apart, everything.any_apart + everything.unexamined),
        all_connected_cuts_only=_range(cuts_only.any_apart, cuts_only.any_apart + cuts_only.unexamined),
        guaranteed=_uptime(math.fsum(down_counts(chances)[guaranteed_cuts + 1 :])),
        guaranteed_cuts=guaranteed_cuts,
        enumerated_cuts=cuts_only.most_down,
        unexamined=cuts_only.unexamined,
        basis=_basis(figures),
    )


def _uptime(down: float) -> Uptime:
    return Uptime(availability=1.0 - down, downtime_min_per_year=down * MINUTES_PER_YEAR)


def _range(least_down: float, most_down: float) -> UptimeRange:
    """The range of a probability whose complement is at least ``least_down`` and at most ``most_down``."""
    least = min(1.0, max(0.0, float(least_down)))
    most = min(1.0, max(least, float(most_down)))
    return UptimeRange(
        lower=1.0 - most,
        upper=1.0 - least,
        least_downtime_min_per_year=least * MINUTES_PER_YEAR,
        most_downtime_min_per_year=most * MINUTES_PER_YEAR,
    )


def _conduits(parts: FailingParts, figures: Reliability) -> tuple[ConduitAvailability, ...]:
    return tuple(
        ConduitAvailability(
            conduit=conduit,
            length_km=length_km,
            cuts_per_year=figures.cuts_per_1000km_year * length_km / 1000,
            uptime=_uptime(parts.down["conduit", conduit]),
        )
        for conduit, length_km in parts.conduit_km.items()
    )


def _lightpath(path: Lightpath, parts: FailingParts) -> LightpathAvailability:
    return LightpathAvailability(
        a=path.a,
        z=path.z,
        mode=path.mode,
        segments=path.segments,
        uptime=_uptime(1.0 - parts.conduits_up(path) * parts.equipment_up(path)),
        cuts_only=_uptime(1.0 - parts.conduits_up(path)),
    )


def _pairs(
    plan: Plan, parts: FailingParts, everything: Connectivity, cuts_only: Connectivity
) -> tuple[PairAvailability, ...]:
    conduits = [parts.conduits_up(path) for path in plan.lightpaths]
    equipment = [parts.equipment_up(path) for path in plan.lightpaths]
    by_cuts = _best_chains(plan, conduits)
    by_both = _best_chains(plan, [up * also for up, also in zip(conduits, equipment, strict=True)])
    apart, most_apart = cuts_only.apart, everything.apart + everything.unexamined
    ids = [site.id for site in plan.sites]
    return tuple(
        PairAvailability(
            a=ids[a],
            z=ids[z],
            unprotected=_uptime(1.0 - float(by_both[a, z])),
            unprotected_cuts_only=_uptime(1.0 - float(by_cuts[a, z])),
            protected=_range(apart[a, z], most_apart[a, z]),
            protected_cuts_only=_range(apart[a, z], apart[a, z] + cuts_only.unexamined),
        )
        for a in range(len(ids))
        for z in range(a + 1, len(ids))
    )


def _best_chains(plan: Plan, availability: Sequence[float]) -> Floats:
    """The best lightpath or chain of lightpaths between any two sites, by the product of their availabilities (22).

    All pairs by Floyd and Warshall's recursion, products in place of sums.
    """
    numbers: Mapping[str, int] = {site.id: place for place, site in enumerate(plan.sites)}
    best = np.eye(len(plan.sites))
    for path, value in zip(plan.lightpaths, availability, strict=True):
        if path.count:
            a, z = numbers[path.a], numbers[path.z]
            best[a, z] = best[z, a] = max(best[a, z], value)
    for via in range(len(best)):
        best = np.maximum(best, np.outer(best[:, via], best[via, :]))
    return best


def _guaranteed_cuts(policy: Policy) -> int:
    """How many conduits may be cut at once without the bandwidth falling below what the policy guarantees."""
    if policy.survivable_fraction == 0:
        return 0
    return 2 if "conduit-pair" in policy.survive else 1 if "conduit" in policy.survive else 0


EQUIPMENT = (
    ("transceivers", "transceiver"),
    ("terminals of a fiber pair", "terminal"),
    ("in-line amplifiers of a fiber pair", "amplifier"),
)
MODEL = (
    "a conduit is as long as its longest segment in use and takes all its segments down at once; a segment in several "
    "conduits counts its length in each",
    "parts fail independently of each other; sites, junctions and their power are taken to be up",
    "unprotected: the best lightpath or chain of lightpaths alone; cuts only: equipment is taken to be up",
    "protected: some chain of lightpaths is left; equipment never fails at the upper end; at the lower end two "
    "lightpaths of each entry, on their own fiber pairs, stand for all of it (all pairs, where none are stated)",
)


def _basis(figures: Reliability) -> tuple[str, ...]:
    cuts = (
        f"cables are cut {figures.cuts_per_1000km_year:g} times per 1000 km and year "
        f"({_origin(figures, 'cuts_per_1000km_year')}) and repaired in {figures.cut_repair_h:g} h "
        f"({_origin(figures, 'cut_repair_h')})"
    )
    equipment = (
        f"{things}: MTBF {getattr(figures, f'{name}_mtbf_h'):,.0f} h ({_origin(figures, f'{name}_mtbf_h')}), "
        f"repaired in {getattr(figures, f'{name}_repair_h'):g} h ({_origin(figures, f'{name}_repair_h')})"
        for things, name in EQUIPMENT
    )
    return (cuts, *equipment, *MODEL)


def _origin(figures: Reliability, figure: str) -> str:
    origin: Origin = figures.origins.get(figure) or figures.origins["*"]
    return ", ".join(part for part in (origin.source, origin.date, f"confidence {origin.confidence}") if part)
