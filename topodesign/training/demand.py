"""From the workload to the bandwidth that the sites must share.

An all-reduce moves V = parameters x bits per element. With the goodput factor beta and a time target T the graph of
sites needs strength B = V / (beta T) (docs/formulation.md (1), (2)).
"""

from dataclasses import dataclass

import numpy as np

from topodesign.domain.checks import require
from topodesign.domain.equipment import Accelerator
from topodesign.domain.errors import InvalidInput
from topodesign.domain.ranges import MOST_GBPS
from topodesign.domain.scenario import Scenario, Workload
from topodesign.training.closed_form import allowed_exchange_s, exchanged_whole
from topodesign.training.compute import compute_step_s

DEFAULT_MODEL_FLOPS_UTILIZATION = 0.40
"""In-site share of peak FLOP/s that training reaches: H100 BF16 at scale 0.38 to 0.43 (Llama 3, arXiv:2407.21783)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDemand:
    """``volume_bits`` per all-reduce, the time it may take in seconds, and the strength needed in Gbit/s.

    For a demand matrix or a hose ``demand_gbps`` is the sum of its figures, and there is no volume or time.
    """

    volume_bits: float | None
    target_s: float | None
    demand_gbps: float


def sync_demand(scenario: Scenario, accelerator: Accelerator) -> SyncDemand:
    """Strength that the graph of used sites needs so that one all-reduce meets its target.

    Raises
    ------
    InvalidInput
        For a utilization target without a size in accelerators, and for an all-reduce beyond an exabit per second.
    """
    workload = scenario.workload
    if workload.demand == "matrix":
        return SyncDemand(volume_bits=None, target_s=None, demand_gbps=sum(item.gbps for item in scenario.traffic))
    if workload.demand == "hose":
        return SyncDemand(volume_bits=None, target_s=None, demand_gbps=sum(site.hose_gbps for site in scenario.sites))
    volume = workload.parameters * workload.bits_per_element
    target = workload.sync_time_s if workload.sync_time_s is not None else _allowed_stall_s(scenario, accelerator)
    demand_gbps = volume / (workload.wan_goodput_factor * target) / 1e9
    require(
        demand_gbps <= MOST_GBPS,
        field="workload (Gbit/s of its all-reduce)",
        value=demand_gbps,
        limit=f"at most {MOST_GBPS:g}",
        remedy="allow more time, more inner steps, or fewer bits per element",
    )
    return SyncDemand(volume_bits=volume, target_s=target, demand_gbps=demand_gbps)


def step_time_s(workload: Workload, accelerator: Accelerator, accelerators: int) -> float:
    """Compute time of one step: 6 x active parameters x tokens over the FLOP/s that training reaches, in seconds."""
    return compute_step_s(
        active_parameters=workload.active_parameters or workload.parameters,
        batch_tokens=workload.global_batch_tokens,
        accelerators=accelerators,
        peak_tflops=accelerator.peak_tflops,
        flops_utilization=DEFAULT_MODEL_FLOPS_UTILIZATION,
    )


def _allowed_stall_s(scenario: Scenario, accelerator: Accelerator) -> float:
    """Time that an exchange may take so that the utilization is reached, with nothing overlapped: (T2) for w = 0."""
    workload, size = scenario.workload, scenario.size
    assert workload.utilization is not None  # Workload's constructor: exactly one of the two targets
    if size.accelerators is None:
        raise InvalidInput(
            "workload.utilization needs size.accelerators to know the step time; give it, or give workload.sync_time_s",
            reason="UTILIZATION_NEEDS_ACCELERATORS",
            field_path="workload.utilization",
        )
    step = step_time_s(workload, accelerator, size.accelerators)
    schedule = exchanged_whole(
        volume_bits=workload.parameters * workload.bits_per_element, step_s=step, inner_steps=workload.inner_steps
    )
    return float(allowed_exchange_s(schedule, np.asarray(workload.utilization)))
