"""The limits of a scenario in groups that can be set aside: what an explanation of an infeasibility is made of.

A group is set aside by lifting its values so far that no plan needs more; nothing else of the scenario changes. The
order of the groups is the order of blame: of several sets of clashing limits the one is told whose limits come first.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import LimitClash
from topodesign.domain.scenario import Scenario
from topodesign.optics.reach import LINE_SYSTEM_OF_BAND, allowed_modes, channel_width_ghz
from topodesign.planning.instance import target_pods
from topodesign.training.demand import sync_demand

NEXT_TO_NOTHING = 1e-6
"""Share of the demand that is left when it is set aside."""
LIGHT_MW_PER_GBPS = 1e-4
"""More MW than the transceivers of one Gbit/s draw: 25 W for 100 Gbit/s are 2.5e-7 MW, some hundred times over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitGroup:
    """Limits that are set aside together. ``name`` is theirs in the scenario; ``lift`` sets them aside."""

    name: str
    clashes: tuple[LimitClash, ...]
    lift: Callable[[Scenario], Scenario]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plenty:
    """Amounts that no plan of a scenario needs more of: MW at one site or zone, pairs on one segment."""

    power_mw: float
    pairs: int


def plenty_of(scenario: Scenario, catalog: Catalog) -> Plenty:
    """All pods at one site, with room for the light; all pairs of sites over one segment, in the coarsest mode."""
    accelerator = catalog.accelerator(scenario.size.accelerator)
    demand = sync_demand(scenario, accelerator).demand_gbps
    pue = max((site.pue for site in scenario.sites), default=1.0)
    pod_mw = scenario.size.pod_accelerators * accelerator.all_in_w * pue / 1e6
    pods = max([target_pods(scenario) or 1, *(site.min_pods for site in scenario.sites), len(scenario.sites)])
    needed = max(scenario.size.power_mw or 0.0, pods * pod_mw) + pod_mw
    most = scenario.policy.max_sites or len(scenario.sites)
    modes = allowed_modes(catalog, scenario.optics)
    band = catalog.line_system(LINE_SYSTEM_OF_BAND[scenario.optics.band]).band_ghz
    per_pair = min(mode.rate_gbps * band / channel_width_ghz(mode, scenario.optics) for mode in modes)
    largest = max((segment.most_pairs for segment in scenario.segments), default=0)
    power = max([2 * needed + LIGHT_MW_PER_GBPS * demand, *(zone.headroom_mw for zone in scenario.zones)])
    power = max([power, *(site.power_mw for site in scenario.sites)])
    return Plenty(power_mw=power, pairs=max(largest, 2 * most * math.ceil(demand / per_pair)) + 1)


def limit_groups(scenario: Scenario, catalog: Catalog) -> tuple[LimitGroup, ...]:
    """The scenario's limits that can forbid anything, in order of blame."""
    plenty = plenty_of(scenario, catalog)
    return (
        *_fiber_groups(scenario, plenty),
        *_network_policy_groups(scenario),
        *_size_groups(scenario),
        *_siting_policy_groups(scenario),
        *_site_groups(scenario),
        *_power_groups(scenario, plenty),
        *_demand_groups(scenario, catalog),
        *_optics_groups(scenario),
    )


def without(scenario: Scenario, groups: Sequence[LimitGroup]) -> Scenario:
    """The scenario with these groups set aside."""
    for group in groups:
        scenario = group.lift(scenario)
    return scenario


def _fiber_groups(scenario: Scenario, plenty: Plenty) -> Iterator[LimitGroup]:
    def lift(given: Scenario) -> Scenario:
        segments = tuple(dataclasses.replace(item, pairs_available=plenty.pairs) for item in given.segments)
        return dataclasses.replace(given, segments=segments)

    if scenario.segments:
        total = sum(segment.most_pairs for segment in scenario.segments)
        only = scenario.segments[0].segment_id if len(scenario.segments) == 1 else ""
        unit = "pairs" if only else f"pairs on all {len(scenario.segments)} segments together"
        yield _group("fiber.pairs_available", total, unit, lift, owner=only)


def _network_policy_groups(scenario: Scenario) -> Iterator[LimitGroup]:
    policy = scenario.policy
    survived = [name for name in policy.survive if name != "none"]
    if math.isfinite(policy.max_rtt_ms):
        yield _policy_group(scenario, "max_rtt_ms", math.inf, "ms")
    if survived and policy.survivable_fraction > 0:
        lift = _with_part("policy", survivable_fraction=0.0)
        unit = "share of the sync bandwidth"
        yield _group(f"policy.survive {', '.join(survived)}", policy.survivable_fraction, unit, lift)


def _siting_policy_groups(scenario: Scenario) -> Iterator[LimitGroup]:
    policy = scenario.policy
    if policy.min_sites > 1:
        yield _policy_group(scenario, "min_sites", 1, "sites")
    if policy.max_sites is not None and policy.max_sites < len(scenario.sites):
        yield _policy_group(scenario, "max_sites", None, "sites")
    if policy.max_zone_share < 1:
        yield _policy_group(scenario, "max_zone_share", 1.0, "share of all pods")
    if policy.max_utility_share < 1 and any(zone.utility for zone in scenario.zones):
        yield _policy_group(scenario, "max_utility_share", 1.0, "share of all pods")
    if math.isfinite(policy.carbon_t_per_year):
        yield _policy_group(scenario, "carbon_t_per_year", math.inf, "t of CO2 per year")


def _site_groups(scenario: Scenario) -> Iterator[LimitGroup]:
    compute = [site for site in scenario.sites if site.role == "compute"]
    required = [site.site_id for site in compute if site.required and site.site_id not in scenario.demand_sites]
    if required:
        yield _group_of_sites("site.required", required, 1.0, "required", _with_sites(required=False))
    forbidden = [site.site_id for site in compute if site.forbidden]
    if forbidden:
        yield _group_of_sites("site.forbidden", forbidden, 1.0, "forbidden", _with_sites(forbidden=False))
    capped = {site.site_id: site.max_pods for site in compute if site.max_pods is not None}
    if capped:
        yield _group_of_sites("site.max_pods", list(capped), sum(capped.values()), "pods", _with_sites(max_pods=None))
    least = {site.site_id: site.min_pods for site in compute if site.min_pods > 1}
    if least:
        yield _group_of_sites("site.min_pods", list(least), sum(least.values()), "pods", _with_sites(min_pods=0))


def _power_groups(scenario: Scenario, plenty: Plenty) -> Iterator[LimitGroup]:
    def lift_zones(given: Scenario) -> Scenario:
        zones = tuple(dataclasses.replace(zone, headroom_mw=plenty.power_mw) for zone in given.zones)
        return dataclasses.replace(given, zones=zones)

    compute = [site for site in scenario.sites if site.role == "compute"]
    only_zone = scenario.zones[0].zone_id if len(scenario.zones) == 1 else ""
    unit = "MW" if only_zone else f"MW in all {len(scenario.zones)} zones together"
    total = math.fsum(zone.headroom_mw for zone in scenario.zones)
    yield _group("zone.headroom_mw", total, unit, lift_zones, owner=only_zone)
    only_site = compute[0].site_id if len(compute) == 1 else ""
    unit = "MW" if only_site else f"MW at all {len(compute)} compute sites together"
    total = math.fsum(site.power_mw for site in compute)
    yield _group("site.power_mw", total, unit, _with_sites(power_mw=plenty.power_mw), owner=only_site)


def _size_groups(scenario: Scenario) -> Iterator[LimitGroup]:
    size = scenario.size
    pod = dataclasses.replace(size, accelerators=size.pod_accelerators, power_mw=None, budget_usd=None)

    def lift(given: Scenario) -> Scenario:
        return dataclasses.replace(given, size=pod)

    if size.power_mw is not None:
        yield _group("size.power_mw", size.power_mw, "MW", lift)
    elif size.accelerators is not None and (target_pods(scenario) or 0) > 1:
        yield _group("size.accelerators", size.accelerators, "accelerators", lift)


def _demand_groups(scenario: Scenario, catalog: Catalog) -> Iterator[LimitGroup]:
    workload = scenario.workload
    if workload.demand == "all-reduce" and workload.sync_time_s is not None:
        longer = _with_part("workload", sync_time_s=workload.sync_time_s / NEXT_TO_NOTHING)
        yield _group("workload.sync_time_s", workload.sync_time_s, "s", longer)
    elif workload.demand == "all-reduce" and workload.utilization is not None:
        lower = _with_part("workload", utilization=workload.utilization * NEXT_TO_NOTHING)
        yield _group("workload.utilization", workload.utilization, "share of the time", lower)
    else:
        demand = sync_demand(scenario, catalog.accelerator(scenario.size.accelerator)).demand_gbps
        yield _group(f"workload.demand {workload.demand}", demand, "Gbit/s in all", _with_little_traffic)


def _optics_groups(scenario: Scenario) -> Iterator[LimitGroup]:
    optics = scenario.optics
    if optics.margin_db > 0:
        yield _group("optics.margin_db", optics.margin_db, "dB", _with_part("optics", margin_db=0.0))
    if "*" not in optics.modes:
        lift = _with_part("optics", modes=("*",))
        yield _group("optics.modes", len(optics.modes), "modes allowed", lift)


def _with_little_traffic(scenario: Scenario) -> Scenario:
    traffic = tuple(dataclasses.replace(item, gbps=item.gbps * NEXT_TO_NOTHING) for item in scenario.traffic)
    sites = tuple(dataclasses.replace(site, hose_gbps=site.hose_gbps * NEXT_TO_NOTHING) for site in scenario.sites)
    return dataclasses.replace(scenario, traffic=traffic, sites=sites)


def _with_part(part: str, **values: Any) -> Callable[[Scenario], Scenario]:
    """Changes fields of the scenario's policy, workload or optics."""

    def lift(given: Scenario) -> Scenario:
        return dataclasses.replace(given, **{part: dataclasses.replace(getattr(given, part), **values)})

    return lift


def _with_sites(**values: Any) -> Callable[[Scenario], Scenario]:
    """Changes fields of every site."""

    def lift(given: Scenario) -> Scenario:
        return dataclasses.replace(given, sites=tuple(dataclasses.replace(site, **values) for site in given.sites))

    return lift


def _group(name: str, value: float, unit: str, lift: Callable[[Scenario], Scenario], *, owner: str = "") -> LimitGroup:
    clash = LimitClash(limit=name, id=owner, value=float(value), unit=unit)
    return LimitGroup(name=name, clashes=(clash,), lift=lift)


def _policy_group(scenario: Scenario, field: str, lifted: float | None, unit: str) -> LimitGroup:
    value = getattr(scenario.policy, field)
    return _group(f"policy.{field}", value, unit, _with_part("policy", **{field: lifted}))


def _group_of_sites(
    name: str, owners: Sequence[str], value: float, unit: str, lift: Callable[[Scenario], Scenario]
) -> LimitGroup:
    if len(owners) == 1 or unit in ("required", "forbidden"):
        each = tuple(LimitClash(limit=name, id=owner, value=float(value), unit=unit) for owner in owners)
        return LimitGroup(name=name, clashes=each, lift=lift)
    return _group(name, value, f"{unit} at {len(owners)} sites together", lift)
