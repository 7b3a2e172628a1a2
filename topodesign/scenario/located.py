"""Domain objects together with the row that they come from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from topodesign.scenario.problems import ProblemLog

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """An object and the number of its row, from 1."""

    value: T
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """What one file gave: its objects, and the defaults and estimates used for them, in words."""

    file: str
    items: tuple[Located[T], ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[T, ...]:
        return tuple(item.value for item in self.items)


def without_repeated(
    items: Iterable[Located[T]], identify: Callable[[T], str], *, file: str, field: str, log: ProblemLog
) -> tuple[Located[T], ...]:
    """The first of each id; every later one is a problem."""
    first: dict[str, int] = {}
    kept = []
    for item in items:
        name = identify(item.value)
        if name in first:
            log.add(
                "DUPLICATE_ID",
                f"{field} {name!r} is already used by row {first[name]}; give each row its own id",
                file=file,
                row=item.row,
                field=field,
            )
            continue
        first[name] = item.row
        kept.append(item)
    return tuple(kept)
