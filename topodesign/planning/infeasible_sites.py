"""The least relief of limits of sites and zones, on an elastic programme of the sites.

The programme is that of the planner without light, with the limits in question lifted and stated again with a slack
each; the sum of the slacks is minimised. For power the light's MW come on top: those of a plan found for the same pods.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from topodesign.domain.plan import Relief
from topodesign.domain.scenario import Scenario, Site
from topodesign.planning.design import site_power_mw
from topodesign.planning.infeasible_applying import apply_relief
from topodesign.planning.infeasible_easing import Eased, Question, sites_of
from topodesign.planning.infeasible_probe import NARROW_S, Probed, Prober, only, pods_of, without_light
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.master import Master, build_master

ELASTIC_S = 5.0
ELASTIC_GAP = 1e-6
SLACK = 1e-6
LIGHT_SPARE = 1.1
"""Room for the light beside what the transceivers of the plan found draw: another plan may light a few more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """A column by which a limit may be broken: ``sign`` 1 raises the limit's value, -1 lowers it."""

    column: int
    limit: str
    id: str
    value: float
    unit: str
    sign: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Elastic:
    """The least sum of slacks (proven: ``bound``), the relief that they are, and the pods placed."""

    relief: tuple[Relief, ...]
    bound: float
    total: float
    pods: Mapping[str, int]


def ease_sites(question: Question, prober: Prober) -> Eased:
    """Least relief of required, forbidden, largest and smallest pods: one kind of these."""
    elastic = _elastic(question, prober)
    if elastic is not None:
        relieved = apply_relief(question.scenario, elastic.relief)
        probed = prober.among(relieved, elastic.pods)
        if probed.outcome != "plan":
            probed = prober.probe(relieved)
        if probed.outcome == "plan":
            is_least = elastic.total <= elastic.bound + 0.5
            proof = f"no choice of sites does with less than {elastic.bound:,.0f} in all"
            return Eased(relief=elastic.relief, probed=probed, is_least=is_least, proof=proof)
    relief = _broken_by(question)
    return Eased(relief=relief, probed=question.fallback, is_least=False, proof="read off the first plan found")


def ease_power(question: Question, prober: Prober) -> Eased:
    """Least MW more at sites and in zones: that of the pods is proven, that of the light read off a plan."""
    elastic = _elastic(question, prober)
    probed = question.fallback
    proof = "read off the first plan found"
    if elastic is not None:
        pinned = prober.search(_pinned(question.lifted, elastic.pods), seconds=NARROW_S)
        if pinned.outcome == "plan":
            probed = pinned
        proof = f"the pods alone need {elastic.bound:,.1f} MW more whatever the sites, the light comes on top"
    relief = _power_relief(question.scenario, probed)
    added = math.fsum(item.to_value - item.from_value for item in relief)
    light = LIGHT_SPARE * _light_mw(probed) + 1e-3 * (1 + len(relief))
    # the light's MW count twice where a site's limit and its zone's are both raised
    is_least = elastic is not None and added <= elastic.bound + 2 * light + ELASTIC_GAP * elastic.bound
    return Eased(relief=relief, probed=probed, is_least=is_least, proof=proof)


def _elastic(question: Question, prober: Prober) -> Elastic | None:
    instance = without_light(question.lifted, prober.catalog)
    if instance.missing_sites or not instance.sites:
        return None
    master = build_master(instance)
    master.programme.objective[:] = [0.0] * len(master.programme.objective)
    slacks: list[Slack] = []
    for group in question.groups:
        slacks.extend(_STATED_AGAIN[group.name](master, question.scenario))
    solved = IntegerProgramme(master.programme).solve(
        time_limit_s=min(ELASTIC_S, prober.halt.left_s()), gap=ELASTIC_GAP, seed=0, should_stop=prober.halt.should_stop
    )
    if solved.values is None:
        return None
    values = solved.values
    relief = tuple(
        Relief(
            limit=slack.limit,
            id=slack.id,
            from_value=slack.value,
            to_value=slack.value + slack.sign * float(values[slack.column]),
            unit=slack.unit,
        )
        for slack in slacks
        if values[slack.column] > SLACK
    )
    total = math.fsum(float(values[slack.column]) for slack in slacks)
    return Elastic(relief=relief, bound=max(0.0, solved.bound), total=total, pods=pods_of(master, np.rint(values)))


def _slack(master: Master, limit: str, owner: str, value: float, unit: str, *, most: float, sign: int = 1) -> Slack:
    whole = unit != "MW"
    column = master.programme.add_column(f"slack[{limit} {owner}]", upper=most, objective=1.0, integer=whole)
    return Slack(column=column, limit=limit, id=owner, value=value, unit=unit, sign=sign)


def _zone_power(master: Master, scenario: Scenario) -> list[Slack]:
    slacks = []
    for zone in scenario.zones:
        row = {
            column: site.pod_mw
            for column, site in zip(master.pods, master.instance.sites, strict=True)
            if site.site.zone_id == zone.zone_id
        }
        if row:
            most = master.instance.scenario.zone_by_id[zone.zone_id].headroom_mw
            slack = _slack(master, "zone.headroom_mw", zone.zone_id, zone.headroom_mw, "MW", most=most)
            master.programme.add_row({**row, slack.column: -1.0}, upper=zone.headroom_mw)
            slacks.append(slack)
    return slacks


def _each_site(
    master: Master, scenario: Scenario, state: Callable[[Site, int, int, float], Slack | None]
) -> list[Slack]:
    """Slacks of ``state(site, column of use, column of pods, MW of a pod)`` for every candidate site."""
    columns = zip(master.instance.sites, master.used, master.pods, strict=True)
    stated = [state(scenario.site_by_id[item.site.site_id], used, pods, item.pod_mw) for item, used, pods in columns]
    return [slack for slack in stated if slack is not None]


def _site_power(master: Master, scenario: Scenario) -> list[Slack]:
    def state(site: Site, used: int, pods: int, pod_mw: float) -> Slack:  # noqa: ARG001  (one signature for all)
        most = master.instance.scenario.site_by_id[site.site_id].power_mw
        slack = _slack(master, "site.power_mw", site.site_id, site.power_mw, "MW", most=most)
        master.programme.add_row({pods: pod_mw, slack.column: -1.0}, upper=site.power_mw)
        return slack

    return _each_site(master, scenario, state)


def _most_pods(master: Master, scenario: Scenario) -> list[Slack]:
    def state(site: Site, used: int, pods: int, pod_mw: float) -> Slack | None:  # noqa: ARG001
        if site.max_pods is None:
            return None
        most = master.programme.upper[pods]
        slack = _slack(master, "site.max_pods", site.site_id, float(site.max_pods), "pods", most=most)
        master.programme.add_row({pods: 1.0, slack.column: -1.0}, upper=float(site.max_pods))
        return slack

    return _each_site(master, scenario, state)


def _least_pods(master: Master, scenario: Scenario) -> list[Slack]:
    def state(site: Site, used: int, pods: int, pod_mw: float) -> Slack | None:  # noqa: ARG001
        if site.min_pods <= 1:
            return None
        least = float(site.min_pods)
        slack = _slack(master, "site.min_pods", site.site_id, least, "pods", most=least, sign=-1)
        master.programme.add_row({pods: 1.0, slack.column: 1.0, used: -least}, lower=0.0)
        return slack

    return _each_site(master, scenario, state)


def _forbidden(master: Master, scenario: Scenario) -> list[Slack]:
    def state(site: Site, used: int, pods: int, pod_mw: float) -> Slack | None:  # noqa: ARG001
        if not site.forbidden:
            return None
        slack = _slack(master, "site.forbidden", site.site_id, 1.0, "forbidden", most=1.0, sign=-1)
        master.programme.add_row({used: 1.0, slack.column: -1.0}, upper=0.0)
        return slack

    return _each_site(master, scenario, state)


def _required(master: Master, scenario: Scenario) -> list[Slack]:
    candidates = {site.site.site_id: used for site, used in zip(master.instance.sites, master.used, strict=True)}
    slacks = []
    for site in scenario.sites:
        if not site.required or site.site_id in scenario.demand_sites:
            continue
        slack = _slack(master, "site.required", site.site_id, 1.0, "required", most=1.0, sign=-1)
        row = {slack.column: 1.0}
        if site.site_id in candidates:
            row[candidates[site.site_id]] = 1.0
        master.programme.add_row(row, lower=1.0)
        slacks.append(slack)
    return slacks


_STATED_AGAIN: Mapping[str, Callable[[Master, Scenario], list[Slack]]] = {
    "zone.headroom_mw": _zone_power,
    "site.power_mw": _site_power,
    "site.max_pods": _most_pods,
    "site.min_pods": _least_pods,
    "site.forbidden": _forbidden,
    "site.required": _required,
}


def _pinned(scenario: Scenario, pods: Mapping[str, int]) -> Scenario:
    """The scenario with exactly these pods."""
    narrow = only(scenario, pods)
    sites = tuple(
        dataclasses.replace(site, required=True, min_pods=pods[site.site_id], max_pods=pods[site.site_id])
        if site.site_id in pods
        else site
        for site in narrow.sites
    )
    return dataclasses.replace(narrow, sites=sites)


def _drawn(probed: Probed) -> Mapping[str, float]:
    """MW by site: pods, and the light's with room to spare."""
    instance, design = probed.instance, probed.design
    assert instance is not None and design is not None  # only plans are read
    drawn = site_power_mw(instance, design.pods, design.counts)
    pods = site_power_mw(instance, design.pods, {})
    return {name: pods.get(name, 0.0) + LIGHT_SPARE * (mw - pods.get(name, 0.0)) for name, mw in drawn.items()}


def _light_mw(probed: Probed) -> float:
    instance, design = probed.instance, probed.design
    assert instance is not None and design is not None  # only plans are read
    return math.fsum(site_power_mw(instance, {}, design.counts).values())


def _power_relief(scenario: Scenario, probed: Probed) -> tuple[Relief, ...]:
    """What a plan draws above the limits of zones and sites, rounded up to a whole kW."""
    drawn = _drawn(probed)
    relief = []
    for zone in scenario.zones:
        needed = math.fsum(mw for name, mw in drawn.items() if scenario.site_by_id[name].zone_id == zone.zone_id)
        if needed > zone.headroom_mw:
            relief.append(_mw("zone.headroom_mw", zone.zone_id, zone.headroom_mw, needed))
    for site in scenario.sites:
        needed = drawn.get(site.site_id, 0.0)
        if needed > site.power_mw:
            relief.append(_mw("site.power_mw", site.site_id, site.power_mw, needed))
    return tuple(relief)


def _mw(limit: str, name: str, value: float, needed: float) -> Relief:
    return Relief(limit=limit, id=name, from_value=value, to_value=math.ceil(needed * 1e3 + 1e-6) / 1e3, unit="MW")


def _broken_by(question: Question) -> tuple[Relief, ...]:
    """Every limit of the question's groups that the fallback breaks."""
    probed, name = question.fallback, question.groups[0].name
    assert probed.instance is not None and probed.design is not None  # a fallback is a plan
    pods = {probed.instance.sites[index].site.site_id: count for index, count in probed.design.pods.items()}
    used = set(sites_of(probed))
    relief = []
    for site in question.scenario.sites:
        count = pods.get(site.site_id, 0)
        to_value: float | None = None
        if name == "site.max_pods" and site.max_pods is not None and count > site.max_pods:
            from_value, to_value, unit = float(site.max_pods), float(count), "pods"
        elif name == "site.min_pods" and 0 < count < site.min_pods:
            from_value, to_value, unit = float(site.min_pods), float(count), "pods"
        elif name == "site.forbidden" and site.forbidden and site.site_id in used:
            from_value, to_value, unit = 1.0, 0.0, "forbidden"
        elif name == "site.required" and site.required and site.site_id not in used:
            from_value, to_value, unit = 1.0, 0.0, "required"
        if to_value is not None:
            relief.append(Relief(limit=name, id=site.site_id, from_value=from_value, to_value=to_value, unit=unit))
    return tuple(relief)
