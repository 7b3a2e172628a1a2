"""What a plan comes to in each figure that a policy can limit, by the formulas that the limit is checked with."""

from dataclasses import dataclass

from topodesign.catalog import load_catalog
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.verify.failures import survivals
from topodesign.verify.goal import least_sync_time_s
from topodesign.verify.power import carbon_t_per_year, network_mw, pods_by_zone
from topodesign.verify.round_trip import round_trips_ms
from topodesign.verify.verifier import gather


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The tightest limits that a plan keeps.

    Parameters
    ----------
    sync_time_s : float, optional
        Least ``workload.sync_time_s`` whose strength the plan has: with nothing failed, and in every failure state the
        share that must survive. 0 for one site alone; ``None`` where the demand is a matrix or a hose.
    carbon_t_per_year : float
        Of pods, transceivers and line systems.
    largest_rtt_ms : float
        Between any two used sites; 0 for one site alone.
    site_count : int
    largest_zone_share : float
        Of the pods.
    """

    sync_time_s: float | None
    carbon_t_per_year: float
    largest_rtt_ms: float
    site_count: int
    largest_zone_share: float


def measure(scenario: Scenario, plan: Plan) -> Measures:
    """Measure a plan of a scenario; nothing that the plan states of itself is believed.

    Parameters
    ----------
    scenario : Scenario
    plan : Plan
        With at least one site.
    """
    evidence = gather(scenario, plan, load_catalog(scenario.catalog_overrides))
    pods = pods_by_zone(evidence)
    return Measures(
        sync_time_s=least_sync_time_s(evidence, list(survivals(evidence))),
        carbon_t_per_year=carbon_t_per_year(evidence, network_mw(evidence)),
        largest_rtt_ms=max((trip for _, _, trip in round_trips_ms(evidence)), default=0.0),
        site_count=len(evidence.used),
        largest_zone_share=max(pods.values()) / sum(pods.values()),
    )
