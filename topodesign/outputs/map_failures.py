"""Failures on the map: what each takes down, and what the independent verifier found to be left.

Strengths are the verifier's. What is down is read off the plan's routes by the rule of formulation (14): a cut conduit
takes down every lightpath over one of its segments, a site or zone every lightpath that ends in or passes through its
buildings.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import FailureStrength, Lightpath, Plan
from topodesign.domain.scenario import Scenario

MOST_SHOWN = 500
"""Failures on the map, the worst ones; more would not be read, and each adds to the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostCapacity:
    """A logical link (its ends and mode) that loses lightpaths: what is left of it, Gbit/s in one direction."""

    a: str
    z: str
    mode: str
    left_gbps: float
    whole_gbps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFailure:
    """One failure: ``segments`` are cut, ``sites`` are down, ``links`` lose capacity.

    ``strength_gbps`` is what survives (``None``: one site is left, nothing has to be exchanged), ``required_gbps`` what
    the policy demands of it, ``demand_gbps`` what is needed with nothing failed.
    """

    name: str
    segments: tuple[str, ...]
    sites: tuple[str, ...]
    links: tuple[LostCapacity, ...]
    lightpaths_lost: int
    lightpaths: int
    strength_gbps: float | None
    required_gbps: float
    demand_gbps: float

    @property
    def share(self) -> float | None:
        """Surviving strength over the demand; ``None`` where there is no limit or no demand."""
        if self.strength_gbps is None or self.demand_gbps <= 0:
            return None
        return self.strength_gbps / self.demand_gbps


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFailures:
    """The worst failures, how many were checked in all, and what the network has with nothing failed, in words."""

    worst: tuple[MapFailure, ...] = ()
    checked: int = 0
    whole_words: str = ""


@dataclass(frozen=True)
class _Damage:
    """Which parts of a plan a failure takes down."""

    scenario: Scenario
    plan: Plan

    @cached_property
    def segments_of(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for segment in self.scenario.segments:
            for conduit in segment.conduits:
                found[conduit] = (*found.get(conduit, ()), segment.segment_id)
        return found

    @cached_property
    def nodes_of(self) -> tuple[frozenset[str], ...]:
        """Nodes that each lightpath passes, its ends included."""
        return tuple(frozenset(self._passed(path)) for path in self.plan.lightpaths)

    def _passed(self, path: Lightpath) -> Iterator[str]:
        node = path.a
        yield node
        for segment_id in path.segments:
            segment = self.scenario.segment_by_id[segment_id]
            node = segment.b if segment.a == node else segment.a
            yield node

    def conduits(self, name: str) -> tuple[str, ...] | None:
        """The one or two conduits of a failure's name; an id may itself hold the words that join two of them."""
        first = name.removeprefix("conduit ")
        if first == name:
            return None
        if first in self.segments_of:
            return (first,)
        joint = " + conduit "
        place = first.find(joint)
        while place >= 0:
            pair = (first[:place], first[place + len(joint) :])
            if all(conduit in self.segments_of for conduit in pair):
                return pair
            place = first.find(joint, place + 1)
        return None

    def buildings(self, name: str) -> tuple[str, ...] | None:
        kind, _, item = name.partition(" ")
        if kind == "site" and item in self.scenario.site_by_id:
            return (item,)
        if kind == "zone" and any(zone.zone_id == item for zone in self.scenario.zones):
            return tuple(site.site_id for site in self.scenario.sites if site.zone_id == item)
        return None


def map_failures(scenario: Scenario, plan: Plan) -> MapFailures:
    """The failures that the verifier looked at, the least strength over what is required first.

    Raises
    ------
    InvalidInput
        When a failure names a conduit, site or zone that the scenario does not have (``REFERENCE_UNKNOWN``).
    """
    if plan.verification is None:
        return MapFailures()
    states = [state for state in plan.verification.failures if state.failure != "none"]
    states.sort(key=_reserve)
    damage = _Damage(scenario, plan)
    return MapFailures(
        worst=tuple(_failure(damage, state) for state in states[:MOST_SHOWN]),
        checked=len(states),
        whole_words=_whole_sentence(plan),
    )


def _reserve(state: FailureStrength) -> tuple[float, str]:
    if state.strength_gbps is None:
        return (float("inf"), state.failure)
    return (state.strength_gbps - state.required_gbps, state.failure)


def _failure(damage: _Damage, state: FailureStrength) -> MapFailure:
    conduits, buildings = damage.conduits(state.failure), damage.buildings(state.failure)
    if conduits is None and buildings is None:
        raise InvalidInput(
            f"the plan was verified against failure {state.failure!r}, of which scenario {damage.scenario.name!r} does "
            "not have the parts; give the scenario that the plan was made for",
            reason="REFERENCE_UNKNOWN",
            metadata={"failure": state.failure},
        )
    cut = frozenset(segment for conduit in conduits or () for segment in damage.segments_of[conduit])
    down = frozenset(buildings or ())
    paths = damage.plan.lightpaths
    lost = [
        path
        for path, nodes in zip(paths, damage.nodes_of, strict=True)
        if not cut.isdisjoint(path.segments) or not down.isdisjoint(nodes)
    ]
    return MapFailure(
        name=state.failure,
        segments=tuple(sorted(cut)),
        sites=tuple(sorted(down)),
        links=tuple(_losses(damage.plan, lost)),
        lightpaths_lost=sum(path.count for path in lost),
        lightpaths=sum(path.count for path in paths),
        strength_gbps=state.strength_gbps,
        required_gbps=state.required_gbps,
        demand_gbps=state.required_gbps if damage.plan.sync is None else damage.plan.sync.demand_gbps,
    )


def _losses(plan: Plan, lost: list[Lightpath]) -> Iterator[LostCapacity]:
    """Links with what is left of them, in the plan's order."""
    taken: dict[tuple[str, str, str], float] = {}
    for path in lost:
        key = (min(path.a, path.z), max(path.a, path.z), path.mode)
        taken[key] = taken.get(key, 0.0) + path.capacity_gbps
    for link in plan.links:
        gone = taken.get((min(link.a, link.z), max(link.a, link.z), link.mode), 0.0)
        if gone > 0:
            yield LostCapacity(
                a=link.a,
                z=link.z,
                mode=link.mode,
                left_gbps=max(0.0, link.capacity_gbps - gone),
                whole_gbps=link.capacity_gbps,
            )


def failure_sentence(failure: MapFailure) -> str:
    """What a failure leaves, in words, with units."""
    lost = f"{failure.lightpaths_lost:,} of {failure.lightpaths:,} lightpaths are lost"
    if failure.strength_gbps is None:
        return f"{failure.name}: {lost}; one site is left, which has nothing to exchange with others."
    needed = ""
    if failure.required_gbps != failure.demand_gbps:
        needed = f" The policy requires {failure.required_gbps:,.0f} Gbit/s after a failure."
    return f"{failure.name}: {lost}. Left: {_against(failure.strength_gbps, failure.demand_gbps)}.{needed}"


def _whole_sentence(plan: Plan) -> str:
    if plan.sync is None or plan.sync.strength_gbps is None:
        return "Nothing failed."
    return f"Nothing failed: {_against(plan.sync.strength_gbps, plan.sync.demand_gbps)}."


def _against(strength_gbps: float, demand_gbps: float) -> str:
    if demand_gbps <= 0:
        return f"{strength_gbps:,.0f} Gbit/s"
    share = percent_down(strength_gbps / demand_gbps)
    return f"{strength_gbps:,.0f} Gbit/s, {share} of the {demand_gbps:,.0f} Gbit/s needed"


def percent_down(share: float) -> str:
    """Per cent, never rounded up to what it does not reach."""
    return f"{math.floor(share * 1000 + 1e-6) / 10:,.1f} %"
