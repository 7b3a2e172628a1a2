"""Requests that are given in a call's own words: fields of several dataclasses, by name, in one flat message.

What is absent in the message is absent in the options, so that whoever reads them may tell it from a value.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from topodesign.domain.errors import InvalidInput
from topodesign.wire.mapper import codecs
from topodesign.wire.values import FaultList, SeveralFaults

M = TypeVar("M", bound=Message)


def options_to_proto(options: Mapping[str, Any], message_class: type[M], kinds: Sequence[type]) -> M:
    """The message with the options that are given.

    Parameters
    ----------
    options : mapping of str to object
        Values by the name of a field of some of the dataclasses.
    message_class : type
        With a field for each of theirs.
    kinds : sequence of type
        The dataclasses.

    Raises
    ------
    InvalidInput
        When a value cannot be sent; ``field_path`` says which.
    """
    message = message_class()
    for kind in kinds:
        for codec in codecs(kind, message_class):
            codec.put(message, options.get(codec.name), "")
    return message


def options_from_proto(message: Message, kinds: Sequence[type]) -> dict[str, Any]:
    """The options that a message gives; raises :class:`InvalidInput` for the first that is wrong."""
    faults = FaultList()
    values: dict[str, Any] = {}
    for kind in kinds:
        for codec in codecs(kind, type(message)):
            try:
                if not codec.is_absent(message):
                    values[codec.name] = codec.take(message, "")
            except InvalidInput as fault:
                faults.add(fault)
    try:
        faults.raise_any()
    except SeveralFaults as several:
        raise several.faults[0] from None
    return values
