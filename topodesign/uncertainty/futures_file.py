"""Futures as a TOML file: ``[[future]]`` one by one, or independent ``[[factor]]`` with their ``[[factor.level]]``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput
from topodesign.domain.futures import Future, FutureFactor, Futures, Outlook
from topodesign.domain.scenario_sweep import LARGEST_SEED, SweepAxis
from topodesign.sweeps.definition_file import require_keys, toml_document, toml_item
from topodesign.sweeps.grammar import axis_of_items
from topodesign.uncertainty.drawing import futures_of_factors

Table = Mapping[str, Any]  # TOML is untyped by nature
KEYS = ("future", "factor", "sample", "seed")
FUTURE_KEYS = ("name", "probability", "set", "late_sites", "late_segments")
FACTOR_KEYS = ("name", "level")


def read_futures(file: str | Path) -> Futures:
    """Futures from a TOML file.

    Raises
    ------
    InvalidInput
        As :func:`~topodesign.sweeps.definition_file.definition_from_toml` for the file, its keys and its values;
        ``FUTURES_MISSING`` for one with neither futures nor factors, or with both; ``PROBABILITIES_SUM``,
        ``FUTURE_NAME_TWICE``, ``FUTURES_TOO_MANY`` as :class:`~topodesign.domain.futures.Futures`.
    """
    file = Path(file)
    document = toml_document(file)
    require_keys(str(file), document, KEYS)
    listed, factors = _tables(file, document, "future"), _tables(file, document, "factor")
    if bool(listed) == bool(factors):
        raise InvalidInput(
            f"{file} has {'both futures and factors' if listed else 'no futures'}; give either [[future]] tables or "
            "[[factor]] tables",
            reason="FUTURES_MISSING",
        )
    if listed:
        require_keys(f"{file}, which lists futures,", document, ("future",))
        return Futures(futures=tuple(_future(file, table) for table in listed))
    return futures_of_factors(
        tuple(_factor(file, table) for table in factors),
        sample=None if "sample" not in document else _whole(document, "sample", default=1),
        seed=_whole(document, "seed", default=0),
    )


def _factor(file: Path, table: Table) -> FutureFactor:
    require_keys(f"{file}: factor", table, FACTOR_KEYS)
    levels = tuple(_future(file, level) for level in _tables(file, table, "level"))
    return FutureFactor(name=_text(table, "name"), levels=levels)


def _future(file: Path, table: Table) -> Future:
    name = _text(table, "name")
    require_keys(f"{file}: {name!r}", table, FUTURE_KEYS)
    require("probability" in table, field="probability", value=None, limit="given", remedy=f"give {name!r} one")
    settings = table.get("set", {})
    require(isinstance(settings, dict), field="set", value=settings, limit="a table", remedy="write [future.set]")
    return Future(
        name=name,
        probability=table["probability"],
        outlook=Outlook(
            settings=tuple(_setting(file, key, value) for key, value in settings.items()),
            late_sites=_ids(table, "late_sites"),
            late_segments=_ids(table, "late_segments"),
        ),
    )


def _setting(file: Path, name: str, value: object) -> SweepAxis:
    if isinstance(value, dict):
        raise InvalidInput(
            f'{file}: set.{name} is a table; put quotes around the whole name, as in "policy.max_sites" = 4',
            reason="SWEEP_VALUES_INVALID",
            field_path=f"set.{name}",
        )
    return axis_of_items(name, toml_item(f"set.{name}", value).split(","), design="grid")


def _tables(file: Path, document: Table, key: str) -> list[Table]:
    found = document.get(key, [])
    is_list = isinstance(found, list) and all(isinstance(item, dict) for item in found)
    require(is_list, field=key, value=found, limit="a list of tables", remedy=f"write [[{key}]] in {file}")
    return list(found)


def _text(table: Table, key: str) -> str:
    value = table.get(key)
    require(isinstance(value, str), field=key, value=value, limit="a text", remedy=f'write {key} = "..."')
    return str(value)


def _ids(table: Table, key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
    require(is_list, field=key, value=value, limit="a list of ids", remedy=f'write {key} = ["..."]')
    return tuple(sorted(set(value)))


def _whole(document: Table, key: str, *, default: int) -> int:
    value = document.get(key, default)
    is_whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_SEED
    require(is_whole, field=key, value=value, limit="a whole number, at least 0", remedy="give one")
    return int(value)
