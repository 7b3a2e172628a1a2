"""What the plan's lightpaths put on segments, on sites and on regeneration points; all of it counted, none priced."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Lightpath, Link, Plan
from topodesign.domain.scenario import Scenario

Ends = tuple[str, str]


@dataclass(frozen=True)
class NodeModes:
    """Transceivers by (node, mode), of lightpath ends and of regenerations."""

    ends: Counter[tuple[str, str]]
    regenerations: Counter[tuple[str, str]]


def transceivers_by_node(lightpaths: Sequence[Lightpath]) -> NodeModes:
    """One transceiver for each lightpath end, two for each regeneration (formulation (6))."""
    ends: Counter[tuple[str, str]] = Counter()
    regenerations: Counter[tuple[str, str]] = Counter()
    for path in lightpaths:
        if not path.count:
            continue
        for site_id in (path.a, path.z):
            ends[site_id, path.mode] += path.count
        for node_id in path.regenerations:
            regenerations[node_id, path.mode] += 2 * path.count
    return NodeModes(ends=ends, regenerations=regenerations)


def power_by_site(scenario: Scenario, plan: Plan, catalog: Catalog) -> dict[str, float]:
    """MW at the meter by site: the plan's clusters, and hubs that only regenerate."""
    used = {site.id: site.power_mw for site in plan.sites}
    for (node_id, mode), count in sorted(transceivers_by_node(plan.lightpaths).regenerations.items()):
        site = scenario.site_by_id.get(node_id)
        if site is not None and all(cluster.id != node_id for cluster in plan.sites):
            watts = count * catalog.transceiver(mode).power_w
            used[node_id] = used.get(node_id, 0.0) + site.pue * watts / 1e6
    return used


def lightpaths_on_segments(plan: Plan) -> dict[str, tuple[int, float]]:
    """Lightpaths and their summed rates in Gbit/s (one direction) by segment."""
    load: dict[str, tuple[int, float]] = {}
    for path in plan.lightpaths:
        for segment_id in path.segments:
            count, gbps = load.get(segment_id, (0, 0.0))
            load[segment_id] = (count + path.count, gbps + path.capacity_gbps)
    return load


def lightpaths_of(link: Link, plan: Plan) -> tuple[Lightpath, ...]:
    """The lightpaths that a logical link consists of, whichever of its ends they are stated from."""
    return tuple(path for path in plan.lightpaths if path.mode == link.mode and ends_of(path) == ends_of(link))


def ends_of(item: Link | Lightpath) -> Ends:
    """The two sites, sorted."""
    return (item.a, item.z) if item.a <= item.z else (item.z, item.a)


def capacity_by_site(plan: Plan) -> dict[str, tuple[int, float]]:
    """Neighbors and summed capacity in Gbit/s (one direction) of the links at each site."""
    neighbors: dict[str, set[str]] = {}
    gbps: Counter[str] = Counter()
    for link in plan.links:
        for site_id, other in ((link.a, link.z), (link.z, link.a)):
            neighbors.setdefault(site_id, set()).add(other)
            gbps[site_id] += link.capacity_gbps  # type: ignore[assignment]  # a Counter adds floats as well
    return {site_id: (len(others), gbps[site_id]) for site_id, others in neighbors.items()}
