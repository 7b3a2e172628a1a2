"""What may come: futures with probabilities, listed one by one or made of independent factors."""

import math
from dataclasses import dataclass

from topodesign.domain.checks import require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario_sweep import SweepAxis

MOST_FUTURES = 200
"""Each is planned again for every choice of sites that is weighed."""
PROBABILITY_TOLERANCE = 1e-9
"""By which a sum of probabilities that were written as decimals may miss 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is other than in the scenario.

    Parameters
    ----------
    settings : tuple of SweepAxis
        Figures with their one value, or the one factor that multiplies them.
    late_sites : tuple of str
        Sites, hubs among them, that are not in service: they cannot be used, and no light passes through them, though
        whoever committed to them has paid for them.
    late_segments : tuple of str
        Segments on which no pairs are on offer or built; what is lit there stays.
    """

    settings: tuple[SweepAxis, ...] = ()
    late_sites: tuple[str, ...] = ()
    late_segments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for axis in self.settings:
            require(
                len(axis.values) == 1,
                field=axis.name,
                value=axis.values,
                limit="one value",
                remedy="write a future for each value",
            )

    def with_outlook(self, other: "Outlook") -> "Outlook":
        """Both at once."""
        return Outlook(
            settings=(*self.settings, *other.settings),
            late_sites=tuple(sorted({*self.late_sites, *other.late_sites})),
            late_segments=tuple(sorted({*self.late_segments, *other.late_segments})),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Future:
    """One thing that may come, with its probability: a future, or a level of a factor."""

    name: str
    probability: float
    outlook: Outlook = Outlook()

    def __post_init__(self) -> None:
        require(
            bool(self.name.strip()) and self.name.isprintable(),
            field="name",
            value=self.name,
            limit="some printable text",
            remedy="name the future",
        )
        require_number(
            self.probability,
            field=f"probability of {self.name!r}",
            above=0,
            at_most=1,
            remedy="leave out what never comes",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureFactor:
    """Something uncertain that depends on no other factor. Probabilities of its levels sum to 1.

    Raises
    ------
    InvalidInput
        ``PROBABILITIES_SUM``, or ``FUTURE_NAME_TWICE``.
    """

    name: str
    levels: tuple[Future, ...]

    def __post_init__(self) -> None:
        require_distribution(self.levels, what=f"levels of the factor {self.name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Futures:
    """All that may come: exactly one of them does. ``basis`` says in words how they were made.

    Raises
    ------
    InvalidInput
        ``PROBABILITIES_SUM``, ``FUTURE_NAME_TWICE``, or ``FUTURES_TOO_MANY`` above :data:`MOST_FUTURES`.
    """

    futures: tuple[Future, ...]
    basis: str = "listed one by one"

    def __post_init__(self) -> None:
        require_distribution(self.futures, what="futures")
        if len(self.futures) > MOST_FUTURES:
            raise InvalidInput(
                f"there are {len(self.futures):,} futures, above the {MOST_FUTURES} that are planned; leave some out, "
                "or make them of factors and set sample to at most that many",
                reason="FUTURES_TOO_MANY",
                metadata={"count": str(len(self.futures)), "limit": str(MOST_FUTURES)},
            )

    @property
    def probabilities(self) -> tuple[float, ...]:
        """In the order of the futures; they sum to 1 exactly as far as doubles can."""
        total = math.fsum(future.probability for future in self.futures)
        return tuple(future.probability / total for future in self.futures)


def require_distribution(items: tuple[Future, ...], *, what: str) -> None:
    """Raise :class:`InvalidInput` unless names differ and probabilities sum to 1."""
    names = [item.name for item in items]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(
                f"{what}: {name!r} is there {names.count(name)} times; give each a name of its own",
                reason="FUTURE_NAME_TWICE",
                metadata={"name": name},
            )
    total = math.fsum(item.probability for item in items)
    if abs(total - 1) > PROBABILITY_TOLERANCE:
        raise InvalidInput(
            f"{what}: the probabilities sum to {total:.12g}, but exactly one of them comes: make them sum to 1",
            reason="PROBABILITIES_SUM",
            field_path="probability",
            metadata={"sum": repr(total)},
        )
