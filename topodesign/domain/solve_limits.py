"""What a solve is asked for, apart from the scenario."""

from dataclasses import dataclass
from typing import Literal

Objective = Literal["cost", "accelerators", "sync-time", "effective-flops"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveLimits:
    """What to optimise and when to stop.

    ``objective`` ``None`` is what the scenario asks for: most accelerators where ``size.budget_usd`` is the target, the
    least sync time where ``policy.budget_usd`` limits the cost, otherwise least cost. ``gap`` is relative to the
    plan's cost (or to the goal, where that is not the cost); ``time_limit_s`` in seconds counts model building.
    """

    time_limit_s: float = 60.0
    gap: float = 0.002
    seed: int = 0
    threads: int = 2
    objective: Objective | None = None
