"""What is varied, as text: ``--vary PATH=VALUES``.

    PATH=VALUES     the values take the place of the figure
    PATH*=VALUES    the values multiply it
    VALUES          items with commas between them
    item            a value; A..B (whole numbers, both ends); A..B:STEP
    A..B, A..B:log  alone, with the designs random and lhs: drawn from the range (its logarithm evenly)

A value is written as in scenario.toml, without quotes; ``none`` where a figure may be left out, ``inf`` for no limit,
and ``+`` between the words of a list (``policy.survive=conduit,conduit+site``).
"""

import itertools
import math
import types
import typing
from collections.abc import Iterator, Mapping, Sequence

from topodesign.domain.checks import require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario_sweep import MOST_POINTS, AxisValue, Design, SweepAxis
from topodesign.sweeps.fields import field_path
from topodesign.sweeps.told import shown

DIGITS = 12
"""Significant digits of the values in a range, so that 0.1..0.3:0.1 has 0.3 and not 0.30000000000000004."""


def axis_of(text: str, *, design: Design = "grid") -> SweepAxis:
    """An axis from ``PATH=VALUES`` or ``PATH*=VALUES``.

    Raises
    ------
    InvalidInput
        For a figure that scenarios do not have (``SWEEP_FIELD_UNKNOWN``, with the nearest), or values that it cannot
        have (``SWEEP_VALUES_INVALID``).
    """
    left, equals, right = text.partition("=")
    name = left.strip()
    if not equals or not name or not right.strip():
        raise _unread(text, "write PATH=VALUES, such as policy.max_sites=2..8 or zones.*.headroom_mw*=0.5,1")
    return axis_of_items(name, right.split(","), design=design)


def text_of(axis: SweepAxis) -> str:
    """An axis as text, for :func:`axis_of` to read again.

    Raises
    ------
    InvalidInput
        For an axis that was made by hand and that no text says (``SWEEP_VALUES_INVALID``): a word with a comma in it,
        whole numbers drawn for a figure that takes fractions.
    """
    if axis.values:
        text, design = f"{axis.name}={','.join(shown(value) for value in axis.values)}", "grid"
    else:
        text, design = f"{axis.name}={axis.low!r}..{axis.high!r}{':log' if axis.is_logarithmic else ''}", "random"
    if axis_of(text, design=typing.cast("Design", design)) != axis:
        raise _unread(text, "this axis cannot be written so; make it with axis_of, or give plain numbers and words")
    return text


def axis_of_items(name: str, items: Sequence[str], *, design: Design) -> SweepAxis:
    """An axis from what stands before the ``=``, and the items of its values; raises as :func:`axis_of`."""
    is_factor = name.endswith("*") and not name.endswith(".*")
    path = name.removesuffix("*") if is_factor else name
    return _axis(path, [item.strip() for item in items], is_factor=is_factor, design=design)


def _axis(path: str, items: Sequence[str], *, is_factor: bool, design: Design) -> SweepAxis:
    kind = float if is_factor else field_path(path).kind
    if is_factor:
        field_path(path)  # says which figures there are
    whole = _members(kind) and int in _members(kind) and float not in _members(kind)
    if design != "grid" and len(items) == 1 and ".." in items[0]:
        low, high, step = _ends(path, items[0])
        if step in ("", "log"):
            return SweepAxis(
                path=path, is_factor=is_factor, low=low, high=high, is_whole=bool(whole), is_logarithmic=step == "log"
            )
    every = (value for item in items for value in _values(path, item, kind))
    values = tuple(itertools.islice(every, MOST_POINTS + 1))  # a short text may have billions
    require_number(len(values), field=f"values of {path}", at_most=MOST_POINTS, remedy="give fewer values")
    return SweepAxis(path=path, is_factor=is_factor, values=values)


def _values(path: str, item: str, kind: object) -> Iterator[AxisValue]:
    if ".." not in item:
        yield _value(path, item, kind)
        return
    low, high, step_text = _ends(path, item)
    is_whole = low == math.floor(low) and high == math.floor(high)
    if not step_text and not is_whole:
        raise _unread(f"{path}={item}", f"a range of fractions needs a step, such as {item}:0.1")
    step = 1.0 if not step_text else _number(path, step_text)
    require_number(step, field=f"step of {path}={item}", above=0)
    require_number(high, field=f"second end of {path}={item}", at_least=low, remedy="the second end is the greater one")
    count = math.floor((high - low) / step + 1e-9) + 1
    require_number(count, field=f"values of {path}={item}", at_most=MOST_POINTS, remedy="give a greater step")
    for position in range(count):
        number = float(f"{low + position * step:.{DIGITS}g}")
        text = str(int(number)) if number == math.floor(number) else repr(number)
        yield _value(path, text, kind)


def _ends(path: str, item: str) -> tuple[float, float, str]:
    ends, _, step = item.partition(":")
    low, _, high = ends.partition("..")
    return _number(path, low), _number(path, high), step.strip()


def _number(path: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _unread(f"{path}={text}", "a range is A..B or A..B:STEP, of numbers") from None
    require_number(number, field=f"{path}={text}")
    return number


def _members(kind: object) -> tuple[object, ...]:
    """The kinds of a union, or the kind itself."""
    return typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)


def _value(path: str, text: str, kind: object) -> AxisValue:
    """A text as one of the kinds that the figure may have."""
    members = _members(kind)
    if types.NoneType in members and text == "none":
        return None
    for member in members:
        found = _as_kind(text, member)
        if found is not None:
            return found
    raise _unread(f"{path}={text}", f"it must be {' or '.join(_wanted(member) for member in members)}")


def _as_kind(text: str, kind: object) -> AxisValue:
    if kind is bool:
        return {"true": True, "false": False}.get(text)
    if kind in (int, float):
        try:
            return int(text) if kind is int else float(text)
        except ValueError:
            return None
    if typing.get_origin(kind) is tuple:
        words = tuple(text.split("+"))
        return words if all(_as_kind(word, typing.get_args(kind)[0]) is not None for word in words) else None
    if typing.get_origin(kind) is typing.Literal:
        return text if text in typing.get_args(kind) else None
    return text if kind is str else None


def _wanted(kind: object) -> str:
    if typing.get_origin(kind) is tuple:
        return f"{_wanted(typing.get_args(kind)[0])}, with + between several"
    if typing.get_origin(kind) is typing.Literal:
        return f"one of {', '.join(typing.get_args(kind))}"
    names: Mapping[object, str] = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a word",
        types.NoneType: "none",
    }
    return names.get(kind, "another value; this figure cannot be varied")


def _unread(text: str, remedy: str) -> InvalidInput:
    short = text if len(text) <= 80 else f"{text[:80]}..."
    return InvalidInput(
        f"--vary {short}: {remedy}", reason="SWEEP_VALUES_INVALID", field_path="vary", metadata={"value": short}
    )
