"""Sites of a plan: ids exist and occur once, pods are whole numbers, stated figures fit."""

from collections.abc import Iterator

from topodesign.domain.plan import Plan, SitePlan, Violation
from topodesign.domain.scenario import Scenario
from topodesign.verify.finding import disagrees, found, shown
from topodesign.verify.tolerance import LARGEST_COUNT, is_count

RULES = ("site_known", "site_distinct", "pods_integer", "site_accelerators", "site_zone")


def sound_pods(plan: Plan, scenario: Scenario) -> dict[str, int]:
    """Pods by site id, over the listed sites that exist and have a sane number of pods; the first entry counts."""
    pods: dict[str, int] = {}
    for site in plan.sites:
        if site.id in scenario.site_by_id and is_count(site.pods):
            pods.setdefault(site.id, site.pods)
    return pods


def check_sites(plan: Plan, scenario: Scenario) -> Iterator[Violation]:
    """Violations of :data:`RULES`."""
    seen: set[str] = set()
    for site in plan.sites:
        if site.id in seen:
            yield found(
                "site_distinct",
                site.id,
                "the site is listed more than once",
                value=site.id,
                limit=1,
                remedy="list each used site once, with all its pods",
            )
        seen.add(site.id)
        if site.id not in scenario.site_by_id:
            yield found(
                "site_known",
                site.id,
                f"the scenario {scenario.name!r} has no site of this id",
                value=site.id,
                remedy="correct the id, or verify against the scenario that the plan was made for",
            )
            continue
        yield from _check_figures(site, scenario)


def _check_figures(site: SitePlan, scenario: Scenario) -> Iterator[Violation]:
    if not is_count(site.pods):
        yield found(
            "pods_integer",
            site.id,
            f"pods is {shown(site.pods)}, but it must be a whole number from 1 to {LARGEST_COUNT}",
            value=site.pods,
            limit=1,
            unit="pods",
            remedy="give whole pods, or do not list the site",
        )
    elif not is_count(site.accelerators) or site.accelerators != site.pods * scenario.size.pod_accelerators:
        own = site.pods * scenario.size.pod_accelerators
        yield disagrees("site_accelerators", site.id, "accelerators", site.accelerators, own, "accelerators")
    zone_id = scenario.site_by_id[site.id].zone_id
    if site.zone_id != zone_id:
        yield found(
            "site_zone",
            site.id,
            f"the plan puts the site in zone {shown(site.zone_id)!r}, the scenario in {zone_id!r}",
            value=site.zone_id,
            limit=zone_id,
            remedy="correct the zone_id",
        )
