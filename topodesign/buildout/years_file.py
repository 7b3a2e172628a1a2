"""The years of a build-out: as ``[[year]]`` tables of a TOML file, or in words of the grammar of sweeps."""

from pathlib import Path
from typing import Any, cast

from topodesign.domain.buildout import PlannedYear, require_years
from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario_sweep import SweepAxis
from topodesign.sweeps.definition_file import require_keys, toml_document, toml_item
from topodesign.sweeps.grammar import axis_of, axis_of_items

YEARS_FILE = "years.toml"
"""Name of the file in a scenario's folder."""
YEAR_KEYS = ("year", "accelerators", "power_mw", "set")


def planned_year(
    year: int, *changes: str, accelerators: int | None = None, power_mw: float | None = None
) -> PlannedYear:
    """A year from words: ``planned_year(2028, "zones.valley.headroom_mw=12", accelerators=4000)``.

    Raises
    ------
    InvalidInput
        As :func:`~topodesign.sweeps.grammar.axis_of` and :class:`~topodesign.domain.buildout.PlannedYear`.
    """
    axes = tuple(axis_of(text) for text in changes)
    return PlannedYear(year=year, accelerators=accelerators, power_mw=power_mw, changes=axes)


def years_from_toml(file: Path) -> tuple[PlannedYear, ...]:
    """The years of a TOML file.

    Raises
    ------
    InvalidInput
        For a file that cannot be read or is no TOML, an unknown key (with the nearest), a figure that scenarios do not
        have, a value of the wrong kind, and years out of order.
    """
    document = toml_document(file)
    require_keys(str(file), document, ("year",))
    tables = document.get("year", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InvalidInput(f"{file}: year is no list of tables; write [[year]] above each", reason="YEARS_INVALID")
    years = tuple(_year(file, cast("dict[str, Any]", table)) for table in tables)
    require_years(years)
    return years


def _year(file: Path, table: dict[str, Any]) -> PlannedYear:
    place = f"{file}: year {table.get('year', '?')}"
    require_keys(place, table, YEAR_KEYS)
    for name, kinds in (("year", int), ("accelerators", int), ("power_mw", int | float)):
        value = table.get(name)
        is_given = value is not None or name == "year"
        require(
            not is_given or (isinstance(value, kinds) and not isinstance(value, bool)),
            field=f"{place}: {name}",
            value=value,
            limit="a number" if name == "power_mw" else "a whole number",
            remedy="write it without quotes",
        )
    changes = table.get("set", {})
    require(isinstance(changes, dict), field=f"{place}: set", value=changes, limit="a table", remedy="write [year.set]")
    return PlannedYear(
        year=table["year"],
        accelerators=table.get("accelerators"),
        power_mw=table.get("power_mw"),
        changes=tuple(_change(place, name, value) for name, value in changes.items()),
    )


def _change(place: str, name: str, value: object) -> SweepAxis:
    if isinstance(value, dict):
        raise InvalidInput(
            f'{place}: set.{name} is a table; put quotes around the whole name, as in "zones.valley.headroom_mw" = 12',
            reason="YEARS_INVALID",
            field_path=f"set.{name}",
        )
    return axis_of_items(name, toml_item(f"{place}: {name}", value).split(","), design="grid")
