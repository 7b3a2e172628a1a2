"""The scenario of each year: what the years change, and what is not in service yet."""

import dataclasses
from collections.abc import Iterator, Sequence

from topodesign.catalog import load_catalog
from topodesign.domain.buildout import PlannedYear, require_years
from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import FiberSegment, Scenario, Site
from topodesign.domain.scenario_sweep import AxisValue, SweepAxis
from topodesign.sweeps.fields import require_ids, with_values

SWEPT = "sweep: "
"""How :func:`~topodesign.sweeps.fields.with_values` begins the assumption of a changed figure."""


def yearly_scenarios(scenario: Scenario, years: Sequence[PlannedYear]) -> tuple[Scenario, ...]:
    """The scenario as it is in each listed year.

    A figure keeps the value of the latest year that sets it. Sites and fiber that come into service later cannot be
    used; a required site is required from then on.

    Raises
    ------
    InvalidInput
        For years out of order, a figure that is unknown or cannot be, a scenario with a budget, and prices of capital
        or measures of equipment that are not the same in all years (``BUILDOUT_CAPITAL_CHANGES``).
    """
    require_years(tuple(years))
    for budget in ("size.budget_usd", "policy.budget_usd"):
        room, _, name = budget.partition(".")
        value = getattr(getattr(scenario, room), name)
        require(value is None, field=budget, value=value, limit="absent in a build-out", remedy="give a size target")
    in_force: dict[str, tuple[SweepAxis, AxisValue]] = {}
    changed = []
    for given in years:
        axes = (*given.changes, *_target(given))
        require_ids(scenario, axes)
        for axis in axes:
            in_force.pop(axis.path, None)  # the latest one is applied last
            in_force[axis.path] = (axis, axis.values[0])
        changed.append(_changed(scenario, list(in_force.values())))
    _require_same_capital(years, changed)
    return tuple(_in_service(item, given.year) for given, item in zip(years, changed, strict=True))


def _target(given: PlannedYear) -> Iterator[SweepAxis]:
    if given.accelerators is not None or given.power_mw is not None:
        yield SweepAxis(path="size.accelerators", values=(given.accelerators,))
        yield SweepAxis(path="size.power_mw", values=(given.power_mw,))


def _changed(scenario: Scenario, given: Sequence[tuple[SweepAxis, AxisValue]]) -> Scenario:
    """With figures changed, and these told among the assumptions; itself where nothing is another than before."""
    changed = with_values(scenario, [axis for axis, _ in given], [value for _, value in given])
    if dataclasses.replace(changed, assumptions=scenario.assumptions) == scenario:
        return scenario
    told = (
        f"build-out: {text.removeprefix(SWEPT)}" if text.startswith(SWEPT) else text for text in changed.assumptions
    )
    return dataclasses.replace(changed, assumptions=tuple(told))


def _in_service(scenario: Scenario, year: int) -> Scenario:
    sites = tuple(_site_in(site, year) for site in scenario.sites)
    segments = tuple(_segment_in(segment, year) for segment in scenario.segments)
    if sites == scenario.sites and segments == scenario.segments:
        return scenario
    return dataclasses.replace(scenario, sites=sites, segments=segments)


def _site_in(site: Site, year: int) -> Site:
    if site.in_service_year is None or site.in_service_year <= year:
        return site
    return dataclasses.replace(site, forbidden=True, required=False)


def _segment_in(segment: FiberSegment, year: int) -> FiberSegment:
    if segment.in_service_year is None or segment.in_service_year <= year:
        return segment
    return dataclasses.replace(segment, pairs_available=0, lit_pairs=0, build_usd_per_km=None)


def _require_same_capital(years: Sequence[PlannedYear], scenarios: Sequence[Scenario]) -> None:
    first = dict(_capital_figures(scenarios[0]))
    for given, scenario in zip(years, scenarios, strict=True):
        for name, value in _capital_figures(scenario):
            if name not in first:  # new build that becomes possible
                first[name] = value
            elif first[name] != value:
                raise _changes(name, first[name], value, given.year)
        gone = sorted(first.keys() - dict(_capital_figures(scenario)).keys())
        if gone:
            raise _changes(gone[0], first[gone[0]], None, given.year)


def _changes(name: str, before: object, after: object, year: int) -> InvalidInput:
    return InvalidInput(
        f"year {year}: {name} becomes {after!r} from {before!r}, but prices of capital and measures of what is built "
        "are the same in all years of a build-out, else its bound would not hold; change limits, targets, energy and "
        "carbon prices or route charges instead",
        reason="BUILDOUT_CAPITAL_CHANGES",
        field_path=name,
        metadata={"year": str(year), "before": repr(before), "after": repr(after)},
    )


def _capital_figures(scenario: Scenario) -> Iterator[tuple[str, object]]:
    """What a thing that stands cost or is, by name; where fiber can be built, its price."""
    size, optics, economics = scenario.size, scenario.optics, scenario.economics
    yield from ((f"size.{name}", getattr(size, name)) for name in ("accelerator", "pod_accelerators", "budget_usd"))
    yield "policy.budget_usd", scenario.policy.budget_usd
    yield from ((f"economics.{name}", getattr(economics, name)) for name in ("horizon_years", "discount_rate"))
    yield from ((f"optics.{name}", getattr(optics, name)) for name in ("span_km", "band", "grid_ghz", "catalog"))
    for site in scenario.sites:
        for name in ("fixed_capex_usd", "capex_usd_per_mw", "pue", "role"):
            yield f"sites.{site.site_id}.{name}", getattr(site, name)
    for segment in scenario.segments:
        for name in ("length_km", "usd_per_pair_km", "lit_pairs", "fiber_type"):
            yield f"segments.{segment.segment_id}.{name}", getattr(segment, name)
        if segment.build_usd_per_km is not None:
            yield f"segments.{segment.segment_id}.build_usd_per_km", segment.build_usd_per_km
    yield from _equipment_figures(scenario)


def _equipment_figures(scenario: Scenario) -> Iterator[tuple[str, object]]:
    catalog = load_catalog(scenario.catalog_overrides)
    accelerator = catalog.accelerator(scenario.size.accelerator, field="size.accelerator")
    yield f"catalog.accelerator.{accelerator.id}.all_in_w", accelerator.all_in_w
    for mode in catalog.transceivers:
        for name in ("cost_usd", "rate_gbps", "width_ghz"):
            yield f"catalog.transceiver.{mode.id}.{name}", getattr(mode, name)
    for line in catalog.line_systems:
        for name in ("terminal_cost_usd", "amplifier_cost_usd", "band_ghz"):
            yield f"catalog.line_system.{line.id}.{name}", getattr(line, name)
