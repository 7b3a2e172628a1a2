"""Checkpoints between sites: a copy elsewhere survives the loss of a site, and takes bandwidth all the time."""

import math

from topodesign.domain.checks import require_number
from topodesign.domain.goodput import CheckpointTraffic
from topodesign.domain.ranges import MOST_PARAMETERS

CHECKPOINT_BYTES_PER_PARAMETER = 14.0
"""Weights in 16 bits (2), their copy in 32 bits (4) and Adam's two moments (8); gradients of 32 bits would add 4."""


def transfer_s(bits: float, line_gbps: float, *, goodput_factor: float = 1.0, latency_s: float = 0.0) -> float:
    """Seconds to move ``bits`` over a line of ``line_gbps`` Gbit/s (one direction) of which a share is usable.

    bits / (goodput_factor x line_gbps x 10^9) + latency_s.
    """
    require_number(bits, field="bits", at_least=0)
    require_number(line_gbps, field="line_gbps", above=0)
    require_number(goodput_factor, field="goodput_factor", above=0, at_most=1)
    require_number(latency_s, field="latency_s", at_least=0)
    return bits / (goodput_factor * line_gbps * 1e9) + latency_s


def checkpoint_traffic(
    parameters: float,
    interval_s: float,
    *,
    bytes_per_parameter: float = CHECKPOINT_BYTES_PER_PARAMETER,
    goodput_factor: float = 0.8,
    line_gbps: float | None = None,
    latency_s: float = 0.0,
) -> CheckpointTraffic:
    """Bits of a checkpoint, the line rate that copies each to another site before the next, and the time to fetch one.

    Parameters
    ----------
    parameters : float
        All of them, also those that are not active.
    interval_s : float
        Wall-clock seconds between copies, above 0; infinite: no traffic.
    bytes_per_parameter : float
        Of the state that is kept.
    goodput_factor : float
        Usable share of the line rate, in (0, 1].
    line_gbps : float, optional
        Line rate of the way back, Gbit/s.
    latency_s : float
        One way, seconds.

    Raises
    ------
    InvalidInput
        For a figure out of its range.
    """
    require_number(parameters, field="parameters", above=0, at_most=MOST_PARAMETERS)
    require_number(interval_s, field="interval_s", above=0, may_be_infinite=True, remedy="copy less often")
    require_number(bytes_per_parameter, field="bytes_per_parameter", above=0)
    require_number(goodput_factor, field="goodput_factor", above=0, at_most=1)
    bits = parameters * bytes_per_parameter * 8
    restore = None
    if line_gbps is not None:
        restore = transfer_s(bits, line_gbps, goodput_factor=goodput_factor, latency_s=latency_s)
    gbps = 0.0 if math.isinf(interval_s) else bits / (goodput_factor * interval_s) / 1e9
    return CheckpointTraffic(bits=bits, gbps=gbps, restore_s=restore)
