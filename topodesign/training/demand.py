"""From the workload to the bandwidth that the sites must share, and from a bandwidth back to what training gets of it.

An all-reduce moves V = parameters x bits per element. With the goodput factor beta and a time target X the graph of
sites needs strength B = V / (beta X) (docs/formulation.md (1), (2)). The best all-reduce over a graph takes V / (beta
sigma) whatever the number of its sites, as a ring of two does over links of the rate sigma; so the schedule of a
two-site job without latency is that of any number of sites.
"""

from dataclasses import dataclass

import numpy as np

from topodesign.domain.checks import require
from topodesign.domain.equipment import Accelerator
from topodesign.domain.errors import InvalidInput
from topodesign.domain.ranges import MOST_GBPS
from topodesign.domain.scenario import Scenario
from topodesign.training.closed_form import Schedule, allowed_exchange_s, utilization
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


def sync_demand(scenario: Scenario, accelerator: Accelerator, *, accelerators: int | None = None) -> SyncDemand:
    """Strength that the graph of used sites needs so that one all-reduce meets its target.

    Parameters
    ----------
    scenario : Scenario
    accelerator : Accelerator
    accelerators : int, optional
        That a plan places; decides the step time where the scenario's size is not in accelerators.

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
    volume = volume_bits(scenario)
    target = workload.sync_time_s
    if workload.utilization is not None:
        count = scenario.size.accelerators or accelerators
        if count is None:
            raise InvalidInput(
                "workload.utilization needs size.accelerators to know the step time; give it, or give "
                "workload.sync_time_s",
                reason="UTILIZATION_NEEDS_ACCELERATORS",
                field_path="workload.utilization",
            )
        target = exchange_s_for(scenario, accelerator, accelerators=count, utilization=workload.utilization)
    assert target is not None  # Workload's constructor: exactly one of the two targets
    demand_gbps = strength_gbps_for(scenario, target)
    require(
        demand_gbps <= MOST_GBPS,
        field="workload (Gbit/s of its all-reduce)",
        value=demand_gbps,
        limit=f"at most {MOST_GBPS:g}",
        remedy="allow more time, more inner steps, or fewer bits per element",
    )
    return SyncDemand(volume_bits=volume, target_s=target, demand_gbps=demand_gbps)


def volume_bits(scenario: Scenario) -> float:
    """V: bits of one all-reduce, formulation (1)."""
    return scenario.workload.parameters * scenario.workload.bits_per_element


def strength_gbps_for(scenario: Scenario, exchange_s: float) -> float:
    """Strength in Gbit/s whose best all-reduce takes so many seconds, above 0: formulation (2)."""
    return volume_bits(scenario) / (scenario.workload.wan_goodput_factor * exchange_s) / 1e9


def exchange_s_for(scenario: Scenario, accelerator: Accelerator, *, accelerators: int, utilization: float) -> float:
    """Seconds that one all-reduce may take so that a utilization is reached: formulation (2a).

    Parameters
    ----------
    accelerators : int
        In all sites together.
    utilization : float
        In (0, 1]. At 1 the time is 0 where nothing is overlapped: no bandwidth is enough.
    """
    schedule = _schedule(scenario, accelerator, accelerators)
    return float(allowed_exchange_s(schedule, np.float64(utilization)))


def utilization_at(scenario: Scenario, accelerator: Accelerator, *, accelerators: int, exchange_s: float) -> float:
    """Share of the time spent computing when one all-reduce takes so many seconds: the inverse of
    :func:`exchange_s_for`, where no exchange costs nothing.

    Parameters
    ----------
    accelerators : int
        In all sites together.
    exchange_s : float
        From 0.
    """
    if exchange_s <= 0:
        return 1.0
    schedule = _schedule(scenario, accelerator, accelerators)
    return float(utilization(schedule, schedule.volume_bits / np.float64(exchange_s)))


def _schedule(scenario: Scenario, accelerator: Accelerator, accelerators: int) -> Schedule:
    job = request_of(scenario, accelerator, sites=2, accelerators=accelerators, utilization=1.0)
    return schedule_of(job)
