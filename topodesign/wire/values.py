"""Converters for single values: what one Python type and one protobuf field make of each other.

A converter is chosen once for each pair of type hint and field descriptor, by the shape of both, so that a new
domain field needs nothing here.

====================================  =========================================================
domain type                           protobuf field
====================================  =========================================================
``str``, ``int``, ``float``, ``bool``  scalar
``Literal["c+l", ...]``               enum, ``<PREFIX>_C_PLUS_L``
union of scalars                      ``Scalar``
the same with a tuple of ``str``      ``AxisValue``
dataclass                             the message of the same name
union of dataclasses                   a message with a oneof that has a member of each
``tuple[float, float]``               a message with that many fields, in their order
``tuple[X, ...]`` inside a tuple      a message whose only field is repeated
``Mapping`` inside a mapping          a message whose only field is a map
====================================  =========================================================
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from topodesign.domain.checks import require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario_sweep import AxisValue
from topodesign.v1 import sweep_pb2
from topodesign.v1.scenario_pb2 import Scalar

D = TypeVar("D")
INT64 = range(-(2**63), 2**63)
INT32 = range(-(2**31), 2**31)
SCALAR_TYPES = (str, float, int, bool, type(None))


@dataclass(frozen=True, slots=True)
class Converter:
    """``encode(value, path)`` gives what the field holds, ``decode(content, path)`` the domain value."""

    encode: Callable[[Any, str], Any]
    decode: Callable[[Any, str], Any]


class SeveralFaults(InvalidInput):
    """More than one field of a message is wrong."""

    def __init__(self, faults: list[InvalidInput]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.message for fault in faults), field_path=faults[0].field_path)


MOST_FAULTS = 10_000
"""Faults of one list after which its other entries are not read: a small message can have millions."""


class FaultList:
    """Collects the faults of a message, so that all of them are reported and not just the first."""

    def __init__(self) -> None:
        self._faults: list[InvalidInput] = []

    def add(self, fault: InvalidInput) -> None:
        self._faults.extend(fault.faults if isinstance(fault, SeveralFaults) else [fault])

    @property
    def is_full(self) -> bool:
        return len(self._faults) >= MOST_FAULTS

    def raise_any(self) -> None:
        if len(self._faults) == 1:
            raise self._faults[0]
        if self._faults:
            raise SeveralFaults(self._faults)


def without_none(hint: Any) -> tuple[Any, bool]:
    """The hint without ``None``, and whether it had it."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, False
    members = [member for member in get_args(hint) if member is not type(None)]
    if len(members) == 1:
        return members[0], True
    return hint, type(None) in get_args(hint)


def converter(hint: Any, field: FieldDescriptor, record: Callable[[type], Converter]) -> Converter:
    """The converter of one (element of a) field; ``record`` gives that of a dataclass."""
    if get_origin(hint) in (Union, types.UnionType) and set(get_args(hint)) <= set(SCALAR_TYPES):
        return Converter(_encode_scalar, _decode_scalar)
    if hint == AxisValue:
        return Converter(_encode_axis_value, _decode_axis_value)
    if get_origin(hint) is Literal:
        return _enum(get_args(hint), _present(field.enum_type, field))
    if isinstance(hint, type) and is_dataclass(hint):
        return record(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return one_of(hint, _present(field.message_type, field), record)
    if get_origin(hint) is tuple:
        return _tuple(get_args(hint), _present(field.message_type, field), record)
    if hint in (str, bool, float):
        return Converter(_as_it_is, _as_it_is)
    if hint is int:
        return _whole_number(field)
    if _is_mapping(hint):
        return _mapping(hint, _present(field.message_type, field), record)
    raise TypeError(f"{field.full_name}: no converter for {hint!r}; change the domain type or the field")


def enum_name(literal: str, enum: EnumDescriptor) -> str:
    """Name of the enum value that stands for a literal (``c+l`` in ``Band`` is ``BAND_C_PLUS_L``)."""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return prefix + literal.replace("+", "-plus-").replace("-", "_").upper()


def _enum(literals: tuple[str, ...], enum: EnumDescriptor) -> Converter:
    number_of = {literal: enum.values_by_name[enum_name(literal, enum)].number for literal in literals}

    def encode(value: str, path: str) -> int:
        # as the domain itself refuses it
        known = value in literals
        require(known, field=path, value=value, limit=f"one of {', '.join(literals)}", remedy="name one of them")
        return number_of[value]

    return Converter(encode, lambda number, path: enum_literal(number, literals, enum, path))


def enum_literal(number: int, literals: tuple[str, ...], enum: EnumDescriptor, path: str) -> Any:
    """The literal that an enum's number stands for; raises :class:`InvalidInput` (``ENUM_UNKNOWN``) for no such one."""
    literal_of = {enum.values_by_name[enum_name(literal, enum)].number: literal for literal in literals}
    if number not in literal_of:
        names = ", ".join(enum_name(literal, enum) for literal in literals)
        raise InvalidInput(
            f"{path} is {number}, but it must be one of {names}; give one of them",
            reason="ENUM_UNKNOWN",
            field_path=path,
            metadata={"value": str(number)},
        )
    return literal_of[number]


def _whole_number(field: FieldDescriptor) -> Converter:
    allowed = INT32 if field.type == FieldDescriptor.TYPE_INT32 else INT64

    def encode(value: float, path: str) -> int:
        require_number(value, field=path)
        if not allowed.start <= value < allowed.stop:
            raise InvalidInput(
                f"{path} is {value}, but it must lie between {allowed.start} and {allowed.stop - 1} to be sent; "
                "give a value in that range",
                field_path=path,
                metadata={"value": str(value)},
            )
        # a float is none of a range's members without a walk through all of them
        require(value == int(value), field=path, value=value, limit="a whole number", remedy="give a count")
        return int(value)

    return Converter(encode, _as_it_is)


def _as_it_is(value: Any, _: str) -> Any:
    return value


def _encode_scalar(value: str | float | bool | None, _: str) -> Scalar:
    if value is None:
        return Scalar()
    if isinstance(value, str):
        return Scalar(text=value)
    if isinstance(value, bool):
        return Scalar(truth=value)
    if isinstance(value, int) and value in INT64:
        return Scalar(integer=value)
    return Scalar(number=float(value))


def _decode_scalar(message: Scalar, _: str) -> str | float | int | bool | None:
    member = message.WhichOneof("value")
    return None if member is None else getattr(message, member)


def _encode_axis_value(value: AxisValue, path: str) -> sweep_pb2.AxisValue:
    if isinstance(value, tuple):
        return sweep_pb2.AxisValue(words=sweep_pb2.AxisWords(words=value))
    scalar = _encode_scalar(value, path)
    member = scalar.WhichOneof("value")
    return sweep_pb2.AxisValue() if member is None else sweep_pb2.AxisValue(**{member: getattr(scalar, member)})


def _decode_axis_value(message: sweep_pb2.AxisValue, _: str) -> AxisValue:
    member = message.WhichOneof("value")
    if member is None:
        return None
    found: AxisValue = tuple(message.words.words) if member == "words" else getattr(message, member)
    return found


def _tuple(parts: tuple[Any, ...], message: Descriptor, record: Callable[[type], Converter]) -> Converter:
    kind = GetMessageClass(message)
    if parts[-1] is Ellipsis:
        name = message.fields[0].name
        inner = repeated(converter(parts[0], message.fields[0], record))
        return Converter(
            lambda value, path: kind(**{name: inner.encode(value, f"{path}.{name}")}),
            lambda content, path: inner.decode(getattr(content, name), f"{path}.{name}"),
        )
    names = [field.name for field in message.fields]

    def encode(value: tuple[Any, ...], _: str) -> Message:
        return kind(**dict(zip(names, value, strict=True)))

    def decode(content: Message, path: str) -> tuple[Any, ...]:
        for name in names:
            if not content.HasField(name):
                raise missing(f"{path}.{name}")
        return tuple(getattr(content, name) for name in names)

    return Converter(encode, decode)


def one_of(hint: Any, message: Descriptor, record: Callable[[type], Converter]) -> Converter:
    """A converter between a union of dataclasses and a message with a oneof; members are found by their messages."""
    kinds = {kind.__name__: kind for kind in get_args(hint) if kind is not type(None)}
    choice = message.oneofs[0]
    kind_of = {field.name: kinds[_present(field.message_type, field).name] for field in choice.fields}
    member_of = {kind: name for name, kind in kind_of.items()}
    message_class = GetMessageClass(message)

    def encode(value: Any, path: str) -> Message:
        member = member_of[type(value)]
        return message_class(**{member: record(type(value)).encode(value, f"{path}.{member}")})

    def decode(content: Any, path: str) -> Any:
        member = content.WhichOneof(choice.name)
        if member is None:
            raise missing(path)
        return record(kind_of[member]).decode(getattr(content, member), f"{path}.{member}")

    return Converter(encode, decode)


def repeated(element: Converter) -> Converter:
    """A converter between tuples and repeated fields."""

    def encode(values: tuple[Any, ...], path: str) -> list[Any]:
        return [element.encode(value, f"{path}[{index}]") for index, value in enumerate(values)]

    def decode(contents: Any, path: str) -> tuple[Any, ...]:
        faults = FaultList()
        values = []
        for index, content in enumerate(contents):
            try:
                values.append(element.decode(content, f"{path}[{index}]"))
            except InvalidInput as fault:
                faults.add(fault)
                if faults.is_full:
                    break
        faults.raise_any()
        return tuple(values)

    return Converter(encode, decode)


def mapped(element: Converter) -> Converter:
    """A converter between mappings and map fields; keys come back sorted, as the wire has no order of its own."""

    def encode(values: Mapping[str, Any], path: str) -> dict[str, Any]:
        return {str(key): element.encode(value, f"{path}[{key!r}]") for key, value in values.items()}

    def decode(contents: Any, path: str) -> dict[str, Any]:
        return {key: element.decode(contents[key], f"{path}[{key!r}]") for key in sorted(contents)}

    return Converter(encode, decode)


def _mapping(hint: Any, message: Descriptor, record: Callable[[type], Converter]) -> Converter:
    field = message.fields[0]
    inner = mapped(converter(get_args(hint)[1], map_value(field), record))
    kind = GetMessageClass(message)
    return Converter(
        lambda value, path: kind(**{field.name: inner.encode(value, path)}),
        lambda content, path: inner.decode(getattr(content, field.name), path),
    )


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a ``map<..., ...>``."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def map_value(field: FieldDescriptor) -> FieldDescriptor:
    """The descriptor of a map's values."""
    return _present(field.message_type, field).fields_by_name["value"]


def _present(descriptor: D | None, field: FieldDescriptor) -> D:
    if descriptor is None:
        raise TypeError(f"{field.full_name} is a scalar, but the domain has a composite; change one of the two")
    return descriptor


def _is_mapping(hint: Any) -> bool:
    return get_origin(hint) is not None and issubclass(get_origin(hint), Mapping)


def missing(path: str) -> InvalidInput:
    """The error for a required field that is absent."""
    return InvalidInput(
        f"{path} is missing, but it is required; give it",
        reason="FIELD_REQUIRED",
        field_path=path,
        metadata={"value": ""},
    )
