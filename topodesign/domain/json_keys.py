"""Objects in JSON text whose keys repeat: parsers keep the last value and say nothing, so they are refused here."""

from collections.abc import Sequence
from typing import Any


class RepeatedKey(ValueError):
    """A key that occurs twice in one object."""

    def __init__(self, key: str) -> None:
        super().__init__(f"key {key!r} occurs twice in one object")
        self.key = key


def object_of_unique_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, for ``json.loads(object_pairs_hook=...)``; raises :class:`RepeatedKey`."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise RepeatedKey(key)
            seen.add(key)
    return found
