"""A plan's training in one figure: utilization over bandwidth and distance, uptime over size, the plan's own marked."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from topodesign.domain.equipment import Catalog
from topodesign.domain.goodput import Checkpointing
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Recovery, Scenario
from topodesign.domain.training import TrainingRequest
from topodesign.outputs.chart_style import chart_style, new_figure
from topodesign.outputs.training_charts import RECOVERIES, draw_bandwidth, draw_distance, draw_uptime
from topodesign.outputs.training_curves import (
    FIBER_MS_PER_KM,
    bandwidth_curves,
    distance_curves,
    methods_beside,
    recovery_name,
    uptime_at,
    uptime_curves,
)
from topodesign.training.estimating import estimate
from topodesign.training.job_of_scenario import request_of, ring_gbps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_KM, MOST_KM = 1000.0, 20_000.0
"""The axis of distances is at least and at most as long: half way round the Earth."""
POINT_WORDS: Mapping[Recovery, str] = {
    "restart": "if all restart",
    "without-site": "if the other sites go on",
    "without-replica": "if the other replicas go on",
}


def training_chart(scenario: Scenario, plan: Plan, catalog: Catalog) -> "Figure | None":
    """Utilization over bandwidth and over distance under several methods, and uptime over the number of accelerators.

    The plan's own bandwidth, mean length of links and number of accelerators are marked; utilization counts transfers
    and, over distance, latency. ``None`` where the plan has no all-reduce between sites to tell of.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
    catalog : Catalog
        After the scenario's overrides.

    Returns
    -------
    matplotlib.figure.Figure or None
        Not shown and not saved.
    """
    job = job_of_plan(scenario, plan, catalog)
    if job is None or job.gbps is None:
        return None
    names = {name: f"this plan: {name}" if item is job else name for name, item in methods_beside(job).items()}
    jobs = {names[name]: item for name, item in methods_beside(job).items()}
    with chart_style():
        figure = new_figure(9.6, 7.6)
        grid = figure.add_gridspec(2, 2, height_ratios=[1.15, 1])
        whole, left, right = (figure.add_subplot(place) for place in (grid[0, :], grid[1, 0], grid[1, 1]))
        decade = math.floor(math.log10(job.gbps))
        curves = bandwidth_curves(jobs, least_gbps=10.0 ** (decade - 3), most_gbps=10.0 ** (decade + 2))
        draw_bandwidth(whole, curves, point=(job.gbps, estimate(job).utilization))
        figure.legend(*whole.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=8)
        _add_distance(left, jobs, job, plan)
        _add_uptime(right, scenario, plan, catalog)
    return figure


def job_of_plan(scenario: Scenario, plan: Plan, catalog: Catalog) -> TrainingRequest | None:
    """The job that the plan was made for, over its sites, with its bandwidth between them; no latency.

    An all-reduce takes as long in a ring of sites with that bandwidth each as over the plan's graph.
    """
    sync, workload = plan.sync, scenario.workload
    if sync is None or not sync.strength_gbps or len(plan.sites) < 2 or workload.demand != "all-reduce":
        return None
    sites = len(plan.sites)
    return request_of(
        scenario,
        catalog.accelerator(scenario.size.accelerator),
        sites=sites,
        accelerators=sum(site.accelerators for site in plan.sites),
        gbps=ring_gbps(sync.strength_gbps, sites),
    )


def _add_distance(axes: "Axes", jobs: Mapping[str, TrainingRequest], job: TrainingRequest, plan: Plan) -> None:
    lengths = [link.length_km for link in plan.links]
    mean_km = math.fsum(lengths) / len(lengths) if lengths else None
    most_km = max(mean_km or 0.0, min(MOST_KM, max(LEAST_KM, 500 * math.ceil(3 * (mean_km or 0.0) / 500))))
    point = None
    if mean_km is not None:
        far = replace(job, rtt_ms=2 * mean_km * FIBER_MS_PER_KM)
        point = (mean_km, estimate(far).utilization)
    draw_distance(axes, distance_curves(jobs, most_km=most_km), point=point)


def _add_uptime(axes: "Axes", scenario: Scenario, plan: Plan, catalog: Catalog) -> None:
    """Curves of jobs that restart as a whole, the plan's own seconds first; its points are those of its table."""
    accelerator, sites = scenario.size.accelerator, len(plan.sites)
    count = sum(site.accelerators for site in plan.sites)
    decade = math.floor(math.log10(count))
    rules = scenario.training
    own = Checkpointing(write_s=rules.write_s, restart_s=rules.restart_s)
    others = {name: item for name, item in RECOVERIES.items() if item != own}
    curves = uptime_curves(
        {f"this plan: {recovery_name(own)}": own, **others},
        catalog=catalog,
        accelerator=accelerator,
        sites=sites,
        least=10.0 ** (decade - 2),
        most=10.0 ** (decade + 2),
    )
    recoveries = _recoveries_of_table(plan)
    draw_uptime(
        axes,
        curves,
        points=[(count, share) for share in recoveries.values()]
        or [(count, uptime_at(count, own, catalog, accelerator, sites))],
        names=list(recoveries),
    )
    # below, since its curves may be anywhere
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, fontsize=7.5, borderaxespad=0.0)


def _recoveries_of_table(plan: Plan) -> dict[str, float]:
    """Goodput as planned, by what happens after an interruption: where all restart, and what the table shows first."""
    column = None if plan.training is None else plan.training.column("as-planned")
    if plan.training is None or column is None:
        return {}
    shown = plan.training.shown(column)
    restart = next(item for item in column.yields if item.recovery == "restart")
    return {f"this plan, {POINT_WORDS[item.recovery]}": item.goodput for item in (restart, shown)}
