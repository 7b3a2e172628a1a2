"""Limits of a solve as a request may give them."""

import math
import os

from topodesign.domain.checks import require, require_number
from topodesign.domain.plan import SolveLimits
from topodesign.v1 import plan_pb2
from topodesign.wire import from_proto

LONGEST_S = 7 * 24 * 3600.0
MOST_THREADS = 256
LARGEST_SEED = 2**31 - 1


def read_limits(message: plan_pb2.SolveLimits) -> SolveLimits:
    """The limits in a request, within what a server allows; raises :class:`InvalidInput` with the field's path."""
    limits = from_proto(message, SolveLimits, path="limits")
    require_limits(limits, path="limits")
    return limits


def require_limits(limits: SolveLimits, *, path: str, longest_s: float = LONGEST_S) -> None:
    """Raise :class:`InvalidInput` when limits are beyond what a server allows; ``path`` begins the field's."""
    require_number(limits.time_limit_s, field=f"{path}.time_limit_s", above=0, at_most=longest_s)
    require_number(limits.gap, field=f"{path}.gap", at_least=0, at_most=1)
    require_number(limits.seed, field=f"{path}.seed", at_least=0, at_most=LARGEST_SEED)
    most = min(MOST_THREADS, max(2, os.cpu_count() or 1))
    require_number(limits.threads, field=f"{path}.threads", at_least=1, at_most=most, remedy="the server has no more")
    require(
        math.isfinite(limits.gap),
        field=f"{path}.gap",
        value=limits.gap,
        limit="finite",
        remedy="use 0.01 for 1 percent",
    )
