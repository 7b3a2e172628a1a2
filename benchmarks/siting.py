"""Baseline (b), first half: which sites a siting model would choose that knows nothing of the network.

``facility``  capacitated facility location: fixed cost, development cost and energy of the sites, under every limit
              of the scenario that is not about lightpaths: size, power of sites and zones, shares, number of sites,
              round trips, and sites that one conduit cut would part (without which there often is no network at all)
``median``    the same, and each used site pays for its fiber route to the one that is best for all (the 1-median of
              the used sites): km x pairs for the whole bandwidth x price of a pair-km

    minimise   sum_s fixed_s o_s + pod_s a_s + sum_{s,m} w d_sm y_sm
    subject to the limits on o (used) and a (pods),
               sum_m h_m = 1,  h_m <= o_m,  sum_m y_sm = o_s,  y_sm <= h_m

The second half, the best network between the sites chosen, is the planner's own sizing: the comparison is about where
the sites are, not about who sizes better.
"""

import math
import time
from dataclasses import dataclass
from typing import Literal

from benchmarks.engine import compiled_without_lightpaths
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import Scenario
from topodesign.planning.instance import Instance
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.master import MILLION, Master, build_master

SitingModel = Literal["facility", "median"]

SITING_GAP = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Siting:
    """Chosen site ids (``None``: the limits leave no choice), cost of the sites alone, seconds, and whether proven."""

    site_ids: tuple[str, ...] | None
    cost_usd: float | None
    wall_s: float
    is_proven: bool


def choose_sites(scenario: Scenario, model: SitingModel, *, time_limit_s: float, seed: int) -> Siting:
    """The sites of the model, within a gap of 0.01 % or as good as the time limit allows.

    Raises
    ------
    InvalidInput
        For a demand that is not the all-reduce: there the demand names the sites.
    """
    if scenario.workload.demand != "all-reduce":
        raise InvalidInput(
            f"workload.demand is {scenario.workload.demand!r}, but siting models choose sites for all-reduce only; "
            "its sites are given",
            field_path="workload.demand",
        )
    started = time.monotonic()
    # Without lightpaths and the rows of the all-reduce, what is left of the planner's programme is facility location.
    instance = compiled_without_lightpaths(scenario)
    master = build_master(instance)
    if model == "median":
        _add_median(instance, master)
    left_s = time_limit_s - (time.monotonic() - started)
    solved = IntegerProgramme(master.programme).solve(time_limit_s=left_s, gap=SITING_GAP, seed=seed)
    chosen = None
    if solved.values is not None:
        chosen = tuple(
            instance.sites[site].site.site_id for site, column in enumerate(master.used) if solved.values[column] > 0.5
        )
    return Siting(
        site_ids=chosen,
        cost_usd=None if solved.objective is None else solved.objective * MILLION,
        wall_s=time.monotonic() - started,
        is_proven=solved.outcome in ("optimal", "infeasible"),
    )


def _add_median(instance: Instance, master: Master) -> None:
    """The distance term: columns h and y and their rows."""
    programme, sites = master.programme, instance.sites
    length = [segment.length_km for segment in instance.graph.segments]
    usd_per_km = fiber_usd_per_km(instance)
    hub = [programme.add_column(f"h[{site.site.site_id}]", upper=1.0, integer=True) for site in sites]
    programme.add_row(((column, 1.0) for column in hub), lower=1.0, upper=1.0, name="one_median")
    joined: list[list[int]] = [[] for _ in sites]
    for m, median in enumerate(sites):
        programme.add_row({hub[m]: 1.0, master.used[m]: -1.0}, upper=0.0, name=f"median[{median.site.site_id}]")
        distance, _ = instance.graph.distances(median.node, length)
        for s, site in enumerate(sites):
            if math.isinf(distance[site.node]) or instance.trips.rtt_ms[s][m] > instance.scenario.policy.max_rtt_ms:
                continue
            usd = usd_per_km * distance[site.node]
            y = programme.add_column(
                f"y[{site.site.site_id},{median.site.site_id}]", upper=1.0, objective=usd / MILLION
            )
            programme.add_row({y: 1.0, hub[m]: -1.0}, upper=0.0, name="joined_to_median")
            joined[s].append(y)
    for s, columns in enumerate(joined):
        programme.add_row(
            [*((column, 1.0) for column in columns), (master.used[s], -1.0)], lower=0.0, upper=0.0, name="joined_once"
        )


def fiber_usd_per_km(instance: Instance) -> float:
    """Price of 1 km of fiber for the whole bandwidth B: pairs in the densest mode x the mean price of a pair-km."""
    segments = instance.graph.segments
    band_ghz = instance.reach.line_system.band_ghz
    gbps_per_pair = max(mode.rate_gbps / mode.width_ghz for mode in instance.reach.modes) * band_ghz
    pairs = math.ceil(instance.demand.demand_gbps / gbps_per_pair)
    return pairs * math.fsum(segment.usd_per_pair_km for segment in segments) / len(segments)
