"""What a question about a plan is about: a site, zone, segment, link, limit or cost item, found by its name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from topodesign.domain.errors import NotFound
from topodesign.domain.nearest import nearest

if TYPE_CHECKING:
    from topodesign.domain.plan import Plan
    from topodesign.domain.scenario import Scenario

SubjectKind = Literal["site", "zone", "segment", "link", "limit", "cost item"]
LIMITS: Mapping[str, str] = {
    "site.power_mw": "power of a site",
    "zone.headroom_mw": "headroom of a power zone",
    "fiber.pairs_available": "fiber pairs of a segment",
    "policy.max_sites": "most sites",
    "policy.min_sites": "fewest sites",
    "policy.max_rtt_ms": "longest round trip between used sites",
    "policy.max_zone_share": "largest share of all pods in one zone",
}
"""Limits that are looked at, in words."""
BETWEEN_ENDS = "--"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing of a plan or its scenario; a link's id is its ends as the plan has them, ``a--z``."""

    kind: SubjectKind
    id: str


def find_subjects(what: str, scenario: "Scenario", plan: "Plan") -> tuple[Subject, ...]:
    """Everything of that name: a site and a zone may share one.

    Raises
    ------
    NotFound
        When there is nothing of that name (``SUBJECT_UNKNOWN``), with the nearest.
    """
    everything = tuple(_subjects(scenario, plan))
    ends = what.split(BETWEEN_ENDS)
    names = {what, BETWEEN_ENDS.join(reversed(ends))} if len(ends) == 2 else {what}
    found = tuple(subject for subject in everything if subject.id in names)
    if found:
        return found
    if len(ends) == 2 and set(ends) <= scenario.site_by_id.keys() and ends[0] != ends[1]:
        return (Subject(kind="link", id=what),)
    raise NotFound(
        f"the plan has no site, zone, segment, link, limit or cost item {what!r}; "
        f"{nearest(what, {subject.id for subject in everything})} Links are named by their ends: a--z",
        reason="SUBJECT_UNKNOWN",
        metadata={"what": what},
    )


def _subjects(scenario: "Scenario", plan: "Plan") -> Iterator[Subject]:
    yield from (Subject(kind="site", id=site.site_id) for site in scenario.sites)
    yield from (Subject(kind="zone", id=zone.zone_id) for zone in scenario.zones)
    yield from (Subject(kind="segment", id=segment.segment_id) for segment in scenario.segments)
    ends = dict.fromkeys((link.a, link.z) for link in plan.links)
    yield from (Subject(kind="link", id=f"{a}{BETWEEN_ENDS}{z}") for a, z in ends)
    yield from (Subject(kind="limit", id=limit) for limit in LIMITS)
    yield from (Subject(kind="cost item", id=item) for item in plan.cost_items)
