"""Limits that the specs of all families of fabrics share."""

from topodesign.domain.checks import require, require_number

MAX_ACCELERATORS = 10_000_000
"""Most in one fabric: a torus of 10^8 takes 5 s and 1.5 GB to evaluate."""
MAX_NAMED = 300_000
"""Most accelerators that are named one by one: those of an explicit graph."""
MIN_GBPS, MAX_GBPS = 1e-6, 1e9
"""Rates of a link in Gbit/s, one direction; far beyond both ends times overflow."""
MAX_MESSAGE_BYTES = 1e18
"""Most bytes of a message of one accelerator."""


def require_count(
    value: int, *, field: str, at_least: int = 1, at_most: int = MAX_ACCELERATORS, remedy: str | None = None
) -> None:
    """Raise :class:`InvalidInput` unless ``value`` is a whole number in ``[at_least, at_most]``."""
    remedy = remedy or f"give a whole number from {at_least} to {at_most}"
    require_number(value, field=field, at_least=at_least, at_most=at_most, remedy=remedy)
    require(value == int(value), field=field, value=value, limit="a whole number", remedy=remedy)


def require_gbps(value: float, *, field: str) -> None:
    """Raise :class:`InvalidInput` unless ``value`` is a rate in Gbit/s from 1e-6 to 1e9."""
    require_number(value, field=field, above=0, at_most=MAX_GBPS)
    require_number(value, field=field, at_least=MIN_GBPS)


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
    require_number(radix, field=field, at_least=2, at_most=4096)
    require(
        radix % 2 == 0,
        field=field,
        value=radix,
        limit="even (half of a switch's ports face down)",
        remedy="use the next even radix",
    )
