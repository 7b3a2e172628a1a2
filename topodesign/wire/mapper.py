"""One reflective mapper between domain dataclasses and the messages of the same name.

Fields are matched by name. An absent optional field takes the domain's default, so that a message written by an older
client means what it meant. All faults of a message are reported together, each with its path.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from topodesign.domain.checks import relocated
from topodesign.domain.errors import InvalidInput, InvalidScenario, Problem
from topodesign.domain.fabric import FabricSpec
from topodesign.domain.fabric_failures import SliceGoodputRequest
from topodesign.domain.goodput_request import GoodputRequest
from topodesign.domain.link import LinkRequest
from topodesign.domain.scenario import Scenario
from topodesign.v1 import (
    catalog_pb2,
    fabric_bill_pb2,
    fabric_comparison_pb2,
    fabric_conditions_pb2,
    fabric_failures_pb2,
    fabric_kinds_pb2,
    fabric_pb2,
    fabric_service_pb2,
    optics_pb2,
    optics_service_pb2,
    plan_pb2,
    plan_training_pb2,
    scenario_pb2,
    sweep_pb2,
    training_goodput_pb2,
    training_pb2,
    training_service_pb2,
)
from topodesign.wire.values import (
    Converter,
    FaultList,
    SeveralFaults,
    is_map,
    map_value,
    mapped,
    missing,
    one_of,
    repeated,
    without_none,
)
from topodesign.wire.values import converter as value_converter

T = TypeVar("T")
MODULES: tuple[ModuleType, ...] = (
    scenario_pb2,
    fabric_pb2,
    fabric_kinds_pb2,
    fabric_conditions_pb2,
    fabric_failures_pb2,
    fabric_bill_pb2,
    fabric_comparison_pb2,
    optics_pb2,
    plan_pb2,
    plan_training_pb2,
    sweep_pb2,
    catalog_pb2,
    training_pb2,
    training_goodput_pb2,
)

# A request is named after its method; its message is the domain object itself, so that paths of fields are the same.
REQUESTS: Mapping[type, type[Message]] = MappingProxyType(
    {
        LinkRequest: optics_service_pb2.DesignLinkRequest,
        SliceGoodputRequest: fabric_service_pb2.EstimateSliceGoodputRequest,
        GoodputRequest: training_service_pb2.EstimateGoodputRequest,
    }
)

# An empty list on the wire means the default; an empty tuple of failures means what "none" says.
EMPTY_AS: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType({("Policy", "survive"): ("none",)})

# Domain tuples that a scenario sorts, and the fields that each is sorted by.
SORTED_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sites": ("site_id",),
        "zones": ("zone_id",),
        "junctions": ("node_id",),
        "segments": ("segment_id",),
        "traffic": ("a", "b"),
        "lit_lightpaths": ("a", "z", "mode", "segments"),
        "measured_reaches": ("mode", "fiber_type"),
    }
)

_CONVERTERS: dict[type, Converter] = {}


def message_type(kind: type) -> type[Message]:
    """The message class that carries a domain dataclass.

    Raises
    ------
    TypeError
        When the dataclass has no message.
    """
    if kind in REQUESTS:
        return REQUESTS[kind]
    for module in MODULES:
        found = getattr(module, kind.__name__, None)
        if found is not None:
            return cast(type[Message], found)
    raise TypeError(f"{kind.__name__} has no message in topodesign.v1; add one to protos/topodesign/v1")


def to_proto(value: object) -> Message:
    """The message that says the same as a domain object.

    Raises
    ------
    InvalidInput
        When a value cannot be sent, such as a whole number beyond 64 bits; ``field_path`` says which.
    """
    path = "" if type(value) in REQUESTS else _snake(type(value).__name__)
    return cast(Message, _converter_of(type(value)).encode(value, path))


def from_proto(message: Message, kind: type[T], *, path: str = "") -> T:
    """The domain object that a message describes, validated.

    Parameters
    ----------
    message : Message
        An instance of ``message_type(kind)``.
    kind : type
        A domain dataclass.
    path : str
        Where the message stands in the request; begins the paths of faults.

    Raises
    ------
    InvalidInput
        When one field is wrong, or fields other than a scenario's are.
    InvalidScenario
        When several fields of a scenario are wrong; ``problems`` has all of them.
    """
    try:
        return cast(T, _converter_of(kind).decode(message, path))
    except SeveralFaults as several:
        if kind is not Scenario:
            raise several.faults[0] from None
        problems = [
            Problem(file="request", field=fault.field_path, reason=fault.reason, message=fault.message)
            for fault in several.faults
        ]
        raise InvalidScenario(problems, source=path or "the scenario") from None


def fabric_to_proto(spec: FabricSpec) -> fabric_pb2.FabricSpec:
    """The message of a fabric of any kind."""
    return cast(fabric_pb2.FabricSpec, _FABRIC.encode(spec, "fabric"))


def fabric_from_proto(message: fabric_pb2.FabricSpec, *, path: str = "fabric") -> FabricSpec:
    """The fabric that a message describes; raises :class:`InvalidInput` when it has none or a wrong one."""
    try:
        return cast(FabricSpec, _FABRIC.decode(message, path))
    except SeveralFaults as several:
        raise several.faults[0] from None


@dataclass(frozen=True, slots=True)
class FieldCodec:
    """One field of a dataclass and of its message."""

    name: str
    descriptor: FieldDescriptor
    optional: bool
    default: Any
    converter: Converter
    empty_as: tuple[str, ...] | None

    def put(self, message: Message, value: Any, path: str) -> None:
        if value is None:
            return
        if self.empty_as is not None and value == ():
            value = self.empty_as
        path = f"{path}.{self.name}" if path else self.name
        try:
            self._store(message, self.converter.encode(value, path))
        except (ValueError, TypeError) as error:
            raise InvalidInput(f"{path} cannot be sent: {error}; correct that value", field_path=path) from None

    def _store(self, message: Message, content: Any) -> None:
        if is_map(self.descriptor):
            target = getattr(message, self.name)
            for key, item in content.items():
                if isinstance(item, Message):
                    target[key].CopyFrom(item)
                else:
                    target[key] = item
        elif self.descriptor.is_repeated:
            getattr(message, self.name).extend(content)
        elif isinstance(content, Message):
            getattr(message, self.name).CopyFrom(content)
        else:
            setattr(message, self.name, content)

    def take(self, message: Message, path: str) -> Any:
        path = f"{path}.{self.name}" if path else self.name
        if self.is_absent(message):
            if self.default is not MISSING:
                return self.default
            if self.optional:
                return None
            if not self.descriptor.is_repeated:
                raise missing(path)
        return self.converter.decode(getattr(message, self.name), path)

    def is_absent(self, message: Message) -> bool:
        if self.descriptor.is_repeated:
            return len(getattr(message, self.name)) == 0
        if self.descriptor.enum_type is not None:
            return bool(getattr(message, self.name) == 0)
        return not message.HasField(self.name)


_CODECS: dict[tuple[type, str], tuple[FieldCodec, ...]] = {}


def _converter_of(kind: type) -> Converter:
    """The converter of a dataclass, made once."""
    if kind not in _CONVERTERS:
        _CONVERTERS[kind] = _record(kind)
    return _CONVERTERS[kind]


_FABRIC = one_of(FabricSpec, fabric_pb2.FabricSpec.DESCRIPTOR, _converter_of)


def _record(kind: type) -> Converter:
    message_class = message_type(kind)
    own = codecs(kind, message_class)

    def encode(value: Any, path: str) -> Message:
        message = message_class()
        for codec in own:
            codec.put(message, getattr(value, codec.name), path)
        return message

    def decode(message: Message, path: str) -> Any:
        faults = FaultList()
        values: dict[str, Any] = {}
        for codec in own:
            try:
                values[codec.name] = codec.take(message, path)
            except InvalidInput as fault:
                faults.add(fault)
        faults.raise_any()
        try:
            return kind(**values)
        except InvalidInput as fault:
            raise _relocated(fault, kind, values, path) from None

    return Converter(encode, decode)


def codecs(kind: type, message_class: type[Message]) -> tuple[FieldCodec, ...]:
    """One for each field of a dataclass that the wire has, in a message with a field of each of these names."""
    descriptor = message_class.DESCRIPTOR
    key = (kind, descriptor.full_name)
    if key not in _CODECS:
        hints = get_type_hints(kind)
        _CODECS[key] = tuple(
            _field_codec(kind, item, hints[item.name], cast(FieldDescriptor, descriptor.fields_by_name[item.name]))
            for item in fields(kind)
            if "transient" not in item.metadata
        )
    return _CODECS[key]


def _field_codec(kind: type, item: "Field[Any]", hint: Any, descriptor: FieldDescriptor) -> FieldCodec:
    bare, optional = without_none(hint)
    if is_map(descriptor):
        converter = mapped(value_converter(get_args(bare)[1], map_value(descriptor), _converter_of))
    elif descriptor.is_repeated:
        if get_origin(bare) is not tuple:
            raise TypeError(f"{descriptor.full_name} is repeated, but {kind.__name__}.{item.name} is {bare!r}")
        converter = repeated(value_converter(get_args(bare)[0], descriptor, _converter_of))
    else:
        converter = value_converter(bare, descriptor, _converter_of)
    default = item.default
    if default is MISSING and item.default_factory is not MISSING:
        default = item.default_factory()
    return FieldCodec(
        name=item.name,
        descriptor=descriptor,
        optional=optional,
        default=default,
        converter=converter,
        empty_as=EMPTY_AS.get((kind.__name__, item.name)),
    )


def _relocated(fault: InvalidInput, kind: type, values: Mapping[str, Any], path: str) -> InvalidInput:
    """The fault of a constructor with its path as seen in the message."""
    within = _unsorted(fault.field_path, values) if kind is Scenario else _within(fault.field_path, kind)
    return relocated(fault, ".".join(part for part in (path, within) if part))


def _within(field_path: str, kind: type) -> str:
    """The path below a message; the last part of one that does not begin with a field of the message."""
    path = re.split(r"[ (]", field_path, maxsplit=1)[0]
    names = {item.name for item in fields(kind)}
    if re.split(r"[.\[]", path, maxsplit=1)[0] in names:
        return path
    last = path.rpartition(".")[2]
    return last if last in names else ""


def _unsorted(field_path: str, values: Mapping[str, Any]) -> str:
    """A scenario counts its rows sorted by id; the sender counts them as sent."""
    match = re.match(r"(\w+)\[(\d+)\]", field_path)
    if match is None or match[1] not in SORTED_BY:
        return field_path
    keys = [tuple(getattr(row, name) for name in SORTED_BY[match[1]]) for row in values[match[1]]]
    sent = sorted(range(len(keys)), key=keys.__getitem__)[int(match[2])]
    return f"{match[1]}[{sent}]{field_path[match.end() :]}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
