"""What training takes: energy and carbon per 10^24 FLOP, dollars per effective exaFLOP-day, performance per dollar."""

import numpy as np
from numpy.typing import ArrayLike

from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.energy import Ownership
from topodesign.training.checked_arrays import Floats, checked_array
from topodesign.training.power import facility_w

SECONDS_PER_YEAR = 3600.0 * HOURS_PER_YEAR
DAYS_PER_YEAR = HOURS_PER_YEAR / 24
FLOP_PER_EXAFLOP_DAY = 1e18 * 86400


def effective_exaflops(
    accelerators: ArrayLike,
    *,
    peak_tflops: ArrayLike,
    utilization: ArrayLike,
    goodput: ArrayLike = 1.0,
    running_share: ArrayLike = 1.0,
) -> Floats:
    """10^18 FLOP/s that end in the model: accelerators x peak x utilization x goodput x running_share x 10^-6.

    Parameters
    ----------
    accelerators, peak_tflops : array_like of float
        Count, and dense TFLOP/s of each; at least 0.
    utilization : array_like of float
        In-site model FLOP/s utilization times the share of a step that is not stalled between sites, in [0, 1].
    goodput, running_share : array_like of float
        Shares of time, in [0, 1]; what counts in one must not count in the other.

    Raises
    ------
    InvalidInput
        For a figure out of its range.
    """
    count = checked_array(accelerators, field="accelerators", at_least=0)
    peak = checked_array(peak_tflops, field="peak_tflops", at_least=0)
    shares = [
        checked_array(value, field=name, at_least=0, at_most=1)
        for name, value in (("utilization", utilization), ("goodput", goodput), ("running_share", running_share))
    ]
    return np.asarray(count * peak * shares[0] * shares[1] * shares[2] / 1e6)


def per_1e24_flop(per_year: ArrayLike, exaflops: ArrayLike) -> Floats:
    """What a year takes (MWh, tonnes), for each 10^24 FLOP trained: per_year x 10^6 / (exaflops x 31,536,000 s).

    Infinite where nothing is trained but something is taken.

    Raises
    ------
    InvalidInput
        For a figure below 0.
    """
    taken = checked_array(per_year, field="per_year", at_least=0)
    trained = checked_array(exaflops, field="exaflops", at_least=0) * SECONDS_PER_YEAR / 1e6
    return _over(taken, trained)


def usd_per_exaflop_day(cost_usd: ArrayLike, *, exaflops: ArrayLike, years: ArrayLike) -> Floats:
    """Dollars per effective exaFLOP-day (8.64 x 10^22 FLOP): cost_usd / (exaflops x 365 x years).

    With a present value, ``years`` is the annuity factor, so that dollars and exaFLOP-days are discounted alike.

    Raises
    ------
    InvalidInput
        For a figure below 0, or years that are not above 0.
    """
    cost = checked_array(cost_usd, field="cost_usd", at_least=0)
    days = DAYS_PER_YEAR * checked_array(years, field="years", above=0)
    return _over(cost, checked_array(exaflops, field="exaflops", at_least=0) * days)


def ownership_usd_per_year(owned: Ownership, *, all_in_w: float, pue: float, energy_usd_per_mwh: float) -> float:
    """Dollars a year of one accelerator: cost / life + pue x all_in_w x 8760 h x price + other costs.

    Parameters
    ----------
    owned : Ownership
        Purchase with its share of building, years of use, and costs a year beside energy.
    all_in_w, pue, energy_usd_per_mwh : float
        IT watts, at least 0; at least 1; US dollars per MWh, at least 0.

    Raises
    ------
    InvalidInput
        For a figure out of its range.
    """
    price = checked_array(energy_usd_per_mwh, field="energy_usd_per_mwh", at_least=0)
    mwh = facility_w(all_in_w, pue) * HOURS_PER_YEAR / 1e6
    return float(owned.cost_usd / owned.life_years + mwh * price + owned.other_usd_per_year)


def performance_per_dollar(tflops: ArrayLike, *, usd_per_year: ArrayLike) -> Floats:
    """Effective TFLOP/s-years per dollar: tflops (peak x utilization x availability) / usd_per_year."""
    effective = checked_array(tflops, field="tflops", at_least=0)
    return _over(effective, checked_array(usd_per_year, field="usd_per_year", at_least=0))


def _over(taken: Floats, trained: Floats) -> Floats:
    """taken / trained, with the limits: infinite for nothing trained, 0 for nothing taken."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(taken == 0, 0.0, taken / trained)
