"""Domain objects to and from JSON-ready builtins, by their field names (msgspec does the work)."""

import dataclasses
import json
import math
from typing import Any, TypeVar

import msgspec

from topodesign.domain.errors import InvalidInput
from topodesign.domain.json_keys import RepeatedKey, object_of_unique_keys

T = TypeVar("T")


def to_builtins(value: object) -> Any:  # JSON is untyped by nature
    """Dataclasses to dicts and lists; infinities become ``None``, since JSON has no name for them.

    Fields marked transient are left out, at the top level.
    """
    return _without_infinities(msgspec.to_builtins(_without_transients(value), str_keys=True))


def from_builtins(data: object, kind: type[T], *, what: str) -> T:
    """Builtins to a dataclass.

    Raises
    ------
    InvalidInput
        With the JSON path of the first value that does not fit (``$.sites[0].pods``).
    """
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, InvalidInput):
            raise error.__cause__ from None
        raise InvalidInput(f"{what}: {error}; correct that value", reason="JSON_INVALID") from None


def encode_json(value: object, *, indent: int = 2) -> bytes:
    """UTF-8 JSON, stable field order, a final newline."""
    return msgspec.json.format(msgspec.json.encode(to_builtins(value)), indent=indent) + b"\n"


def decode_json(data: bytes, kind: type[T], *, what: str) -> T:
    """JSON text to a dataclass; raises :class:`InvalidInput` for broken JSON, repeated keys, values that do not fit."""
    try:
        builtins = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{what} is not valid JSON: {error}", reason="JSON_INVALID") from None
    _require_unique_keys(data, what)
    return from_builtins(builtins, kind, what=what)


def _require_unique_keys(data: bytes, what: str) -> None:
    """Two values under one key cannot both be meant, and msgspec would silently take the last."""
    try:
        json.loads(data, object_pairs_hook=object_of_unique_keys, parse_int=lambda _: 0)
    except RepeatedKey as error:
        raise InvalidInput(
            f"{what}: {error}; remove one of the two", reason="JSON_KEY_REPEATED", metadata={"key": error.key}
        ) from None


def _without_transients(value: object) -> object:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = dataclasses.fields(value)
    if not any(field.metadata.get("transient") for field in fields):
        return value
    return {field.name: getattr(value, field.name) for field in fields if not field.metadata.get("transient")}


def _without_infinities(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_infinities(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_infinities(item) for item in value]
    return value
