"""What joins the accelerators of a site in every arrangement of a plan: all-reduce, switches, dollars, megawatts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import FabricEvaluation
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.evaluation.plan_fabrics import equal_injection, message_bytes, too_large_for_fabrics
from topodesign.evaluation.training_step import InSiteAllReduce
from topodesign.fabric.allreduce import fastest_allreduce

SINGLE_SITE = "single-site"
"""Id of the hypothetical site."""
SINGLE_SITE_KINDS = ("torus", "clos")


@dataclass(frozen=True, slots=True, kw_only=True)
class InSiteFabrics:
    """The fabrics of an arrangement; ``mw_by_site`` at the meter, ``switches`` by site. ``why_not``: why not known."""

    name: str
    allreduce: InSiteAllReduce | None = None
    switches: Mapping[str, int] | None = None
    mw_by_site: Mapping[str, float] | None = None
    cost_usd: float | None = None
    why_not: str | None = None

    @property
    def power_mw(self) -> float | None:
        return None if self.mw_by_site is None else math.fsum(self.mw_by_site.values())


def fabrics_of_kind(scenario: Scenario, plan: Plan, kind: str | None) -> InSiteFabrics:
    """The fabrics of one kind at every site of the plan, or for ``None`` those that the sites got."""
    if plan.fabrics is None:
        return InSiteFabrics(name="unknown", why_not=too_large_for_fabrics(plan) or "the plan does not compare fabrics")
    by_site: dict[str, FabricEvaluation] = {}
    for site in plan.fabrics.sites:
        wanted = [
            fabric for fabric in site.fabrics if (fabric.name == site.chosen if kind is None else fabric.kind == kind)
        ]
        if not wanted:
            lacking = scenario.size.fabric if kind is None else kind
            return InSiteFabrics(name=lacking, why_not=f"site {site.site_id} has no fabric {lacking}")
        by_site[site.site_id] = wanted[0]
    return _joined(scenario, by_site)


def _joined(scenario: Scenario, by_site: Mapping[str, FabricEvaluation]) -> InSiteFabrics:
    slowest = max(by_site.values(), key=lambda fabric: fabric.allreduce_s)
    return InSiteFabrics(
        name=", ".join(dict.fromkeys(fabric.kind for fabric in by_site.values())),
        allreduce=_allreduce(slowest),
        switches={site_id: fabric.switches for site_id, fabric in by_site.items()},
        mw_by_site={
            site_id: fabric.power_kw / 1e3 * scenario.site_by_id[site_id].pue for site_id, fabric in by_site.items()
        },
        cost_usd=math.fsum(fabric.cost_usd for fabric in by_site.values()),
    )


def _allreduce(fabric: FabricEvaluation) -> InSiteAllReduce:
    best = next((row for row in fabric.collectives if row.operation == "all_reduce"), None)
    latency = 0.0 if best is None else best.latency_s
    return InSiteAllReduce(transfer_s=fabric.allreduce_s - latency, latency_s=latency)


def fabric_of_single_site(scenario: Scenario, plan: Plan, catalog: Catalog, *, pue: float) -> InSiteFabrics:
    """One fabric for all accelerators of the plan, of the kind that most of them have (a Clos beside torus and Clos).

    Parameters
    ----------
    scenario, plan, catalog : Scenario, Plan, Catalog
    pue : float
        Of the site, at least 1.
    """
    kind = _most_common_kind(plan)
    accelerators = sum(site.accelerators for site in plan.sites)
    injection = catalog.accelerator(scenario.size.accelerator).scale_out_gbps
    try:
        found = fastest_allreduce(
            equal_injection(kind, accelerators, injection), message_bytes=message_bytes(scenario), catalog=catalog
        )
    except InvalidInput as refused:
        return InSiteFabrics(name=kind, why_not=f"one {kind} of {accelerators:,} accelerators: {refused.message}")
    return InSiteFabrics(
        name=kind,
        allreduce=InSiteAllReduce(transfer_s=found.allreduce_s - found.latency_s, latency_s=found.latency_s),
        switches={SINGLE_SITE: found.switches},
        mw_by_site={SINGLE_SITE: found.power_kw / 1e3 * pue},
        cost_usd=found.cost_usd,
    )


def _most_common_kind(plan: Plan) -> str:
    counts = dict.fromkeys(SINGLE_SITE_KINDS, 0)
    chosen: Sequence[tuple[str, int]] = [
        (fabric.kind, fabric.accelerators)
        for site in (plan.fabrics.sites if plan.fabrics is not None else ())
        for fabric in site.fabrics
        if fabric.name == site.chosen
    ]
    for kind, accelerators in chosen:
        if kind in counts:
            counts[kind] += accelerators
    return max(counts, key=lambda kind: (counts[kind], kind == "clos"))
