"""The parts of a plan that interrupt its training, and the goodput that they leave.

Rates are figures of the catalogue (``"reliability.default"``); counts come from the plan: accelerators, their hosts and
links, switches where its fabrics were compared, sites, power zones by their availability, conduits by length.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from topodesign.domain.checks import require
from topodesign.domain.durations import HOURS_PER_YEAR, SECONDS_PER_HOUR
from topodesign.domain.equipment import Catalog, Reliability
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing, FailingParts, JobParts, JobSite, PlanGoodput, Rejoining, Unit
from topodesign.domain.plan import Plan, SitePlan
from topodesign.domain.scenario import Scenario
from topodesign.training.checkpointing import goodput
from topodesign.training.checkpointing_elastic import PROTECTION_SWITCHING_S, elastic_goodput, with_pauses
from topodesign.training.interruptions import (
    interruption_shares,
    interruptions_per_h,
    mean_time_to_interrupt_h,
    mean_wait_s,
    outage_parts,
)
from topodesign.training.interruptions_cut_off import sites_cut_off
from topodesign.training.interruptions_of_site import WHOLE_SITE, site_parts


def plan_goodput(
    scenario: Scenario,
    plan: Plan,
    catalog: Catalog,
    *,
    checkpointing: Checkpointing,
    rejoining: Rejoining,
    protection_s: float = PROTECTION_SWITCHING_S,
    unit: Unit = "site",
) -> PlanGoodput:
    """A plan's goodput, by both ways to recover.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
        A plan with sites and, where it has lightpaths, its availability.
    catalog : Catalog
        After the scenario's overrides.
    checkpointing : Checkpointing
        Of the job whose sites all restart together.
    rejoining : Rejoining
        Of the job whose other sites go on.
    protection_s : float
        Seconds that all stand still when protection switches.
    unit : {"site", "pod"}
        What leaves when one of its parts fails and the others go on.

    Raises
    ------
    InvalidInput
        As :func:`plan_parts`, and for a negative ``protection_s``.
    """
    return goodput_of_parts(
        plan_parts(scenario, plan, catalog),
        _replicas(plan, unit),
        checkpointing=checkpointing,
        rejoining=rejoining,
        protection_s=protection_s,
    )


def goodput_of_parts(
    parts: JobParts,
    replicas: Mapping[str, int],
    *,
    checkpointing: Checkpointing,
    rejoining: Rejoining,
    protection_s: float = PROTECTION_SWITCHING_S,
) -> PlanGoodput:
    """Goodput of a job whose parts are known, with so many replicas at each site that leave on their own.

    Raises
    ------
    InvalidInput
        Without sites, or for a negative ``protection_s``.
    """
    everything = (*(item for site in parts.sites for item in site.parts), *parts.zones, *parts.light)
    pauses = interruptions_per_h(parts.pauses)
    restart = goodput(checkpointing, mean_time_to_interrupt_h(everything), wait_s=mean_wait_s(everything))
    return PlanGoodput(
        restart=with_pauses(restart, pauses_per_h=pauses, pause_s=protection_s),
        continue_without=elastic_goodput(
            _with_shared_parts(parts, replicas), rejoining, pauses_per_h=pauses, pause_s=protection_s
        ),
        shares=interruption_shares(everything),
        assumptions=parts.assumptions,
    )


def plan_parts(scenario: Scenario, plan: Plan, catalog: Catalog) -> JobParts:
    """The parts of a plan that interrupt its training, by what their failure does.

    Raises
    ------
    InvalidInput
        For a plan without sites (``NO_SITES``), one with lightpaths but without availability (``NO_AVAILABILITY``), or
        a zone that is never up.
    """
    if not plan.sites:
        raise InvalidInput(
            f"the plan of {scenario.name!r} has 0 sites, but a job needs at least 1; take a plan that is feasible",
            reason="NO_SITES",
            field_path="plan.sites",
        )
    figures = catalog.reliability()
    zone_of = {site.id: site.zone_id for site in plan.sites}
    zones = tuple(
        outage_parts(zone_id, availability=scenario.zone_by_id[zone_id].availability, repair_h=figures.zone_repair_h)
        for zone_id in sorted(set(zone_of.values()))
    )
    light, cut_off, pauses = _light(scenario, plan, figures)
    return JobParts(
        sites=tuple(
            JobSite(
                site_id=site.id,
                accelerators=site.accelerators,
                parts=tuple(
                    site_parts(
                        catalog,
                        scenario.size.accelerator,
                        site.accelerators,
                        switches=_switches(scenario, plan, site),
                    )
                ),
            )
            for site in plan.sites
        ),
        zones=zones,
        zone_of=zone_of,
        light=light,
        cut_off=cut_off,
        pauses=pauses,
        assumptions=tuple(_assumptions(scenario, plan, catalog)),
    )


def _switches(scenario: Scenario, plan: Plan, site: SitePlan) -> int | None:
    """Switches of the site's fabric of the scenario's kind, where the plan compares fabrics."""
    compared = plan.fabrics.sites if plan.fabrics is not None else ()
    for item in compared:
        for fabric in item.fabrics:
            if item.site_id == site.id and fabric.kind == scenario.size.fabric:
                return fabric.switches
    return None


def _light(
    scenario: Scenario, plan: Plan, figures: Reliability
) -> tuple[tuple[FailingParts, ...], Mapping[str, tuple[FailingParts, ...]], tuple[FailingParts, ...]]:
    """Cuts that stop a job of all sites, those of them that cut each site off, and those that protection bridges."""
    if not plan.lightpaths:
        return (), {}, ()
    if plan.availability is None:
        raise InvalidInput(
            "the plan does not state how often its conduits are cut; evaluate its availability first",
            reason="NO_AVAILABILITY",
            field_path="plan.availability",
        )
    stopping: list[FailingParts] = []
    bridged: list[FailingParts] = []
    cut_off: dict[str, list[FailingParts]] = {}
    is_protected = scenario.policy.survivable_fraction > 0 and bool(
        {"conduit", "conduit-pair"} & set(scenario.policy.survive)
    )
    for conduit in plan.availability.conduits:
        apart = sites_cut_off(scenario, plan, conduit.conduit)
        part = FailingParts(
            name="conduits",
            count=1,
            mtbf_h=HOURS_PER_YEAR / conduit.cuts_per_year if conduit.cuts_per_year > 0 else math.inf,
            wait_s=figures.cut_repair_h * SECONDS_PER_HOUR if apart else 0.0,
        )
        (bridged if is_protected and not apart else stopping).append(part)
        for site_id in apart:
            cut_off.setdefault(site_id, []).append(part)
    return tuple(stopping), {site_id: tuple(parts) for site_id, parts in cut_off.items()}, tuple(bridged)


def _replicas(plan: Plan, unit: Unit) -> Mapping[str, int]:
    known = get_args(Unit)
    require(unit in known, field="unit", value=unit, limit=f"one of {', '.join(known)}", remedy="name one of them")
    return {site.id: site.pods if unit == "pod" else 1 for site in plan.sites}


def _with_shared_parts(parts: JobParts, replicas: Mapping[str, int]) -> Sequence[JobSite]:
    """Sites with their zone, and the cuts that cut them off, among their own parts; shared out over its replicas."""
    zones = {zone.name: zone for zone in parts.zones}
    return tuple(
        JobSite(
            site_id=site.site_id,
            accelerators=site.accelerators,
            parts=(
                *(_of_one(item, replicas[site.site_id]) for item in site.parts),
                zones[parts.zone_of[site.site_id]],
                *parts.cut_off.get(site.site_id, ()),
            ),
            replicas=replicas[site.site_id],
        )
        for site in parts.sites
    )


def _of_one(item: FailingParts, replicas: int) -> FailingParts:
    return item if item.name == WHOLE_SITE else dataclasses.replace(item, count=item.count / replicas)


def _assumptions(scenario: Scenario, plan: Plan, catalog: Catalog) -> Iterator[str]:
    accelerator = catalog.accelerator(scenario.size.accelerator)
    yield "parts fail independently of each other at constant rates, and not while all stand still"
    yield (
        "spares of accelerators, hosts, switches and links are at hand; sites, zones and cuts that leave no way wait "
        "for the repair"
    )
    yield "rates of accelerators, hosts, adapters and software are those of 16,384 H100 (Llama 3), for any accelerator"
    if accelerator.host_accelerators is None:
        yield f"hosts are not counted: the catalogue does not say how many {accelerator.name} share one"
    if any(_switches(scenario, plan, site) is None for site in plan.sites):
        yield f"switches are not counted: the plan does not evaluate its {scenario.size.fabric} fabrics"
    yield "failures of single transceivers and amplifiers between sites slow the exchange and stop nothing"
