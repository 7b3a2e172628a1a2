"""How far a mode goes over equal spans: the ladder of reach."""

import math

from topodesign.domain.equipment import FiberKind, TransceiverMode

ROUNDING = 1e-9
"""What a whole number of spans may differ by in floating-point arithmetic."""


def longest_km(
    mode: TransceiverMode, fiber: FiberKind, *, span_km: float, noise_a_span: float, margin_db: float
) -> float:
    """Longest line of whole spans on which the mode holds by the line model, in km; 0: not one span.

    Parameters
    ----------
    mode, fiber
    span_km : float
        Length of every span.
    noise_a_span : float
        Noise-to-signal ratio (linear, 0.1 nm) that one span adds.
    margin_db : float
        That the mode must keep above its required OSNR.
    """
    own = 10 ** (-mode.tx_osnr_db / 10)
    spans = max(0.0, (10 ** (-(mode.required_osnr_db + margin_db) / 10) - own) / noise_a_span)
    spans = min(spans, mode.max_km / span_km, mode.max_spans or math.inf)
    spans = min(spans, mode.max_dispersion_ps_nm / (abs(fiber.dispersion_ps_nm_km) * span_km))
    return math.floor(spans + ROUNDING) * span_km
