"""What stands, and the scenario of a year in which it does: sunk cost, and nothing of it dropped."""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from topodesign.catalog import load_catalog
from topodesign.domain.plan import Lightpath, Plan
from topodesign.domain.scenario import FiberSegment, LitLightpath, PowerZone, Scenario, Site

LightpathKey = tuple[str, str, str, tuple[str, ...]]
"""Ends, mode and route, whichever end it is told from; as :attr:`~topodesign.domain.fiber.LitLightpath.key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Pods by site, lit pairs by segment, segments with new fiber, and lightpaths; nothing at first.

    ``network_mw``: MW that the network draws at each site's meter.
    """

    pods: Mapping[str, int] = field(default_factory=dict)
    pairs: Mapping[str, int] = field(default_factory=dict)
    built: frozenset[str] = frozenset()
    lightpaths: Mapping[LightpathKey, Lightpath] = field(default_factory=dict)
    network_mw: Mapping[str, float] = field(default_factory=dict)

    def with_plan(self, scenario: Scenario, plan: Plan) -> "Standing":
        """What stands once a plan is built, which keeps all that stood before."""
        size = scenario.size
        watts = load_catalog(scenario.catalog_overrides).accelerator(size.accelerator).all_in_w
        pods_mw = {
            site.id: site.pods * size.pod_accelerators * watts * scenario.site_by_id[site.id].pue / 1e6
            for site in plan.sites
        }
        return Standing(
            pods={site.id: site.pods for site in plan.sites},
            pairs={segment.segment_id: segment.pairs for segment in plan.segments},
            built=self.built | {segment.segment_id for segment in plan.segments if segment.built},
            lightpaths={lightpath_key(path): path for path in plan.lightpaths},
            network_mw={site.id: max(0.0, site.power_mw - pods_mw[site.id]) for site in plan.sites},
        )


def lightpath_key(path: Lightpath) -> LightpathKey:
    """What makes two lightpaths the same."""
    return min((path.a, path.z, path.mode, path.segments), (path.z, path.a, path.mode, path.segments[::-1]))


def clash(scenario: Scenario, standing: Standing) -> str:
    """In words, a limit of single things that what stands breaks; empty where there is none."""
    for site_id, pods in standing.pods.items():
        site = scenario.site_by_id[site_id]
        if site.forbidden:
            return f"site {site_id!r} stands and is forbidden"
        if site.max_pods is not None and site.max_pods < pods:
            return f"site {site_id!r} has {pods} pods, above its max_pods {site.max_pods}"
    for segment_id, pairs in standing.pairs.items():
        most = scenario.segment_by_id[segment_id].most_pairs
        if most < pairs:
            return f"segment {segment_id!r} has {pairs} lit pairs, but there are only {most}"
    return ""


def standing_scenario(
    scenario: Scenario, standing: Standing, *, within: Collection[str] | None = None, is_roomy: bool = False
) -> Scenario:
    """A year's scenario in which all that stands is required and paid for.

    Parameters
    ----------
    within : collection of str, optional
        Ids of the sites that may be used beside those that stand or must be used; by default all.
    is_roomy : bool
        Sites and zones keep free what the standing network draws, so that equipment which the new plan does not use can
        run on beside it.
    """
    reserved = standing.network_mw if is_roomy else {}
    in_service = {path.key: path for path in scenario.lit_lightpaths}
    for key, path in standing.lightpaths.items():
        before = in_service[key].count if key in in_service else 0
        a, z, mode, segments = key
        in_service[key] = LitLightpath(a=a, z=z, mode=mode, count=max(before, path.count), segments=segments)
    changed = dataclasses.replace(
        scenario,
        sites=tuple(_site(site, scenario, standing, within, reserved) for site in scenario.sites),
        zones=tuple(_zone(zone, scenario, reserved) for zone in scenario.zones),
        segments=tuple(_segment(segment, standing) for segment in scenario.segments),
        lit_lightpaths=tuple(in_service.values()),
    )
    return scenario if changed == scenario else changed


def _site(
    site: Site, scenario: Scenario, standing: Standing, within: Collection[str] | None, reserved: Mapping[str, float]
) -> Site:
    pods = standing.pods.get(site.site_id, 0)
    if pods:
        return dataclasses.replace(
            site,
            required=True,
            min_pods=max(site.min_pods, pods),
            fixed_capex_usd=0.0,
            power_mw=max(0.0, site.power_mw - reserved.get(site.site_id, 0.0)),
        )
    is_out = within is not None and site.site_id not in within and site.role == "compute"
    if is_out and not site.required and site.site_id not in scenario.demand_sites:
        return dataclasses.replace(site, forbidden=True)
    return site


def _zone(zone: PowerZone, scenario: Scenario, reserved: Mapping[str, float]) -> PowerZone:
    taken = sum(mw for site_id, mw in sorted(reserved.items()) if scenario.site_by_id[site_id].zone_id == zone.zone_id)
    return zone if taken == 0 else dataclasses.replace(zone, headroom_mw=max(0.0, zone.headroom_mw - taken))


def _segment(segment: FiberSegment, standing: Standing) -> FiberSegment:
    """Pairs in use are lit, their route charge runs on anyway, and new fiber once built is there."""
    pairs = standing.pairs.get(segment.segment_id, 0)
    if not pairs:
        return segment
    is_built = segment.segment_id in standing.built
    lit = max(segment.lit_pairs, pairs)
    offered = segment.lit_pairs + segment.pairs_available + (segment.build_pairs if is_built else 0)
    return dataclasses.replace(
        segment,
        lit_pairs=lit,
        pairs_available=max(0, offered - lit),
        build_usd_per_km=None if is_built else segment.build_usd_per_km,
        usd_per_route_km_year=0.0,
    )
