"""Limits of a solve as a request may give them."""

import os

from topodesign.domain.checks import require_number
from topodesign.domain.plan import SolveLimits
from topodesign.v1 import plan_pb2
from topodesign.wire import from_proto


def read_limits(message: plan_pb2.SolveLimits) -> SolveLimits:
    """The limits in a request, with no more threads than there are; the rules of its fields hold already."""
    limits = from_proto(message, SolveLimits, path="limits")
    most = max(2, os.cpu_count() or 1)
    require_number(limits.threads, field="limits.threads", at_most=most, remedy="the server has no more")
    return limits
