"""The scenarios that the benchmarks plan, by name.

    python -m benchmarks.scenarios        lists them with their sizes

Some are the samples as they are; the others are derived from them here, by rules that need no further data:

``us-conduit-pairs``   us-multi-region with a third fiber entrance at every site; pairs of conduits are survived
``us-sites-fixed``     us-multi-region with its sites decided beforehand: sizing only
``stress-500``         500 sites (benchmarks/stress-500)
``stress-N``, ``us-N`` the N sites of most power of stress-500 and us-multi-region; same job, same long-haul graph
"""

import dataclasses
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from pyproj import Geod

from topodesign.domain.errors import NotFound
from topodesign.domain.scenario import FiberSegment, Scenario, Site
from topodesign.scenario import load_scenario

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ("two-campus", "regional-nova", "us-multi-region", "europe")
US_SITES = ("US01S", "US02S", "US05S", "US09S")
"""Sites of the best plan known of us-multi-region; benchmarks/planner_table.py takes those of its own run, if any."""
SUBSET_OF = {"stress": "benchmarks/stress-500", "us": "sample_sites/us-multi-region"}
STRESS_SIZES = (12, 25, 50, 100, 200, 350, 500)
LEAST_SUBSET = 12
"""Fewest sites of a subset: fewer cannot hold the jobs within their zones' shares."""
ROUTE_FACTOR = 1.3  # fiber route over great circle, as for the second entrances of the samples
ENTRANCE_PAIRS = 432
GEOD = Geod(ellps="WGS84")


def build(name: str) -> Scenario:
    """The scenario of that name.

    Raises
    ------
    NotFound
        When there is none of that name; the message lists them.
    """
    if name in SAMPLES:
        return load_scenario(ROOT / "sample_sites" / name)
    if name in DERIVED:
        return DERIVED[name]()
    stem, _, count = name.rpartition("-")
    if stem in SUBSET_OF and count.isdecimal():
        full = load_scenario(ROOT / SUBSET_OF[stem])
        if LEAST_SUBSET <= int(count) <= len(full.sites):
            return strongest(full, int(count), name=name)
    known = ", ".join((*SAMPLES, *DERIVED, *(f"{stem}-N" for stem in SUBSET_OF)))
    raise NotFound(f"no benchmark scenario {name!r}; known: {known} (N from {LEAST_SUBSET} to all of its sites)")


def us_conduit_pairs() -> Scenario:
    """us-multi-region, a third entrance at every site, and any two conduits may fail together."""
    base = with_third_entrances(load_scenario(ROOT / "sample_sites" / "us-multi-region"))
    policy = dataclasses.replace(base.policy, survive=("conduit-pair",))
    return dataclasses.replace(base, name="us-conduit-pairs", policy=policy)


def us_sites_fixed() -> Scenario:
    """us-multi-region with :data:`US_SITES` required and all others forbidden."""
    return with_sites(load_scenario(ROOT / "sample_sites" / "us-multi-region"), US_SITES, name="us-sites-fixed")


def strongest(full: Scenario, count: int, *, name: str) -> Scenario:
    """Only the ``count`` sites of most power, ties by id; segments that end at other sites are left out."""
    ranked = sorted(full.sites, key=lambda site: (-site.power_mw, site.site_id))
    kept = {site.site_id for site in ranked[:count]}
    nodes = kept | set(full.junction_by_id)
    return dataclasses.replace(
        full,
        name=name,
        sites=tuple(site for site in full.sites if site.site_id in kept),
        segments=tuple(segment for segment in full.segments if {segment.a, segment.b} <= nodes),
    )


def with_sites(scenario: Scenario, site_ids: Collection[str], *, name: str | None = None) -> Scenario:
    """The same scenario with these sites required and all others forbidden: what is left is sizing.

    Raises
    ------
    NotFound
        When an id names no site.
    """
    unknown = sorted(set(site_ids) - set(scenario.site_by_id))
    if unknown:
        raise NotFound(f"scenario {scenario.name!r} has no site {', '.join(unknown)}; correct the ids")
    return dataclasses.replace(
        scenario, name=name or scenario.name, sites=tuple(_decided(site, site_ids) for site in scenario.sites)
    )


def _decided(site: Site, site_ids: Collection[str]) -> Site:
    is_chosen = site.site_id in site_ids
    return dataclasses.replace(site, required=is_chosen, forbidden=not is_chosen)


def with_third_entrances(scenario: Scenario) -> Scenario:
    """One more entrance for every site: great circle x 1.3 to the nearest junction not joined yet, own conduit."""
    added = tuple(_third_entrances(scenario))
    return dataclasses.replace(scenario, segments=(*scenario.segments, *added))


def _third_entrances(scenario: Scenario) -> Iterator[FiberSegment]:
    joined: dict[str, set[str]] = {site.site_id: set() for site in scenario.sites}
    for segment in scenario.segments:
        for end, other in ((segment.a, segment.b), (segment.b, segment.a)):
            if end in joined:
                joined[end].add(other)
    for site in scenario.sites:
        distance_km, nearest = min(
            (_great_circle_km((site.lon, site.lat), (node.lon, node.lat)), node.node_id)
            for node in scenario.junctions
            if node.node_id not in joined[site.site_id]
        )
        segment_id = f"{site.site_id}-C"
        yield FiberSegment(
            segment_id=segment_id,
            a=site.site_id,
            b=nearest,
            length_km=round(ROUTE_FACTOR * distance_km, 1),
            pairs_available=ENTRANCE_PAIRS,
            conduits=(segment_id,),
            extra={"kind": "tail", "basis": "estimated third entrance"},
        )


def _great_circle_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    return float(GEOD.inv(*start, *end)[2]) / 1e3


DERIVED: Mapping[str, Callable[[], Scenario]] = {
    "us-conduit-pairs": us_conduit_pairs,
    "us-sites-fixed": us_sites_fixed,
}


def main() -> None:
    """List the scenarios with their sizes."""
    names = (*SAMPLES, *DERIVED, "us-12", *(f"stress-{size}" for size in STRESS_SIZES))
    sys.stdout.write("| scenario | sites | zones | junctions | segments |\n| --- | ---: | ---: | ---: | ---: |\n")
    for name in names:
        made = build(name)
        counts = (len(made.sites), len(made.zones), len(made.junctions), len(made.segments))
        sys.stdout.write(f"| {name} | {' | '.join(f'{count:,}' for count in counts)} |\n")


if __name__ == "__main__":
    main()
