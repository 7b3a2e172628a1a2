"""How far a mode goes over equal spans: the ladder of reach."""

import math

from topodesign.domain.equipment import FiberKind, LineSystem, TransceiverMode

ROUNDING = 1e-9
"""What a whole number of spans may differ by in floating-point arithmetic."""


def longest_km(
    mode: TransceiverMode,
    fiber: FiberKind,
    system: LineSystem,
    *,
    span_km: float,
    noise_a_span: float,
    of_booster: float,
    margin_db: float,
) -> float:
    """Longest line of whole spans on which the mode holds by the line model, in km; 0: not one span.

    Parameters
    ----------
    mode, fiber, system
    span_km : float
        Length of every span.
    noise_a_span : float
        Noise-to-signal ratio (linear, 0.1 nm) that one span adds.
    of_booster : float
        That which the booster in front of the line adds.
    margin_db : float
        That the mode must keep above its required OSNR.
    """
    at_ends = 10 ** (-mode.tx_osnr_db / 10) + of_booster
    spans = max(0.0, (10 ** (-(mode.required_osnr_db + margin_db) / 10) - at_ends) / noise_a_span)
    spans = min(spans, mode.max_km / span_km, mode.max_spans or math.inf)
    spans = min(spans, mode.max_dispersion_ps_nm / (abs(fiber.dispersion_ps_nm_km) * span_km))
    if mode.max_pmd_ps:
        spans = min(spans, _spans_within_pmd(mode.max_pmd_ps, fiber, system, span_km))
    return math.floor(spans + ROUNDING) * span_km


def _spans_within_pmd(limit_ps: float, fiber: FiberKind, system: LineSystem, span_km: float) -> float:
    """n with n fiber + 2 terminals + (n - 1) amplifiers at the limit, all squared; not whole, at least 0."""
    amplifier_ps2 = system.amplifier_pmd_ps**2
    a_span_ps2 = fiber.pmd_ps_sqrt_km**2 * span_km + amplifier_ps2
    left_ps2 = limit_ps**2 - 2 * system.terminal_pmd_ps**2 + amplifier_ps2
    if a_span_ps2 == 0:
        return math.inf if left_ps2 >= 0 else 0.0
    return max(0.0, left_ps2 / a_span_ps2)
