"""Faults that the line model finds, told by the fields of the request that caused them.

The model names its own arguments (``comb.channels``, ``span_loss_db[3]``); who asked for a link over the wire or on the
command line has never heard of these.
"""

import functools
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Concatenate, ParamSpec

from topodesign.domain.errors import InvalidInput, NotFound
from topodesign.domain.link import LinkDesign, LinkRequest

P = ParamSpec("P")

FIELD_OF: Mapping[str, str] = MappingProxyType(
    {
        "comb.baud_gbd": "baud_gbd",
        "comb.channels": "channels",
        "comb.spacing_ghz": "grid_ghz",
        "launch": "launch_dbm",
        "length_km": "spans_km",
        "line_length_km": "length_km",
        "span_loss_db": "spans_km",
    }
)
"""Field of a :class:`LinkRequest` by the name of the model's argument, without its index."""

SAME_FIGURE = frozenset(FIELD_OF) - {"line_length_km", "span_loss_db"}
"""Arguments that hold the field's own figure, so that a message may begin with the field's name instead."""


def naming_request_fields(
    design: Callable[Concatenate[LinkRequest, P], LinkDesign],
) -> Callable[Concatenate[LinkRequest, P], LinkDesign]:
    """The same function, whose faults carry the path of the request's field."""

    @functools.wraps(design)
    def named(request: LinkRequest, /, *arguments: P.args, **options: P.kwargs) -> LinkDesign:
        try:
            return design(request, *arguments, **options)
        except NotFound as fault:
            if fault.metadata.get("id") != request.fiber or fault.field_path:
                raise
            raise NotFound(fault.message, reason=fault.reason, field_path="fiber", metadata=fault.metadata) from None
        except InvalidInput as fault:
            raise _in_request(fault, request) from None

    return named


def _in_request(fault: InvalidInput, request: LinkRequest) -> InvalidInput:
    match = re.fullmatch(r"(.*?)(\[\d+\])?", fault.field_path)
    name, index = (match[1], match[2] or "") if match else (fault.field_path, "")
    if name == "comb.channels" and request.channels is None:
        return InvalidInput(
            f"grid_ghz is {request.grid_ghz:g}, but the band then holds more channels than the 10,000 that a comb may "
            "have; widen the grid, or give the number of channels",
            reason=fault.reason,
            field_path="grid_ghz",
            metadata={"value": f"{request.grid_ghz:g}"},
        )
    if name not in FIELD_OF:
        return fault
    field = FIELD_OF[name]
    located = f"{field}{index}" if field == "spans_km" and request.spans_km else field
    message = fault.message
    if message.startswith(f"{fault.field_path} is ") and name in SAME_FIGURE:
        message = located + message[len(fault.field_path) :]
    return InvalidInput(message, reason=fault.reason, field_path=located, metadata=fault.metadata)
