"""Bandwidth that the demand between sites needs: formulation (1), (2), (16) and (17)."""

import math
from dataclasses import dataclass

from topodesign.domain.equipment import Accelerator
from topodesign.domain.scenario import Scenario
from topodesign.verify.tolerance import RELATIVE, ROUTED
from topodesign.verify.utilization import longest_exchange_s, step_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """B in Gbit/s, for a matrix or hose the sum of its figures; ``blur`` is the relative error of strengths.

    ``volume_bits`` are the bits of one all-reduce, ``None`` for a matrix or hose, which has none; ``goodput`` is the
    usable share of the line rate.
    """

    needed_gbps: float
    blur: float
    volume_bits: float | None = None
    goodput: float = 1.0

    def exchange_s(self, strength_gbps: float) -> float | None:
        """Seconds that one all-reduce takes at a strength: infinite at none, ``None`` where there is no all-reduce."""
        if self.volume_bits is None:
            return None
        return self.volume_bits / (self.goodput * strength_gbps * 1e9) if strength_gbps > 0 else math.inf


def demand_of(scenario: Scenario, accelerator: Accelerator, *, placed: int) -> Demand | None:
    """B of a scenario, or ``None`` where it has none that the verifier could compute; infinite where no B is enough.

    With a utilization target it follows from the accelerators that the scenario asks for; for a budget from those
    ``placed``. A size in MW, for which there is no such plan, has none.
    """
    workload = scenario.workload
    if workload.demand == "matrix":
        return Demand(needed_gbps=math.fsum(item.gbps for item in scenario.traffic), blur=ROUTED)
    if workload.demand == "hose":
        return Demand(needed_gbps=math.fsum(site.hose_gbps for site in scenario.sites), blur=ROUTED)
    allowed_s = workload.sync_time_s
    if allowed_s is None:
        size = scenario.size
        count = placed if size.budget_usd is not None else size.accelerators
        if not count or workload.utilization is None:
            return None
        allowed_s = longest_exchange_s(workload, step_s(workload, accelerator, count), workload.utilization)
    volume = workload.parameters * workload.bits_per_element
    goodput = workload.wan_goodput_factor
    sendable = goodput * allowed_s
    needed_gbps = volume / sendable / 1e9 if sendable > 0 else math.inf
    return Demand(needed_gbps=needed_gbps, blur=RELATIVE, volume_bits=volume, goodput=goodput)
