"""Small networks with a plan on them, made by hand or drawn at random, for the availability tests."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from topodesign.domain.plan import Lightpath, Plan, Provenance, SegmentPlan, SitePlan
from topodesign.domain.scenario import FiberSegment, Policy, PowerZone, Scenario, Site, Size, Workload

Route = tuple[str, str, tuple[str, ...], int]
"""Ends, segments and count."""
Fiber = tuple[str, str, str, float, tuple[str, ...], int, int]
"""Id, ends, km, conduits, pairs and spans."""

PROVENANCE = Provenance(
    topodesign_version="", ortools_version="", python_version="", scenario_sha256="", seed=0, threads=1
)


def network(sites: Sequence[str], fibers: Sequence[Fiber], *, survive: tuple[Any, ...] = ("conduit",)) -> Scenario:
    return Scenario(
        name="small",
        sites=tuple(Site(site_id=item, lon=0, lat=0, zone_id="z", power_mw=10) for item in sites),
        zones=(PowerZone(zone_id="z", headroom_mw=100),),
        segments=tuple(
            FiberSegment(segment_id=item, a=a, b=b, length_km=km, conduits=conduits)
            for item, a, b, km, conduits, _, _ in fibers
        ),
        workload=Workload(sync_time_s=1.0),
        size=Size(power_mw=5),
        policy=Policy(survive=survive),
    )


def plan_of(scenario: Scenario, fibers: Sequence[Fiber], routes: Sequence[Route]) -> Plan:
    return Plan(
        scenario_name=scenario.name,
        status="feasible",
        stopped_by="gap",
        wall_s=0,
        seed=0,
        provenance=PROVENANCE,
        sites=tuple(
            SitePlan(id=site.site_id, zone_id="z", pods=1, accelerators=1, power_mw=1) for site in scenario.sites
        ),
        lightpaths=tuple(
            Lightpath(
                a=a, z=z, mode="zrplus-400", count=count, segments=segments, rate_gbps=400, length_km=1, gsnr_db=30,
                margin_db=3, latency_ms=1,
            )
            for a, z, segments, count in routes
        ),
        segments=tuple(
            SegmentPlan(segment_id=item, pairs=pairs, built=False, spans=spans, amplifiers=pairs * (spans - 1),
                        utilization=0.5)
            for item, _, _, _, _, pairs, spans in fibers
        ),
    )  # fmt: skip


@st.composite
def networks(draw: st.DrawFn) -> tuple[Scenario, Plan]:
    """Three or four sites, up to six segments in up to five conduits, lightpaths over one segment and over two."""
    sites = [f"s{number}" for number in range(draw(st.integers(3, 4)))]
    fibers: list[Fiber] = []
    for number in range(draw(st.integers(4, 6))):
        a, b = draw(st.permutations(sites))[:2]
        conduits = draw(st.sets(st.sampled_from("ABCDE"), min_size=1, max_size=2))
        km = float(draw(st.integers(1, 3000)))
        fibers.append(
            (f"f{number}", a, b, km, tuple(sorted(conduits)), draw(st.integers(1, 2)), draw(st.integers(1, 9)))
        )
    direct = [(a, b, (item,), draw(st.integers(1, 2))) for item, a, b, _, _, _, _ in fibers]
    longer: list[Route] = [
        (a if b in (c, d) else b, d if c in (a, b) else c, (first, second), 1)
        for (first, a, b, *_), (second, c, d, *_) in pairwise(fibers)
        if len({a, b, c, d}) == 3
    ]
    routes = draw(st.lists(st.sampled_from(direct + longer), min_size=1, max_size=5, unique_by=lambda item: item[2]))
    lit = {segment for _, _, segments, _ in routes for segment in segments}
    scenario = network(sites, fibers)
    return scenario, plan_of(scenario, [fiber for fiber in fibers if fiber[0] in lit], routes)


def connected(sites: Sequence[str], joined: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The representative of each site's component, by union and find."""
    parent = {site: site for site in sites}

    def root(site: str) -> str:
        while parent[site] != site:
            site = parent[site]
        return site

    for a, z in joined:
        parent[root(a)] = root(z)
    return {site: root(site) for site in sites}
