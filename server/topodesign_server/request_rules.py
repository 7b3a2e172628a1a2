"""The rules in the definitions (``buf.validate``), held before anything else is done with a request.

Sizes of lists come first, by a walk that looks at lengths only: to read a list of millions of numbers, as all other
rules do, takes longer than to refuse it. The rules contradict no check of the domain: what they refuse, it refuses too.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import protovalidate
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput
from topodesign.v1 import validate_pb2
from topodesign.wire.values import is_map, map_value, missing

NUMBERS = {
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
}
LONGEST_SHOWN = 60
RULES: Any = validate_pb2.__dict__["field"]  # generated code without stubs


class RequestRules:
    """Checks requests of any method; usable from several threads."""

    def __init__(self, *requests: type[Message]) -> None:
        self._validator = protovalidate.Validator()
        for request in requests:  # rules are compiled when a message of a type is first seen
            self._validator.collect_violations(request())

    def fault(self, message: Message) -> InvalidInput | None:
        """The first breach of a rule, ``None`` when there is none."""
        fault = _too_many(message, "")
        if fault is not None:
            return fault
        violations = self._validator.collect_violations(message, fail_fast=True)
        return _fault(cast(Descriptor, message.DESCRIPTOR), violations[0]) if violations else None


class TooManyEntries(InvalidInput):
    """A list or map is too long to be read."""


@dataclass(frozen=True, slots=True)
class _List:
    """A field that holds a list, a map, or messages that may; ``most`` entries, any number where it is ``None``."""

    name: str
    most: int | None
    is_map: bool
    is_repeated: bool
    may_hold_lists: bool


@cache
def _lists(message: Descriptor) -> tuple[_List, ...]:
    found = []
    for field in message.fields:
        inner = map_value(field).message_type if is_map(field) else field.message_type
        holds = inner is not None and inner is not message and bool(_lists(inner))
        if field.is_repeated or holds:
            found.append(_List(field.name, _most(field), is_map(field), field.is_repeated, holds))
    return tuple(found)


def _most(field: FieldDescriptor) -> int | None:
    rules = rules_of(field)
    if is_map(field):
        return int(rules.map.max_pairs) if rules.map.HasField("max_pairs") else None
    return int(rules.repeated.max_items) if rules.repeated.HasField("max_items") else None


def _too_many(message: Message, path: str) -> InvalidInput | None:
    for item in _lists(message.DESCRIPTOR):
        here = f"{path}.{item.name}" if path else item.name
        content = getattr(message, item.name)
        if item.is_repeated and item.most is not None and len(content) > item.most:
            return TooManyEntries(
                f"{here} has {len(content)} entries, but it may have at most {item.most}; give fewer",
                field_path=here,
                metadata={"value": str(len(content)), "limit": f"at most {item.most} entries"},
            )
        if not item.may_hold_lists:
            continue
        if item.is_map:
            parts = [(f"{here}[{key!r}]", content[key]) for key in content]
        elif item.is_repeated:
            parts = [(f"{here}[{index}]", entry) for index, entry in enumerate(content)]
        else:
            parts = [(here, content)] if message.HasField(item.name) else []
        for place, part in parts:
            fault = _too_many(part, place)
            if fault is not None:
                return fault
    return None


def rules_of(field: FieldDescriptor) -> Any:
    """The ``FieldRules`` of a field, empty where it has none."""
    return field.GetOptions().Extensions[RULES]


def _fault(message: Descriptor, violation: protovalidate.Violation) -> InvalidInput:
    """A violation in our words, with reason and path."""
    broken = _broken(message, violation)
    if violation.proto.rule_id == "required":
        return missing(broken.path)
    value, field = violation.field_value, broken.field
    if field.enum_type is not None:
        return _unknown(broken.path, value, field.enum_type)
    if field.type in NUMBERS:
        return _out_of_range(broken.path, value, getattr(broken.rules, NUMBERS[field.type]))
    if field.type == FieldDescriptor.TYPE_STRING:
        return _wrong_length(broken.path, str(value), broken.rules.string)
    return _refusal(broken.path, value, str(violation.proto.message), "correct it")


@dataclass(frozen=True, slots=True)
class _Broken:
    """Where a rule is broken: the field, or the field that an entry is of, and the ``FieldRules`` that hold there."""

    path: str
    field: FieldDescriptor
    rules: Any


def _broken(message: Descriptor, violation: protovalidate.Violation) -> _Broken:
    assert violation.proto.field is not None, "no rule is for a whole message"
    broken: _Broken | None = None
    for element in violation.proto.field.elements:
        within = message if broken is None else broken.field.message_type
        assert within is not None
        field = within.fields_by_name[element.field_name]
        path = f"{broken.path}.{field.name}" if broken else field.name
        rules = rules_of(field)
        if element.subscript is not None:
            path = f"{path}[{element.subscript.value!r}]"
            rules = rules.map.values if is_map(field) else rules.repeated.items
            field = map_value(field) if is_map(field) else field
        broken = _Broken(path, field, rules)
    assert broken is not None
    return broken


def _out_of_range(path: str, value: float, rules: Any) -> InvalidInput:
    if not math.isfinite(value):
        return _refusal(path, value, "a finite number", "give a number")
    limit = ""
    if rules.HasField("gt") and not value > rules.gt:
        limit = f"greater than {rules.gt:g}"
    elif rules.HasField("gte") and not value >= rules.gte:
        limit = f"at least {rules.gte:g}"
    elif rules.HasField("lt") and not value < rules.lt:
        limit = f"below {rules.lt:g}"
    elif rules.HasField("lte") and not value <= rules.lte:
        limit = f"at most {rules.lte:g}"
    return _refusal(path, value, limit, "give a value in that range")


def _wrong_length(path: str, value: str, rules: Any) -> InvalidInput:
    shown = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
    if rules.HasField("min_len"):
        return _refusal(path, shown, f"{rules.min_len} to {rules.max_len} characters long", "rename it")
    return _refusal(path, shown, f"at most {rules.max_len} characters long", "shorten it")


def _unknown(path: str, number: int, enum: EnumDescriptor) -> InvalidInput:
    names = ", ".join(value.name for value in enum.values if value.number != 0)
    return InvalidInput(
        f"{path} is {number}, but it must be one of {names}; give one of them",
        reason="ENUM_UNKNOWN",
        field_path=path,
        metadata={"value": str(number)},
    )


def _refusal(path: str, value: object, limit: str, remedy: str) -> InvalidInput:
    try:
        require(False, field=path, value=value, limit=limit, remedy=remedy)
    except InvalidInput as fault:
        return fault
    raise AssertionError("a condition that does not hold is refused")
