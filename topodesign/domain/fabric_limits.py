"""Limits that the specs of all families of fabrics share."""

from topodesign.domain.checks import require, require_number

MAX_ACCELERATORS = 10_000_000
"""Most in one fabric: a torus of 10^8 takes 5 s and 1.5 GB to evaluate."""
MAX_NAMED = 300_000
"""Most accelerators that are named one by one: those of an explicit graph."""
MAX_MESSAGE_BYTES = 1e18
"""Most bytes of a message of one accelerator."""
MIN_LINK_GBPS, MAX_LINK_GBPS = 1e-6, 1e9
"""Rates of one link, Gbit/s: ratios of any two of them are far from the ends of floating point."""
MAX_AXES = 8
"""Most axes of a grid."""


def require_count(
    value: int, *, field: str, at_least: int = 1, at_most: int = MAX_ACCELERATORS, remedy: str | None = None
) -> None:
    """Raise :class:`InvalidInput` unless ``value`` is a whole number in ``[at_least, at_most]``."""
    remedy = remedy or f"give a whole number from {at_least} to {at_most}"
    require_number(value, field=field, at_least=at_least, at_most=at_most, remedy=remedy)
    # not 4.0 either: counts become lengths of arrays
    require(isinstance(value, int), field=field, value=value, limit="a whole number", remedy=remedy)


def require_link_rate(value: float, *, field: str = "link_gbps") -> None:
    """Raise :class:`InvalidInput` unless ``value`` is a rate of a link in Gbit/s."""
    require_number(
        value,
        field=field,
        above=0,
        at_least=MIN_LINK_GBPS,
        at_most=MAX_LINK_GBPS,
        remedy="give the rate of one link, one direction, in Gbit/s",
    )


def require_sides(sides: tuple[int, ...], *, field: str, axes: int | None = None, at_most: int) -> None:
    """Raise :class:`InvalidInput` unless ``sides`` are whole numbers from 1 whose product is at most ``at_most``.

    ``axes``: how many there must be; default: 1 to :data:`MAX_AXES`.
    """
    require(
        isinstance(sides, (tuple, list)) and (len(sides) == axes if axes else 1 <= len(sides) <= MAX_AXES),
        field=field,
        value=sides,
        limit=f"a tuple of {axes or f'1 to {MAX_AXES}'} sides",
        remedy=f"give sides such as {'x'.join(['16'] * (axes or 3))}",
    )
    total = 1
    for side in sides:
        require_count(side, field=field, remedy="every side is a whole number from 1")
        total *= side
    require_number(total, field=f"{field} (accelerators)", at_most=at_most, remedy="give smaller sides")


def require_accelerators(total: int, *, of: str) -> None:
    """Raise :class:`InvalidInput` when the fabric that ``of`` describes has more accelerators than any may have."""
    require(
        total <= MAX_ACCELERATORS,
        field=f"{of} (accelerators)",
        value=total,
        limit=f"at most {MAX_ACCELERATORS}",
        remedy="make the fabric smaller, or several of them",
    )


def require_radix(radix: int, *, field: str) -> None:
    """Raise :class:`InvalidInput` unless ``radix`` is even and at most 4096."""
    require_count(radix, field=field, at_least=2, at_most=4096)
    require(
        radix % 2 == 0,
        field=field,
        value=radix,
        limit="even (half of a switch's ports face down)",
        remedy="use the next even radix",
    )
