"""Lists of numbers as options: ``1,2,5``, ``2..8`` for whole numbers in a row, ``1:100:3`` for a geometric row."""

import math
from collections.abc import Iterable

from topodesign.domain.errors import InvalidInput

MOST_VALUES = 100_000


def counts_of(field: str, text: str) -> tuple[int, ...]:
    numbers = numbers_of(field, text)
    if not all(number == math.floor(number) for number in numbers):
        raise _unread(field, text, "whole numbers with commas between them, such as 2,4,8 or 2..8")
    return tuple(int(number) for number in numbers)


def numbers_of(field: str, text: str) -> tuple[float, ...]:
    """``1,2,5`` as it stands, ``2..8`` as all whole numbers from 2 to 8; ``1:100:3`` as three numbers from 1 to 100,
    each the same multiple of the one before.
    """
    first, colon, rest = text.partition(":")
    last, _, count = rest.partition(":")
    try:
        if colon:
            numbers = _geometric(float(first), float(last), int(count))
        else:
            numbers = tuple(number for part in text.split(",") for number in _in_a_row(part))
    except ValueError:
        numbers = ()
    if not numbers or not all(math.isfinite(number) for number in numbers):
        raise _unread(field, text, "numbers with commas between them, or from:to:count, such as 100:10000:5")
    return numbers


def _in_a_row(text: str) -> Iterable[float]:
    first, dots, last = text.partition("..")
    if not dots:
        return (float(text),)
    if not 0 <= int(last) - int(first) < MOST_VALUES:
        return (math.nan,)  # no such row
    return map(float, range(int(first), int(last) + 1))


def _geometric(first: float, last: float, count: int) -> tuple[float, ...]:
    """None for ends or a count that make no such row."""
    if not (0 < first < last < math.inf and 2 <= count <= MOST_VALUES):
        return ()
    ratio = last / first
    return (*(first * ratio ** (step / (count - 1)) for step in range(count - 1)), last)


def _unread(field: str, text: str, wanted: str) -> InvalidInput:
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    return InvalidInput(
        f"--{field.replace('_', '-')} is {shown!r}, but it must be {wanted}; give such a list",
        field_path=field,
        metadata={"value": shown},
    )
