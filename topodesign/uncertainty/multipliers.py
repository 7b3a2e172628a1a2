"""Prices of disagreement: multipliers of the scenario decomposition, and one projected subgradient step.

Each future may choose committed sites of its own; m makes a site dearer in futures that want it and cheaper in those
that do not, so that they come to agree. Their mean under q is 0 for every site, and none is below minus the site's
fixed capex. Costs enter in US dollars.

References
----------
S. Ahmed, "A scenario decomposition algorithm for 0-1 stochastic programs", Operations Research Letters 41(6), 2013.
C. C. Caroe, R. Schultz, "Dual decomposition in stochastic integer programming", Operations Research Letters 24, 1999.
B. T. Polyak, "Minimization of unsmooth functionals", USSR Computational Mathematics 9(3), 1969 (the step's length).
"""

import math
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CENTS = 2
BISECTIONS = 100
"""Halvings of an interval of dollars: far below a cent."""


def stepped(
    multipliers: Floats, chosen: Floats, weights: Sequence[float], least: Floats, *, missing_usd: float
) -> Floats:
    """Multipliers after one subgradient step of Polyak's length, projected on those that are allowed.

    Parameters
    ----------
    multipliers, chosen, least : array of float, shape (futures, sites)
        The present ones in US dollars, 1 where a future's plan would commit the site, and the least allowed.
    weights : sequence of float
        The distribution q; where it is 0 a future has no part in the bound.
    missing_usd : float
        By how much the bound is below the best known objective.

    Returns
    -------
    array of float, shape (futures, sites)
        US dollars, rounded to cents; what the rounding leaves of the mean is taken off the bound by :func:`excess`.
    """
    q = np.asarray(weights, dtype=np.float64)[:, None]
    direction = chosen - (q * chosen).sum(axis=0) / q.sum()
    length = float((q * direction**2).sum())
    if length <= 0:
        return multipliers
    rounded = np.round(_projected(multipliers + missing_usd / length * direction, q, least), CENTS)
    allowed: Floats = np.maximum(least, rounded)
    return allowed


def excess(multipliers: Floats, weights: Sequence[float]) -> float:
    """What the bound is too high by because the mean of the multipliers is not exactly 0, at most, US dollars."""
    means = np.asarray(weights, dtype=np.float64) @ multipliers
    return math.fsum(float(mean) for mean in means if mean > 0)


def chosen_sites(
    used: Sequence[Collection[str]],
    site_ids: Sequence[str],
    multipliers: Floats,
    fixed: Floats,
    late: Floats,
) -> Floats:
    """1 where a future's plan uses a site and would rather commit to it than open it late; shape (futures, sites)."""
    chosen = np.zeros(multipliers.shape)
    for row, ids in enumerate(used):
        for column, site_id in enumerate(site_ids):
            is_cheaper = fixed[row, column] + multipliers[row, column] <= late[row, column]
            chosen[row, column] = float(site_id in ids and is_cheaper)
    return chosen


def _projected(wanted: Floats, q: Floats, least: Floats) -> Floats:
    """The nearest multipliers (in the norm weighted by q) that are at least ``least`` and have the mean 0.

    They are max(least, wanted - shift), with the shift of each site found by bisection: the mean falls with it, from at
    least 0 where nothing that is wanted stays below 0, to at most 0 where all are ``least``, which is at most 0.
    """
    low = np.minimum(0.0, wanted.min(axis=0))
    high = np.maximum(0.0, wanted.max(axis=0) - least.min(axis=0))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_above = (q * np.maximum(least, wanted - middle)).sum(axis=0) > 0
        low, high = np.where(is_above, middle, low), np.where(is_above, high, middle)
    nearest: Floats = np.maximum(least, wanted - high)
    return nearest
