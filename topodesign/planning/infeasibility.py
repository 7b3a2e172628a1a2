"""Why no plan exists, and what would make one possible.

One limit after another is relaxed (power, round trip, pairs of fiber, survivability) until a plan exists; what that
plan uses above the limit is the relief. So each relief is confirmed by a solve that has it. The power relief is the
least: an integer programme minimises the MW to add.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Infeasibility, LimitClash, Relief, SolveLimits
from topodesign.domain.scenario import Policy, Scenario
from topodesign.planning.design import Design, site_power_mw
from topodesign.planning.instance import Floats, Instance, compile_instance, target_pods
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.programme import Programme
from topodesign.planning.search import Search

PLENTY_OF_PAIRS = 100_000
SPARE = 1.01
"""Room above the pods' MW in which the confirming plan finds the transceivers' MW."""
EXPLAINING_S = 20.0
"""Most seconds for one confirming search; the first plan found is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A limit set aside: the scenario without it, and how to read the clash and the relief off a plan."""

    scenario: Scenario
    clashing: tuple[LimitClash, ...]
    read: Callable[[Instance, Design], tuple[Relief, ...]]


def explain_infeasibility(scenario: Scenario, catalog: Catalog) -> Infeasibility:
    """Clashing limits and a confirmed relief for a scenario that has no plan."""
    power = power_shortage(scenario, catalog)
    if power is not None:
        return _with_power_for_the_light(scenario, catalog, power)
    clashing: list[LimitClash] = []
    for relaxation in _relaxations(scenario):
        clashing.extend(relaxation.clashing)
        instance = compile_instance(relaxation.scenario, catalog)
        limits = SolveLimits(time_limit_s=EXPLAINING_S, gap=0.5)
        found = Search(instance=instance, limits=limits, started=time.monotonic()).run()
        if found.design is not None:
            relief = relaxation.read(instance, found.design)
            names = ", ".join(clash.limit for clash in clashing)
            changes = "; ".join(
                f"{item.limit} {item.id} {item.from_value:g} -> {item.to_value:g} {item.unit}" for item in relief[:5]
            )
            return Infeasibility(
                message=f"no plan meets {names} together; with {changes} there is one",
                clashing=tuple(clashing),
                relief=relief,
            )
    names = ", ".join(clash.limit for clash in clashing)
    return Infeasibility(
        message=f"no plan was found even without {names}; the sites, the fiber graph and the size target do not fit",
        clashing=tuple(clashing),
    )


def power_shortage(scenario: Scenario, catalog: Catalog) -> Infeasibility | None:
    """The least MW to add so that the size target fits; ``None`` when power is not what is missing.

    Raised limits are those of sites and zones; counts of sites, shares, required and forbidden sites stay. Distances
    and fiber are left out here: they get their own explanation.
    """
    watts = catalog.accelerator(scenario.size.accelerator).all_in_w
    programme = Programme()
    sites = [site for site in scenario.sites if site.role == "compute" and not site.forbidden]
    pod_mw = {site.site_id: scenario.size.pod_accelerators * watts * site.pue / 1e6 for site in sites}
    wanted = target_pods(scenario) or math.ceil((scenario.size.power_mw or 0.0) / max([*pod_mw.values(), 1e-9]))
    pods, used, extra_site = {}, {}, {}
    for site in sites:
        most = min(wanted, site.max_pods if site.max_pods is not None else wanted)
        pods[site.site_id] = programme.add_column("pods", upper=float(most), integer=True)
        used[site.site_id] = programme.add_column("used", lower=float(site.required), upper=1.0, integer=True)
        extra_site[site.site_id] = programme.add_column("extra", upper=1e7, objective=1.0)
        mw = pod_mw[site.site_id]
        programme.add_row({pods[site.site_id]: mw, extra_site[site.site_id]: -1.0}, upper=site.power_mw, name="power")
        programme.add_row({pods[site.site_id]: 1.0, used[site.site_id]: -float(most)}, upper=0.0)
        programme.add_row({pods[site.site_id]: 1.0, used[site.site_id]: -float(max(1, site.min_pods))}, lower=0.0)
    extra_zone = {}
    for zone in scenario.zones:
        extra_zone[zone.zone_id] = programme.add_column("extra", upper=1e7, objective=1.0)
        row = {pods[site.site_id]: pod_mw[site.site_id] for site in sites if site.zone_id == zone.zone_id}
        programme.add_row({**row, extra_zone[zone.zone_id]: -1.0}, upper=zone.headroom_mw)
        share = scenario.policy.max_zone_share
        if row and share < 1:
            shares = [(column, -share) for column in pods.values()]
            programme.add_row([*shares, *((column, 1.0) for column in row)], upper=0.0)
    if scenario.size.power_mw is not None:
        programme.add_row({pods[site.site_id]: pod_mw[site.site_id] for site in sites}, lower=scenario.size.power_mw)
    else:
        programme.add_row(dict.fromkeys(pods.values(), 1.0), lower=float(wanted))
    most_sites = scenario.policy.max_sites
    programme.add_row(
        dict.fromkeys(used.values(), 1.0),
        lower=float(scenario.policy.min_sites),
        upper=math.inf if most_sites is None else float(most_sites),
    )
    solved = IntegerProgramme(programme).solve(time_limit_s=EXPLAINING_S, gap=1e-6, seed=0)
    if solved.values is None:
        return Infeasibility(
            message=_counts_message(scenario, len(sites)),
            clashing=(
                LimitClash(limit="policy.min_sites", id="", value=scenario.policy.min_sites, unit="sites"),
                LimitClash(limit="compute sites", id="", value=len(sites), unit="sites"),
                LimitClash(limit="policy.max_zone_share", id="", value=scenario.policy.max_zone_share, unit="share"),
            ),
        )
    relief = _power_relief(scenario, solved.values, extra_site, extra_zone)
    if not relief:
        return None
    return _power_message(scenario, pod_mw, wanted, relief)


def _with_power_for_the_light(scenario: Scenario, catalog: Catalog, why: Infeasibility) -> Infeasibility:
    """The relief raised to what a plan draws that has it: transceivers too, not only pods. Unchanged where fiber
    forbids any plan."""
    raised = {(item.limit, item.id): item.to_value for item in why.relief}
    zones = tuple(
        dataclasses.replace(zone, headroom_mw=SPARE * raised.get(("zone.headroom_mw", zone.zone_id), zone.headroom_mw))
        for zone in scenario.zones
    )
    sites = tuple(
        dataclasses.replace(site, power_mw=SPARE * raised.get(("site.power_mw", site.site_id), site.power_mw))
        for site in scenario.sites
    )
    instance = compile_instance(dataclasses.replace(scenario, zones=zones, sites=sites), catalog)
    limits = SolveLimits(time_limit_s=EXPLAINING_S, gap=0.5)
    design = Search(instance=instance, limits=limits, started=time.monotonic()).run().design
    if design is None:
        return why
    drawn = site_power_mw(instance, design.pods, design.counts)
    relief = []
    for zone in scenario.zones:
        needed = math.fsum(mw for name, mw in drawn.items() if scenario.site_by_id[name].zone_id == zone.zone_id)
        if needed > zone.headroom_mw:
            relief.append(_mw("zone.headroom_mw", zone.zone_id, zone.headroom_mw, needed - zone.headroom_mw))
    for site in scenario.sites:
        needed = drawn.get(site.site_id, 0.0)
        if needed > site.power_mw:
            relief.append(_mw("site.power_mw", site.site_id, site.power_mw, needed - site.power_mw))
    return dataclasses.replace(why, relief=tuple(relief)) if relief else why


def _power_relief(
    scenario: Scenario, values: Floats, extra_site: dict[str, int], extra_zone: dict[str, int]
) -> tuple[Relief, ...]:
    relief = []
    for zone in scenario.zones:
        more = float(values[extra_zone[zone.zone_id]])
        if more > 1e-6:
            relief.append(_mw("zone.headroom_mw", zone.zone_id, zone.headroom_mw, more))
    for site in scenario.sites:
        if site.site_id in extra_site:
            more = float(values[extra_site[site.site_id]])
            if more > 1e-6:
                relief.append(_mw("site.power_mw", site.site_id, site.power_mw, more))
    return tuple(relief)


def _mw(limit: str, name: str, value: float, more: float) -> Relief:
    # rounded up to a whole kW, so that rounding cannot leave the relief a hair short
    to_value = math.ceil((value + more) * 1e3 - 1e-6) / 1e3
    return Relief(limit=limit, id=name, from_value=value, to_value=to_value, unit="MW")


def _power_message(
    scenario: Scenario, pod_mw: dict[str, float], wanted: int, relief: tuple[Relief, ...]
) -> Infeasibility:
    needed = scenario.size.power_mw or wanted * min(pod_mw.values())
    missing = sum(item.to_value - item.from_value for item in relief)
    clashing = [LimitClash(limit="size", id="", value=needed, unit="MW (least)")]
    clashing.extend(LimitClash(limit=item.limit, id=item.id, value=item.from_value, unit="MW") for item in relief)
    headroom = sum(zone.headroom_mw for zone in scenario.zones)
    return Infeasibility(
        message=(
            f"the size target needs at least {needed:,.1f} MW, but the sites and zones that may be used together hold "
            f"too little (all zones: {headroom:,.1f} MW): at least {missing:,.1f} MW more, for example "
            + "; ".join(
                f"{item.limit} of {item.id} {item.from_value:,.1f} -> {item.to_value:,.1f} MW" for item in relief[:4]
            )
        ),
        clashing=tuple(clashing),
        relief=relief,
    )


def _counts_message(scenario: Scenario, sites: int) -> str:
    return (
        f"no choice of sites meets the counts: {sites} compute sites are allowed, policy.min_sites is "
        f"{scenario.policy.min_sites}, policy.max_sites is {scenario.policy.max_sites}, policy.max_zone_share is "
        f"{scenario.policy.max_zone_share:g}; "
        "relax one of them or add sites in other zones"
    )


def _relaxations(scenario: Scenario) -> Iterator[Relaxation]:
    """Limits to set aside, each on top of those before it: pairs, round trip, survivability."""
    pairs = dataclasses.replace(
        scenario,
        segments=tuple(dataclasses.replace(item, pairs_available=PLENTY_OF_PAIRS) for item in scenario.segments),
    )
    yield Relaxation(
        scenario=pairs,
        clashing=(
            LimitClash(
                limit="fiber.pairs_available",
                id="",
                value=sum(item.most_pairs for item in scenario.segments),
                unit="pairs on all segments",
            ),
        ),
        read=lambda instance, design: _pair_relief(scenario, instance, design),
    )
    limit = scenario.policy.max_rtt_ms
    if math.isfinite(limit):
        far = _with_policy(pairs, dataclasses.replace(scenario.policy, max_rtt_ms=math.inf))
        yield Relaxation(
            scenario=far,
            clashing=(LimitClash(limit="policy.max_rtt_ms", id="", value=limit, unit="ms"),),
            read=lambda instance, design: (
                *_rtt_relief(limit, instance, design),
                *_pair_relief(scenario, instance, design),
            ),
        )
    if set(scenario.policy.survive) - {"none"}:
        policy = dataclasses.replace(scenario.policy, survive=("none",), max_rtt_ms=math.inf)
        yield Relaxation(
            scenario=_with_policy(pairs, policy),
            clashing=(
                LimitClash(
                    limit=f"policy.survive {', '.join(scenario.policy.survive)}",
                    id="",
                    value=scenario.policy.survivable_fraction,
                    unit="share of the sync bandwidth",
                ),
            ),
            read=lambda instance, design: (
                Relief(
                    limit="policy.survivable_fraction",
                    id="",
                    from_value=scenario.policy.survivable_fraction,
                    to_value=0.0,
                    unit="share of the sync bandwidth",
                ),
                *_rtt_relief(limit, instance, design),
                *_pair_relief(scenario, instance, design),
            ),
        )


def _with_policy(scenario: Scenario, policy: Policy) -> Scenario:
    return dataclasses.replace(scenario, policy=policy)


def _pair_relief(scenario: Scenario, instance: Instance, design: Design) -> tuple[Relief, ...]:
    relief = []
    for position, needed in design.pairs.items():
        segment = scenario.segment_by_id[instance.graph.segments[position].segment_id]
        if needed > segment.most_pairs:
            relief.append(
                Relief(
                    limit="fiber.pairs_available",
                    id=segment.segment_id,
                    from_value=segment.pairs_available,
                    to_value=segment.pairs_available + needed - segment.most_pairs,
                    unit="pairs",
                )
            )
    return tuple(relief)


def _rtt_relief(limit_ms: float, instance: Instance, design: Design) -> tuple[Relief, ...]:
    used = sorted(design.pods)
    longest = max((instance.trips.rtt_ms[i][j] for i in used for j in used if i < j), default=0.0)
    if longest <= limit_ms:
        return ()
    to_value = math.ceil(longest * 1e3) / 1e3
    return (Relief(limit="policy.max_rtt_ms", id="", from_value=limit_ms, to_value=to_value, unit="ms"),)
