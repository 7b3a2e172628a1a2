"""Demand matrix and hose of a scenario against what is left of the links between sites: formulation (16) and (17)."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from topodesign.verify.evidence import Evidence
from topodesign.verify.routing import Routing
from topodesign.verify.strength import Pair


def routed_strengths(
    evidence: Evidence, survivors: tuple[str, ...], capacities: Sequence[Mapping[Pair, int]], *, unit_gbps: Fraction
) -> list[Fraction | None]:
    """Largest multiple of the demand between surviving sites, times the whole demand in Gbit/s, for each capacity.

    Parameters
    ----------
    evidence : Evidence
    survivors : tuple of str
        Used sites that are up, sorted; capacities number them.
    capacities : sequence of mapping of pair to int
        Capacity of each link, each direction, in units of ``unit_gbps``.
    unit_gbps : Fraction
        Gbit/s.

    Returns
    -------
    list of Fraction or None
        ``None`` (unbounded) where no demand is left, 0 where the plan does not use a site that the demand names.
    """
    scenario = evidence.scenario
    links = sorted({link for capacity in capacities for link in capacity})
    if scenario.workload.demand == "matrix":
        ends = {end for item in scenario.traffic for end in (item.a, item.b)}
        whole = math.fsum(item.gbps for item in scenario.traffic)
    else:
        ends = {site.site_id for site in scenario.sites if site.hose_gbps > 0}
        whole = math.fsum(site.hose_gbps for site in scenario.sites)
    if not ends <= set(evidence.pods):
        return [Fraction(0) for _ in capacities]
    routing = _routing(evidence, survivors, links)
    if routing is None:
        return [None for _ in capacities]
    found: dict[tuple[tuple[Pair, int], ...], Fraction] = {}
    strengths: list[Fraction | None] = []
    for capacity in capacities:
        key = tuple(sorted(capacity.items()))
        if key not in found:
            in_gbps = {link: float(value * unit_gbps) for link, value in key}
            found[key] = Fraction(routing.largest_multiple(in_gbps) * whole)
        strengths.append(found[key])
    return strengths


def _routing(evidence: Evidence, survivors: tuple[str, ...], links: Sequence[Pair]) -> Routing | None:
    """The programme of the demand between survivors, ``None`` where none is left."""
    scenario = evidence.scenario
    index = {site: number for number, site in enumerate(survivors)}
    if scenario.workload.demand == "matrix":
        demand = {
            (index[item.a], index[item.b]): item.gbps
            for item in scenario.traffic
            if item.a in index and item.b in index
        }
        return Routing.of_matrix(len(survivors), links, demand) if demand else None
    hose = {
        index[site.site_id]: site.hose_gbps for site in scenario.sites if site.hose_gbps > 0 and site.site_id in index
    }
    return Routing.of_hose(len(survivors), links, hose) if len(hose) > 1 else None
