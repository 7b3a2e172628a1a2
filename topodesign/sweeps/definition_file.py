"""A sweep's definition as a TOML file: ``design``, ``points``, ``seed``, ``begins_cold``, ``[limits]``, ``[vary]``."""

import tomllib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput
from topodesign.domain.nearest import nearest
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario_sweep import Design, SweepAxis, SweepDefinition
from topodesign.scenario.sources import SETTINGS_LIMIT_BYTES
from topodesign.scenario.toml_guard import too_deep
from topodesign.sweeps.grammar import axis_of_items
from topodesign.sweeps.told import shown

KEYS = ("design", "points", "seed", "begins_cold", "limits", "vary")
LARGEST_WHOLE = 2**63 - 1
"""Of TOML; its parser takes any."""


def definition_from_toml(file: Path) -> SweepDefinition:
    """A definition from a TOML file; ``seed`` is also that of the solvers, where ``[limits]`` has no other.

    Raises
    ------
    InvalidInput
        For a file that cannot be read or is too large (``FILE_UNREADABLE``, ``FILE_TOO_LARGE``), broken TOML
        (``TOML_INVALID``, ``TOML_TOO_DEEP``), an unknown key (``SWEEP_KEY_UNKNOWN``, with the nearest), a value of the
        wrong kind or out of its range, or as :func:`~topodesign.sweeps.grammar.axis_of`.
    """
    document = toml_document(file)
    require_keys(str(file), document, KEYS)
    design = document.get("design", "grid")
    if design not in typing.get_args(Design):
        raise InvalidInput(f"{file}: design is {design!r}; {nearest(str(design), typing.get_args(Design))}")
    limits = _table(file, document, "limits")
    require_keys(f"{file}: limits", limits, [item.name for item in fields(SolveLimits)])
    seed = document.get("seed", 0)
    return SweepDefinition(
        axes=tuple(_axis(file, name, values, design) for name, values in _table(file, document, "vary").items()),
        design=design,
        points=document.get("points"),
        seed=seed,
        begins_cold=document.get("begins_cold", False),
        limits=SolveLimits(**{"threads": 1, "seed": seed, **limits}),
    )


def toml_document(file: Path) -> dict[str, Any]:  # TOML is untyped by nature
    """A TOML file of ours; raises as :func:`definition_from_toml`."""
    try:
        with file.open("rb") as opened:
            content = opened.read(SETTINGS_LIMIT_BYTES + 1)
    except OSError as error:
        raise InvalidInput(
            f"{file}: {error.strerror or error}; give a TOML file that can be read", reason="FILE_UNREADABLE"
        ) from None
    if len(content) > SETTINGS_LIMIT_BYTES:
        raise InvalidInput(
            f"{file} has more than the {SETTINGS_LIMIT_BYTES:,} bytes that are read; keep only the definition in it",
            reason="FILE_TOO_LARGE",
        )
    try:
        text = content.decode("utf-8-sig")
        depth = too_deep(text)
        if depth is not None:
            raise InvalidInput(f"{file}: {depth}", reason="TOML_TOO_DEEP")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not UTF-8, wrong syntax, or a number of thousands of digits
        raise InvalidInput(f"{file}: {error}; correct that place", reason="TOML_INVALID") from None


def _table(file: Path, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = document.get(key, {})
    require(isinstance(table, dict), field=key, value=table, limit="a table", remedy=f"write [{key}] in {file}")
    return typing.cast("Mapping[str, Any]", table)


def _axis(file: Path, name: str, values: object, design: Design) -> SweepAxis:
    if isinstance(values, dict):
        raise InvalidInput(
            f'{file}: vary.{name} is a table; put quotes around the whole name, as in "policy.max_sites" = "2..8"',
            reason="SWEEP_VALUES_INVALID",
            field_path=f"vary.{name}",
        )
    items = [toml_item(f"vary.{name}", item) for item in (values if isinstance(values, list) else [values])]
    return axis_of_items(name, [part for text in items for part in text.split(",")], design=design)


def toml_item(place: str, item: object) -> str:
    """A value of TOML as the grammar has it; raises as :func:`definition_from_toml`, naming the place."""
    if isinstance(item, list) and all(isinstance(word, str) for word in item):
        return "+".join(item)
    is_shown = isinstance(item, bool | float | str) or (isinstance(item, int) and abs(item) <= LARGEST_WHOLE)
    if not is_shown:
        raise InvalidInput(
            f"{place} has a value of the wrong kind; give numbers, words, true or false, or lists of words",
            reason="SWEEP_VALUES_INVALID",
            field_path=place,
        )
    return shown(typing.cast("bool | int | float | str", item))


def require_keys(place: str, given: Mapping[str, object], known: Sequence[str]) -> None:
    """Raise :class:`InvalidInput` (``SWEEP_KEY_UNKNOWN``, with the nearest) for a key that is not among the known."""
    for key in given:
        if key not in known:
            raise InvalidInput(f"{place} has no key {key!r}; {nearest(key, known)}", reason="SWEEP_KEY_UNKNOWN")
