"""Where figures of the catalogue come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a figure comes from: source in words, its date, and how far to trust it."""

    source: str
    date: str
    confidence: Confidence


def origin_of(origins: Mapping[str, Origin], figure: str) -> Origin:
    """Where a figure comes from; ``*`` stands for all figures without an entry of their own."""
    known = origins.get(figure) or origins.get("*")
    return known or Origin(source="not stated", date="", confidence="low")
