"""Failure states of the policy, and what each leaves of the graph of used sites: formulation (14)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import gcd, lcm

from topodesign.verify.evidence import Evidence
from topodesign.verify.routed import routed_strengths
from topodesign.verify.strength import Pair, strengths


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureState:
    """``dead`` has bit i set when lightpath i is down; ``survivors`` are the used sites that carry on."""

    name: str
    dead: int
    survivors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """What a failure state leaves: strength in Gbit/s; ``None`` (unbounded) where one site or no demand is left.

    The strength of a graph is exact; that of a demand matrix or hose is as good as double precision.
    """

    state: FailureState
    strength_gbps: Fraction | None


def failure_states(evidence: Evidence) -> Iterator[FailureState]:
    """Nothing failed (``none``), then every state of ``policy.survive`` that takes a lit lightpath or a used site down.

    Names are ``conduit ID``, ``conduit ID + conduit ID``, ``site ID`` and ``zone ID``. Pairs of which one conduit alone
    matters come as that single conduit, which must be survived too. The building of every site can fail, used or not,
    a hub's as well: light may pass through it. With ``survivable_fraction`` 0 nothing is asked of any failure.
    """
    policy = evidence.scenario.policy
    survive = set(policy.survive) if policy.survivable_fraction > 0 else set()
    everything = evidence.used
    yield FailureState(name="none", dead=0, survivors=everything)
    killed = _killed_by_conduit(evidence)
    if survive & {"conduit", "conduit-pair"}:
        for conduit, dead in killed.items():
            yield FailureState(name=f"conduit {conduit}", dead=dead, survivors=everything)
    if "conduit-pair" in survive:
        for (first, dead), (second, also) in combinations(killed.items(), 2):
            yield FailureState(name=f"conduit {first} + conduit {second}", dead=dead | also, survivors=everything)
    if "site" in survive:
        for site in evidence.scenario.sites:
            yield from _buildings_down(evidence, f"site {site.site_id}", frozenset((site.site_id,)))
    if "zone" in survive:
        for zone in evidence.scenario.zones:
            members = frozenset(site.site_id for site in evidence.scenario.sites if site.zone_id == zone.zone_id)
            yield from _buildings_down(evidence, f"zone {zone.zone_id}", members)


def _killed_by_conduit(evidence: Evidence) -> dict[str, int]:
    """Lightpaths that each conduit takes down, over the conduits that take any."""
    killed: dict[str, int] = {}
    for position, route in enumerate(evidence.routes):
        for conduit in {conduit for segment in route.segments for conduit in segment.conduits}:
            killed[conduit] = killed.get(conduit, 0) | 1 << position
    return dict(sorted(killed.items()))


def _buildings_down(evidence: Evidence, name: str, buildings: frozenset[str]) -> Iterator[FailureState]:
    """The sites' own lightpaths and those through their buildings are out; the other used sites carry on."""
    dead = sum(1 << position for position, route in enumerate(evidence.routes) if buildings.intersection(route.nodes))
    survivors = tuple(site for site in evidence.used if site not in buildings)
    if dead or len(survivors) < len(evidence.used):
        yield FailureState(name=name, dead=dead, survivors=survivors)


def survivals(evidence: Evidence) -> list[Survival]:
    """Strength in every failure state, in the order of :func:`failure_states`.

    For a demand matrix or hose it is the largest multiple that can be routed of the demand between surviving sites,
    times the whole demand.
    """
    states = list(failure_states(evidence))
    unit, weights = _whole_rates(evidence)
    groups: dict[tuple[str, ...], dict[int, None]] = {}
    for state in states:
        groups.setdefault(state.survivors, {})[state.dead] = None
    known: dict[tuple[tuple[str, ...], int], Fraction | None] = {}
    for survivors, masks in groups.items():
        capacities = [_capacity(evidence, survivors, dead, weights) for dead in masks]
        if evidence.scenario.workload.demand == "all-reduce":
            values = [None if value is None else value * unit for value in _strengths(len(survivors), capacities)]
        else:
            values = routed_strengths(evidence, survivors, capacities, unit_gbps=unit)
        known.update(zip(((survivors, dead) for dead in masks), values, strict=True))
    return [Survival(state=state, strength_gbps=known[state.survivors, state.dead]) for state in states]


def _strengths(nodes: int, capacities: list[dict[Pair, int]]) -> list[Fraction | None]:
    """Strengths, computed once for equal graphs; 0 where no site is left to exchange anything."""
    if nodes == 0:
        return [Fraction(0) for _ in capacities]
    keys = [tuple(sorted(capacity.items())) for capacity in capacities]
    distinct = {key: dict(key) for key in keys}
    values = dict(zip(distinct, strengths(nodes, list(distinct.values())), strict=True))
    return [values[key] for key in keys]


def _whole_rates(evidence: Evidence) -> tuple[Fraction, list[int]]:
    """A unit in Gbit/s and each lightpath's capacity in whole units, from the rates as written in the catalogue."""
    capacities = [Fraction(repr(float(route.mode.rate_gbps))) * route.stated.count for route in evidence.routes]
    denominator = lcm(*(capacity.denominator for capacity in capacities))
    whole = [int(capacity * denominator) for capacity in capacities]
    divisor = gcd(*whole) or 1
    return Fraction(divisor, denominator), [value // divisor for value in whole]


def _capacity(evidence: Evidence, survivors: tuple[str, ...], dead: int, weights: list[int]) -> dict[Pair, int]:
    index = {site: position for position, site in enumerate(survivors)}
    capacity: dict[Pair, int] = {}
    for position, route in enumerate(evidence.routes):
        a, z = index.get(route.stated.a), index.get(route.stated.z)
        if dead >> position & 1 or a is None or z is None or a == z:
            continue
        pair = (min(a, z), max(a, z))
        capacity[pair] = capacity.get(pair, 0) + weights[position]
    return capacity
