"""What the rules look at: the sound parts of a plan, joined with scenario and catalogue.

Parts that make no sense (unknown ids, counts that are no counts, broken routes) are reported by the structure rules and
left out here, so that every later rule computes on sane values and never crashes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from topodesign.domain.equipment import Accelerator, Catalog, LineSystem, TransceiverMode
from topodesign.domain.plan import Lightpath, Plan, SegmentPlan
from topodesign.domain.scenario import FiberSegment, Scenario

LINE_SYSTEMS: Mapping[str, str] = {"c": "c-band", "c+l": "c+l-band"}
"""Catalogue id of the line system of each band of ``optics.band``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A lightpath whose ids, count and route make sense; ``nodes`` are all nodes in order from ``stated.a``."""

    label: str
    stated: Lightpath
    mode: TransceiverMode
    nodes: tuple[str, ...]
    segments: tuple[FiberSegment, ...]

    @property
    def length_km(self) -> float:
        return sum(segment.length_km for segment in self.segments)

    @property
    def regeneration_nodes(self) -> tuple[str, ...]:
        """Inner nodes of the route where the plan regenerates, in order of the route."""
        wanted = set(self.stated.regenerations)
        return tuple(node for node in self.nodes[1:-1] if node in wanted)

    @property
    def stretches(self) -> tuple[tuple[FiberSegment, ...], ...]:
        """Segments between conversions to electronics: the route cut at its regenerations."""
        stops = set(self.regeneration_nodes)
        pieces: list[list[FiberSegment]] = [[]]
        for node, segment in zip(self.nodes[1:], self.segments, strict=True):
            pieces[-1].append(segment)
            if node in stops:
                pieces.append([])
        return tuple(tuple(piece) for piece in pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Sound parts of a plan: pods by used site, routes, and stated fiber by segment id."""

    scenario: Scenario
    plan: Plan
    catalog: Catalog
    accelerator: Accelerator
    line_system: LineSystem
    pods: Mapping[str, int]
    routes: tuple[Route, ...]
    fiber: Mapping[str, SegmentPlan]

    @property
    def used(self) -> tuple[str, ...]:
        """Ids of the used sites, sorted."""
        return tuple(sorted(self.pods))

    @property
    def accelerators(self) -> int:
        """Placed at all sites together."""
        return sum(self.pods.values()) * self.scenario.size.pod_accelerators

    def pods_mw(self, site_id: str) -> float:
        """MW at the meter of the pods of a site, formulation (5)."""
        accelerators = self.pods.get(site_id, 0) * self.scenario.size.pod_accelerators
        return accelerators * self.accelerator.all_in_w * self.scenario.site_by_id[site_id].pue / 1e6


def allowed_modes(scenario: Scenario, catalog: Catalog) -> tuple[TransceiverMode, ...]:
    """Modes of the chosen catalogue that ``optics.modes`` allows."""
    rules = scenario.optics
    known = (mode for mode in catalog.transceivers if mode.catalog == rules.catalog)
    return tuple(mode for mode in known if "*" in rules.modes or mode.id in rules.modes)
