"""A scenario with the relief of an infeasibility applied: what a user would change by hand."""

import dataclasses
from collections.abc import Iterable

from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Relief
from topodesign.domain.scenario import Scenario

_OF_SITES = {
    "site.power_mw": float,
    "site.max_pods": int,
    "site.min_pods": int,
    "site.required": bool,
    "site.forbidden": bool,
}
_OF_THE_WHOLE = {
    "policy.max_rtt_ms": float,
    "policy.survivable_fraction": float,
    "policy.min_sites": int,
    "policy.max_sites": int,
    "policy.max_zone_share": float,
    "policy.max_utility_share": float,
    "policy.carbon_t_per_year": float,
    "policy.budget_usd": float,
    "size.accelerators": int,
    "size.power_mw": float,
    "size.budget_usd": float,
    "workload.sync_time_s": float,
    "workload.utilization": float,
    "optics.margin_db": float,
}
_ONE_OF = {
    "size.accelerators": ("power_mw", "budget_usd"),
    "size.power_mw": ("accelerators", "budget_usd"),
    "size.budget_usd": ("accelerators", "power_mw"),
    "workload.sync_time_s": ("utilization",),
    "workload.utilization": ("sync_time_s",),
}
"""Fields of which a scenario has one: the others go when one is set."""


def apply_relief(scenario: Scenario, relief: Iterable[Relief]) -> Scenario:
    """The scenario with every limit changed as the relief says.

    Parameters
    ----------
    scenario : Scenario
    relief : iterable of Relief
        ``Infeasibility.relief``, all of it: the items make a plan possible together, not each alone.

    Raises
    ------
    InvalidInput
        For a limit that is not known (``RELIEF_UNKNOWN``) or an id that the scenario does not have
        (``REFERENCE_UNKNOWN``).
    """
    relieved = scenario
    for item in relief:
        relieved = _applied(relieved, item)
    return relieved


def _applied(scenario: Scenario, item: Relief) -> Scenario:
    part, _, name = item.limit.partition(".")
    if item.limit == "zone.headroom_mw":
        _require(item, item.id in scenario.zone_by_id)
        zones = tuple(
            dataclasses.replace(zone, headroom_mw=item.to_value) if zone.zone_id == item.id else zone
            for zone in scenario.zones
        )
        return dataclasses.replace(scenario, zones=zones)
    if item.limit == "fiber.pairs_available":
        _require(item, item.id in scenario.segment_by_id)
        segments = tuple(
            dataclasses.replace(segment, pairs_available=round(item.to_value))
            if segment.segment_id == item.id
            else segment
            for segment in scenario.segments
        )
        return dataclasses.replace(scenario, segments=segments)
    if item.limit in _OF_SITES:
        _require(item, item.id in scenario.site_by_id)
        kind = _OF_SITES[item.limit]
        sites = tuple(
            dataclasses.replace(site, **{name: kind(item.to_value)}) if site.site_id == item.id else site
            for site in scenario.sites
        )
        return dataclasses.replace(scenario, sites=sites)
    if item.limit in _OF_THE_WHOLE:
        kind = _OF_THE_WHOLE[item.limit]
        others = dict.fromkeys(_ONE_OF.get(item.limit, ()))
        changed = dataclasses.replace(getattr(scenario, part), **{**others, name: kind(item.to_value)})
        return dataclasses.replace(scenario, **{part: changed})
    known = ", ".join(sorted(("zone.headroom_mw", "fiber.pairs_available", *_OF_SITES, *_OF_THE_WHOLE)))
    raise InvalidInput(
        f"relief of {item.limit!r} is not known; known limits: {known}",
        reason="RELIEF_UNKNOWN",
        field_path="relief.limit",
        metadata={"value": item.limit},
    )


def _require(item: Relief, is_known: bool) -> None:
    if not is_known:
        raise InvalidInput(
            f"relief of {item.limit} names {item.id!r}, which the scenario does not have; apply it to the scenario "
            "that it was found for",
            reason="REFERENCE_UNKNOWN",
            field_path="relief.id",
            metadata={"id": item.id},
        )
