"""Validation of field values on construction of domain objects."""

import math
import sys
from collections.abc import Sequence

from topodesign.domain.errors import InvalidInput
from topodesign.domain.nearest import meant


def require(condition: bool, *, field: str, value: object, limit: str, remedy: str) -> None:
    """Raise :class:`InvalidInput` naming the field, the value, the limit and the remedy unless ``condition``."""
    if not condition:
        raise InvalidInput(
            f"{field} is {value!r}, but it must be {limit}; {remedy}",
            field_path=field,
            metadata={"value": repr(value), "limit": limit},
        )


def require_one_of(value: str, known: Sequence[str], *, field: str, otherwise: str = "name one of them") -> None:
    """Raise :class:`InvalidInput` unless ``value`` is one of the ``known`` words; names the nearest of them."""
    if value not in known:
        remedy = meant(str(value), known, otherwise=otherwise)
        require(False, field=field, value=value, limit=f"one of {', '.join(known)}", remedy=remedy)


def require_number(
    value: float,
    *,
    field: str,
    at_least: float = -math.inf,
    at_most: float = math.inf,
    above: float | None = None,
    remedy: str = "give a value in that range",
    may_be_infinite: bool = False,
) -> None:
    """Raise :class:`InvalidInput` unless ``value`` is a number in ``[at_least, at_most]`` (or ``> above``)."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # not math.isfinite, which fails itself on a whole number beyond the largest float
    finite = number and (abs(value) <= sys.float_info.max or (may_be_infinite and value == math.inf))
    require(finite, field=field, value=value, limit="a finite number", remedy="give a number")
    if above is not None:
        require(value > above, field=field, value=value, limit=f"greater than {above:g}", remedy=remedy)
    require(value >= at_least, field=field, value=value, limit=f"at least {at_least:g}", remedy=remedy)
    require(value <= at_most, field=field, value=value, limit=f"at most {at_most:g}", remedy=remedy)


def require_id(value: str, *, field: str) -> None:
    """Raise :class:`InvalidInput` unless ``value`` is a printable, non-empty id without ``;`` or line breaks."""
    sound = isinstance(value, str) and value.strip() == value and 0 < len(value) <= 200
    sound = sound and value.isprintable() and ";" not in value
    require(
        sound,
        field=field,
        value=value,
        limit="an id of 1 to 200 printable characters with no ';' and no surrounding spaces",
        remedy="rename it",
    )


def relocated(fault: InvalidInput, located: str) -> InvalidInput:
    """The same fault with another path, also at the beginning of its message."""
    message = fault.message
    if fault.field_path and message.startswith(fault.field_path):
        message = located + message[len(fault.field_path) :]
    return InvalidInput(message, reason=fault.reason, field_path=located, metadata=fault.metadata)
