"""The parts of a plan that may be out, how likely each is, and which sites and lightpaths each takes with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.equipment import Reliability
from topodesign.domain.errors import InvalidInput
from topodesign.domain.nearest import nearest
from topodesign.domain.origin import Origin
from topodesign.domain.plan import Lightpath, Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.stress import PartKind, StressOptions
from topodesign.evaluation.failing_parts import FailingParts

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class StressedPart:
    """A part, the probability of its being out, and where that comes from."""

    kind: PartKind
    id: str
    probability: float
    basis: str

    @property
    def label(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StressedParts:
    """All parts in order; ``kills_sites`` has the shape (parts, sites), ``kills_paths`` (parts, lightpaths).

    ``is_conduit`` says which parts are conduits. Sites are in the order of ``plan.sites``; lightpaths in the plan's,
    those in use only.
    """

    parts: tuple[StressedPart, ...]
    kills_sites: Bools
    kills_paths: Bools
    is_conduit: Bools


def paths_in_use(plan: Plan) -> tuple[Lightpath, ...]:
    """Lightpaths of which there is at least one."""
    return tuple(path for path in plan.lightpaths if path.count)


def stressed_parts(scenario: Scenario, plan: Plan, figures: Reliability, options: StressOptions) -> StressedParts:
    """The parts whose probability is above 0.

    Raises
    ------
    InvalidInput
        When a late site is neither used by the plan nor passed by its light, or a late segment is none of the
        scenario's (``STRESS_ID_UNKNOWN``).
    """
    _require_known("late_sites", options.late_sites, _touched(scenario, plan))
    _require_known("late_segments", options.late_segments, scenario.segment_by_id)
    found = [part for part in _parts(scenario, plan, figures, options) if part.probability > 0]
    paths = paths_in_use(plan)
    nodes = [frozenset(_nodes(scenario, path)) for path in paths]
    kills_sites = np.zeros((len(found), len(plan.sites)), dtype=bool)
    kills_paths = np.zeros((len(found), len(paths)), dtype=bool)
    for row, part in enumerate(found):
        buildings = _buildings(scenario, part)
        segments = _segments(scenario, part)
        kills_sites[row] = [site.id in buildings for site in plan.sites]
        kills_paths[row] = [
            bool(buildings & passed) or not segments.isdisjoint(path.segments)
            for path, passed in zip(paths, nodes, strict=True)
        ]
    return StressedParts(
        parts=tuple(found),
        kills_sites=kills_sites,
        kills_paths=kills_paths,
        is_conduit=np.array([part.kind == "conduit" for part in found], dtype=bool),
    )


def _parts(scenario: Scenario, plan: Plan, figures: Reliability, options: StressOptions) -> Iterator[StressedPart]:
    touched = _touched(scenario, plan)
    zones = {scenario.site_by_id[site_id].zone_id for site_id in touched}
    for zone in scenario.zones:
        if zone.zone_id in zones:
            basis = "1 - availability of the scenario's zone"
            yield StressedPart(kind="zone", id=zone.zone_id, probability=1 - zone.availability, basis=basis)
    outage = figures.site_repair_h / (figures.site_mtbf_h + figures.site_repair_h)
    basis = (
        f"{figures.site_repair_h:g} h repair after {figures.site_mtbf_h:,.0f} h between failures "
        f"({_told(figures, 'site_mtbf_h')})"
    )
    for site_id in touched:
        yield StressedPart(kind="site", id=site_id, probability=outage, basis=basis)
    failing = FailingParts(scenario, plan, figures)
    for conduit, length_km in failing.conduit_km.items():
        cuts = figures.cuts_per_1000km_year * length_km / 1000
        basis = (
            f"{length_km:,.1f} km: {cuts:.3g} cuts a year ({_told(figures, 'cuts_per_1000km_year')}), "
            f"{figures.cut_repair_h:g} h of {HOURS_PER_YEAR:g} each"
        )
        yield StressedPart(kind="conduit", id=conduit, probability=failing.down["conduit", conduit], basis=basis)
    for site_id, chance in sorted(options.late_sites.items()):
        yield StressedPart(kind="late site", id=site_id, probability=chance, basis="given")
    for segment_id, chance in sorted(options.late_segments.items()):
        yield StressedPart(kind="late segment", id=segment_id, probability=chance, basis="given")


def _touched(scenario: Scenario, plan: Plan) -> list[str]:
    """Sites that are used, and those whose buildings light passes through; sorted."""
    passed = {node for path in paths_in_use(plan) for node in _nodes(scenario, path) if node in scenario.site_by_id}
    return sorted(passed | {site.id for site in plan.sites})


def _buildings(scenario: Scenario, part: StressedPart) -> frozenset[str]:
    """Sites that are out with a part: light neither ends there nor passes through."""
    if part.kind == "zone":
        return frozenset(site.site_id for site in scenario.sites if site.zone_id == part.id)
    return frozenset((part.id,)) if part.kind in ("site", "late site") else frozenset()


def _segments(scenario: Scenario, part: StressedPart) -> frozenset[str]:
    if part.kind == "conduit":
        return frozenset(item.segment_id for item in scenario.segments if part.id in item.conduits)
    return frozenset((part.id,)) if part.kind == "late segment" else frozenset()


def _nodes(scenario: Scenario, path: Lightpath) -> Iterator[str]:
    node = path.a
    yield node
    for segment_id in path.segments:
        segment = scenario.segment_by_id[segment_id]
        node = segment.b if node == segment.a else segment.a
        yield node


def _require_known(key: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = set(known)
    for item in given:
        if item not in names:
            raise InvalidInput(
                f"{key}: the plan has no {item!r}; {nearest(item, names)}",
                reason="STRESS_ID_UNKNOWN",
                field_path=key,
                metadata={"id": item},
            )


def _told(figures: Reliability, figure: str) -> str:
    origin: Origin = figures.origins.get(figure) or figures.origins["*"]
    return ", ".join(part for part in (origin.source, origin.date, f"confidence {origin.confidence}") if part)
