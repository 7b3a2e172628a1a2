"""Interruptions of a plan's job in every arrangement, and the goodput that each way to recover leaves.

Formulas (40) to (44) of docs/formulation.md.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from topodesign.domain.durations import SECONDS_PER_HOUR
from topodesign.domain.equipment import Catalog
from topodesign.domain.goodput import Checkpointing, FailingParts, JobParts, JobSite, PlanGoodput, Rejoining
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.training_report import CheckpointIntervals, Recovery, TrainingRules
from topodesign.evaluation.training_fabrics import SINGLE_SITE
from topodesign.training.checkpointing import daly_interval_s, first_order_loss, young_interval_s
from topodesign.training.interruptions import outage_parts
from topodesign.training.interruptions_of_plan import goodput_of_parts
from topodesign.training.interruptions_of_site import WHOLE_SITE

SWITCHES = "switches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovering:
    """How a job goes on: times of its rules, seconds of a round between exchanges, and replicas at each site."""

    rules: TrainingRules
    round_s: float
    waits_for_all: bool
    replicas: Mapping[str, int]

    @property
    def checkpointing(self) -> Checkpointing:
        return Checkpointing(write_s=self.rules.write_s, restart_s=self.rules.restart_s)

    @property
    def rejoining(self) -> Rejoining:
        return Rejoining(
            round_s=self.round_s,
            restart_s=self.rules.restart_s,
            reform_s=self.rules.reform_s if self.waits_for_all else 0.0,
        )


def with_switches(parts: JobParts, switches: Mapping[str, int] | None, catalog: Catalog) -> JobParts:
    """The same parts with the switches of other fabrics; ``None``: not known, so none are counted."""
    sites = tuple(
        dataclasses.replace(
            site,
            parts=(
                *(item for item in site.parts if item.name != SWITCHES),
                *_switches(0 if switches is None else switches[site.site_id], catalog),
            ),
        )
        for site in parts.sites
    )
    return dataclasses.replace(parts, sites=sites)


def _switches(count: int, catalog: Catalog) -> Iterator[FailingParts]:
    if count:
        yield FailingParts(name=SWITCHES, count=count, mtbf_h=catalog.reliability().switch_mtbf_h)


def at_one_site(scenario: Scenario, plan: Plan, parts: JobParts, catalog: Catalog) -> JobParts:
    """All parts at one site in one power zone of the mean availability, weighted by accelerators, without light."""
    accelerators = sum(site.accelerators for site in plan.sites)
    availability = math.fsum(
        site.accelerators * scenario.zone_by_id[site.zone_id].availability / accelerators for site in plan.sites
    )
    zone = outage_parts("power zone", availability=min(1.0, availability), repair_h=catalog.reliability().zone_repair_h)
    site = JobSite(site_id=SINGLE_SITE, accelerators=accelerators, parts=tuple(_merged(parts)))
    return JobParts(
        sites=(site,),
        zones=(zone,),
        zone_of={SINGLE_SITE: zone.name},
        light=(),
        cut_off={},
        pauses=(),
    )


def _merged(parts: JobParts) -> Iterator[FailingParts]:
    """The parts of all sites by name; only the site itself is there once."""
    by_name: dict[str, list[FailingParts]] = {}
    for site in parts.sites:
        for item in site.parts:
            by_name.setdefault(item.name, []).append(item)
    for name, alike in by_name.items():
        count = 1.0 if name == WHOLE_SITE else math.fsum(item.count for item in alike)
        yield dataclasses.replace(alike[0], count=count)


def goodput_by_recovery(
    parts: JobParts, recovering: Recovering
) -> tuple[PlanGoodput, tuple[tuple[Recovery, float], ...]]:
    """The job that restarts as a whole, and the goodput of every way to recover that it has."""
    checkpointing, rejoining = recovering.checkpointing, recovering.rejoining
    whole_sites = dict.fromkeys(recovering.replicas, 1)
    by_site = goodput_of_parts(parts, whole_sites, checkpointing=checkpointing, rejoining=rejoining)
    found: list[tuple[Recovery, float]] = [("restart", by_site.restart.useful)]
    if len(parts.sites) > 1:
        found.append(("without-site", by_site.continue_without.goodput))
    if sum(recovering.replicas.values()) > 1:
        by_replica = goodput_of_parts(parts, recovering.replicas, checkpointing=checkpointing, rejoining=rejoining)
        found.append(("without-replica", by_replica.continue_without.goodput))
    return by_site, tuple(found)


def checkpoint_intervals(mtti_h: float, interval_s: float, rules: TrainingRules) -> CheckpointIntervals:
    """The interval that is used beside Young's and Daly's, and the first-order goodput."""
    if math.isinf(mtti_h):
        return CheckpointIntervals(
            interval_s=None, young_interval_s=None, daly_interval_s=None, first_order_goodput=None
        )
    mtti_s = mtti_h * SECONDS_PER_HOUR
    young = float(young_interval_s(rules.write_s, mtti_s))
    loss = 1.0
    if young > 0:
        loss = float(first_order_loss(young, write_s=rules.write_s, restart_s=rules.restart_s, mtti_s=mtti_s))
    return CheckpointIntervals(
        interval_s=interval_s,
        young_interval_s=young,
        daly_interval_s=float(daly_interval_s(rules.write_s, mtti_s)),
        first_order_goodput=1.0 - loss if loss < 1 else None,
    )
