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
from topodesign.domain.scenario import Scenario
from topodesign.training.closed_form import allowed_exchange_s
from topodesign.training.estimating import schedule_of
from topodesign.training.job_of_scenario import request_of


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
    target = workload.sync_time_s if workload.sync_time_s is not None else _allowed_exchange_s(scenario, accelerator)
    demand_gbps = volume / (workload.wan_goodput_factor * target) / 1e9
    require(
        demand_gbps <= MOST_GBPS,
        field="workload (Gbit/s of its all-reduce)",
        value=demand_gbps,
        limit=f"at most {MOST_GBPS:g}",
        remedy="allow more time, more inner steps, or fewer bits per element",
    )
    return SyncDemand(volume_bits=volume, target_s=target, demand_gbps=demand_gbps)


def _allowed_exchange_s(scenario: Scenario, accelerator: Accelerator) -> float:
    """Time that one all-reduce may take so that the utilization is reached: (T2) of docs/training.md.

    The best all-reduce over a graph of strength sigma takes V / (beta sigma) whatever the number of sites, as a ring of
    two does over links of that rate; latency and stragglers are no part of it.
    """
    workload, size = scenario.workload, scenario.size
    assert workload.utilization is not None  # Workload's constructor: exactly one of the two targets
    if size.accelerators is None:
        raise InvalidInput(
            "workload.utilization needs size.accelerators to know the step time; give it, or give workload.sync_time_s",
            reason="UTILIZATION_NEEDS_ACCELERATORS",
            field_path="workload.utilization",
        )
    job = request_of(scenario, accelerator, sites=2, accelerators=size.accelerators, utilization=workload.utilization)
    return float(allowed_exchange_s(schedule_of(job), np.float64(workload.utilization)))
