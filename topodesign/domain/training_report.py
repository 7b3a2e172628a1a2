"""What training on a plan achieves: the plan as it is, with torus or Clos everywhere, and all of it at one site.

``None`` stands for what cannot be told; a column's ``unknown`` says why. Times are of one step, on average.
"""

from dataclasses import dataclass
from typing import Literal

from topodesign.domain.goodput import InterruptionShare
from topodesign.domain.rules import Recovery as Recovery
from topodesign.domain.rules import TrainingRules as TrainingRules

Arrangement = Literal["as-planned", "torus", "clos", "single-site"]
"""The plan with its chosen fabrics, with a torus or a Clos at every site, and all accelerators at one site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingStep:
    """Where the time of one step goes, in seconds.

    ``compute_s`` is the computation alone. ``in_site_allreduce_s`` is the all-reduce inside the slowest site, hidden or
    not; ``transfer_s`` and ``latency_s`` are one exchange of the model between sites, hidden or not, at most
    ``latency_s`` (an upper bound; no tree is faster than ``least_latency_s``). ``in_site_stall_s`` and
    ``between_sites_stall_s`` are what of them is waited for, per step on average; ``straggler_s`` is waiting for the
    slowest site. ``wall_s`` = compute + stalls + straggler; ``utilization`` = compute / wall;
    ``between_sites_utilization`` leaves the stall inside sites out.
    """

    compute_s: float
    in_site_allreduce_s: float | None
    transfer_s: float | None
    latency_s: float | None
    least_latency_s: float | None
    in_site_stall_s: float | None
    between_sites_stall_s: float | None
    straggler_s: float
    wall_s: float | None
    utilization: float | None
    between_sites_utilization: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointIntervals:
    """Seconds of training between checkpoints of a job that restarts as a whole; ``None``: nothing ever fails.

    ``interval_s`` gives the best exact goodput and is used; Young's and Daly's stand beside it, and
    ``first_order_goodput`` = 1 - (d/t + t/(2 M) + R/M) at Young's interval, ``None`` where it says nothing, as all is
    lost to first order. It is close only where the loss is below a tenth.
    """

    interval_s: float | None
    young_interval_s: float | None
    daly_interval_s: float | None
    first_order_goodput: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingYield:
    """What a job trains, and takes for it, with one way to recover from interruptions.

    ``goodput`` is the share of time that is kept, exact for exponential failures; ``effective_exaflops`` are 10^18
    FLOP/s that end in the model. Dollars are levelized over the horizon: of the net present cost of sites and network,
    with the purchase of accelerators, and with that and the fabrics inside sites. One exaFLOP-day is 8.64 x 10^22 FLOP.
    Energy and carbon per 10^24 FLOP are those of the sites' meters, and with the watts of the fabrics on top.
    """

    recovery: Recovery
    goodput: float
    effective_exaflops: float | None
    tokens_per_day: float | None
    usd_per_exaflop_day: float | None
    usd_per_exaflop_day_with_purchase: float | None
    usd_per_exaflop_day_with_fabrics: float | None
    mwh_per_1e24_flop: float | None
    mwh_per_1e24_flop_with_fabrics: float | None
    carbon_t_per_1e24_flop: float | None
    carbon_t_per_1e24_flop_with_fabrics: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingColumn:
    """One arrangement of the plan's accelerators.

    ``fabric`` names what joins the accelerators of a site (several, where sites differ). ``power_mw`` is at the meters;
    for ``single-site``, which is hypothetical, what that one site would need. ``fabric_cost_usd`` and
    ``fabric_power_mw`` (at the meter) are beside the plan's cost and power. ``mtti_h``: mean hours between
    interruptions while all run; ``None``: never.
    """

    arrangement: Arrangement
    fabric: str
    sites: int
    accelerators: int
    power_mw: float
    fabric_switches: int | None
    fabric_cost_usd: float | None
    fabric_power_mw: float | None
    step: TrainingStep
    compute_penalty: float
    mtti_h: float | None
    interruptions: tuple[InterruptionShare, ...]
    checkpoints: CheckpointIntervals
    yields: tuple[TrainingYield, ...]
    unknown: tuple[str, ...] = ()

    @property
    def best(self) -> TrainingYield:
        """By the way to recover that keeps the most."""
        return max(self.yields, key=lambda item: item.goodput)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTraining:
    """Training on a plan, its arrangements side by side.

    ``rules`` are the scenario's. ``flop_per_step`` and ``tokens_per_step`` are of one global step; ``replica_pods`` is
    how many pods hold one replica of the model.
    """

    columns: tuple[TrainingColumn, ...]
    flop_per_step: float
    tokens_per_step: float
    replica_pods: int
    rules: TrainingRules
    assumptions: tuple[str, ...] = ()

    def shown(self, column: TrainingColumn) -> TrainingYield:
        """By the scenario's way to recover, or the one that keeps the most where it names none.

        Where a column has no such way, as a single site has no other that could go on, all restart.
        """
        wanted = self.rules.recovery
        if wanted is None:
            return column.best
        by_recovery = {item.recovery: item for item in column.yields}
        return by_recovery.get(wanted, by_recovery["restart"])

    def column(self, arrangement: Arrangement) -> TrainingColumn | None:
        """The column of an arrangement, where the plan has it."""
        return next((item for item in self.columns if item.arrangement == arrangement), None)
