"""Amplifiers that are specified by the OSNR they leave at an input power, as OpenROADM's are.

References
----------
OpenROADM MSA, optical specification 5.0, "MW-MW core" amplifiers and in-line amplifiers; the coefficients as in
``eqpt_config_openroadm_ver5.json`` of GNPy 3.0.1 (Telecominfraproject/oopt-gnpy).
"""

import math
from dataclasses import dataclass

from topodesign.domain.checks import require, require_number
from topodesign.optics.gaussian_noise import LIGHT_SPEED_M_S, PLANCK_J_S, REFERENCE_BANDWIDTH_HZ, WAVELENGTH_M

SPECIFIED_SLOT_GHZ = 50.0
"""The slot whose power the polynomials take; wider channels count with their power per so much spectrum."""

VACUUM_NOISE_DBM = 10 * math.log10(PLANCK_J_S * LIGHT_SPEED_M_S / WAVELENGTH_M * REFERENCE_BANDWIDTH_HZ / 1e-3)
"""h nu times 0.1 nm, -57.95 dBm: what an amplifier of noise figure 0 dB adds at its input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OsnrPolynomial:
    """OSNR in dB (0.1 nm) that an amplifier alone leaves, as a polynomial of its input power.

    Parameters
    ----------
    coefficients : tuple of float
        Highest power first, for input power in dBm per 50 GHz.

    Raises
    ------
    InvalidInput
        Without coefficients, or for one that is not finite.
    """

    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        require(
            bool(self.coefficients),
            field="coefficients",
            value="none",
            limit="at least one",
            remedy="give the constant",
        )
        for value in self.coefficients:
            require_number(value, field="coefficients")

    def osnr_db(self, input_dbm: float) -> float:
        """OSNR in dB for an input power in dBm per 50 GHz."""
        osnr = 0.0
        for value in self.coefficients:
            osnr = osnr * input_dbm + value
        return osnr

    def noise_figure_db(self, *, input_dbm: float, spacing_ghz: float) -> float:
        """Noise figure in dB that gives the same noise at an input power in dBm per channel."""
        in_slot_dbm = input_dbm + 10 * math.log10(SPECIFIED_SLOT_GHZ / spacing_ghz)
        return in_slot_dbm - self.osnr_db(in_slot_dbm) - VACUUM_NOISE_DBM


ILA_STANDARD = OsnrPolynomial(coefficients=(-5.952e-4, -6.250e-2, -1.071, 28.99))
ILA_LOW_NOISE = OsnrPolynomial(coefficients=(-8.104e-4, -6.221e-2, -0.5889, 37.62))
PREAMPLIFIER_WORST_CASE = OsnrPolynomial(coefficients=(-5.952e-4, -6.250e-2, -1.071, 27.99))
"""Of a ROADM, the noise of the node's express path and booster included."""
