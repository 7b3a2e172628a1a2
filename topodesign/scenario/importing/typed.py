"""Text of foreign files as the types that a scenario's GeoJSON has."""

from collections.abc import Collection, Mapping

from topodesign.scenario.importing.draft import Origin
from topodesign.scenario.importing.positions import as_number
from topodesign.scenario.problems import ProblemLog

FLAGS = frozenset({"required", "forbidden", "regeneration"})
TEXTS = frozenset(
    {"site_id", "node_id", "segment_id", "a", "b", "name", "zone_id", "role", "fiber_type", "conduits", "utility"}
)
_FLAG_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def typed(
    values: Mapping[str, object], columns: Collection[str], origin: Origin, thing: str, log: ProblemLog
) -> dict[str, object]:
    """The values, those of ``columns`` as numbers, flags or text as the column wants; others stay as they are."""
    found: dict[str, object] = {}
    for name, value in values.items():
        if name not in columns:
            found[name] = value
        elif name in TEXTS:
            found[name] = str(value)
        elif name in FLAGS:
            found[name] = _flag(name, value, origin, thing, log)
        else:
            found[name] = _number(name, value, origin, thing, log)
    return found


def _number(name: str, value: object, origin: Origin, thing: str, log: ProblemLog) -> object:
    number = as_number(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        message = f"{thing}: {name} is {str(value)[:60]!r}, but it must be a number; correct it"
        log.add("TYPE_WRONG", message, file=origin.file, row=origin.row, field=name)
        return None
    return number


def _flag(name: str, value: object, origin: Origin, thing: str, log: ProblemLog) -> object:
    flag = _FLAG_WORDS.get(str(value).lower())
    if flag is None:
        message = f"{thing}: {name} is {str(value)[:60]!r}, but it must be true or false; correct it"
        log.add("TYPE_WRONG", message, file=origin.file, row=origin.row, field=name)
    return flag
