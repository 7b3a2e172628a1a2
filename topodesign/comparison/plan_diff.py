"""The difference of two plans: sites, fiber, lightpaths, costs, and what the change takes."""

from topodesign.comparison.conversion import Prices, conversion_between
from topodesign.comparison.inputs import diff_inputs
from topodesign.domain.comparison import (
    CostChange,
    InputChange,
    LightpathChange,
    LinkChange,
    PlanDiff,
    Proof,
    SegmentChange,
    SiteChange,
    Works,
)
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Lightpath, Plan
from topodesign.domain.scenario import Scenario

PathId = tuple[str, str, str, tuple[str, ...]]


def diff_plans(
    before: Plan, after: Plan, *, scenario: Scenario | None = None, catalog: Catalog | None = None
) -> PlanDiff:
    """What changes from one plan to another, and what it costs.

    Parameters
    ----------
    before, after : Plan
        Plans of the same or of similar scenarios: sites and segments are matched by id.
    scenario : Scenario, optional
        What is in service already and the prices of sites and fiber, for the conversion; by default the scenario that
        ``after`` carries along.
    catalog : Catalog, optional
        Prices of equipment, with the scenario's overrides. Without it the conversion is counted but not priced.

    Raises
    ------
    InvalidInput
        When one of them holds no plan (infeasible, or stopped before there was one); when the scenario does not have a
        site or segment of ``after`` that is to be priced (``REFERENCE_UNKNOWN``).
    """
    for name, plan in (("before", before), ("after", after)):
        if plan.cost_usd is None:
            raise InvalidInput(
                f"the plan {name!r} has status {plan.status!r} and no sites; a difference needs two plans",
                reason="PLAN_EMPTY",
                field_path=name,
            )
    assert before.cost_usd is not None and after.cost_usd is not None  # just checked
    sites, segments, lightpaths = _sites(before, after), _segments(before, after), _lightpaths(before, after)
    return PlanDiff(
        sites=sites,
        segments=segments,
        lightpaths=lightpaths,
        costs=_costs(before, after),
        cost_delta_usd=round(after.cost_usd - before.cost_usd, 2),
        network_cost_delta_usd=round((after.network_cost_usd or 0.0) - (before.network_cost_usd or 0.0), 2),
        strength_gbps=(_strength(before), _strength(after)),
        goal_value=(_goal(before), _goal(after)),
        works=_works(sites, segments, lightpaths),
        is_same=not sites and not segments and not lightpaths,
        conversion=conversion_between(before, after, _prices(scenario or after.scenario, catalog)),
        links=_links(before, after),
        proof=(_proof(before), _proof(after)),
        inputs=_inputs(before, after),
    )


def _sites(before: Plan, after: Plan) -> tuple[SiteChange, ...]:
    old, new = ({site.id: site for site in plan.sites} for plan in (before, after))
    changes = []
    for name in sorted(old.keys() | new.keys()):
        a, b = old.get(name), new.get(name)
        change = SiteChange(
            site_id=name,
            pods_before=0 if a is None else a.pods,
            pods_after=0 if b is None else b.pods,
            power_mw_before=0.0 if a is None else a.power_mw,
            power_mw_after=0.0 if b is None else b.power_mw,
        )
        if change.pods_before != change.pods_after:
            changes.append(change)
    return tuple(changes)


def _segments(before: Plan, after: Plan) -> tuple[SegmentChange, ...]:
    old, new = ({item.segment_id: item.pairs for item in plan.segments} for plan in (before, after))
    return tuple(
        SegmentChange(segment_id=name, pairs_before=old.get(name, 0), pairs_after=new.get(name, 0))
        for name in sorted(old.keys() | new.keys())
        if old.get(name, 0) != new.get(name, 0)
    )


def _links(before: Plan, after: Plan) -> tuple[LinkChange, ...]:
    """By ends and mode; a plan states one link for each, told from whichever end."""
    old, new = ({(*sorted((link.a, link.z)), link.mode): link for link in plan.links} for plan in (before, after))
    changes = (
        LinkChange(
            a=key[0],
            z=key[1],
            mode=key[2],
            lightpaths_before=old[key].lightpaths if key in old else 0,
            lightpaths_after=new[key].lightpaths if key in new else 0,
            capacity_gbps_before=old[key].capacity_gbps if key in old else 0.0,
            capacity_gbps_after=new[key].capacity_gbps if key in new else 0.0,
        )
        for key in sorted(old.keys() | new.keys())
    )
    return tuple(change for change in changes if change.capacity_gbps_before != change.capacity_gbps_after)


def _proof(plan: Plan) -> Proof:
    assert plan.cost_usd is not None  # checked by diff_plans
    return Proof(
        status=plan.status,
        verified=plan.verified,
        cost_usd=plan.cost_usd,
        lower_bound_usd=plan.lower_bound_usd,
        gap=plan.gap,
        stopped_by=plan.stopped_by,
    )


def _inputs(before: Plan, after: Plan) -> tuple[InputChange, ...] | None:
    if before.scenario is None or after.scenario is None:
        return None
    return diff_inputs(before.scenario, after.scenario)


def _lightpaths(before: Plan, after: Plan) -> tuple[LightpathChange, ...]:
    old, new = _counts(before), _counts(after)
    return tuple(
        LightpathChange(
            a=key[0],
            z=key[1],
            mode=key[2],
            segments=key[3],
            count_before=old.get(key, 0),
            count_after=new.get(key, 0),
        )
        for key in sorted(old.keys() | new.keys())
        if old.get(key, 0) != new.get(key, 0)
    )


def _counts(plan: Plan) -> dict[PathId, int]:
    counts: dict[PathId, int] = {}
    for path in plan.lightpaths:
        counts[_path_id(path)] = counts.get(_path_id(path), 0) + path.count
    return counts


def _path_id(path: Lightpath) -> PathId:
    """The same whichever end the lightpath is told from."""
    if path.a <= path.z:
        return (path.a, path.z, path.mode, path.segments)
    return (path.z, path.a, path.mode, tuple(reversed(path.segments)))


def _costs(before: Plan, after: Plan) -> tuple[CostChange, ...]:
    names = [*before.cost_items, *(name for name in after.cost_items if name not in before.cost_items)]
    changes = (
        CostChange(item=name, before_usd=before.cost_items.get(name, 0.0), after_usd=after.cost_items.get(name, 0.0))
        for name in names
    )
    return tuple(change for change in changes if change.delta_usd != 0)


def _works(
    sites: tuple[SiteChange, ...], segments: tuple[SegmentChange, ...], lightpaths: tuple[LightpathChange, ...]
) -> Works:
    pods = [site.pods_after - site.pods_before for site in sites]
    pairs = [item.pairs_after - item.pairs_before for item in segments]
    paths = [item.count_after - item.count_before for item in lightpaths]
    return Works(
        sites_opened=sum(site.pods_before == 0 for site in sites),
        sites_closed=sum(site.pods_after == 0 for site in sites),
        pods_added=sum(max(0, more) for more in pods),
        pods_removed=sum(max(0, -more) for more in pods),
        pairs_lit=sum(max(0, more) for more in pairs),
        pairs_darkened=sum(max(0, -more) for more in pairs),
        lightpaths_added=sum(max(0, more) for more in paths),
        lightpaths_removed=sum(max(0, -more) for more in paths),
    )


def _strength(plan: Plan) -> float | None:
    return None if plan.sync is None else plan.sync.strength_gbps


def _goal(plan: Plan) -> float | None:
    return None if plan.goal is None else plan.goal.value


def _prices(scenario: Scenario | None, catalog: Catalog | None) -> Prices | None:
    return None if scenario is None else Prices(scenario=scenario, catalog=catalog)
