"""What a definition settles before anything is solved: the points, where each begins, and whether bounds carry."""

from dataclasses import dataclass

from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import SweepDefinition
from topodesign.sweeps.designs import DesignPoint, points_of
from topodesign.sweeps.fields import require_ids, with_values
from topodesign.sweeps.warm_starts import COLD, WarmStart, can_carry_bounds, warm_starts


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCourse:
    """The points of a sweep by number, the start of each, and whether one's proven bound may hold at another."""

    points: tuple[DesignPoint, ...]
    starts: tuple[WarmStart, ...]
    carries_bounds: bool


def course_of(definition: SweepDefinition, scenario: Scenario) -> SweepCourse:
    """The course of a sweep: the same for the same definition and scenario.

    Raises
    ------
    InvalidInput
        When an axis names what the scenario or the catalogue does not have.
    """
    require_figures(definition, scenario)
    points = points_of(definition)
    is_cold = definition.begins_cold
    return SweepCourse(
        points=points,
        starts=tuple(COLD for _ in points) if is_cold else warm_starts(points, definition.axes),
        carries_bounds=can_carry_bounds(scenario, definition),
    )


def require_figures(definition: SweepDefinition, scenario: Scenario) -> None:
    """Raise :class:`InvalidInput` when an axis names what the scenario or the catalogue does not have."""
    from topodesign.catalog import load_catalog

    require_ids(scenario, definition.axes)
    axes = [axis for axis in definition.axes if axis.path.startswith("catalog.")]
    figures = [(axis, axis.values[0] if axis.values else axis.low) for axis in axes]
    if figures:  # what is a figure of the catalogue, the catalogue says
        load_catalog(with_values(scenario, *zip(*figures, strict=True)).catalog_overrides)
