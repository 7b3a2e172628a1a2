"""What an option of the server says of itself, so that files, help, checks and documentation say the same."""

import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from topodesign.domain.checks import require, require_number

T = TypeVar("T")
KEY = "option"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option.

    ``about`` is its meaning in one sentence, ``unit`` what a number counts (empty for anything else). ``is_secret``
    keeps the value out of everything that is printed.
    """

    about: str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    is_secret: bool = False

    @property
    def range(self) -> str:
        """The values that are allowed, in words; empty when any is."""
        if self.choices:
            return " | ".join(self.choices)
        lower = f"above {_plain(self.above)}" if self.above is not None else ""
        if self.at_least is not None and self.at_most is not None:
            return f"{_plain(self.at_least)} to {_plain(self.at_most)}"
        if self.at_least is not None:
            lower = f"at least {_plain(self.at_least)}"
        upper = f"at most {_plain(self.at_most)}" if self.at_most is not None else ""
        return ", ".join(part for part in (lower, upper) if part)


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def option(
    default: T,
    about: str,
    *,
    unit: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
    choices: tuple[str, ...] = (),
    is_secret: bool = False,
) -> T:
    """A field of a settings dataclass with its description; see :class:`Option`."""
    described = Option(
        about=about, unit=unit, at_least=at_least, at_most=at_most, above=above, choices=choices, is_secret=is_secret
    )
    made: T = field(default=default, metadata={KEY: described})
    return made


def options_of(settings: type[Any]) -> Mapping[str, tuple[Field[Any], Option]]:
    """The options of a settings dataclass by name, in order."""
    return {one.name: (one, one.metadata[KEY]) for one in fields(settings)}


def check(name: str, value: object, described: Option) -> None:
    """Raise :class:`InvalidInput` unless a value of the right type is in the option's range; ``None`` always is."""
    if value is None:
        return
    if described.choices:
        limit = f"one of {', '.join(described.choices)}"
        require(value in described.choices, field=name, value=value, limit=limit, remedy="choose one of these")
    if isinstance(value, int | float) and not isinstance(value, bool):
        require_number(
            value,
            field=name,
            at_least=-math.inf if described.at_least is None else described.at_least,
            at_most=math.inf if described.at_most is None else described.at_most,
            above=described.above,
        )
