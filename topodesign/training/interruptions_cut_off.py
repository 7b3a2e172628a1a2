"""Which sites of a plan lose touch with most accelerators when a conduit is cut."""

from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario


def sites_cut_off(scenario: Scenario, plan: Plan, conduit: str) -> tuple[str, ...]:
    """Ids of the sites outside the largest group that lightpaths still join, in the plan's order.

    The largest is by accelerators; of equal ones the group of the earliest site of the plan.
    """
    group_of = {site.id: site.id for site in plan.sites}

    def root(site_id: str) -> str:
        while group_of[site_id] != site_id:
            site_id = group_of[site_id]
        return site_id

    for path in plan.lightpaths:
        is_lit = path.count > 0
        if is_lit and all(conduit not in scenario.segment_by_id[item].conduits for item in path.segments):
            group_of[root(path.z)] = root(path.a)
    accelerators: dict[str, int] = {}
    for site in plan.sites:
        accelerators[root(site.id)] = accelerators.get(root(site.id), 0) + site.accelerators
    largest = max(accelerators, key=lambda group: accelerators[group])
    return tuple(site.id for site in plan.sites if root(site.id) != largest)
