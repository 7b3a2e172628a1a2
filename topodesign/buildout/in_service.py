"""What is in service in a year: sites and fiber wait for theirs, and fiber that was on offer once stays so."""

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import FiberSegment, Scenario, Site


def in_service_by(scenario: Scenario, year: int) -> Scenario:
    """The scenario without what comes into service after ``year``; itself where that is nothing.

    Fiber that ends at a late site waits for it, so that no light passes or is regenerated there.

    Raises
    ------
    InvalidInput
        When light is in service on late fiber or at a late site (``BUILDOUT_LIT_TOO_EARLY``).
    """
    late_sites = {site.site_id: site.in_service_year for site in scenario.sites if _is_late(site, year)}
    late_fiber = {
        segment.segment_id
        for segment in scenario.segments
        if _is_late(segment, year) or {segment.a, segment.b} & late_sites.keys()
    }
    if not late_sites and not late_fiber:
        return scenario
    _require_dark(scenario, year, late_fiber)
    return dataclasses.replace(
        scenario,
        sites=tuple(
            dataclasses.replace(site, forbidden=True, required=False) if site.site_id in late_sites else site
            for site in scenario.sites
        ),
        segments=tuple(
            dataclasses.replace(segment, pairs_available=0, build_usd_per_km=None)
            if segment.segment_id in late_fiber
            else segment
            for segment in scenario.segments
        ),
    )


def require_no_less_fiber(years: Sequence[int], scenarios: Sequence[Scenario]) -> None:
    """Raise unless every segment has in each year at least as many pairs, dark and by new build, as in the one before.

    Pairs that an earlier year lit stay lit. With fewer on offer they would be told as new build, and a year alone, of
    which the bound is proven, would miss them.

    Raises
    ------
    InvalidInput
        ``BUILDOUT_FIBER_FALLS``.
    """
    for (earlier, before), (later, after) in pairwise(zip(years, scenarios, strict=True)):
        for old in before.segments:
            for name, had, has in _offered(old, after.segment_by_id[old.segment_id]):
                if has < had:
                    raise InvalidInput(
                        f"year {later}: segment {old.segment_id!r} has {has} {name}, fewer than the {had} of "
                        f"{earlier}; what an earlier year lights stays lit, so keep {had} in {later}, or offer {has} "
                        f"from {years[0]} on",
                        reason="BUILDOUT_FIBER_FALLS",
                        field_path=f"segments.{old.segment_id}",
                        metadata={"year": str(later), "before": str(had), "after": str(has)},
                    )


def _offered(old: FiberSegment, new: FiberSegment) -> Iterator[tuple[str, int, int]]:
    yield "fiber pairs on offer", old.lit_pairs + old.pairs_available, new.lit_pairs + new.pairs_available
    if old.build_usd_per_km is not None:
        yield "build_pairs", old.build_pairs, new.build_pairs if new.build_usd_per_km is not None else 0


def _is_late(thing: Site | FiberSegment, year: int) -> bool:
    return thing.in_service_year is not None and thing.in_service_year > year


def _require_dark(scenario: Scenario, year: int, late_fiber: Collection[str]) -> None:
    """Light in service today contradicts fiber, or a site at its end, that is not."""
    for segment_id in sorted(late_fiber):
        segment = scenario.segment_by_id[segment_id]
        paths = sum(path.count for path in scenario.lit_lightpaths if segment_id in path.segments)
        if not segment.lit_pairs and not paths:
            continue
        thing, since = _what_is_late(scenario, segment, year)
        raise InvalidInput(
            f"segment {segment_id!r} has {segment.lit_pairs} lit pairs and {paths} lightpaths in service, but {thing} "
            f"is in service only from {since} on, after {year}; leave out that in_service_year, or the light",
            reason="BUILDOUT_LIT_TOO_EARLY",
            field_path=f"segments.{segment_id}.in_service_year",
            metadata={"year": str(year), "since": str(since)},
        )


def _what_is_late(scenario: Scenario, segment: FiberSegment, year: int) -> tuple[str, int | None]:
    """The segment, else the site at its end for which it waits."""
    if _is_late(segment, year):
        return f"segment {segment.segment_id!r}", segment.in_service_year
    ends = (site for site in scenario.sites if site.site_id in {segment.a, segment.b})
    site = next(site for site in ends if _is_late(site, year))
    return f"site {site.site_id!r} at its end", site.in_service_year
