"""Reads the catalogue's TOML files and applies a scenario's overrides."""

import dataclasses
import functools
import math
import sys
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, TypeVar

from topodesign.domain.equipment import (
    KIND_OF,
    Accelerator,
    CableClass,
    Catalog,
    CircuitSwitch,
    FiberKind,
    GreyOptic,
    HutKind,
    LineSystem,
    NetworkAdapter,
    OpticalModule,
    Origin,
    Reliability,
    Switch,
    TransceiverMode,
)
from topodesign.domain.errors import InternalError, InvalidInput
from topodesign.domain.nearest import nearest
from topodesign.domain.training_model import TrainingModel

Overrides = Mapping[str, Mapping[str, float]]
Item = TypeVar(
    "Item",
    Accelerator,
    Switch,
    CableClass,
    OpticalModule,
    NetworkAdapter,
    CircuitSwitch,
    TransceiverMode,
    GreyOptic,
    LineSystem,
    FiberKind,
    Reliability,
    HutKind,
    TrainingModel,
)

OVERRIDE_ORIGIN = Origin(source="scenario override", date="", confidence="high")
_DESCRIPTIVE = frozenset({"id", "name", "origins", "catalog", "medium", "module"})
_WHOLE_NUMBERS = frozenset(
    {"radix", "max_spans", "sub_bands", "fiber_pairs", "strands", "ports", "spare_ports", "host_accelerators"}
)
_CONFIDENCES = frozenset({"high", "medium", "low"})


def load_catalog(overrides: Overrides | None = None) -> Catalog:
    """Equipment of the built-in catalogue, with a scenario's figures in place of the catalogue's.

    Parameters
    ----------
    overrides : mapping of str to mapping of str to float, optional
        ``{"transceiver.zrplus-400": {"cost_usd": 5000}}``: table and id joined by a dot, then figure and value in the
        unit that the figure's name states. An overridden figure has the origin "scenario override".

    Returns
    -------
    Catalog
        The same object on every call without overrides.

    Raises
    ------
    InvalidInput
        For an unknown id (``EQUIPMENT_UNKNOWN``), an unknown figure (``FIGURE_UNKNOWN``), both with the nearest known
        name, or a value out of the figure's range (``FIELD_INVALID``).
    """
    catalog = _built_in_catalog()
    if not overrides:
        return catalog
    _require_known_keys(overrides)
    return Catalog(
        accelerators=_overridden("accelerator", catalog.accelerators, overrides),
        switches=_overridden("switch", catalog.switches, overrides),
        cables=_overridden("cable", catalog.cables, overrides),
        transceivers=_overridden("transceiver", catalog.transceivers, overrides),
        grey_optics=_overridden("grey_optic", catalog.grey_optics, overrides),
        line_systems=_overridden("line_system", catalog.line_systems, overrides),
        fibers=_overridden("fiber", catalog.fibers, overrides),
        reliabilities=_overridden("reliability", catalog.reliabilities, overrides),
        huts=_overridden("hut", catalog.huts, overrides),
        modules=_overridden("module", catalog.modules, overrides),
        adapters=_overridden("adapter", catalog.adapters, overrides),
        circuit_switches=_overridden("ocs", catalog.circuit_switches, overrides),
    )


def figures_of(item: object) -> tuple[str, ...]:
    """Names of the figures of a catalogue item: all fields but its id, name, origins and other words."""
    assert dataclasses.is_dataclass(item)
    return tuple(field.name for field in dataclasses.fields(item) if field.name not in _DESCRIPTIVE)


@functools.cache
def _built_in_catalog() -> Catalog:
    return Catalog(
        accelerators=_read("accelerators.toml", "accelerator", Accelerator),
        switches=_read("switches.toml", "switch", Switch),
        cables=_read("cables.toml", "cable", CableClass),
        transceivers=(
            *_read("transceivers.toml", "transceiver", TransceiverMode),
            *_read("flexwan.toml", "transceiver", TransceiverMode),
        ),
        grey_optics=_read("grey_optics.toml", "grey_optic", GreyOptic),
        line_systems=_read("line_systems.toml", "line_system", LineSystem),
        fibers=_read("fibers.toml", "fiber", FiberKind),
        reliabilities=_read("reliability.toml", "reliability", Reliability),
        huts=_read("huts.toml", "hut", HutKind),
        modules=_read("modules.toml", "module", OpticalModule),
        adapters=_read("adapters.toml", "adapter", NetworkAdapter),
        circuit_switches=_read("circuit_switches.toml", "ocs", CircuitSwitch),
    )


def _read(file_name: str, table: str, kind: type[Item]) -> tuple[Item, ...]:
    text = resources.files("topodesign.catalog").joinpath(file_name).read_text(encoding="utf-8")
    return read_items(text, table, kind, file_name=file_name)


def read_items(text: str, table: str, kind: type[Item], *, file_name: str) -> tuple[Item, ...]:
    """Items of one catalogue file, sorted by id; a table ``defaults`` has what all of them share, origins too.

    Raises
    ------
    InternalError
        When an item has a figure without an origin, an origin without a figure, or a repeated id (``CATALOG_INVALID``):
        the files are part of the program, so that is a defect of ours.
    InvalidInput
        When a figure is out of its range.
    """
    items = []
    document = tomllib.loads(text)
    defaults = document.get("defaults", {})
    for entry in document[table]:
        raw_origins = {**defaults.get("origins", {}), **entry.get("origins", {})}
        origins = {figure: _origin(file_name, entry["id"], raw) for figure, raw in raw_origins.items()}
        item = kind(**{**defaults, **entry, "origins": origins})
        given = tuple(figure for figure in figures_of(item) if getattr(item, figure) is not None)
        _require_origins(file_name, item.id, given, origins)
        items.append(item)
    if len({item.id for item in items}) != len(items):
        raise InternalError(f"{file_name}: an id occurs more than once; rename one", reason="CATALOG_INVALID")
    return tuple(sorted(items, key=lambda item: item.id))


def _origin(file_name: str, item_id: str, raw: Mapping[str, str]) -> Origin:
    if raw.get("confidence") not in _CONFIDENCES or not raw.get("source") or not raw.get("date"):
        raise InternalError(
            f"{file_name}: an origin of {item_id!r} needs source, date and confidence (high, medium or low), has {raw}",
            reason="CATALOG_INVALID",
        )
    return Origin(**raw)  # type: ignore[arg-type]  # confidence was checked against the literal's values above


def _require_origins(file_name: str, item_id: str, figures: tuple[str, ...], origins: Mapping[str, Origin]) -> None:
    uncovered = [figure for figure in figures if figure not in origins and "*" not in origins]
    if uncovered:
        raise InternalError(
            f"{file_name}: {item_id!r} has no origin for {', '.join(uncovered)}; add one or a '*' for all others",
            reason="CATALOG_INVALID",
        )
    unknown = sorted(set(origins) - set(figures) - {"*"})
    if unknown:
        raise InternalError(
            f"{file_name}: {item_id!r} has an origin for {', '.join(unknown)}, which it does not have; rename it",
            reason="CATALOG_INVALID",
        )


def _overridden(table: str, items: tuple[Item, ...], overrides: Overrides) -> tuple[Item, ...]:
    return tuple(_with_figures(table, item, overrides.get(f"{table}.{item.id}")) for item in items)


def _with_figures(table: str, item: Item, figures: Mapping[str, float] | None) -> Item:
    if not figures:
        return item
    path = f"catalog.{table}.{item.id}"
    values: dict[str, Any] = {}  # figures are int or float by the field, which mypy cannot see through a name
    for figure, value in figures.items():
        _require_figure(path, item, figure)
        values[figure] = _number(f"{path}.{figure}", value, whole=figure in _WHOLE_NUMBERS)
    origins = {**item.origins, **dict.fromkeys(values, OVERRIDE_ORIGIN)}
    try:
        return dataclasses.replace(item, origins=origins, **values)
    except InvalidInput as error:
        raise InvalidInput(
            f"{path}.{error.message}", field_path=f"{path}.{error.field_path}", metadata=error.metadata
        ) from None


def catalog_figure(key: str, figure: str, overrides: Overrides | None = None) -> float | None:
    """One figure in its own unit, a scenario's override where there is one; ``None`` where the item states none.

    Parameters
    ----------
    key, figure : str
        Such as ``transceiver.zrplus-400`` and ``cost_usd``.
    overrides : mapping, optional
        As of :func:`load_catalog`, which says what is raised.
    """
    given = dict(overrides or {})
    catalog = load_catalog({**given, key: given.get(key, {})})
    item = next(item for item in catalog.equipment() if f"{KIND_OF[type(item)]}.{item.id}" == key)
    _require_figure(f"catalog.{key}", item, figure)
    value: float | None = getattr(item, figure)
    return value


def _require_figure(path: str, item: object, figure: str) -> None:
    known = figures_of(item)
    if figure not in known:
        raise InvalidInput(
            f"{path} has no figure {figure!r}; {nearest(figure, known)}",
            reason="FIGURE_UNKNOWN",
            field_path=f"{path}.{figure}",
            metadata={"figure": figure},
        )


def _number(path: str, value: object, *, whole: bool) -> float:
    """The value, checked: a TOML file or a message can hold anything."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        if not whole:
            return float(value)
        if value == math.floor(value):
            return int(value)
    limit = "a whole number" if whole else "a finite number"
    raise InvalidInput(
        f"{path} is {repr(value)[:60]}, but it must be {limit}; give one",
        field_path=path,
        metadata={"value": repr(value), "limit": limit},
    )


def _require_known_keys(overrides: Overrides) -> None:
    known = known_keys()
    for key in overrides:
        if key not in known:
            raise InvalidInput(
                f"catalog.{key} names no equipment; {nearest(key, known)}",
                reason="EQUIPMENT_UNKNOWN",
                field_path=f"catalog.{key}",
                metadata={"id": key},
            )


def known_keys() -> tuple[str, ...]:
    """Every override key, such as ``transceiver.zrplus-400``, sorted."""
    return tuple(sorted(f"{KIND_OF[type(item)]}.{item.id}" for item in _built_in_catalog().equipment()))
