"""Bandwidth that the exchange between sites needs: formulation (1) and (2)."""

from dataclasses import dataclass

from topodesign.domain.equipment import Accelerator
from topodesign.domain.scenario import Scenario

COMPUTE_EFFICIENCY = 0.4
"""Share of peak FLOP/s that training reaches inside a site; docs/formulation.md takes the step time from it.

The Llama 3 Herd of Models, arXiv:2407.21783, table 4: 38 to 43 % in BF16.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Bits per exchange, and B in Gbit/s; ``goodput`` is the usable share of the line rate."""

    volume_bits: float
    needed_gbps: float
    goodput: float

    def exchange_s(self, strength_gbps: float) -> float:
        """Seconds that one exchange takes at a strength."""
        return self.volume_bits / (self.goodput * strength_gbps * 1e9)


def demand_of(scenario: Scenario, accelerator: Accelerator) -> Demand | None:
    """B of a scenario, or ``None`` where it has none that the verifier could compute.

    That is so for the demands ``matrix`` and ``hose``, and for a utilization target without a size in accelerators,
    which leaves the step time open.
    """
    workload = scenario.workload
    allowed_s = workload.sync_time_s
    if workload.demand != "all-reduce":
        return None
    if allowed_s is None:
        if scenario.size.accelerators is None or workload.utilization is None:
            return None
        active = workload.parameters if workload.active_parameters is None else workload.active_parameters
        speed = COMPUTE_EFFICIENCY * accelerator.peak_tflops * 1e12 * scenario.size.accelerators
        step_s = 6 * active * workload.global_batch_tokens / speed
        allowed_s = workload.inner_steps * step_s * (1 / workload.utilization - 1)
    volume = workload.parameters * workload.bits_per_element
    goodput = workload.wan_goodput_factor
    return Demand(volume_bits=volume, needed_gbps=volume / (goodput * allowed_s) / 1e9, goodput=goodput)
