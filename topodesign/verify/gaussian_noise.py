r"""The verifier's own closed-form Gaussian-noise model, in plain Python.

Written from the paper and docs/formulation.md (11), not from :mod:`topodesign.optics`. Per span, for the worst channel
of a comb that fills the band with channels of symbol rate R, at launch power P per channel:

    noise / signal = (F h nu R G) / P + eta (P k)^2

with noise factor F, gain G equal to the span's whole loss (fiber and connectors), and k the loss of the input
connector, half of the connectors' loss. The coefficient is eta = gamma^2 / R^2 times the sum over the comb of w psi,
w = 16/27 for the channel on itself and 32/27 for each other channel (eqs. 120 and 123). The booster in front of a
segment adds F h nu R L / P, with L the loss of the node that it makes up for.

References
----------
P. Poggiolini et al., "A Detailed Analytical Derivation of the GN Model of Non-Linear Interference in Coherent Optical
Transmission Systems", arXiv:1209.0394, 2012-2014, eqs. 120 and 123.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import asinh, expm1, floor, inf, log, log10, pi

PLANCK = 6.62607015e-34
LIGHT_SPEED = 299_792_458.0
CARRIER_M = 1.55e-6
NOISE_BANDWIDTH_HZ = 12.5e9
"""0.1 nm near 1550 nm, the bandwidth that OSNR is quoted in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comb:
    """Channels of one kind filling a band, in Hz."""

    symbol_rate_hz: float
    spacing_hz: float
    channels: int

    @classmethod
    def filling(cls, *, band_ghz: float, width_ghz: float, baud_gbd: float) -> "Comb":
        """As many channels as fit into the band, at least one."""
        return cls(
            symbol_rate_hz=baud_gbd * 1e9, spacing_hz=width_ghz * 1e9, channels=max(1, floor(band_ghz / width_ghz))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Glass:
    """A fiber in SI units: attenuation in nepers of power per m, |beta2| in s^2/m, gamma in 1/(W m)."""

    attenuation: float
    dispersion: float
    nonlinearity: float

    @classmethod
    def of(cls, *, loss_db_per_km: float, dispersion_ps_nm_km: float, area_um2: float, index_m2_w: float) -> "Glass":
        """From the units of data sheets, at 1550 nm."""
        return cls(
            attenuation=loss_db_per_km * log(10) / 1e4,
            dispersion=abs(dispersion_ps_nm_km) * 1e-6 * CARRIER_M**2 / (2 * pi * LIGHT_SPEED),
            nonlinearity=2 * pi * index_m2_w / (CARRIER_M * area_um2 * 1e-12),
        )


@lru_cache(maxsize=1024)
def comb_factor(glass: Glass, comb: Comb) -> float:
    """Largest of the channels' sums of w asinh-brackets over the comb; independent of the span's length."""
    rate = comb.symbol_rate_hz
    scale = pi**2 * glass.dispersion * rate / glass.attenuation

    def bracket(distance_hz: float) -> float:
        return (asinh(scale * (distance_hz + rate / 2)) - asinh(scale * (distance_hz - rate / 2))) / 2

    others = [0.0, *accumulate(bracket(slot * comb.spacing_hz) for slot in range(1, comb.channels))]
    crowd = max(others[left] + others[comb.channels - 1 - left] for left in range(comb.channels))
    return 16 / 27 * bracket(0.0) + 32 / 27 * crowd


def nonlinear_coefficient(glass: Glass, comb: Comb, span_km: float) -> float:
    """eta of one span for the worst channel, in 1/W^2 of power inside the fiber."""
    effective_m = -expm1(-glass.attenuation * span_km * 1e3) / glass.attenuation
    spread = 2 * pi * glass.dispersion / glass.attenuation
    return (glass.nonlinearity * effective_m / comb.symbol_rate_hz) ** 2 / spread * comb_factor(glass, comb)


def span_noise(
    glass: Glass,
    comb: Comb,
    *,
    span_km: float,
    loss_db_per_km: float,
    connector_db: float,
    noise_figure_db: float,
    most_total_dbm: float,
    launch_dbm: float | None = None,
) -> float:
    """Noise over signal (linear, in 0.1 nm) that one span adds; 1/GSNR of a line is the sum over its spans.

    Parameters
    ----------
    glass, comb
        Fiber and channels.
    span_km, loss_db_per_km, connector_db
        Length, fiber loss, and the loss of both connectors of the span together.
    noise_figure_db, most_total_dbm
        The amplifier behind the span: noise figure, and the total power that it can put out.
    launch_dbm : float, optional
        Launch power per channel in dBm; by default the best one for the span that the amplifier can give.
    """
    amplified = _amplified_w(comb, span_km, loss_db_per_km, connector_db, noise_figure_db)
    eta = _inner_coefficient(glass, comb, span_km, connector_db)
    if launch_dbm is None:
        power = _best_w(amplified, eta, comb, most_total_dbm)
    else:
        power = 1e-3 * 10 ** (launch_dbm / 10)
    return (amplified / power + eta * power * power) * NOISE_BANDWIDTH_HZ / comb.symbol_rate_hz


def booster_noise(comb: Comb, *, terminal_loss_db: float, noise_figure_db: float, launch_dbm: float) -> float:
    """Noise over signal (linear, in 0.1 nm) of the booster that makes up for a node's loss and puts out this power."""
    added_w = _spontaneous_w(comb, terminal_loss_db, noise_figure_db)
    return added_w / (1e-3 * 10 ** (launch_dbm / 10)) * NOISE_BANDWIDTH_HZ / comb.symbol_rate_hz


def best_launch_dbm(
    glass: Glass,
    comb: Comb,
    *,
    span_km: float,
    loss_db_per_km: float,
    connector_db: float,
    noise_figure_db: float,
    most_total_dbm: float,
) -> float:
    """The launch power per channel in dBm that :func:`span_noise` takes by default; same parameters."""
    amplified = _amplified_w(comb, span_km, loss_db_per_km, connector_db, noise_figure_db)
    eta = _inner_coefficient(glass, comb, span_km, connector_db)
    return 10 * log10(_best_w(amplified, eta, comb, most_total_dbm) / 1e-3)


def _amplified_w(
    comb: Comb, span_km: float, loss_db_per_km: float, connector_db: float, noise_figure_db: float
) -> float:
    """F h nu R G: spontaneous emission that the amplifier behind the span adds to a channel, in W."""
    return _spontaneous_w(comb, loss_db_per_km * span_km + connector_db, noise_figure_db)


def _spontaneous_w(comb: Comb, gain_db: float, noise_figure_db: float) -> float:
    """F h nu R G in W."""
    photon = PLANCK * LIGHT_SPEED / CARRIER_M
    return 10 ** ((noise_figure_db + gain_db) / 10) * photon * comb.symbol_rate_hz


def _inner_coefficient(glass: Glass, comb: Comb, span_km: float, connector_db: float) -> float:
    """eta k^2 in 1/W^2: the nonlinear coefficient, referred to the power in front of the input connector."""
    return nonlinear_coefficient(glass, comb, span_km) * 10 ** (-connector_db / 10)  # k^2 of half the connectors


def _best_w(amplified_w: float, eta: float, comb: Comb, most_total_dbm: float) -> float:
    """Launch power per channel in W where the derivative of the noise is zero, or all that the amplifier can give."""
    available = 1e-3 * 10 ** (most_total_dbm / 10) / comb.channels
    best = (amplified_w / (2 * eta)) ** (1 / 3) if eta > 0 else inf
    return min(available, best)
