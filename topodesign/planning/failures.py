"""Failure states of the policy: which lightpaths and sites each one takes down."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from topodesign.planning.instance import Floats, Instance

Bools = npt.NDArray[np.bool_]

NOTHING_FAILED = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureState:
    """A state that must be survived: ``dead_paths`` mask over lightpaths, site positions that are out, B_k / B.

    ``conduits`` are cut in it; ``has_lost_buildings`` says that whole sites are down.
    """

    name: str
    dead_paths: Bools
    dead_sites: frozenset[int]
    fraction: float
    conduits: tuple[str, ...] = ()
    has_lost_buildings: bool = False


class FailureStates:
    """All failure states of an instance's policy, and the few that matter for a given solution.

    ``conduits`` are the losses of one conduit; ``has_pairs``: any two of them are lost at once. ``fraction``: B_k / B
    of all failures.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        policy = instance.scenario.policy
        self.fraction = policy.survivable_fraction
        self.has_pairs = "conduit-pair" in policy.survive
        self.nothing = FailureState(
            name=NOTHING_FAILED,
            dead_paths=np.zeros(len(instance.lightpaths), dtype=bool),
            dead_sites=frozenset(),
            fraction=1.0,
        )
        self.conduits: tuple[FailureState, ...] = ()
        self.buildings: tuple[FailureState, ...] = ()
        if self.fraction > 0 and ("conduit" in policy.survive or self.has_pairs):
            self.conduits = tuple(self._conduit_states())
        if self.fraction > 0:
            self.buildings = tuple(self._building_states(policy.survive))

    def relevant(self, capacity_gbps: Floats) -> list[FailureState]:
        """States that can bind when the candidates have these capacities: nothing failed first.

        A state that kills no capacity is implied by ``nothing`` (B_k <= B), and one whose killed lightpaths lie inside
        another's is implied by that one.
        """
        active = capacity_gbps > 0
        states = [self.nothing]
        hurting = [state for state in self.conduits if np.any(state.dead_paths & active)]
        if self.has_pairs:
            hurting = [both(one, two) for one, two in combinations(hurting, 2)] or hurting
        states.extend(_undominated(hurting, active))
        states.extend(self.buildings)
        return states

    @property
    def apart_from_conduits(self) -> list[FailureState]:
        """Nothing failed, and the losses of buildings."""
        return [self.nothing, *self.buildings]

    def _conduit_states(self) -> Iterator[FailureState]:
        instance = self._instance
        by_segment = instance.route_matrix.tocsc()
        for conduit, segments in instance.graph.conduit_segments.items():
            dead = np.zeros(len(instance.lightpaths), dtype=bool)
            for segment in segments:
                dead[by_segment.indices[by_segment.indptr[segment] : by_segment.indptr[segment + 1]]] = True
            if dead.any():
                yield FailureState(
                    name=f"conduit {conduit}",
                    dead_paths=dead,
                    dead_sites=frozenset(),
                    fraction=self.fraction,
                    conduits=(conduit,),
                )

    def _building_states(self, survive: tuple[str, ...]) -> Iterator[FailureState]:
        """Loss of a site's building, or of all of a zone's: what ends there and what passes through is out."""
        scenario = self._instance.scenario
        if "site" in survive:
            for site in scenario.sites:
                yield self._without(f"site {site.site_id}", {site.site_id})
        if "zone" in survive:
            for zone in scenario.zones:
                members = {site.site_id for site in scenario.sites if site.zone_id == zone.zone_id}
                if members:
                    yield self._without(f"zone {zone.zone_id}", members)

    def _without(self, name: str, buildings: set[str]) -> FailureState:
        instance = self._instance
        nodes = {instance.graph.index[building] for building in buildings}
        dead = np.array(
            [
                path.a in nodes
                or path.z in nodes
                or any(set(instance.graph.ends[segment]) & nodes for segment in path.route)
                for path in instance.lightpaths
            ],
            dtype=bool,
        )
        sites = frozenset(instance.site_of_node[node] for node in nodes if node in instance.site_of_node)
        return FailureState(
            name=name, dead_paths=dead, dead_sites=sites, fraction=self.fraction, has_lost_buildings=True
        )


def both(one: FailureState, two: FailureState) -> FailureState:
    """Two conduits cut at once."""
    return FailureState(
        name=f"{one.name} + {two.name}",
        dead_paths=one.dead_paths | two.dead_paths,
        dead_sites=one.dead_sites | two.dead_sites,
        fraction=one.fraction,
        conduits=one.conduits + two.conduits,
    )


def _undominated(states: list[FailureState], active: Bools) -> list[FailureState]:
    """Keep one of those that kill the same active lightpaths, and none whose kills lie inside another's."""
    kills: dict[int, FailureState] = {}
    index = np.flatnonzero(active)
    for state in states:
        mask = int.from_bytes(np.packbits(state.dead_paths[index]).tobytes(), "big")
        kills.setdefault(mask, state)
    masks = sorted(kills, key=lambda mask: (-mask.bit_count(), kills[mask].name))
    kept: list[int] = []
    for mask in masks:
        if not any(mask & other == mask for other in kept):
            kept.append(mask)
    return [kills[mask] for mask in kept]
