r"""Closed-form Gaussian-noise model: what amplified fiber spans add to every channel of a comb.

For a comb of equal channels of symbol rate R and launch power P, one span and the amplifier behind it add

    NSR_i(P) = ASE / P + eta_i P_f^2,     ASE = NF h nu R G,     P_f = P less the input connector's loss,

    eta_i = gamma^2 / R^2  sum_j w_ij psi(|i - j| spacing),     w = 16/27 for i = j, 32/27 otherwise,

    psi(df) = Leff^2 / (2 pi |beta2| La) *
              [asinh(pi^2 La |beta2| R (df + R/2)) - asinh(pi^2 La |beta2| R (df - R/2))] / 2,

with La = 1/alpha. Only Leff depends on the span's length, so that eta_i of a span is a number of the span
(:func:`nonlinear_scale_per_w2`) times a number of channel, fiber and comb (:func:`comb_factors`). Spans add
incoherently; :mod:`topodesign.optics.line_model` sums them.

Figures are those at 1550 nm for every channel: slopes of loss, dispersion and noise figure over the band, and Raman
transfer of power between channels, are not modelled.

References
----------
P. Poggiolini, G. Bosco, A. Carena, V. Curri, Y. Jiang, F. Forghieri, "A Detailed Analytical Derivation of the GN Model
of Non-Linear Interference in Coherent Optical Transmission Systems", arXiv:1209.0394, eqs. 120 and 123.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topodesign.domain.checks import require, require_number
from topodesign.domain.equipment import FiberKind
from topodesign.processes.remembered import Remembered

Floats = npt.NDArray[np.float64]

PLANCK_J_S = 6.626_070_15e-34
LIGHT_SPEED_M_S = 299_792_458.0
WAVELENGTH_M = 1550e-9
REFERENCE_BANDWIDTH_HZ = 12.5e9
"""0.1 nm at 1550 nm, in which OSNR and GSNR are quoted."""

MOST_CHANNELS = 10_000
"""Far beyond any comb (C+L in 50 GHz has 192); keeps a mistake of units from filling the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comb:
    """Equal channels that fill a band: symbol rate in GBd, spacing in GHz, and how many.

    Raises
    ------
    InvalidInput
        For a rate or spacing that is not positive, or a number of channels that is not whole and in [1, 10,000].
    """

    baud_gbd: float
    spacing_ghz: float
    channels: int

    def __post_init__(self) -> None:
        require_number(self.baud_gbd, field="comb.baud_gbd", above=0)
        require_number(self.spacing_ghz, field="comb.spacing_ghz", above=0)
        require_number(self.channels, field="comb.channels", at_least=1, at_most=MOST_CHANNELS)
        require(
            self.channels == int(self.channels),
            field="comb.channels",
            value=self.channels,
            limit="a whole number",
            remedy="give one",
        )

    @classmethod
    def filling(cls, *, band_ghz: float, spacing_ghz: float, baud_gbd: float) -> "Comb":
        """As many channels as the band holds, at least one: 4,800 GHz for C, 9,600 GHz for C+L."""
        require_number(spacing_ghz, field="comb.spacing_ghz", above=0)
        return cls(baud_gbd=baud_gbd, spacing_ghz=spacing_ghz, channels=max(1, int(band_ghz // spacing_ghz)))

    @property
    def middle(self) -> int:
        """Index of the channel that has most neighbors nearby, hence the worst of a flat comb on any fiber."""
        return (self.channels - 1) // 2


FACTORS: Remembered[tuple[float, float, Comb], Floats] = Remembered(256)


def comb_factors(fiber: FiberKind, comb: Comb) -> Floats:
    """Sum over the comb of weights times asinh brackets, for each channel: shape (channels,), no unit, read-only."""
    figures = (fiber.loss_db_per_km, fiber.dispersion_ps_nm_km, comb)
    return FACTORS.get(figures, lambda: _comb_factors(*figures))


def _comb_factors(loss_db_per_km: float, dispersion_ps_nm_km: float, comb: Comb) -> Floats:
    rate = comb.baud_gbd * 1e9
    slope = math.pi**2 * abs(_beta2_s2_m(dispersion_ps_nm_km)) * rate / _nepers_per_m(loss_db_per_km)
    offsets = np.arange(comb.channels) * comb.spacing_ghz * 1e9
    bracket = (np.arcsinh(slope * (offsets + rate / 2)) - np.arcsinh(slope * (offsets - rate / 2))) / 2
    # bracket[k] is the share of a neighbor k slots away; channel i has i neighbors on one side, the rest on the other.
    one_side = np.concatenate([[0.0], np.cumsum(bracket[1:])])
    factors: Floats = 16 / 27 * bracket[0] + 32 / 27 * (one_side + one_side[::-1])
    factors.setflags(write=False)
    return factors


def nonlinear_scale_per_w2(fiber: FiberKind, span_km: Floats, comb: Comb) -> Floats:
    """eta of spans per unit of :func:`comb_factors`, in 1/W^2 of power inside the fiber: shape of ``span_km``."""
    alpha = _nepers_per_m(fiber.loss_db_per_km)
    gamma = 2 * math.pi * fiber.nonlinear_index_m2_w / (WAVELENGTH_M * fiber.effective_area_um2 * 1e-12)
    effective_m = -np.expm1(-alpha * span_km * 1e3) / alpha
    spread = 2 * math.pi * abs(_beta2_s2_m(fiber.dispersion_ps_nm_km)) / alpha
    scale: Floats = (gamma * effective_m / (comb.baud_gbd * 1e9)) ** 2 / spread
    return scale


def amplifier_noise_w(loss_db: Floats, noise_figure_db: Floats, comb: Comb) -> Floats:
    """Amplified spontaneous emission behind spans of a total loss, in watts in one channel's symbol rate."""
    photon_j = PLANCK_J_S * LIGHT_SPEED_M_S / WAVELENGTH_M
    noise: Floats = 10 ** ((noise_figure_db + loss_db) / 10) * (photon_j * comb.baud_gbd * 1e9)
    return noise


def _nepers_per_m(loss_db_per_km: float) -> float:
    return loss_db_per_km * math.log(10) / 10 / 1e3


def _beta2_s2_m(dispersion_ps_nm_km: float) -> float:
    return dispersion_ps_nm_km * 1e-6 * WAVELENGTH_M**2 / (2 * math.pi * LIGHT_SPEED_M_S)
