"""Fiber in use: pairs on offer, spectrum, new build, spans and amplifiers: formulation (12) and (13)."""

import math
from collections.abc import Iterator, Mapping

from topodesign.domain.equipment import TransceiverMode
from topodesign.domain.plan import Plan, SegmentPlan, Violation
from topodesign.domain.scenario import FiberSegment, OpticsRules, Scenario
from topodesign.verify.evidence import Evidence
from topodesign.verify.finding import disagrees, found, shown
from topodesign.verify.tolerance import LARGEST_COUNT, agrees, exceeds, is_count

RULES = (
    "segment_known",
    "segment_distinct",
    "pairs_integer",
    "segment_missing",
    "pairs",
    "build",
    "spectrum",
    "spans",
    "amplifiers",
    "segment_utilization",
)

WHOLE = 1e-9
"""A quotient this little above a whole number is that number: 240.0000000001 km are 3 spans of 80 km, not 4."""


def span_count(length_km: float, span_km: float) -> int:
    """Spans of equal length, none longer than ``span_km``."""
    return max(1, math.ceil(length_km / span_km - WHOLE))


def width_ghz(mode: TransceiverMode, rules: OpticsRules) -> float:
    """Spectrum of one channel: the mode's own width, or that rounded up to the grid."""
    if rules.grid_ghz is None:
        return mode.width_ghz
    return math.ceil(mode.width_ghz / rules.grid_ghz - WHOLE) * rules.grid_ghz


def sound_fiber(plan: Plan, scenario: Scenario) -> dict[str, SegmentPlan]:
    """Stated segments that exist and have a sane number of pairs; the first entry counts."""
    fiber: dict[str, SegmentPlan] = {}
    for stated in plan.segments:
        if stated.segment_id in scenario.segment_by_id and is_count(stated.pairs, at_least=0):
            fiber.setdefault(stated.segment_id, stated)
    return fiber


def check_fiber(evidence: Evidence) -> Iterator[Violation]:
    """Violations of :data:`RULES`."""
    yield from _check_structure(evidence)
    used = spectrum_by_segment(evidence)
    for segment_id in used:
        if segment_id not in evidence.fiber:
            yield found(
                "segment_missing",
                segment_id,
                f"lightpaths take {used[segment_id]:.12g} GHz here, but the plan lists no fiber pairs for it",
                value=None,
                limit=used[segment_id],
                unit="GHz",
                remedy="list the segment with its pairs",
            )
    for segment_id, stated in evidence.fiber.items():
        segment = evidence.scenario.segment_by_id[segment_id]
        yield from _check_pairs(segment, stated)
        yield from _check_figures(evidence, segment, stated, used.get(segment_id, 0.0))


def spectrum_by_segment(evidence: Evidence) -> Mapping[str, float]:
    """GHz that lightpaths take on each segment."""
    used: dict[str, float] = {}
    for route in evidence.routes:
        width = route.stated.count * width_ghz(route.mode, evidence.scenario.optics)
        for segment in route.segments:
            used[segment.segment_id] = used.get(segment.segment_id, 0.0) + width
    return used


def _check_structure(evidence: Evidence) -> Iterator[Violation]:
    seen: set[str] = set()
    for stated in evidence.plan.segments:
        thing = stated.segment_id
        if thing in seen:
            yield found(
                "segment_distinct", thing, "the segment is listed twice", value=2, limit=1, remedy="list it once"
            )
        seen.add(thing)
        if thing not in evidence.scenario.segment_by_id:
            yield found(
                "segment_known",
                thing,
                "the scenario has no fiber segment of this id",
                value=thing,
                remedy="correct the id",
            )
        if not is_count(stated.pairs, at_least=0):
            yield found(
                "pairs_integer",
                thing,
                f"pairs is {shown(stated.pairs)}, but it must be a whole number from 0 to {LARGEST_COUNT}",
                value=stated.pairs,
                limit=0,
                unit="pairs",
                remedy="give whole fiber pairs",
            )


def _check_pairs(segment: FiberSegment, stated: SegmentPlan) -> Iterator[Violation]:
    thing = segment.segment_id
    if stated.built not in (True, False):
        yield found("build", thing, "built is neither true nor false", value=stated.built, remedy="say which")
    if stated.built and segment.build_usd_per_km is None:
        yield found(
            "build",
            thing,
            "the plan builds fiber where the scenario gives no build_usd_per_km",
            value="built",
            remedy="do not build here, or give the segment a build price and build_pairs",
        )
    added = segment.build_pairs if stated.built and segment.build_usd_per_km is not None else 0
    limit = segment.lit_pairs + segment.pairs_available + added
    if stated.pairs > limit:
        yield found(
            "pairs",
            thing,
            f"{stated.pairs} fiber pairs are in use, but there are {limit} (lit {segment.lit_pairs}, on offer"
            f" {segment.pairs_available}, built {added})",
            value=stated.pairs,
            limit=limit,
            unit="pairs",
            remedy="use fewer pairs, offer more, or build where that is possible",
        )


def _check_figures(
    evidence: Evidence, segment: FiberSegment, stated: SegmentPlan, used_ghz: float
) -> Iterator[Violation]:
    thing, spans = segment.segment_id, span_count(segment.length_km, evidence.scenario.optics.span_km)
    there_ghz = evidence.line_system.band_ghz * stated.pairs
    if exceeds(used_ghz, there_ghz):
        yield found(
            "spectrum",
            thing,
            f"lightpaths take {used_ghz:.12g} GHz, but {stated.pairs} pairs have {there_ghz:.12g} GHz",
            value=used_ghz,
            limit=there_ghz,
            unit="GHz",
            remedy="light more pairs or route lightpaths elsewhere",
        )
    if stated.spans != spans:
        yield disagrees("spans", thing, "spans", stated.spans, spans, "spans")
    if stated.amplifiers != stated.pairs * (spans - 1):
        yield disagrees("amplifiers", thing, "amplifiers", stated.amplifiers, stated.pairs * (spans - 1), "amplifiers")
    share = used_ghz / there_ghz if there_ghz else 0.0
    if not agrees(stated.utilization, share):
        yield disagrees("segment_utilization", thing, "utilization", stated.utilization, share, "")
