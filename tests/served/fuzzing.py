"""Requests that nobody would send, for every method, drawn from the definitions.

Some are arbitrary bytes; some are messages whose fields are drawn by their types, with the values that break things:
NaN, infinities, the ends of every range, numbers that no enum has, names of things that are there, empty and long text;
most are sound requests in which a few fields are changed so.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from google.longrunning import operations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from topodesign.v1 import (
    catalog_service_pb2,
    fabric_service_pb2,
    optics_service_pb2,
    planning_service_pb2,
    scenario_service_pb2,
    sweep_service_pb2,
    training_service_pb2,
)

MODULES = (
    catalog_service_pb2,
    fabric_service_pb2,
    optics_service_pb2,
    planning_service_pb2,
    scenario_service_pb2,
    sweep_service_pb2,
    training_service_pb2,
    operations_pb2,
)
DOUBLES = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 1e9, 1e16, 1e300, math.nan, math.inf, -math.inf, 80.0, 400.0)
WHOLES = (0, 1, 2, 3, 4, 8, 64, -1, 100_000, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
TEXTS = (
    *(
        "",
        "a",
        "z",
        "east",
        "west",
        "pjm",
        "ssmf",
        "clos",
        "torus",
        "h100-sxm",
        "llama-3-405b",
        "x" * 3000,
        "\0",
        "ü" * 70,
    ),
    *("plans/kept", "scenarios/kept", "operations/kept", "plans/", "scenarios/../x", "operations/none", "plans/none"),
    *("sweeps/kept-sweep", "sweeps/none", "policy.max_sites=1,2", "workload.sync_time_s=0.1..10:log", "*=", "a=1..9:0"),
)
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the server: its path, its request, and whether it answers with a stream."""

    path: str
    request: type[Message]
    is_streaming: bool


def methods() -> list[Method]:
    """Every method of every service."""
    return [
        Method(
            path=f"/{service.full_name}/{method.name}",
            request=GetMessageClass(method.input_type),
            is_streaming=method.server_streaming,
        )
        for module in MODULES
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]


def request_bytes(method: Method, seeds: Sequence[Message], source: random.Random) -> bytes:
    """Bytes to send: noise, a message drawn from its definition, or a sound request with something changed."""
    way = source.random()
    if way < 0.15:
        return source.randbytes(source.choice((0, 1, 2, 5, 20, 200, 5000)))
    sound = [seed for seed in seeds if isinstance(seed, method.request)]
    if sound and way < 0.7:
        message = method.request()
        message.CopyFrom(source.choice(sound))
        for _ in range(source.choice((1, 1, 2, 5))):
            _mutate(message, source)
    else:
        message = _drawn(method.request.DESCRIPTOR, source, 0)
    data = message.SerializeToString()
    return _damaged(data, source) if source.random() < 0.15 else data


def _damaged(data: bytes, source: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(source.choice((1, 2, 8))):
        if changed:
            changed[source.randrange(len(changed))] = source.randrange(256)
    return bytes(changed[: source.randrange(len(changed) + 1)]) if source.random() < 0.3 else bytes(changed)


def _drawn(descriptor: Descriptor, source: random.Random, depth: int) -> Message:
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if source.random() < (0.6 if depth < 3 else 0.3) and depth < DEEPEST:
            _put(message, field, source, depth)
    return message


def _mutate(message: Message, source: random.Random) -> None:
    """Change one field, at any depth."""
    inner = [
        part
        for field, value in message.ListFields()
        if field.message_type is not None and not _is_map(field)
        for part in (value if field.is_repeated else [value])
    ]
    if inner and source.random() < 0.7:
        return _mutate(source.choice(inner), source)
    if not message.DESCRIPTOR.fields:
        return None
    field = source.choice(message.DESCRIPTOR.fields)
    if source.random() < 0.3:
        message.ClearField(field.name)
    else:
        _put(message, field, source, 3)
    return None


def _put(message: Message, field: FieldDescriptor, source: random.Random, depth: int) -> None:
    if _is_map(field):
        _put_pairs(message, field, source, depth)
    elif field.is_repeated:
        for _ in range(source.choice((0, 1, 1, 2, 3, 40))):
            if field.message_type is not None:
                getattr(message, field.name).append(_drawn(field.message_type, source, depth + 1))
            else:
                getattr(message, field.name).append(_value(field, source))
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(_drawn(field.message_type, source, depth + 1))
    else:
        setattr(message, field.name, _value(field, source))


def _put_pairs(message: Message, field: FieldDescriptor, source: random.Random, depth: int) -> None:
    assert field.message_type is not None
    value = field.message_type.fields_by_name["value"]
    target = getattr(message, field.name)
    for _ in range(source.choice((0, 1, 2, 5))):
        key = source.choice(TEXTS)
        if value.message_type is not None:
            target[key].CopyFrom(_drawn(value.message_type, source, depth + 1))
        else:
            target[key] = _value(value, source)


def _value(field: FieldDescriptor, source: random.Random) -> object:
    if field.enum_type is not None:
        return source.choice([*(value.number for value in field.enum_type.values), 99, -1])
    numbers: dict[int, Callable[[], object]] = {
        FieldDescriptor.TYPE_DOUBLE: lambda: source.choice((*DOUBLES, source.uniform(-1e3, 1e3))),
        FieldDescriptor.TYPE_INT64: lambda: source.choice(WHOLES),
        FieldDescriptor.TYPE_INT32: lambda: source.choice([whole for whole in WHOLES if abs(whole) < 2**31]),
        FieldDescriptor.TYPE_BOOL: lambda: source.random() < 0.5,
        FieldDescriptor.TYPE_STRING: lambda: source.choice(TEXTS),
        FieldDescriptor.TYPE_BYTES: lambda: source.randbytes(source.choice((0, 3, 100))),
    }
    return numbers[field.type]()


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)
