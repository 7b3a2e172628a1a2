"""Numbers of a sweep, checked all at once."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topodesign.domain.checks import require_number

Floats = NDArray[np.float64]


def checked_array(
    values: ArrayLike,
    *,
    field: str,
    at_least: float = -math.inf,
    at_most: float = math.inf,
    above: float | None = None,
    may_be_infinite: bool = False,
    remedy: str = "give a value in that range",
) -> Floats:
    """The values as an array of floats, each of them in the range.

    Raises
    ------
    InvalidInput
        For the first value out of range, or that is no number; infinity only where ``may_be_infinite``.
    """
    array = np.asarray(values, dtype=np.float64)
    low = array >= at_least if above is None else (array > above) & (array >= at_least)
    sound = low & (array <= at_most) & (np.isfinite(array) | (may_be_infinite & (array == math.inf)))
    if not sound.all():
        require_number(
            float(array[~sound][0]),
            field=field,
            at_least=at_least,
            at_most=at_most,
            above=above,
            remedy=remedy,
            may_be_infinite=may_be_infinite,
        )
    return array
