r"""Closed-form Gaussian-noise model of one amplified fiber span.

For a comb of equal channels of symbol rate R and launch power P, the noise-to-signal ratio that one span and the
amplifier behind it add is

    NSR(P) = ASE / P + eta P_f^2,     ASE = NF h nu R G,     P_f = P less the input connector's loss,

    eta = gamma^2 / R^2  sum_j w_j psi(df_j),      w = 16/27 for the channel itself, 32/27 for the others,

    psi(df) = Leff^2 / (2 pi |beta2| La) *
              [asinh(pi^2 La |beta2| R (df + R/2)) - asinh(pi^2 La |beta2| R (df - R/2))] / 2,

with La = 1/alpha. Spans add incoherently, so 1/GSNR of a line is the sum over its spans. The launch power is flat over
the comb; the best one balances ASE against twice the nonlinear noise: P^3 = ASE / (2 eta).

References
----------
P. Poggiolini, G. Bosco, A. Carena, V. Curri, Y. Jiang, F. Forghieri, "A Detailed Analytical Derivation of the GN Model
of Non-Linear Interference in Coherent Optical Transmission Systems", arXiv:1209.0394, eqs. 120 and 123.
"""

import math
from dataclasses import dataclass

import numpy as np

from topodesign.domain.equipment import FiberKind

PLANCK_J_S = 6.626_070_15e-34
LIGHT_SPEED_M_S = 299_792_458.0
WAVELENGTH_M = 1550e-9
REFERENCE_BANDWIDTH_HZ = 12.5e9
"""0.1 nm at 1550 nm, in which OSNR and GSNR are quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comb:
    """Equal channels that fill a band: symbol rate in GBd, spacing in GHz, and how many."""

    baud_gbd: float
    spacing_ghz: float
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Amplification:
    """Amplifier behind each span: noise figure in dB, total output power in dBm, connector loss of a span in dB."""

    noise_figure_db: float
    max_total_power_dbm: float
    connector_loss_db: float


def nonlinear_efficiency_per_w2(fiber: FiberKind, span_km: float, comb: Comb) -> float:
    """Largest eta over the channels of the comb, in 1/W^2 of power inside the fiber."""
    rate = comb.baud_gbd * 1e9
    alpha = fiber.loss_db_per_km * math.log(10) / 10 / 1e3
    beta2 = fiber.dispersion_ps_nm_km * 1e-6 * WAVELENGTH_M**2 / (2 * math.pi * LIGHT_SPEED_M_S)
    gamma = 2 * math.pi * fiber.nonlinear_index_m2_w / (WAVELENGTH_M * fiber.effective_area_um2 * 1e-12)
    asymptotic_m = 1 / alpha
    effective_m = (1 - math.exp(-alpha * span_km * 1e3)) / alpha
    slope = math.pi**2 * asymptotic_m * beta2 * rate
    offsets = np.arange(comb.channels) * comb.spacing_ghz * 1e9
    bracket = (np.arcsinh(slope * (offsets + rate / 2)) - np.arcsinh(slope * (offsets - rate / 2))) / 2
    # bracket[k] is the share of a neighbor k slots away; the middle channel has most neighbors nearby, so it is worst.
    below = (comb.channels - 1) // 2
    above = comb.channels - 1 - below
    cross = bracket[1 : below + 1].sum() + bracket[1 : above + 1].sum()
    total = 16 / 27 * bracket[0] + 32 / 27 * cross
    return float(gamma**2 / rate**2 * effective_m**2 / (2 * math.pi * beta2 * asymptotic_m) * total)


def amplifier_noise_w(fiber: FiberKind, span_km: float, comb: Comb, amplification: Amplification) -> float:
    """Amplified spontaneous emission in one channel's symbol-rate bandwidth behind one span, in watts."""
    loss_db = fiber.loss_db_per_km * span_km + amplification.connector_loss_db
    frequency = LIGHT_SPEED_M_S / WAVELENGTH_M
    noise_factor = 10 ** (amplification.noise_figure_db / 10)
    return float(noise_factor * PLANCK_J_S * frequency * comb.baud_gbd * 1e9 * 10 ** (loss_db / 10))


def span_noise_to_signal(
    fiber: FiberKind,
    span_km: float,
    comb: Comb,
    amplification: Amplification,
    *,
    launch_dbm: float | None = None,
) -> float:
    """Noise-to-signal ratio (linear, in 0.1 nm) of one span for the worst channel of the comb.

    Parameters
    ----------
    fiber : FiberKind
    span_km : float
        Span length in km.
    comb, amplification
        The channels and the amplifier behind the span.
    launch_dbm : float, optional
        Power per channel at the amplifier's output in dBm; by default the flat power that is best for this span, at
        most the amplifier's total power shared by all channels.

    Returns
    -------
    float
        1 / GSNR of the span alone, referred to 12.5 GHz.
    """
    noise_w = amplifier_noise_w(fiber, span_km, comb, amplification)
    input_loss = 10 ** (-amplification.connector_loss_db / 2 / 10)
    eta = nonlinear_efficiency_per_w2(fiber, span_km, comb) * input_loss**2
    if launch_dbm is None:
        most_w = 10 ** (amplification.max_total_power_dbm / 10) * 1e-3 / comb.channels
        best_w = (noise_w / (2 * eta)) ** (1 / 3) if eta > 0 else math.inf
        power_w = min(most_w, best_w)
    else:
        power_w = 10 ** (launch_dbm / 10) * 1e-3
    in_symbol_rate = noise_w / power_w + eta * power_w**2
    return in_symbol_rate * REFERENCE_BANDWIDTH_HZ / (comb.baud_gbd * 1e9)
