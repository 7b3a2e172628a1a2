"""Size, number of sites, pods per site, and which sites must or must not be used: formulation (4)."""

import math
from collections.abc import Iterator

from topodesign.domain.plan import Violation
from topodesign.domain.scenario import Site
from topodesign.verify.evidence import Evidence
from topodesign.verify.finding import found
from topodesign.verify.tolerance import exceeds

RULES = (
    "size",
    "sites_minimum",
    "sites_maximum",
    "pods_minimum",
    "pods_maximum",
    "site_required",
    "site_forbidden",
    "site_hub",
)


def check_sizes(evidence: Evidence) -> Iterator[Violation]:
    """Violations of :data:`RULES`; budgets are checked with the cost, and any pod is size enough for one."""
    yield from _check_target(evidence)
    yield from _check_site_count(evidence)
    named = frozenset(evidence.scenario.demand_sites)
    for site in evidence.scenario.sites:
        yield from _check_site(site, evidence.pods.get(site.site_id, 0), is_named=site.site_id in named)


def _check_target(evidence: Evidence) -> Iterator[Violation]:
    size = evidence.scenario.size
    if size.accelerators is not None:
        placed: float = sum(evidence.pods.values()) * size.pod_accelerators
        target: float = size.accelerators
        unit = "accelerators"
    elif size.power_mw is not None:
        placed = math.fsum(evidence.pods_mw(site) for site in evidence.used)
        target, unit = size.power_mw, "MW"
    else:
        return
    if exceeds(target, placed):
        yield found(
            "size",
            "size",
            f"the pods come to {placed:.12g} {unit}, short of the target of {target:.12g} {unit}",
            value=placed,
            limit=target,
            unit=unit,
            remedy="place more pods or lower the target",
        )


def _check_site_count(evidence: Evidence) -> Iterator[Violation]:
    policy, used = evidence.scenario.policy, len(evidence.used)
    if used < policy.min_sites:
        yield found(
            "sites_minimum",
            "policy.min_sites",
            f"{used} sites are used, fewer than {policy.min_sites}",
            value=used,
            limit=policy.min_sites,
            unit="sites",
            remedy="use more sites or lower min_sites",
        )
    if policy.max_sites is not None and used > policy.max_sites:
        yield found(
            "sites_maximum",
            "policy.max_sites",
            f"{used} sites are used, more than {policy.max_sites}",
            value=used,
            limit=policy.max_sites,
            unit="sites",
            remedy="use fewer sites or raise max_sites",
        )


def _check_site(site: Site, pods: int, *, is_named: bool) -> Iterator[Violation]:
    """``is_named``: the demand matrix or hose names the site, so that it is required too."""
    thing = site.site_id
    if (site.required or is_named) and not pods:
        why = "is required" if site.required else "is an end of the demand"
        yield found("site_required", thing, f"the site {why}, but not used", value=0, limit=1, remedy="use it")
    if not pods:
        return
    if site.forbidden:
        yield found("site_forbidden", thing, "the site is forbidden, but used", value=pods, limit=0, remedy="drop it")
    if site.role == "hub":
        yield found(
            "site_hub",
            thing,
            f"a hub has {pods} pods, but it only passes or regenerates light",
            value=pods,
            limit=0,
            unit="pods",
            remedy="place the pods elsewhere",
        )
    if pods < site.min_pods:
        yield found(
            "pods_minimum",
            thing,
            f"{pods} pods are fewer than min_pods {site.min_pods}",
            value=pods,
            limit=site.min_pods,
            unit="pods",
            remedy="place more pods there or none",
        )
    if site.max_pods is not None and pods > site.max_pods:
        yield found(
            "pods_maximum",
            thing,
            f"{pods} pods are more than max_pods {site.max_pods}",
            value=pods,
            limit=site.max_pods,
            unit="pods",
            remedy="place fewer pods there",
        )
