"""Explains a plan by solving again, with a step more of each limit that binds and with each unused site forced in."""

import dataclasses
import math
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.explanation import BindingLimit, Explanation, UnusedSite, UsedSite
from topodesign.domain.plan import Plan, SolveLimits
from topodesign.domain.scenario import Policy, Scenario
from topodesign.planning.design import Design
from topodesign.planning.halting import Halt
from topodesign.planning.instance import Instance, compile_instance
from topodesign.planning.known_paths import planned_paths
from topodesign.planning.search import Found, Search
from topodesign.planning.starting import start_from_plan

SHARE_STEP = 0.05
RTT_STEP_MS = 1.0
NEAR = 0.98
"""A round-trip limit counts as binding when the plan reaches this share of it."""
LEAST_S = 1.0
GAP_SHARE = 0.5
LEAST_GAP = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxable:
    """A limit that binds, and the scenario with a step more of it."""

    limit: str
    id: str
    value: float
    used: float
    unit: str
    step: float
    scenario: Scenario


def explain_plan(
    scenario: Scenario,
    plan: Plan,
    *,
    time_limit_s: float = 300.0,
    most_sites: int = 8,
    about: Collection[str] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Explanation:
    """What binds a plan, what a step more of each binding limit would save, and what unused sites would cost.

    Parameters
    ----------
    scenario : Scenario
    plan : Plan
        A plan of the scenario, made for least cost.
    time_limit_s : float
        Seconds for all re-solves together; each gets an equal share of what is left.
    most_sites : int
        Unused sites to look at, those whose pods are cheapest first.
    about : collection of str, optional
        Look at these alone: ids of sites (used ones too), zones and segments, and names of limits.
    should_stop : callable, optional
        When true, what was found so far is returned.

    Raises
    ------
    InvalidInput
        For a plan without sites, or one that was made under a budget.
    """
    if plan.cost_usd is None or plan.lower_bound_usd is None or not plan.sites:
        raise InvalidInput(f"a plan with status {plan.status!r} has nothing to explain", reason="PLAN_EMPTY")
    if plan.goal is not None:
        raise InvalidInput(
            f"explanations are for plans of least cost, this one was made for {plan.goal.objective!r}; "
            + _least_cost_instead(scenario, plan),
            reason="GOAL_UNSUPPORTED",
        )
    catalog = load_catalog(scenario.catalog_overrides)
    instance = compile_instance(scenario, catalog)
    relaxables = [item for item in binding_limits(scenario, plan, instance) if _is_asked(item, about)]
    unused = _tempting_sites(instance, plan, most_sites if about is None else len(instance.sites))
    unused = [site_id for site_id in unused if about is None or site_id in about]
    used = [site_id for site_id in _dispensable(scenario, plan) if about is not None and site_id in about]
    deadline = time.monotonic() + time_limit_s
    binding: list[BindingLimit] = []
    sites: list[UnusedSite] = []
    without: list[UsedSite] = []
    left = len(relaxables) + len(unused) + len(used)
    for relaxable in relaxables:
        if should_stop():
            break
        binding.append(_saving(relaxable, plan, catalog, _limits(plan, deadline, left), should_stop))
        left -= 1
    for site_id in unused:
        if should_stop():
            break
        sites.append(_forced_in(scenario, site_id, plan, catalog, _limits(plan, deadline, left), should_stop))
        left -= 1
    for site_id in used:
        if should_stop():
            break
        without.append(_left_out(scenario, site_id, plan, catalog, _limits(plan, deadline, left), should_stop))
        left -= 1
    binding.sort(key=lambda item: (-item.saving_usd, item.limit, item.id))
    sites.sort(key=lambda item: (math.inf if item.extra_usd is None else item.extra_usd, item.site_id))
    return Explanation(
        cost_usd=plan.cost_usd,
        binding=tuple(binding),
        unused=tuple(sites),
        used=tuple(without),
        basis=(
            "every figure is from a re-solve of the changed scenario that began from this plan; a saving is that of "
            "the plan found, and the upper figure follows from the re-solve's proven bound"
        ),
    )


def _is_asked(item: Relaxable, about: Collection[str] | None) -> bool:
    return about is None or item.limit in about or item.id in about


def _dispensable(scenario: Scenario, plan: Plan) -> list[str]:
    """Used sites that the scenario does not insist on."""
    fixed = {site.site_id for site in scenario.sites if site.required or site.min_pods > 0} | set(scenario.demand_sites)
    return [site.id for site in plan.sites if site.id not in fixed]


def _least_cost_instead(scenario: Scenario, plan: Plan) -> str:
    """How to ask the same of the plan of least cost that is as large and as quick as one made for a goal."""
    accelerators = sum(site.accelerators for site in plan.sites)
    target = f"size.accelerators = {accelerators:,}".replace(",", "_")
    sync, budget = plan.sync, "size.budget_usd" if scenario.size.budget_usd is not None else "policy.budget_usd"
    if sync is not None and sync.time_s is not None and plan.goal is not None and plan.goal.objective != "accelerators":
        kept_s = sync.time_s
        if sync.strength_gbps and sync.worst_strength_gbps:
            left = sync.worst_strength_gbps / sync.strength_gbps
            kept_s = max(kept_s, scenario.policy.survivable_fraction * sync.time_s / left)
        target += f" and workload.sync_time_s = {math.ceil(kept_s * 1e4) / 1e4:g} (what it keeps in the worst failure)"
    return f"give {target} in place of {budget}, plan that for the least cost, and explain the plan found"


def binding_limits(scenario: Scenario, plan: Plan, instance: Instance) -> Iterator[Relaxable]:
    """Limits that the plan reaches, each with a step more."""
    yield from _power_limits(scenario, plan)
    yield from _pair_limits(scenario, plan)
    yield from _policy_limits(scenario, plan, instance)


def _power_limits(scenario: Scenario, plan: Plan) -> Iterator[Relaxable]:
    """Sites and zones with less than one pod's MW left; the step is one pod's MW, since pods are whole."""
    drawn: dict[str, float] = {}
    pod_mw: dict[str, float] = {}
    for used in plan.sites:
        site = scenario.site_by_id[used.id]
        mw = used.power_mw / used.pods
        drawn[site.zone_id] = drawn.get(site.zone_id, 0.0) + used.power_mw
        pod_mw[site.zone_id] = min(mw, pod_mw.get(site.zone_id, math.inf))
        if site.power_mw - used.power_mw < mw:
            step = math.ceil(mw * 1e3) / 1e3
            more = tuple(
                dataclasses.replace(item, power_mw=item.power_mw + step) if item is site else item
                for item in scenario.sites
            )
            yield Relaxable(
                limit="site.power_mw",
                id=site.site_id,
                value=site.power_mw,
                used=used.power_mw,
                unit="MW",
                step=step,
                scenario=dataclasses.replace(scenario, sites=more),
            )
    for zone_id, mw in sorted(drawn.items()):
        zone = scenario.zone_by_id[zone_id]
        if zone.headroom_mw - mw < pod_mw[zone_id]:
            step = math.ceil(pod_mw[zone_id] * 1e3) / 1e3
            zones = tuple(
                dataclasses.replace(item, headroom_mw=item.headroom_mw + step) if item is zone else item
                for item in scenario.zones
            )
            yield Relaxable(
                limit="zone.headroom_mw",
                id=zone_id,
                value=zone.headroom_mw,
                used=mw,
                unit="MW",
                step=step,
                scenario=dataclasses.replace(scenario, zones=zones),
            )


def _pair_limits(scenario: Scenario, plan: Plan) -> Iterator[Relaxable]:
    for lit in plan.segments:
        segment = scenario.segment_by_id[lit.segment_id]
        if lit.pairs >= segment.most_pairs:
            segments = tuple(
                dataclasses.replace(item, pairs_available=item.pairs_available + 1) if item is segment else item
                for item in scenario.segments
            )
            yield Relaxable(
                limit="fiber.pairs_available",
                id=segment.segment_id,
                value=float(segment.most_pairs),
                used=float(lit.pairs),
                unit="pairs",
                step=1.0,
                scenario=dataclasses.replace(scenario, segments=segments),
            )


def _policy_limits(scenario: Scenario, plan: Plan, instance: Instance) -> Iterator[Relaxable]:
    policy, count = scenario.policy, len(plan.sites)

    def more(changed: Policy, name: str, value: float, used: float, unit: str, step: float) -> Relaxable:
        return Relaxable(
            limit=f"policy.{name}",
            id="",
            value=value,
            used=used,
            unit=unit,
            step=step,
            scenario=dataclasses.replace(scenario, policy=changed),
        )

    if policy.max_sites == count:
        yield more(dataclasses.replace(policy, max_sites=count + 1), "max_sites", count, count, "sites", 1)
    if policy.min_sites == count > 1:
        yield more(dataclasses.replace(policy, min_sites=count - 1), "min_sites", count, count, "sites", -1)
    used = {site.id for site in plan.sites}
    positions = [index for index, site in enumerate(instance.sites) if site.site.site_id in used]
    longest = max((instance.trips.rtt_ms[i][j] for i in positions for j in positions), default=0.0)
    limit = policy.max_rtt_ms
    if longest >= NEAR * limit:
        changed = dataclasses.replace(policy, max_rtt_ms=limit + RTT_STEP_MS)
        yield more(changed, "max_rtt_ms", limit, longest, "ms", RTT_STEP_MS)
    total = sum(site.pods for site in plan.sites)
    by_zone: dict[str, int] = {}
    for site in plan.sites:
        by_zone[site.zone_id] = by_zone.get(site.zone_id, 0) + site.pods
    largest, share = max(by_zone.values()) / total, policy.max_zone_share
    if share < 1 and largest > share - 1 / total:
        step = min(SHARE_STEP, 1 - share)
        changed = dataclasses.replace(policy, max_zone_share=share + step)
        yield more(changed, "max_zone_share", share, largest, "share of all pods", step)


def _tempting_sites(instance: Instance, plan: Plan, most: int) -> list[str]:
    """Unused candidate sites, those that hold pods at the least cost first."""
    used = {site.id for site in plan.sites}
    ranked = sorted(
        (site.pod_usd + site.fixed_usd / site.most_pods, site.site.site_id)
        for site in instance.sites
        if site.site.site_id not in used
    )
    return [site_id for _, site_id in ranked[:most]]


def _limits(plan: Plan, deadline: float, left: int) -> SolveLimits:
    gap = max(LEAST_GAP, GAP_SHARE * (plan.gap or 0.0))
    seconds = max(LEAST_S, (deadline - time.monotonic()) / max(1, left))
    return SolveLimits(time_limit_s=seconds, gap=gap, seed=plan.seed)


def _again(
    scenario: Scenario, plan: Plan, catalog: Catalog, limits: SolveLimits, should_stop: Callable[[], bool]
) -> Found:
    """Search a changed scenario, beginning from the plan."""
    started = time.monotonic()
    instance = compile_instance(scenario, catalog, also=planned_paths(plan))
    halt = Halt(deadline=started + limits.time_limit_s, should_stop=should_stop)
    start = start_from_plan(instance, plan)
    return Search(instance=instance, limits=limits, started=started, halt=halt, start=start).run()


def _saving(
    relaxable: Relaxable, plan: Plan, catalog: Catalog, limits: SolveLimits, should_stop: Callable[[], bool]
) -> BindingLimit:
    assert plan.cost_usd is not None  # checked by explain_plan
    again = _again(relaxable.scenario, plan, catalog, limits, should_stop)
    # more of a limit keeps the plan itself possible, so a search that found nothing better saves nothing
    cost = plan.cost_usd if again.design is None else min(plan.cost_usd, again.design.cost_usd)
    bound = max(0.0, min(again.bound_usd, cost))
    return BindingLimit(
        limit=relaxable.limit,
        id=relaxable.id,
        value=relaxable.value,
        used=relaxable.used,
        unit=relaxable.unit,
        step=relaxable.step,
        saving_usd=round(plan.cost_usd - cost, 2),
        saving_upper_usd=round(plan.cost_usd - bound, 2),
    )


def _forced_in(
    scenario: Scenario,
    site_id: str,
    plan: Plan,
    catalog: Catalog,
    limits: SolveLimits,
    should_stop: Callable[[], bool],
) -> UnusedSite:
    again = _again(_with_site(scenario, site_id, required=True), plan, catalog, limits, should_stop)
    impossible = "no plan can use it: power, round trip, fiber or counts forbid it beside the other limits"
    extra, lower, reason = _extra_cost(again, plan, impossible, f"no plan with it was found in {_seconds(limits)}")
    return UnusedSite(site_id=site_id, extra_usd=extra, extra_lower_usd=lower, reason=reason)


def _left_out(
    scenario: Scenario,
    site_id: str,
    plan: Plan,
    catalog: Catalog,
    limits: SolveLimits,
    should_stop: Callable[[], bool],
) -> UsedSite:
    again = _again(_with_site(scenario, site_id, forbidden=True), plan, catalog, limits, should_stop)
    impossible = "no plan can do without it: power, round trip, fiber or counts ask for it beside the other limits"
    extra, lower, reason = _extra_cost(again, plan, impossible, f"no plan without it was found in {_seconds(limits)}")
    return UsedSite(site_id=site_id, extra_usd=extra, extra_lower_usd=lower, reason=reason)


def _seconds(limits: SolveLimits) -> str:
    return f"{limits.time_limit_s:.0f} s"


def _with_site(scenario: Scenario, site_id: str, *, required: bool = False, forbidden: bool = False) -> Scenario:
    sites = tuple(
        dataclasses.replace(site, required=required, forbidden=forbidden) if site.site_id == site_id else site
        for site in scenario.sites
    )
    return dataclasses.replace(scenario, sites=sites)


def _extra_cost(again: Found, plan: Plan, impossible: str, none_found: str) -> tuple[float | None, float | None, str]:
    """What a changed scenario's plan costs more, what is proven of that, and which item grows most, or why not."""
    assert plan.cost_usd is not None  # checked by explain_plan
    if again.design is None and math.isinf(again.bound_usd):
        return None, None, impossible
    lower = round(again.bound_usd - plan.cost_usd, 2)
    if again.design is None:
        return None, lower, none_found
    return round(again.design.cost_usd - plan.cost_usd, 2), lower, _what_costs_more(plan, again.design)


def _what_costs_more(plan: Plan, forced: Design) -> str:
    """The cost item that grows most when the site is forced in."""
    growth = {name: usd - plan.cost_items.get(name, 0.0) for name, usd in forced.cost_items.items()}
    name = max(sorted(growth), key=lambda item: growth[item])
    if growth[name] <= 0:
        return "no cost item grows: within the plan's gap"
    return f"{name} grows by {growth[name] / 1e6:,.2f} million USD"
