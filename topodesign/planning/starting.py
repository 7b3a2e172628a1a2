"""Where a search begins: an earlier plan, or a design of a neighboring problem, told in an instance's own positions."""

from topodesign.domain.plan import Plan
from topodesign.planning.design import Design
from topodesign.planning.instance import Instance
from topodesign.planning.known_paths import PathKey, path_key


def start_from_plan(instance: Instance, plan: Plan) -> Design | None:
    """The plan's sites, pods and lightpaths, as far as the instance has them; ``None`` when it has none of the sites.

    Nothing is promised about limits: the search checks them, and takes what breaks one as a hint of sites only.
    """
    position = {site.site.site_id: index for index, site in enumerate(instance.sites)}
    pods = {position[site.id]: site.pods for site in plan.sites if site.id in position}
    index, segment = instance.graph.index, {item.segment_id: i for i, item in enumerate(instance.graph.segments)}
    counts: dict[PathKey, int] = {}
    for path in plan.lightpaths:
        if path.a in index and path.z in index and set(path.segments) <= set(segment):
            a, z, route = index[path.a], index[path.z], tuple(segment[item] for item in path.segments)
            key = (a, z, route, path.mode) if a < z else (z, a, tuple(reversed(route)), path.mode)
            counts[key] = counts.get(key, 0) + path.count
    return _design(instance, pods, counts)


def carried_over(design: Design, source: Instance, target: Instance) -> Design | None:
    """A design of one instance in the positions of another with the same sites and fiber."""
    counts: dict[PathKey, int] = {}
    for path, count in design.counts.items():
        key = path_key(source.lightpaths[path])
        counts[key] = counts.get(key, 0) + count
    position = {site.site.site_id: index for index, site in enumerate(target.sites)}
    names = {index: site.site.site_id for index, site in enumerate(source.sites)}
    pods = {position[names[site]]: count for site, count in design.pods.items() if names[site] in position}
    return _design(target, pods, counts)


def _design(instance: Instance, pods: dict[int, int], counts: dict[PathKey, int]) -> Design | None:
    if not pods:
        return None
    ordinary = {
        path_key(path): index
        for index, (path, lit) in enumerate(zip(instance.lightpaths, instance.lit_counts, strict=True))
        if lit == 0
    }
    kept = {ordinary[key]: count for key, count in counts.items() if key in ordinary}
    return Design.of(instance, pods=pods, counts=kept)
