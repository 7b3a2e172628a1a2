"""What differs between two scenarios: every figure by its path, things by their ids."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from topodesign.domain.codec import to_builtins
from topodesign.domain.comparison import InputChange
from topodesign.domain.scenario import Scenario

IDS = ("site_id", "zone_id", "node_id", "segment_id")
DERIVED = frozenset({"assumptions"})
"""Told of the inputs, but none themselves."""
LONGEST = 80
"""Characters of a value that are shown; coordinates of a route are thousands."""
PRESENT = "present"


def diff_inputs(before: Scenario, after: Scenario) -> tuple[InputChange, ...]:
    """Every input that is not the same in both, by its path, such as ``sites.campus-a.power_mw``.

    A thing that only one of them has is one change of ``present``.
    """
    old, new = _content(before), _content(after)
    return tuple(_changes("", old, new))


def _content(scenario: Scenario) -> dict[str, Any]:
    return {name: value for name, value in to_builtins(scenario).items() if name not in DERIVED}


def _changes(path: str, old: Any, new: Any) -> Iterator[InputChange]:  # JSON is untyped by nature
    if old == new:
        return
    old_parts, new_parts = _parts(old), _parts(new)
    if old_parts is None or new_parts is None:
        yield InputChange(path=path, before=_shown(old), after=_shown(new))
        return
    for name in dict.fromkeys((*old_parts, *new_parts)):
        inner = f"{path}.{name}" if path else str(name)
        if name in old_parts and name in new_parts:
            yield from _changes(inner, old_parts[name], new_parts[name])
        else:
            yield InputChange(
                path=inner,
                before=_alone(old_parts[name]) if name in old_parts else None,
                after=_alone(new_parts[name]) if name in new_parts else None,
            )


def _parts(value: Any) -> Mapping[str, Any] | None:
    """Fields of an object, things of a list by their ids; ``None`` for what is compared as a whole."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        key = next((name for name in IDS if name in value[0]), None)
        return None if key is None else {str(item[key]): item for item in value}
    return {} if value == [] else None


def _alone(value: Any) -> str:
    return PRESENT if isinstance(value, dict) else _shown(value)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
