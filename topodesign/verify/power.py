"""Power of sites and zones, shares of zones and utilities, carbon: formulation (5) to (8) and (15)."""

import math
from collections.abc import Iterator, Mapping

from topodesign.domain.plan import Violation
from topodesign.domain.scenario import FiberSegment
from topodesign.verify.evidence import Evidence
from topodesign.verify.fiber import span_count
from topodesign.verify.finding import disagrees, found
from topodesign.verify.tolerance import agrees, exceeds

RULES = ("site_power", "site_power_stated", "zone_power", "zone_share", "utility_share", "carbon")

HOURS_PER_YEAR = 8760


def transceivers_at(evidence: Evidence) -> Mapping[str, float]:
    """Watts of transceivers by node: one per lightpath end, two per regeneration."""
    watts: dict[str, float] = {}
    for route in evidence.routes:
        places = [(route.stated.a, 1), (route.stated.z, 1), *((node, 2) for node in route.regeneration_nodes)]
        for node, modules in places:
            watts[node] = watts.get(node, 0.0) + modules * route.stated.count * route.mode.power_w
    return watts


def network_mw(evidence: Evidence) -> Mapping[str, float]:
    """MW at the meter of transceivers by node, PUE included at sites; junctions have none."""
    sites = evidence.scenario.site_by_id
    return {
        node: watts * (sites[node].pue if node in sites else 1.0) / 1e6
        for node, watts in transceivers_at(evidence).items()
    }


def line_mw(evidence: Evidence, segment: FiberSegment) -> float:
    """MW of the terminals and in-line amplifiers of all pairs of a segment."""
    stated = evidence.fiber.get(segment.segment_id)
    system = evidence.line_system
    amplifiers = span_count(segment.length_km, evidence.scenario.optics.span_km) - 1
    each = 2 * system.terminal_power_w + amplifiers * system.amplifier_power_w
    return 0.0 if stated is None else stated.pairs * each / 1e6


def node_prices(evidence: Evidence, node: str) -> tuple[float, float]:
    """Energy price (USD per MWh) and carbon intensity (g per kWh) at a node; zoneless junctions take plain means."""
    scenario = evidence.scenario
    site, junction = scenario.site_by_id.get(node), scenario.junction_by_id.get(node)
    zone_id = site.zone_id if site is not None else junction.zone_id if junction is not None else None
    zone = scenario.zone_by_id.get(zone_id) if zone_id is not None else None
    zones = (zone,) if zone is not None else scenario.zones
    return (
        math.fsum(item.energy_usd_per_mwh for item in zones) / len(zones),
        math.fsum(item.carbon_g_per_kwh for item in zones) / len(zones),
    )


def segment_prices(evidence: Evidence, segment: FiberSegment) -> tuple[float, float]:
    """Means of the two ends' energy prices and carbon intensities."""
    (price_a, carbon_a), (price_b, carbon_b) = (node_prices(evidence, node) for node in (segment.a, segment.b))
    return (price_a + price_b) / 2, (carbon_a + carbon_b) / 2


def site_mw(evidence: Evidence) -> Mapping[str, float]:
    """MW at the meter by site, used or not: pods and transceivers, formulation (6)."""
    network = network_mw(evidence)
    sites = evidence.scenario.site_by_id
    return {site_id: evidence.pods_mw(site_id) + network.get(site_id, 0.0) for site_id in sites}


def check_power(evidence: Evidence) -> Iterator[Violation]:
    """Violations of :data:`RULES`."""
    scenario, network = evidence.scenario, network_mw(evidence)
    total = site_mw(evidence)
    for site in scenario.sites:
        if exceeds(total[site.site_id], site.power_mw):
            yield _too_much_power("site_power", site.site_id, total[site.site_id], site.power_mw, "power_mw")
    for stated in evidence.plan.sites:
        if stated.id in evidence.pods and not agrees(stated.power_mw, total[stated.id]):
            yield disagrees("site_power_stated", stated.id, "power_mw", stated.power_mw, total[stated.id], "MW")
    for zone in scenario.zones:
        drawn = math.fsum(total[site.site_id] for site in scenario.sites if site.zone_id == zone.zone_id)
        if exceeds(drawn, zone.headroom_mw):
            yield _too_much_power("zone_power", zone.zone_id, drawn, zone.headroom_mw, "headroom_mw")
    yield from _check_shares(evidence)
    yield from _check_carbon(evidence, network)


def _too_much_power(rule: str, thing: str, value: float, limit: float, field: str) -> Violation:
    return found(
        rule,
        thing,
        f"pods and transceivers draw {value:.6f} MW, above {field} {limit:.6f} MW",
        value=value,
        limit=limit,
        unit="MW",
        remedy=f"move pods elsewhere or raise {field}",
    )


def pods_by_zone(evidence: Evidence) -> Mapping[str, int]:
    """Pods of the used sites of each zone that has any."""
    pods: dict[str, int] = {}
    for site_id, count in evidence.pods.items():
        zone_id = evidence.scenario.site_by_id[site_id].zone_id
        pods[zone_id] = pods.get(zone_id, 0) + count
    return pods


def _check_shares(evidence: Evidence) -> Iterator[Violation]:
    scenario, policy = evidence.scenario, evidence.scenario.policy
    zone_pods = pods_by_zone(evidence)
    utility_pods: dict[str, int] = {}
    for zone_id, pods in zone_pods.items():
        utility = scenario.zone_by_id[zone_id].utility
        if utility:
            utility_pods[utility] = utility_pods.get(utility, 0) + pods
    total = sum(evidence.pods.values())
    for rule, share, groups in (
        ("zone_share", policy.max_zone_share, zone_pods),
        ("utility_share", policy.max_utility_share, utility_pods),
    ):
        for name, pods in sorted(groups.items()):
            if exceeds(pods, share * total):
                yield found(
                    rule,
                    name,
                    f"{pods} of {total} pods are {pods / total:.4f} of all, above max_{rule} {share:g}",
                    value=pods / total,
                    limit=share,
                    unit="share",
                    remedy=f"move pods elsewhere or raise policy.max_{rule}",
                )


def carbon_t_per_year(evidence: Evidence, network: Mapping[str, float]) -> float:
    """Tonnes of CO2 a year of pods, transceivers and line systems, formulation (15); ``network`` in MW by node."""
    hours = evidence.scenario.economics.load_factor * HOURS_PER_YEAR
    drawn = [(evidence.pods_mw(site), node_prices(evidence, site)[1]) for site in evidence.used]
    drawn += [(mw, node_prices(evidence, node)[1]) for node, mw in network.items()]
    for segment_id in evidence.fiber:
        segment = evidence.scenario.segment_by_id[segment_id]
        drawn.append((line_mw(evidence, segment), segment_prices(evidence, segment)[1]))
    return math.fsum(mw * hours * grams / 1000 for mw, grams in drawn)


def _check_carbon(evidence: Evidence, network: Mapping[str, float]) -> Iterator[Violation]:
    tonnes = carbon_t_per_year(evidence, network)
    limit = evidence.scenario.policy.carbon_t_per_year
    if exceeds(tonnes, limit):
        yield found(
            "carbon",
            "policy.carbon_t_per_year",
            f"the plan emits {tonnes:.3f} t CO2 a year, above {limit:.3f}",
            value=tonnes,
            limit=limit,
            unit="t/year",
            remedy="use cleaner zones or raise the cap",
        )
