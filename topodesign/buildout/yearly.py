"""The scenario of each year: what the years change, and what is not in service yet."""

import dataclasses
from collections.abc import Iterator, Sequence

from topodesign.buildout.constant_figures import require_same_capital
from topodesign.buildout.in_service import in_service_by, require_no_less_fiber
from topodesign.domain.buildout import PlannedYear, require_years
from topodesign.domain.checks import require
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import AxisValue, SweepAxis
from topodesign.sweeps.fields import require_ids, with_values

SWEPT = "sweep: "
"""How :func:`~topodesign.sweeps.fields.with_values` begins the assumption of a changed figure."""


def yearly_scenarios(scenario: Scenario, years: Sequence[PlannedYear]) -> tuple[Scenario, ...]:
    """The scenario as it is in each listed year.

    A figure keeps the value of the latest year that sets it. Sites and fiber that come into service later cannot be
    used, and no light passes a site before its year; a required site is required from then on.

    Raises
    ------
    InvalidInput
        For years out of order, a figure that is unknown or cannot be, a scenario with a budget, prices of capital,
        measures of equipment or figures of reach that are not the same in all years (``BUILDOUT_CAPITAL_CHANGES``),
        fiber on offer that becomes less (``BUILDOUT_FIBER_FALLS``), and light in service on what is not in service yet
        (``BUILDOUT_LIT_TOO_EARLY``).
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
    require_same_capital(years, changed)
    in_service = tuple(in_service_by(item, given.year) for given, item in zip(years, changed, strict=True))
    require_no_less_fiber([given.year for given in years], in_service)
    return in_service


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
