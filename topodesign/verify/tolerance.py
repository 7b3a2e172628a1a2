"""How closely a plan must agree with the verifier, each tolerance with its reason."""

import math
from typing import TypeGuard

RELATIVE = 1e-9
"""Limits and sums: double precision keeps 1e-16 per operation; sums of thousands of terms in any order stay below."""

ROUTED = 1e-6
"""The largest multiple of a demand comes from linear programmes that two codes solve to their own tolerances."""

STATED = 1e-3
"""Figures that a plan repeats (km, ms, MW, Gbit/s, shares) may be rounded to a meter, microsecond, kilowatt, Mbit/s or
per mille. It cannot hide a broken limit: limits are checked on the verifier's own figures."""

REACH_DB = 0.02
"""GSNR from two closed-form codes (order of sums, physical constants) differs by less; a system margin is 2 to 4 dB."""

CENT_USD = 0.01
"""Each cost item is rounded to the cent, and two roundings of nearly the same number differ by at most one."""

GAP = 1e-6
"""Relative gaps are quoted to at most six digits."""

LARGEST_COUNT = 10**9
"""Pods, lightpaths and fiber pairs above this are nonsense, and would spoil sums in double precision."""

LARGEST_NUMBER = 1e18
"""Figures above this are nonsense in every unit that a plan uses."""


def is_number(value: object) -> TypeGuard[float]:
    """Whether ``value`` is a finite number of a sane size; booleans are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return -LARGEST_NUMBER <= value <= LARGEST_NUMBER  # false for NaN, safe for any integer


def is_count(value: object, *, at_least: int = 1) -> TypeGuard[int]:
    """Whether ``value`` is a whole number from ``at_least`` to :data:`LARGEST_COUNT`."""
    return isinstance(value, int) and not isinstance(value, bool) and at_least <= value <= LARGEST_COUNT


def exceeds(value: float, limit: float) -> bool:
    """Whether ``value`` is above ``limit`` by more than the arithmetic can blur; NaN exceeds everything."""
    if math.isinf(limit) and limit > 0:
        return math.isnan(value)
    return not value <= limit + RELATIVE * abs(limit)


def agrees(stated: object, own: float, *, absolute: float = STATED, relative: float = RELATIVE) -> bool:
    """Whether a plan's figure is the verifier's; never for anything that is not a finite number."""
    return is_number(stated) and is_number(own) and abs(stated - own) <= absolute + relative * abs(own)
