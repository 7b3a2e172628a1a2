"""Goodput of a job that goes back to its last checkpoint whenever a part fails.

Interruptions come at the rate 1/M while the job runs or restarts, after training t and a checkpoint's time d it is
safe, each costs a wait W in which nothing can fail (for repair) and a restart R that may be interrupted itself. Then

    goodput = t / ((M + W) e^(R/M) (e^((t + d)/M) - 1)),

exact for exponential failures. With W = 0 it is Daly's equation; W enters since every interruption adds W to the M of
running time that precede it. Arguments may be arrays of any shapes that broadcast.

References
----------
J. W. Young, "A first order approximation to the optimum checkpoint interval", Commun. ACM 17(9), 1974.
J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", Future Gener. Comput. Syst.
22(3), 2006, eqs. (13), (20), (37).
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from topodesign.domain.durations import SECONDS_PER_HOUR
from topodesign.domain.goodput import Checkpointing, Goodput
from topodesign.training.checked_arrays import Floats, checked_array

_BELOW_ONE = math.nextafter(1.0, 0.0)
_SERIES_BELOW = 0.01
_MOST_STEPS = 64


def young_interval_s(write_s: ArrayLike, mtti_s: ArrayLike) -> Floats:
    """Young's interval sqrt(2 d M) in seconds, for a write time ``write_s`` >= 0 and a mean time to interrupt > 0.

    Infinite where nothing fails.
    """
    write, mtti = _write_and_mtti(write_s, mtti_s)
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(mtti), math.inf, np.sqrt(2 * write * mtti))


def daly_interval_s(write_s: ArrayLike, mtti_s: ArrayLike) -> Floats:
    """Daly's interval sqrt(2 d M) (1 + sqrt(x)/3 + x/9) - d with x = d/(2 M) in seconds; M where d >= 2 M.

    Infinite where nothing fails.
    """
    write, mtti = _write_and_mtti(write_s, mtti_s)
    x = write / (2 * mtti)
    within = np.minimum(x, 1.0)  # beyond, the formula does not hold and is not taken
    daly = young_interval_s(write, mtti) * (1 + np.sqrt(within) / 3 + within / 9) - write
    return np.where(x < 1, daly, mtti)


def best_interval_s(write_s: ArrayLike, mtti_s: ArrayLike) -> Floats:
    """The interval of the best exact goodput, in seconds: 0 where writing takes no time, infinite where nothing fails.

    With x = t/M the derivative of the goodput is zero where -x - ln(1 - x) = d/M. The left side is convex and rises
    from 0 on [0, 1), so Newton's steps from above come down to the root without overshooting.
    """
    write, mtti = _write_and_mtti(write_s, mtti_s)
    with np.errstate(over="ignore"):
        depth = np.asarray(write / mtti)
    x = np.minimum(np.sqrt(2 * depth), np.minimum(-np.expm1(-1 - depth), _BELOW_ONE))
    for _ in range(_MOST_STEPS):
        slope = np.where(x > 0, x / (1 - x), 1.0)
        following = np.clip(x - (_excess(x) - depth) / slope, 0.0, _BELOW_ONE)
        if (following >= x).all():
            break
        x = np.minimum(x, following)
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(mtti), math.inf, x * mtti)


def exact_goodput(
    interval_s: ArrayLike,
    *,
    write_s: ArrayLike,
    restart_s: ArrayLike,
    mtti_s: ArrayLike,
    wait_s: ArrayLike = 0.0,
) -> Floats:
    """Share of time that ends in training, by the module's formula; in [0, 1].

    Parameters
    ----------
    interval_s, write_s, restart_s, wait_s : array_like of float
        t, d, R and W in seconds, at least 0; ``interval_s`` may be infinite (no checkpoint is ever written).
    mtti_s : array_like of float
        M in seconds, above 0; infinite: nothing fails, and the goodput is t / (t + d).

    Raises
    ------
    InvalidInput
        For a figure out of its range.

    Notes
    -----
    Limits are exact: with t = 0 the goodput is 0 where d > 0, and M / (M + W) e^(-R/M) where d = 0.
    """
    useful, _, _, _ = _shares(interval_s, write_s, restart_s, mtti_s, wait_s)
    return useful


def first_order_loss(interval_s: ArrayLike, *, write_s: ArrayLike, restart_s: ArrayLike, mtti_s: ArrayLike) -> Floats:
    """d/t + t/(2 M) + R/M: what is lost where all three terms are small; above a tenth use :func:`exact_goodput`."""
    interval = checked_array(interval_s, field="interval_s", above=0)
    restart = checked_array(restart_s, field="restart_s", at_least=0)
    write, mtti = _write_and_mtti(write_s, mtti_s)
    return np.asarray(write / interval + interval / (2 * mtti) + restart / mtti)


def goodput(checkpointing: Checkpointing, mtti_h: float, *, wait_s: float = 0.0) -> Goodput:
    """Where the time of a job goes that is interrupted every ``mtti_h`` hours of running and then waits ``wait_s``.

    Parameters
    ----------
    checkpointing : Checkpointing
        Without an interval the best one is taken.
    mtti_h : float
        Hours, above 0; may be infinite. See :func:`topodesign.training.interruptions.mean_time_to_interrupt_h`.
    wait_s : float
        Mean wait of an interruption, seconds, at least 0.

    Raises
    ------
    InvalidInput
        For a figure out of its range.
    """
    mtti_s = mtti_h * SECONDS_PER_HOUR
    interval = checkpointing.interval_s
    if interval is None:
        interval = float(best_interval_s(checkpointing.write_s, mtti_s))
    shares = _shares(interval, checkpointing.write_s, checkpointing.restart_s, mtti_s, wait_s)
    useful, writing, restart, waiting = (float(share) for share in shares)
    return Goodput(
        mtti_h=mtti_h,
        interval_s=interval,
        useful=useful,
        writing=writing,
        rework=max(0.0, 1.0 - useful - writing - restart - waiting),
        restart=restart,
        waiting=waiting,
    )


def _shares(
    interval_s: ArrayLike, write_s: ArrayLike, restart_s: ArrayLike, mtti_s: ArrayLike, wait_s: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Shares of time that are useful, writing of checkpoints that get finished, restart and waiting.

    A cycle of mean M + W holds one interruption. Its restarts take M (1 - e^(-R/M)) in the mean, as a restart ends at R
    or with the next interruption; what is left of M is training, writing and rework.
    """
    interval = checked_array(interval_s, field="interval_s", at_least=0, may_be_infinite=True)
    restart = checked_array(restart_s, field="restart_s", at_least=0)
    wait = checked_array(wait_s, field="wait_s", at_least=0)
    write, mtti = _write_and_mtti(write_s, mtti_s)
    running = np.asarray(1 / (1 + wait / mtti))
    up = running * np.exp(-restart / mtti)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        per_segment = np.expm1((interval + write) / mtti)
        useful = np.where(per_segment > 0, interval / mtti / per_segment, 1.0)
        writing = np.where(per_segment > 0, write / mtti / per_segment, 0.0)
        whole = interval / (interval + write)
    useful = np.where(np.isinf(interval), 0.0, useful)
    never = np.isinf(mtti)
    of_interval = np.where(np.isinf(interval) | (interval + write == 0), 1.0, whole)
    useful, writing = np.where(never, of_interval, useful), np.where(never, 1 - of_interval, writing)
    return up * useful, up * writing, -running * np.expm1(-restart / mtti), 1 - running


def _write_and_mtti(write_s: ArrayLike, mtti_s: ArrayLike) -> tuple[Floats, Floats]:
    return (
        checked_array(write_s, field="write_s", at_least=0),
        checked_array(mtti_s, field="mtti_s", above=0, may_be_infinite=True),
    )


def _excess(x: Floats) -> Floats:
    """-x - ln(1 - x) on [0, 1): for small x by its series x^2/2 + x^3/3 + ..., where the difference loses digits."""
    small = np.minimum(x, _SERIES_BELOW)
    series = np.zeros_like(small)
    for power in range(10, 1, -1):
        series = (series + 1 / power) * small
    return np.where(x < _SERIES_BELOW, series * small, -x - np.log1p(-x))
