"""Bandwidth that the demand between sites needs: formulation (1), (2), (16) and (17)."""

import math
from dataclasses import dataclass

from topodesign.domain.equipment import Accelerator
from topodesign.domain.scenario import Scenario
from topodesign.verify.tolerance import RELATIVE, ROUTED

COMPUTE_EFFICIENCY = 0.4
"""Share of peak FLOP/s that training reaches inside a site; docs/formulation.md takes the step time from it.

The Llama 3 Herd of Models, arXiv:2407.21783, table 4: 38 to 43 % in BF16.
"""


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


def demand_of(scenario: Scenario, accelerator: Accelerator) -> Demand | None:
    """B of a scenario, or ``None`` where it has none that the verifier could compute.

    That is so for an all-reduce with a utilization target and no size in accelerators, which leaves the step time open.
    """
    workload = scenario.workload
    if workload.demand == "matrix":
        return Demand(needed_gbps=math.fsum(item.gbps for item in scenario.traffic), blur=ROUTED)
    if workload.demand == "hose":
        return Demand(needed_gbps=math.fsum(site.hose_gbps for site in scenario.sites), blur=ROUTED)
    allowed_s = workload.sync_time_s
    if allowed_s is None:
        if scenario.size.accelerators is None or workload.utilization is None:
            return None
        active = workload.parameters if workload.active_parameters is None else workload.active_parameters
        speed = COMPUTE_EFFICIENCY * accelerator.peak_tflops * 1e12 * scenario.size.accelerators
        step_s = 6 * active * workload.global_batch_tokens / speed
        allowed_s = workload.inner_steps * step_s * (1 / workload.utilization - 1)
    volume = workload.parameters * workload.bits_per_element
    goodput = workload.wan_goodput_factor
    return Demand(needed_gbps=volume / (goodput * allowed_s) / 1e9, blur=RELATIVE, volume_bits=volume, goodput=goodput)
