"""One point of a sweep of training estimates."""

from dataclasses import dataclass
from typing import Literal

SweepTarget = Literal["gbps", "utilization"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """A job over so many sites that exchanges every so many steps.

    ``gbps`` is of each site in each direction: as asked, or the least for ``wanted_utilization``; ``None`` where no
    bandwidth reaches that, and ``utilization`` is then what unlimited bandwidth gives. ``sync_s`` is one exchange;
    ``stall_s`` and ``straggler_s`` are waits per step on average, in seconds.
    """

    sites: int
    inner_steps: int
    wanted_utilization: float | None
    gbps: float | None
    utilization: float
    sync_s: float
    stall_s: float
    straggler_s: float
