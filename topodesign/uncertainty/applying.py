"""The scenario of a future: figures set, late sites and segments taken out.

A building that is not there yet cannot hold pods, and no light ends, passes or is regenerated in it: all segments that
meet at it are out, whether they are dark, lit or to be built. Of a late segment what is lit stays.
"""

import dataclasses
from collections.abc import Collection, Iterable

from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput
from topodesign.domain.futures import Future, Futures, Outlook
from topodesign.domain.nearest import nearest
from topodesign.domain.scenario import FiberSegment, Scenario, Site
from topodesign.sweeps.fields import ALL, field_path, with_values


def scenarios_of(scenario: Scenario, futures: Futures) -> tuple[Scenario, ...]:
    """The scenario of each future, in order.

    Raises
    ------
    InvalidInput
        As :func:`scenario_of`.
    """
    return tuple(scenario_of(scenario, future) for future in futures.futures)


def scenario_of(scenario: Scenario, future: Future) -> Scenario:
    """The scenario as it is in a future.

    Raises
    ------
    InvalidInput
        When there can be no such scenario, with the future's name: an unknown id (``SWEEP_ID_UNKNOWN``), a figure set
        twice (``FUTURE_FIGURE_TWICE``), a required site that is late, or a goal other than the least cost
        (``FUTURE_GOAL``).
    """
    outlook = future.outlook
    try:
        _require_once(outlook)
        changed = scenario
        if outlook.settings:
            changed = with_values(scenario, outlook.settings, [axis.values[0] for axis in outlook.settings])
        changed = _without_late(changed, outlook)
        require_cost_goal(changed)
    except InvalidInput as fault:
        message = fault.message.removeprefix("--vary ")
        raise InvalidInput(
            f"future {future.name!r}: {message}",
            reason=fault.reason,
            field_path=fault.field_path,
            metadata={**fault.metadata, "future": future.name},
        ) from None
    return changed


def require_cost_goal(scenario: Scenario) -> None:
    """Raise :class:`InvalidInput` unless the scenario's plan is the one of least cost."""
    for field, budget in (
        ("size.budget_usd", scenario.size.budget_usd),
        ("policy.budget_usd", scenario.policy.budget_usd),
    ):
        if budget is not None:
            raise InvalidInput(
                f"{field} is {budget:,.0f} USD, but costs of several futures are compared, and with a budget the goal "
                "is another one; leave it out, and give size.accelerators or size.power_mw",
                reason="FUTURE_GOAL",
                field_path=field,
            )


def _require_once(outlook: Outlook) -> None:
    """Of two values for one figure neither would be right, and two factors could be meant together or not."""
    seen: list[tuple[str, str, str, str]] = []
    for axis in outlook.settings:
        path = field_path(axis.path)
        for room, item, field, name in seen:
            if (room, field) == (path.room, path.field) and (item == path.item or ALL in (item, path.item)):
                raise InvalidInput(
                    f"{name} and {axis.name} set the same figure; set each once, in one factor",
                    reason="FUTURE_FIGURE_TWICE",
                    field_path=axis.name,
                )
        seen.append((path.room, path.item, path.field, axis.name))


def _without_late(scenario: Scenario, outlook: Outlook) -> Scenario:
    if not outlook.late_sites and not outlook.late_segments:
        return scenario
    _require_known("late_sites", outlook.late_sites, scenario.site_by_id)
    _require_known("late_segments", outlook.late_segments, scenario.segment_by_id)
    told = [f"late: site {item}" for item in outlook.late_sites]
    told += [f"late: segment {item}" for item in outlook.late_segments]
    late_sites = frozenset(outlook.late_sites)
    out = {item.segment_id for item in scenario.segments if not late_sites.isdisjoint((item.a, item.b))}
    return dataclasses.replace(
        scenario,
        sites=tuple(_late_site(item) if item.site_id in late_sites else item for item in scenario.sites),
        segments=tuple(_segment_of(item, outlook, out) for item in scenario.segments),
        lit_lightpaths=tuple(path for path in scenario.lit_lightpaths if out.isdisjoint(path.segments)),
        assumptions=(*scenario.assumptions, *told),
    )


def _late_site(site: Site) -> Site:
    require(
        not site.required,
        field="late_sites",
        value=site.site_id,
        limit="a site that is not required",
        remedy="drop required from the site, or the site from late_sites",
    )
    return dataclasses.replace(site, forbidden=True)


def _segment_of(segment: FiberSegment, outlook: Outlook, out: Collection[str]) -> FiberSegment:
    """A segment as it is in a future; ``out`` are those that meet at a late site."""
    if segment.segment_id in out:
        return dataclasses.replace(segment, pairs_available=0, build_pairs=0, lit_pairs=0)
    if segment.segment_id in outlook.late_segments:
        return dataclasses.replace(segment, pairs_available=0, build_pairs=0)
    return segment


def _require_known(key: str, ids: Iterable[str], known: Iterable[str]) -> None:
    there = set(known)
    for item in ids:
        if item not in there:
            raise InvalidInput(
                f"{key}: the scenario has no {item!r}; {nearest(item, there)}",
                reason="SWEEP_ID_UNKNOWN",
                field_path=key,
                metadata={"id": item},
            )
