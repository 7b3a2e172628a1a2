"""Items of the catalogue, each in the member of ``Equipment`` that is named after its kind."""

from __future__ import annotations  # an enum's numbers have a type for type checkers only

from typing import get_args

from topodesign.domain.equipment import KIND_OF, Equipment, EquipmentKind, require_kind
from topodesign.v1 import catalog_pb2
from topodesign.wire.mapper import from_proto, to_proto
from topodesign.wire.values import enum_literal, enum_name, missing

_TYPE_OF = {kind: item_type for item_type, kind in KIND_OF.items()}
_KINDS = catalog_pb2.EquipmentKind.DESCRIPTOR


def equipment_to_proto(item: Equipment) -> catalog_pb2.Equipment:
    """The message of an item of any kind."""
    message = catalog_pb2.Equipment()
    getattr(message, KIND_OF[type(item)]).CopyFrom(to_proto(item))
    return message


def equipment_from_proto(message: catalog_pb2.Equipment, *, path: str = "equipment") -> Equipment:
    """The item that a message describes; raises :class:`InvalidInput` when it has none or a wrong one."""
    member = message.WhichOneof("item")
    if member is None:
        raise missing(path)
    found: Equipment = from_proto(getattr(message, member), _TYPE_OF[member], path=f"{path}.{member}")
    return found


def kind_to_proto(kind: EquipmentKind | None) -> catalog_pb2.EquipmentKind.ValueType:
    """The number of a kind, that of all kinds for ``None``; raises :class:`InvalidInput` for one that there is not."""
    require_kind(kind)
    if kind is None:
        return catalog_pb2.EQUIPMENT_KIND_UNSPECIFIED
    return catalog_pb2.EquipmentKind.Value(enum_name(kind, _KINDS))


def kind_from_proto(number: int) -> EquipmentKind | None:
    """The kind of a number, ``None`` for that of all kinds; raises :class:`InvalidInput` (``ENUM_UNKNOWN``)."""
    if number == catalog_pb2.EQUIPMENT_KIND_UNSPECIFIED:
        return None
    found: EquipmentKind = enum_literal(number, get_args(EquipmentKind), _KINDS, "kind")
    return found
