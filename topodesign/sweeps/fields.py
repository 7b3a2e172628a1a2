"""Figures of a scenario by their names, such as ``policy.max_sites`` or ``zones.*.headroom_mw``.

A name is ``ROOM.FIELD`` for what a scenario has once, ``LIST.ID.FIELD`` for one of many (``*``: all of them), and
``catalog.ID.FIGURE`` for a figure of the catalogue, whose id has a dot itself.
"""

import dataclasses
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fiber import FiberSegment
from topodesign.domain.nearest import nearest
from topodesign.domain.places import Junction, PowerZone, Site
from topodesign.domain.rules import Economics, OpticsRules, Policy, Size, TrainingRules
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import AxisValue, SweepAxis
from topodesign.domain.workload import Workload
from topodesign.sweeps.told import shown, without_assumption

ROOMS: Mapping[str, type] = {
    "workload": Workload,
    "size": Size,
    "policy": Policy,
    "economics": Economics,
    "optics": OpticsRules,
    "training": TrainingRules,
}
LISTS: Mapping[str, tuple[type, str]] = {
    "sites": (Site, "site_id"),
    "zones": (PowerZone, "zone_id"),
    "junctions": (Junction, "node_id"),
    "segments": (FiberSegment, "segment_id"),
}
"""Lists of a scenario, with the field that is the id of their items."""
CATALOG = "catalog"
ALL = "*"
POSITION = frozenset({"lon", "lat"})
FIXED = POSITION | {"site_id", "zone_id", "node_id", "segment_id", "a", "b", "extra", "polygons", "coordinates"}
"""Fields that name or draw things: another value would be another thing, or no other plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPath:
    """A figure's place: ``item`` is empty in a room, and ``kind`` what its values are."""

    room: str
    item: str
    field: str
    kind: object


def field_path(path: str) -> FieldPath:
    """Take a name apart.

    Raises
    ------
    InvalidInput
        ``SWEEP_FIELD_UNKNOWN``, with the nearest name that there is.
    """
    room, _, rest = path.partition(".")
    if room in ROOMS:
        return FieldPath(room=room, item="", field=rest, kind=_kind(path, f"{room}.", ROOMS[room], rest))
    item, _, name = rest.rpartition(".")
    if room == CATALOG:
        if not item:
            raise _unknown(path, "write catalog.ID.FIGURE, such as catalog.transceiver.zrplus-400.cost_usd")
        return FieldPath(room=room, item=item, field=name, kind=float)
    if room in LISTS:
        if not item:
            raise _unknown(path, f"write {room}.ID.FIELD, or {room}.*.FIELD for all of them")
        return FieldPath(room=room, item=item, field=name, kind=_kind(path, f"{room}.{item}.", LISTS[room][0], name))
    raise _unknown(path, nearest(room, [*ROOMS, *LISTS, CATALOG]))


def with_values(scenario: Scenario, axes: Iterable[SweepAxis], values: Iterable[AxisValue]) -> Scenario:
    """The scenario with the figures of all axes changed at once, checked by the domain like any other.

    Its assumptions say what was changed, and no longer what that takes the place of.

    Raises
    ------
    InvalidInput
        When such a scenario cannot be, an id names nothing, or a factor is of something that is no number.
    """
    rooms: dict[str, dict[str, AxisValue]] = {}
    items: dict[str, dict[str, dict[str, AxisValue]]] = {}
    catalog = {item: dict(figures) for item, figures in scenario.catalog_overrides.items()}
    given = list(zip(axes, values, strict=True))
    for axis, value in given:
        path = field_path(axis.path)
        if path.room == CATALOG:
            catalog.setdefault(path.item, {})[path.field] = _catalog_figure(scenario, path, axis, value)
        elif path.room in ROOMS:
            owner = getattr(scenario, path.room)
            rooms.setdefault(path.room, {})[path.field] = _new_value(owner, path.field, axis, value)
        else:
            for item_id, owner in _items(scenario, path, axis.name):
                changes = items.setdefault(path.room, {}).setdefault(item_id, {})
                changes[path.field] = _new_value(owner, path.field, axis, value)
    changed: dict[str, object] = {
        room: dataclasses.replace(getattr(scenario, room), **changes) for room, changes in rooms.items()
    }
    for room, by_id in items.items():
        key = LISTS[room][1]
        changed[room] = tuple(
            dataclasses.replace(item, **by_id[getattr(item, key)]) if getattr(item, key) in by_id else item
            for item in getattr(scenario, room)
        )
    if catalog != scenario.catalog_overrides:
        changed["catalog_overrides"] = catalog
    changed["assumptions"] = _assumptions(scenario, given)
    return dataclasses.replace(scenario, **changed)  # type: ignore[arg-type]  # names and values go together above


def _assumptions(scenario: Scenario, given: Iterable[tuple[SweepAxis, AxisValue]]) -> tuple[str, ...]:
    """What a factor multiplies, and what only one of many items has no more, is still told."""
    kept, told = scenario.assumptions, []
    for axis, value in given:
        path = field_path(axis.path)
        if not axis.is_factor and path.item in ("", ALL):
            kept = without_assumption(kept, room=path.room, field=path.field)
        told.append(f"sweep: {axis.name} = {shown(value)}")
    return (*kept, *told)


def require_ids(scenario: Scenario, axes: Iterable[SweepAxis]) -> None:
    """Raise :class:`InvalidInput` for an axis whose id the scenario does not have."""
    for axis in axes:
        path = field_path(axis.path)
        if path.room in LISTS:
            _items(scenario, path, axis.name)


def _kind(path: str, before: str, owner: type, name: str) -> object:
    fields = {item.name for item in dataclasses.fields(owner)} - FIXED
    if name in POSITION:
        raise _unknown(path, "no plan depends on positions: the fiber has lengths of its own, segments.*.length_km")
    if name not in fields:
        raise _unknown(path, nearest(path, [before + field for field in fields]))
    return typing.get_type_hints(owner)[name]


def _items(scenario: Scenario, path: FieldPath, axis: str) -> list[tuple[str, object]]:
    key = LISTS[path.room][1]
    by_id = {getattr(item, key): item for item in getattr(scenario, path.room)}
    if path.item == ALL:
        if not by_id:
            raise InvalidInput(f"--vary {axis}: the scenario has no {path.room}; leave it out", field_path=axis)
        return list(by_id.items())
    if path.item not in by_id:
        raise InvalidInput(
            f"--vary {axis}: the scenario has no {path.room} {path.item!r}; {nearest(path.item, by_id)}",
            reason="SWEEP_ID_UNKNOWN",
            field_path=axis,
            metadata={"id": path.item},
        )
    return [(path.item, by_id[path.item])]


def _new_value(owner: object, name: str, axis: SweepAxis, value: AxisValue) -> AxisValue:
    present = getattr(owner, name)
    return _scaled(present, axis, value) if axis.is_factor else value


def _catalog_figure(scenario: Scenario, path: FieldPath, axis: SweepAxis, value: AxisValue) -> float:
    """A factor is of the figure that the scenario's catalogue has, its own overrides included."""
    from topodesign.catalog import catalog_figure

    figure = _scaled(catalog_figure(path.item, path.field, scenario.catalog_overrides), axis, value)
    chosen = figure if axis.is_factor else value
    assert isinstance(chosen, int | float)  # the grammar takes numbers only here
    return float(chosen)


def _scaled(present: object, axis: SweepAxis, factor: AxisValue) -> AxisValue:
    if isinstance(present, bool) or not isinstance(present, int | float) or not isinstance(factor, int | float):
        raise InvalidInput(
            f"--vary {axis.name}: {present!r} is no number and cannot be multiplied; give values with = instead of *=",
            field_path=axis.name,
        )
    product = present * factor
    return round(product) if isinstance(present, int) else product


def _unknown(path: str, remedy: str) -> InvalidInput:
    return InvalidInput(
        f"--vary {path}: the scenario has no such figure; {remedy}",
        reason="SWEEP_FIELD_UNKNOWN",
        field_path=path,
        metadata={"field": path},
    )
